# shellcheck shell=bash
# What the bench scripts share: a sandbox of their own, a Docker daemon, a stop watch, medians.
# Sourced, never run.

set -euo pipefail
export LC_ALL=C # EPOCHREALTIME, printf and sort must not follow a locale's decimal comma

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
TARE=${TARE:-$ROOT/bin/tare}
HUB=${TARE_TEST_HUB:-$ROOT/../shared/hub}

die() { printf '%s: %s\n' "$(basename "$0")" "$*" >&2; exit 1; }
skip() { printf '%s: skipped: %s\n' "$(basename "$0")" "$*"; exit 0; }
say() { printf '%s\n' "$*" >&2; }

# packages PKG... installs what is missing. An unprivileged user who has all of it needs no root.
packages() {
  local p missing=()
  for p; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null)" = installed ] || missing+=("$p")
  done
  [ ${#missing[@]} -eq 0 ] || "$ROOT/scripts/apt.sh" "${missing[@]}" >&2
}

need_tare() {
  TARE=$(realpath -m "$TARE")
  [ -x "$TARE" ] || die "no tare at $TARE: run \`make build\`, or name one in TARE"
}

# keep_tare copies it below TMP, for a `make build` may put another in its place while rounds are going on.
keep_tare() {
  mkdir "$TMP/bin"
  cp "$TARE" "$TMP/bin/tare"
  TARE=$TMP/bin/tare
}

# sandbox "$@" starts the calling script again, as PID 1 of network, mount and PID namespaces of its
# own, and returns only in there. Why so much:
# - the hub's ports (5000, and 5080, which stands inside the alpine image) are fixed; in a network of
#   our own they are always free, and nobody else's hub, daemon or benchmark can get in between;
# - daemons, shims, containers and overlay mounts die with PID 1, after SIGKILL too;
# - a fresh /run hides a containerd that already runs on this machine, which dockerd would join.
# Only loopback exists inside, so everything that needs the internet happens before.
sandbox() {
  if [ -n "${BENCH_INSIDE:-}" ]; then
    TMP=$BENCH_INSIDE
    mount -t tmpfs tmpfs /run
    ip link set lo up
    return
  fi
  [ "$(id -u)" = 0 ] || skip "needs root, for dockerd and namespaces"
  packages docker.io docker-registry python3 iproute2 time curl jq "${EXTRA_PACKAGES[@]}"
  TMP=$(mktemp -d)
  local rc=0
  # In the background, for bash answers a signal at once in `wait` but only afterwards for a command.
  BENCH_INSIDE=$TMP unshare --net --mount --pid --fork --kill-child --mount-proc -- bash "$0" "$@" &
  job=$!
  trap leave_sandbox EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
  wait "$job" || rc=$?
  exit "$rc"
}

# Everything in the sandbox is dead once its unshare is; after a signal that takes the kernel a moment,
# and until then somebody may still write below TMP.
leave_sandbox() {
  local i
  kill -KILL "$job" 2>/dev/null || true
  for i in 1 2 3 4 5 6 7 8 9 10; do
    rm -rf "$TMP" 2>/dev/null && return
    sleep "0.$i"
  done
  say "could not remove $TMP"
}

# need_hub goes before sandbox: without the stand-in images there is nothing to do.
need_hub() {
  if [ ! -x "$HUB/serve.sh" ]; then
    skip "no stand-in hub at $HUB; name its folder in TARE_TEST_HUB"
  fi
  HUB=$(cd "$HUB" && pwd)
  export TARE_TEST_HUB=$HUB
}

start_hub() {
  STATE_DIR=$TMP/hub REGISTRY_PORT=5000 APK_PORT=5080 "$HUB/serve.sh" start >/dev/null || die "the hub did not start"
  export TARE_HOSTS_DIR=$HUB/hosts # sends docker.io to the hub, for tare
  # Loopback must not go through anybody's proxy; logins and contexts of the caller do not belong here.
  unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY all_proxy DOCKER_HOST DOCKER_CONTEXT XDG_RUNTIME_DIR
  export DOCKER_CONFIG=$TMP/docker-config
  mkdir -p "$DOCKER_CONFIG"
  echo '{}' >"$DOCKER_CONFIG/config.json" # buildah reads it too, and wants it to exist
}

# The client of Debian's docker.io, not a newer one that may stand before it in PATH: that one
# builds only with the buildx plugin.
DOCKER=/usr/bin/docker

# start_docker NAME: a daemon of its own below $TMP/NAME; its pid goes to DOCKERD_PID, and
# `docker_at NAME ...` speaks to it. No bridge and no iptables: containers use the host's network, as
# tare's do, and the daemon leaves the machine's firewall alone.
start_docker() {
  local dir=$TMP/$1 i
  mkdir -p "$dir"
  dockerd --iptables=false --ip6tables=false --bridge=none --storage-driver overlay2 \
    --data-root "$dir/data" --exec-root "$dir/exec" --pidfile "$dir/pid" --host "unix://$dir/docker.sock" \
    --registry-mirror http://127.0.0.1:5000 --insecure-registry 127.0.0.1:5000 >"$dir/log" 2>&1 &
  DOCKERD_PID=$!
  for ((i = 0; i < 300; i++)); do
    docker_at "$1" version >/dev/null 2>&1 && return
    kill -0 "$DOCKERD_PID" 2>/dev/null || break
    sleep 0.1
  done
  tail -n 5 "$dir/log" >&2
  die "dockerd did not start"
}

docker_at() {
  local name=$1
  shift
  "$DOCKER" --host "unix://$TMP/$name/docker.sock" "$@"
}

# measure KEY CMD... runs CMD and files its wall-clock seconds and peak memory under KEY.
# Memory is ru_maxrss as wait4 tells it: that of the largest single process among CMD and the children
# it waited for. DAEMON_PIDS names processes that work for CMD without being its children; their
# high-water marks are reset before and added after.
DAEMON_PIDS=()
measure() {
  local key=$1 begin end kib p
  shift
  sync # what others wrote is not this run's to wait for
  for p in "${DAEMON_PIDS[@]}"; do echo 5 >"/proc/$p/clear_refs"; done
  mkdir -p "$TMP/samples"
  begin=$EPOCHREALTIME
  if ! command time -f %M -o "$TMP/rss" "$@" >"$TMP/last.log" 2>&1; then
    tail -n 20 "$TMP/last.log" >&2
    die "failed ($key): $*"
  fi
  end=$EPOCHREALTIME
  kib=$(tail -n 1 "$TMP/rss")
  for p in "${DAEMON_PIDS[@]}"; do
    kib=$((kib + $(awk '/^VmHWM:/ {print $2}' "/proc/$p/status")))
  done
  awk -v a="$begin" -v b="$end" 'BEGIN {printf "%.4f\n", b - a}' >>"$TMP/samples/$key.seconds"
  echo "$kib" >>"$TMP/samples/$key.kib"
}

# median KEY: of the seconds. peak KEY: the most memory in any round, in MB of 1,000,000 bytes.
median() {
  sort -n "$TMP/samples/$1.seconds" | awk '{v[NR] = $1} END {print (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2}'
}
spread() { sort -n "$TMP/samples/$1.seconds" | awk 'NR == 1 {a = $1} END {printf "%.2f-%.2f", a, $1}'; }
peak() { sort -n "$TMP/samples/$1.kib" | awk 'END {printf "%.0f", $1 * 1024 / 1e6}'; }

ratio() { awk -v a="$1" -v b="$2" 'BEGIN {printf "%.2f", a / b}'; }

machine() { printf '%s cores, Linux %s, %s' "$(nproc)" "$(uname -r)" "$(date -u +%F)"; }
