#!/usr/bin/env bash
# Pulling a large image into an empty store with tare beside crane, regctl and skopeo.
#
#   scripts/bench/pull.sh              (make bench-pull)
#   ROUNDS=3 TOOLS="tare skopeo" scripts/bench/pull.sh
#
# TARE         the tare to measure (bin/tare)
# ROUNDS       how often every tool pulls (5)
# TOOLS        which of: tare crane regctl skopeo (all)
# BENCH_CACHE  where the image and the peers built from source are kept between runs
#              ($XDG_CACHE_HOME/tare-bench); about 750 MB
#
# Everyone ends with the same thing on disk, an OCI layout with the layers as the registry has them, and
# for everyone the `sync` that puts it there is part of the time: a tool that calls fsync itself must
# not look slower than one that leaves the writing to the kernel. The registry's files stay in the page
# cache for all of them alike, so this measures the tools, not the disk's reading.
# shellcheck source-path=SCRIPTDIR source=lib.sh disable=SC1091
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

CRANE=v0.22.1 # github.com/google/go-containerregistry
REGCTL=v0.11.7 # github.com/regclient/regclient

ROUNDS=${ROUNDS:-5}
read -ra tools <<<"${TOOLS:-tare crane regctl skopeo}"
cache=${BENCH_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/tare-bench}

has() { [[ " ${tools[*]} " == *" $1 "* ]]; }

! has tare || need_tare
packages docker-registry skopeo time
TMP=$(mktemp -d)
registry_pid=
clean_up() {
  [ -z "$registry_pid" ] || kill "$registry_pid" 2>/dev/null || true
  rm -rf "$TMP"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
! has tare || keep_tare

# go_tool NAME PACKAGE VERSION builds a peer once per version, to $BIN/NAME.
BIN=$cache/bin-$CRANE-$REGCTL
go_tool() {
  [ -x "$BIN/$1" ] && return
  say "building $1 $3"
  # Outside the repository, whose go.mod is no business of this.
  (cd "$TMP" && CGO_ENABLED=0 GOBIN=$BIN go install "$2@$3")
}

# start_registry DIR serves DIR as a registry on a free port of loopback: HOST.
start_registry() {
  local port i
  for ((port = 5077; port < 5177; port++)); do
    (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null && continue # somebody is there
    cat >"$TMP/registry.yml" <<CONF
version: 0.1
log: {level: warn, accesslog: {disabled: true}}
storage: {filesystem: {rootdirectory: "$1"}}
http: {addr: "127.0.0.1:$port"}
CONF
    OTEL_TRACES_EXPORTER=none docker-registry serve "$TMP/registry.yml" >"$TMP/registry.log" 2>&1 &
    registry_pid=$!
    HOST=127.0.0.1:$port
    for ((i = 0; i < 100; i++)); do
      kill -0 "$registry_pid" 2>/dev/null || continue 2 # lost the port to somebody after all
      (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null && return
      sleep 0.1
    done
    die "the registry does not answer: $(tail -n 1 "$TMP/registry.log")"
  done
  die "no free port for the registry"
}

stop_registry() {
  kill "$registry_pid"
  wait "$registry_pid" 2>/dev/null || true
  registry_pid=
}

# The image is made once, and pushed into the files that every later run only serves. Its folder is named
# after the program that makes it, so that a changed program makes a new one; it gets that name when
# it is complete.
image_store() {
  local sum unfinished
  sum=$(sha256sum "$ROOT/scripts/bench/bigimage.go" | cut -c1-12)
  STORE=$cache/registry-$sum
  [ -d "$STORE" ] && return
  say "making the image (once, about a minute)"
  mkdir -p "$cache"
  unfinished=$(mktemp -d "$cache/unfinished.XXXXXX")
  go run "$ROOT/scripts/bench/bigimage.go" "$TMP/layout"
  start_registry "$unfinished"
  skopeo copy --quiet --dest-tls-verify=false "oci:$TMP/layout:1" "docker://$HOST/bench/big:1"
  stop_registry
  rm -rf "$TMP/layout"
  mv -T "$unfinished" "$STORE"
}

# pull TOOL sets CMD: a pull of the image into $TMP/dest, which does not exist.
pull() {
  local image=$HOST/bench/big:1
  case $1 in
    tare) CMD=(env "TARE_HOME=$TMP/dest" "$TARE" pull "$image") ;;
    crane) CMD=("$BIN/crane" pull --format oci "$image" "$TMP/dest") ;;
    regctl) CMD=("$BIN/regctl" --host "reg=$HOST,tls=disabled" image copy "$image" "ocidir://$TMP/dest:1") ;;
    skopeo) CMD=(skopeo copy --src-tls-verify=false "docker://$image" "oci:$TMP/dest:1") ;;
    *) die "no such tool: $1" ;;
  esac
}

! has crane || go_tool crane github.com/google/go-containerregistry/cmd/crane "$CRANE"
! has regctl || go_tool regctl github.com/regclient/regclient/cmd/regctl "$REGCTL"
image_store
start_registry "$STORE"
# Nobody's proxy, logins or mirrors.
unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY all_proxy REGISTRY_AUTH_FILE TARE_HOSTS_DIR
export DOCKER_CONFIG=$TMP/docker-config REGCTL_CONFIG=$TMP/regctl.json
mkdir "$DOCKER_CONFIG"

bytes=$(find "$STORE" -name data -printf '%s\n' | awk '{s += $1} END {print s}')
# Read once, so that the first tool does not pay for the disk.
find "$STORE" -name data -exec cat {} + >/dev/null

for ((round = 0; round < ROUNDS; round++)); do
  say "round $((round + 1)) of $ROUNDS"
  # In random order: what a tool leaves to the disk is paid by the one after it.
  for tool in $(shuf -e "${tools[@]}"); do
    rm -rf "$TMP/dest"
    sync
    sleep 0.3
    pull "$tool"
    # shellcheck disable=SC2016 # that shell's arguments
    measure "$tool" bash -c '"$@" && sync' pull "${CMD[@]}"
    got=$(find "$TMP/dest" -type f -size +1M -printf '%s\n' | awk '{s += $1} END {print s + 0}')
    [ "$got" -ge $((bytes * 99 / 100)) ] || die "$tool stored $got bytes of layers, the registry has $bytes"
  done
done

fastest=
for t in "${tools[@]}"; do
  [ "$t" != tare ] || continue
  [ -n "$fastest" ] && awk -v a="$(median "$fastest")" -v b="$(median "$t")" 'BEGIN {exit !(a <= b)}' || fastest=$t
done
fastest=${fastest:-tare}

cat <<TEXT
Pull: medians over $ROUNDS rounds on $(machine).
An image of 7 gzip layers, $(awk -v b="$bytes" 'BEGIN {printf "%.0f", b / 1e6}') MB compressed, 1.6 GB of tar, from a docker-registry on loopback
into an empty store, sync included. Warm cache: the registry's files are in memory, nothing is dropped.
crane $CRANE, regctl $REGCTL, $(skopeo --version)$(has tare && printf ', %s' "$("$TARE" --version 2>/dev/null | head -n 1)")

$(printf '%-8s %10s %15s %14s %8s %8s' tool seconds fastest-slowest "/ $fastest" MB/s 'peak MB')
TEXT
for t in "${tools[@]}"; do
  s=$(median "$t")
  printf '%-8s %10.2f %15s %14s %8.0f %8s\n' "$t" "$s" "$(spread "$t")" "$(ratio "$s" "$(median "$fastest")")" \
    "$(ratio "$bytes" "$(awk -v s="$s" 'BEGIN {printf "%.0f", s * 1e6}')")" "$(peak "$t")"
done
