#!/usr/bin/env bash
# Weighing images with tare beside a bare Go pipeline (the yardstick) and the tools of the field.
#
#   scripts/bench/weigh.sh             (make bench-weigh)
#   ROUNDS=3 TOOLS="tare bare dive" IMAGES="S M" scripts/bench/weigh.sh
#
# TARE         the tare to measure (bin/tare)
# ROUNDS       how often every tool runs; the tools take turns (5)
# TOOLS        which of: tare bare dive syft container-diff diffoci (all)
# IMAGES       which of: S M L (all)
# FORMS        which of: tar gzip zstd (all): docker save, OCI layouts
# SCALE        0 leaves out the figures for many layers and many files (1)
# BENCH_CACHE  where the images and the peers are kept between runs ($XDG_CACHE_HOME/tare-bench);
#              about 25 GB
#
# The images are made of Debian packages from the machine's own mirror (mmdebstrap), see weighimages/.
# Their files are read once before, so that all find them in the page cache alike: this measures the
# tools, not the disk. Slow peers (more than 20 s for a run) run once. Peaks of memory are those of the
# largest process. S is read by syft and container-diff only: they would take minutes for the others,
# unless SLOW=1.
# shellcheck source-path=SCRIPTDIR source=lib.sh disable=SC1091
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

DIVE=v0.13.1 SYFT=v1.20.0 CONTAINER_DIFF=v0.19.0 DIFFOCI=v0.1.6

ROUNDS=${ROUNDS:-5}
read -ra tools <<<"${TOOLS:-tare bare dive syft container-diff diffoci}"
read -ra images <<<"${IMAGES:-S M L}"
read -ra forms <<<"${FORMS:-tar gzip zstd}"
cache=${BENCH_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/tare-bench}
img=$cache/weigh

has() { [[ " ${tools[*]} " == *" $1 "* ]]; }

need_tare
packages mmdebstrap time
TMP=$(mktemp -d)
trap 'rm -rf "$TMP"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
keep_tare
mkdir -p "$cache" "$TMP/home"

cd "$ROOT"
go build -o "$TMP/bare" scripts/bench/bare.go
go build -o "$TMP/weighimages" ./scripts/bench/weighimages

if [ ! -e "$img/done" ]; then
  rm -rf "$img"
  mkdir -p "$img"
  say "making the root file system (mmdebstrap; once, some minutes)"
  mmdebstrap --quiet --variant=minbase --mode=root \
    --include=build-essential,golang-1.19-go,golang-1.19-src,libboost1.74-dev,linux-headers-amd64,openjdk-17-jre-headless,python3-numpy,python3-sympy,git,perl-doc,nodejs,npm,llvm-14-dev,ca-certificates \
    bookworm "$TMP/root.tar"
  say "making the images (once, some minutes)"
  "$TMP/weighimages" debian "$TMP/root.tar" "$img"
  "$TMP/weighimages" scale "$img"
  rm "$TMP/root.tar"
  touch "$img/done"
fi

# go_tool NAME PACKAGE VERSION builds a peer once, or says that it cannot.
go_tool() {
  has "$1" || return 0
  [ -x "$cache/bin/$1" ] && return
  say "building $1 $3"
  (cd "$TMP" && CGO_ENABLED=0 GOFLAGS=-mod=mod GOBIN=$cache/bin timeout 600 go install "$2@$3") >"$TMP/log" 2>&1 ||
    say "$1 cannot be built here and is left out: $(tail -n 1 "$TMP/log")"
}
go_tool dive github.com/wagoodman/dive "$DIVE"
go_tool syft github.com/anchore/syft/cmd/syft "$SYFT"
go_tool container-diff github.com/GoogleContainerTools/container-diff "$CONTAINER_DIFF"
go_tool diffoci github.com/reproducible-containers/diffoci/cmd/diffoci "$DIFFOCI"

# run NAME COMMAND... notes seconds and peak kilobytes in $TMP/NAME.
run() {
  local name=$1
  shift
  if ! /usr/bin/time -o "$TMP/t" -f '%e %M' timeout 900 "$@" >"$TMP/out" 2>"$TMP/err"; then
    say "$name failed: $(tail -n 1 "$TMP/err")"
    return 0
  fi
  tail -n 1 "$TMP/t" >>"$TMP/$name"
}

median() { sort -n "$1" | awk -v c="$2" '{v[NR]=$c} END{if (NR) print (NR%2) ? v[(NR+1)/2] : (v[NR/2]+v[NR/2+1])/2}'; }
slow() { [ -e "$TMP/$1" ] && [ "$(median "$TMP/$1" 1 | cut -d. -f1)" -ge 20 ]; }

target() { case $2 in tar) echo "$img/$1.tar" ;; *) echo "$img/$1.$2" ;; esac; }
scheme() { case $2 in tar) echo "archive://$(target "$@")" ;; *) echo "oci-dir://$(target "$@")" ;; esac; }
fresh() { rm -rf "$TMP/home"; mkdir "$TMP/home"; }

line() { # LABEL NAME BASE
  local s r
  s=$(median "$TMP/$2" 1)
  [ -n "$s" ] || return 0
  r=0
  [ ! -e "$TMP/$3" ] || r=$(median "$TMP/$3" 1)
  awk -v l="$1" -v s="$s" -v m="$(median <(awk '{print $2, $1}' "$TMP/$2") 1)" -v r="${r:-0}" \
    'BEGIN{printf "    %-28s %8.2f s  %5.0f MB  %s\n", l, s, m/1000, (r > 0 ? sprintf("%.2fx", s/r) : "")}'
}

export HOME=$TMP XDG_CACHE_HOME=$TMP/cache SYFT_CHECK_FOR_APP_UPDATE=false DOCKER_CONFIG=$TMP
for i in "${images[@]}"; do
  for f in "${forms[@]}"; do
    t=$(target "$i" "$f")
    find "$t" -type f -exec cat {} + >/dev/null
    for ((n = 0; n < ROUNDS; n++)); do
      fresh
      TARE_HOME=$TMP/home run "tare-$i-$f" "$TARE" weigh "$(scheme "$i" "$f")"
      TARE_HOME=$TMP/home run "again-$i-$f" "$TARE" weigh "$(scheme "$i" "$f")"
      ! has bare || run "bare-$i-$f" "$TMP/bare" "$t"
      if [ "$f" = tar ] && [ -x "$cache/bin/dive" ] && has dive; then
        slow "dive-$i-$f" || run "dive-$i-$f" "$cache/bin/dive" --source docker-archive "$t" --json "$TMP/dive.json"
      fi
      if [ "$f" = gzip ] && [ -x "$cache/bin/syft" ] && has syft && { [ "$i" = S ] || [ -n "${SLOW:-}" ]; }; then
        slow "syft-$i-$f" || run "syft-$i-$f" "$cache/bin/syft" scan -q -o json "oci-dir:$t"
      fi
    done
    echo "$i, $f:"
    line "tare weigh, first look" "tare-$i-$f" "bare-$i-$f"
    line "tare weigh, second look" "again-$i-$f" "bare-$i-$f"
    [ ! -e "$TMP/bare-$i-$f" ] || line "bare pipeline" "bare-$i-$f" "bare-$i-$f"
    for p in dive syft; do [ ! -e "$TMP/$p-$i-$f" ] || line "$p" "$p-$i-$f" "tare-$i-$f"; done
  done
done
echo "(ratios: tare's to the bare pipeline, a peer's to tare's first look)"

echo "pairs:"
for pair in "S S" "M M2"; do
  read -r a b <<<"$pair"
  [[ " ${images[*]} " == *" $a "* ]] || continue
  for ((n = 0; n < ROUNDS; n++)); do
    fresh
    TARE_HOME=$TMP/home run "tare-$a-$b" "$TARE" compare "archive://$img/$a.tar" "archive://$img/$b.tar"
    if [ -x "$cache/bin/container-diff" ] && has container-diff && { [ "$a" = S ] || [ -n "${SLOW:-}" ]; }; then
      slow "cd-$a-$b" || run "cd-$a-$b" "$cache/bin/container-diff" diff --type=file --type=apt --type=size --json "$img/$a.tar" "$img/$b.tar"
    fi
  done
  line "tare compare $a $b" "tare-$a-$b" none
  [ ! -e "$TMP/cd-$a-$b" ] || line "container-diff $a $b" "cd-$a-$b" "tare-$a-$b"
done

if [ "${SCALE:-1}" = 1 ]; then
  echo "scale (gzip layouts, first look):"
  for i in layers10 layers40 layers120 files10000 files100000 files500000 family0; do
    for ((n = 0; n < ROUNDS; n++)); do
      fresh
      TARE_HOME=$TMP/home run "tare-$i" "$TARE" weigh "oci-dir://$img/$i.gzip"
      ! has bare || run "bare-$i" "$TMP/bare" "$img/$i.gzip"
    done
    line "$i" "tare-$i" "bare-$i"
  done
  all=()
  for i in 0 1 2 3 4 5 6 7 8 9; do all+=("oci-dir://$img/family$i.gzip"); done
  for ((n = 0; n < ROUNDS; n++)); do
    fresh
    TARE_HOME=$TMP/home run family "$TARE" compare --measure none "${all[@]}"
  done
  line "compare of a family of ten" family tare-family0
fi
