#!/usr/bin/env bash
# The first and the second look at an image where it is: tare's store, Docker, Podman, a registry, an
# archive. Prints the table of docs/reference/targets.md.
#
#   scripts/bench/looks.sh             (make bench-looks)
#   ROUNDS=3 LARGE=200 scripts/bench/looks.sh
#
# TARE    the tare to measure (bin/tare)
# ROUNDS  how often each is looked at for the first time, with an empty store's cache (5)
# LARGE   MB of random bytes in the large image (1000)
#
# Bytes read are what tare itself reads, from files, sockets and pipes (rchar of /proc/PID/io). What a
# daemon takes to write its archive is part of the time: "save alone" says how much.
# shellcheck source-path=SCRIPTDIR source=lib.sh disable=SC1091
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

ROUNDS=${ROUNDS:-5}
LARGE=${LARGE:-1000}
need_tare
need_hub
EXTRA_PACKAGES=(podman)
sandbox "$@"
keep_tare
start_hub
start_docker d
export DOCKER_HOST=unix://$TMP/d/docker.sock
podman=(env -u CONTAINER_HOST podman --root "$TMP/p/root" --runroot "$TMP/p/run" --storage-driver overlay)
mkdir -p "$TMP/p"
"${podman[@]}" system service -t 0 "unix://$TMP/p/sock" >"$TMP/p/log" 2>&1 &
export CONTAINER_HOST=unix://$TMP/p/sock

cat >"$TMP/registry.yml" <<CONF
version: 0.1
log: {level: warn, accesslog: {disabled: true}}
storage: {filesystem: {rootdirectory: "$TMP/registry"}}
http: {addr: "127.0.0.1:5001"}
CONF
docker-registry serve "$TMP/registry.yml" >"$TMP/registry.log" 2>&1 & # the hub takes nothing in

# look STORE WORD: seconds and bytes of one look.
look() {
  TARE_HOME=$1 bash -c 'b=$EPOCHREALTIME; "$0" weigh "$1" >/dev/null || exit; e=$EPOCHREALTIME; awk -v a="$b" -v b="$e" "/^rchar/ {printf \"%.4f %d\n\", b - a, \$2}" /proc/self/io' "$TARE" "$2" 2>>"$TMP/notes"
}

mid() { sort -n | awk '{v[NR] = $1} END {printf "%.3f", (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2}'; }

# row TITLE WORD [STORE]: with a store that has the image, or an empty one.
row() {
  local n h
  : >"$TMP/first"; : >"$TMP/second"
  for ((n = 0; n < ROUNDS; n++)); do
    h=${3:-$TMP/home}
    [ -n "${3:-}" ] && rm -rf "$h/cache" || rm -rf "$h"
    look "$h" "$2" >>"$TMP/first" || die "weigh $2 failed: $(tail -n 3 "$TMP/notes")"
    look "$h" "$2" >>"$TMP/second"
  done
  printf '| %s | %s s | %s s | %s MB | %s MB |\n' "$1" "$(mid <"$TMP/first")" "$(mid <"$TMP/second")" \
    "$(awk 'END {printf "%.1f", $2 / 1e6}' "$TMP/first")" "$(awk 'END {printf "%.1f", $2 / 1e6}' "$TMP/second")"
}

# rows IMAGE: the image is in Docker already.
rows() {
  local i
  docker_at d save -o "$TMP/app.tar" "$1"
  "${podman[@]}" load -q -i "$TMP/app.tar" >/dev/null
  docker_at d tag "$1" "127.0.0.1:5001/bench/looks"
  docker_at d push -q "127.0.0.1:5001/bench/looks" >/dev/null
  TARE_HOME=$TMP/store "$TARE" load -q -i "$TMP/app.tar" >/dev/null
  for ((i = 0; i < 3; i++)); do
    awk -v a="$EPOCHREALTIME" -v b="$(docker_at d save "$1" >/dev/null; echo "$EPOCHREALTIME")" 'BEGIN {printf "%.4f\n", b - a}'
  done | mid >"$TMP/save"
  printf '\n**%s**: %s to save alone from Docker: %s s\n\n' "$1" "$(du -m "$TMP/app.tar" | cut -f1) MB" "$(cat "$TMP/save")"
  printf '| source | first look | second look | bytes read, first | second |\n|---|---|---|---|---|\n'
  row store "store://$1" "$TMP/store"
  row "Docker (overlay2)" "daemon://$1"
  row Podman "podman://$1"
  row registry "registry://127.0.0.1:5001/bench/looks"
  row archive "archive://$TMP/app.tar"
}

printf '%s, medians of %s\n' "$(machine)" "$ROUNDS"
docker_at d pull -q python:slim >/dev/null
rows python:slim
mkdir "$TMP/context"
head -c "${LARGE}MB" /dev/urandom >"$TMP/context/data"
printf 'FROM python:slim\nCOPY data /data\n' >"$TMP/context/Dockerfile"
DOCKER_BUILDKIT=1 docker_at d build -q -t large "$TMP/context" >/dev/null
rm -r "$TMP/context"
rows large:latest
