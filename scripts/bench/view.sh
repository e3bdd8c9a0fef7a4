#!/usr/bin/env bash
# tare view beside dive, on the same images of 10,000, 100,000 and 500,000 files.
#
#   scripts/bench/view.sh              (make bench-view, which measures keys, too)
#   ROUNDS=5 FILES="10000 100000" scripts/bench/view.sh
#
# TARE         the tare to measure (bin/tare)
# ROUNDS       how often each is started; medians (3)
# FILES        how many files the images have (10000 100000 500000)
# BENCH_CACHE  where images and dive are kept ($XDG_CACHE_HOME/tare-bench)
#
# Each program runs in a terminal of its own, 160×45. "first frame" is the time from its start until its panes
# stand on the screen, "tree" until the tree of files does; memory is VmHWM of the process after a walk
# through the image (tare: w, a sort, a filter). dive keeps nothing between runs.
# shellcheck source-path=SCRIPTDIR source=lib.sh disable=SC1091
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

DIVE=v0.13.1
ROUNDS=${ROUNDS:-3}
read -ra sizes <<<"${FILES:-10000 100000 500000}"
cache=${BENCH_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/tare-bench}
need_tare
TMP=$(mktemp -d)
trap 'rm -rf "$TMP"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
keep_tare
mkdir -p "$cache/view" "$TMP/home"
cd "$ROOT"
go build -o "$TMP/viewed" ./scripts/bench/viewed
if [ ! -x "$cache/bin/dive" ]; then
  say "building dive $DIVE"
  (cd "$TMP" && CGO_ENABLED=0 GOFLAGS=-mod=mod GOBIN=$cache/bin timeout 600 go install "github.com/wagoodman/dive@$DIVE") >"$TMP/log" 2>&1 ||
    say "dive cannot be built here and is left out: $(tail -n 1 "$TMP/log")"
fi

mid() { sort -n | awk '{v[NR] = $1} END {printf "%.0f", v[int((NR + 1) / 2)]}'; }

# row NAME BEFORE FRAME[,TREE] COMMAND...: one row of the table. BEFORE runs before each round.
row() {
  local name=$1 before=$2 marks=$3 n
  shift 3
  : >"$TMP/row"
  for ((n = 0; n < ROUNDS; n++)); do
    eval "$before"
    "$TMP/viewed" run "$marks" "$@" >>"$TMP/row" || die "$name failed"
  done
  printf '| %s | %s | %s ms | %s ms | %s MB |\n' "$files" "$name" "$(awk '{print $1}' "$TMP/row" | mid)" "$(awk '{print $(NF - 1)}' "$TMP/row" | mid)" \
    "$(awk '{print $NF * 1024 / 1e6}' "$TMP/row" | mid)"
}

printf '%s, medians of %s\n\n' "$(machine)" "$ROUNDS"
printf '| files | | first frame | tree | peak memory |\n|---|---|---|---|---|\n'
for files in "${sizes[@]}"; do
  image=$cache/view/$files.tar
  [ -e "$image" ] || "$TMP/viewed" image "$files" "$image"
  cat "$image" >/dev/null
  export TARE_HOME=$TMP/home
  export VIEWED_KEYS='\t w s /'
  row "tare view, first look" "rm -rf $TMP/home" "Layers],▸ " "$TARE" view "archive://$image"
  row "tare view, second look" : "Layers],▸ " "$TARE" view "archive://$image"
  export VIEWED_KEYS=
  [ ! -x "$cache/bin/dive" ] || row "dive $DIVE" : "Current Layer Contents" "$cache/bin/dive" --source docker-archive "$image"
done
