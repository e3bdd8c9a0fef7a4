#!/usr/bin/env bash
# Building and running with tare beside Docker (both of its builders) and buildah: seconds and memory.
#
#   scripts/bench/engine.sh            (make bench-engine)
#   ROUNDS=3 TOOLS="tare buildah" scripts/bench/engine.sh
#
# TARE      the tare to measure (bin/tare)
# ROUNDS    how often everything is measured (9)
# TOOLS     which of: tare docker-classic docker-buildkit buildah (all)
# EXAMPLE   a folder with app.py, Dockerfile, Dockerfile.multistage (examples/python)
# TARE_TEST_HUB   the stand-in hub (../shared/hub); without it the script says so and ends with 0
#
# The tools take turns within every round, and another one begins each round, so that a machine that
# is slow for a minute is slow for all of them.
# shellcheck source-path=SCRIPTDIR source=lib.sh disable=SC1091
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

ROUNDS=${ROUNDS:-9}
EXAMPLE=$(realpath -m "${EXAMPLE:-$ROOT/examples/python}")
read -ra tools <<<"${TOOLS:-tare docker-classic docker-buildkit buildah}"
dockerfiles=(Dockerfile Dockerfile.multistage)
measures=(cold no-cache unchanged run)

# The tool of this name is in use?
has() { [[ " ${tools[*]} " == *" $1 "* ]]; }

need_hub
! has tare || need_tare
for f in app.py "${dockerfiles[@]}"; do [ -f "$EXAMPLE/$f" ] || die "no $EXAMPLE/$f"; done
EXTRA_PACKAGES=(buildah runc procps)
sandbox "$@"
! has tare || keep_tare

# A daemon for each of Docker's builders: both keep their layers in the daemon's one image store, so
# emptying it for one would empty it for the other. Both are up before anything is measured.
declare -A daemon_pids
start_daemons() {
  local t
  for t in docker-classic docker-buildkit; do
    has "$t" || continue
    start_docker "$t"
    daemon_pids[$t]="$DOCKERD_PID $(pgrep -P "$DOCKERD_PID" -x containerd || true)"
  done
}

# A docker client without the buildx plugin may not be able to use BuildKit at all; then that column
# is left out, and said so, rather than the classic builder measured twice.
probe_buildkit() {
  local t kept=()
  has docker-buildkit || return 0
  mkdir "$TMP/probe"
  printf 'FROM scratch\nCOPY Dockerfile /\n' >"$TMP/probe/Dockerfile"
  DOCKER_BUILDKIT=1 docker_at docker-buildkit build -t probe:1 "$TMP/probe" >"$TMP/probe.log" 2>&1 &&
    grep -q '^#1 ' "$TMP/probe.log" && return
  echo "docker-buildkit is left out, for this docker cannot use BuildKit: $(head -n 1 "$TMP/probe.log")"
  for t in "${tools[@]}"; do [ "$t" = docker-buildkit ] || kept+=("$t"); done
  tools=("${kept[@]}")
}

# runc is named for buildah, since it would take crun where there is one, which tare and Docker do
# not, and crun refuses to start where cgroups v1 and v2 are mixed.
buildah=(buildah --root "$TMP/buildah" --runroot "$TMP/buildah-run" --storage-driver overlay)
buildah_conf() {
  cat >"$TMP/registries.conf" <<'CONF'
unqualified-search-registries = ["docker.io"]
[[registry]]
prefix = "docker.io"
location = "127.0.0.1:5000"
insecure = true
CONF
  export CONTAINERS_REGISTRIES_CONF=$TMP/registries.conf
  # buildah has no `run IMAGE`; this is what its users write instead.
  cat >"$TMP/buildah-run.sh" <<SH
set -eu
c=\$(${buildah[*]@Q} from --pull-never localhost/bench:1)
${buildah[*]@Q} run --runtime runc --network host "\$c" -- "\$@"
${buildah[*]@Q} rm "\$c" >/dev/null
SH
}

# reset TOOL: no images, no base images, no build cache.
reset() {
  case $1 in
    tare) rm -rf "$TMP/tare" ;;
    docker-*)
      docker_at "$1" builder prune -af
      docker_at "$1" image prune -af
      [ -z "$(docker_at "$1" images -aq)" ] # prune keeps what a container still uses
      ;;
    buildah)
      "${buildah[@]}" rm --all
      "${buildah[@]}" rmi --all --force
      ;;
  esac >"$TMP/last.log" 2>&1 || { tail -n 5 "$TMP/last.log" >&2 && die "cannot empty $1's store"; }
}

# build TOOL ARGS... and run TOOL ARGS... set CMD, the command line to measure.
build() {
  local tool=$1
  shift
  case $tool in
    tare) CMD=("$TARE" build -t bench:1) ;;
    docker-classic) CMD=(env DOCKER_BUILDKIT=0 "$DOCKER" --host "unix://$TMP/$tool/docker.sock" build --network host -t bench:1) ;;
    docker-buildkit) CMD=(env DOCKER_BUILDKIT=1 "$DOCKER" --host "unix://$TMP/$tool/docker.sock" build --network host -t bench:1) ;;
    # Without --layers buildah has no cache, and "unchanged" would mean nothing.
    buildah) CMD=("${buildah[@]}" build --runtime runc --layers --network host -t bench:1) ;;
  esac
  CMD+=("$@")
}
run() {
  local tool=$1
  shift
  case $tool in
    tare) CMD=("$TARE" run --rm bench:1 "$@") ;;
    docker-*) CMD=("$DOCKER" --host "unix://$TMP/$tool/docker.sock" run --rm --network host bench:1 "$@") ;;
    buildah) CMD=(bash "$TMP/buildah-run.sh" "$@") ;;
  esac
}

one() { # one TOOL DOCKERFILE MEASURE
  local args=(-f "$EXAMPLE/$2" "$EXAMPLE")
  case $3 in
    cold) reset "$1" && build "$1" "${args[@]}" ;;
    no-cache) build "$1" --no-cache "${args[@]}" ;;
    unchanged) build "$1" "${args[@]}" ;;
    run) run "$1" true ;;
  esac
  read -ra DAEMON_PIDS <<<"${daemon_pids[$1]:-}"
  measure "$1.$2.$3" "${CMD[@]}"
}

# What was built has to be the program, whoever built it; this is not measured.
works() { # works TOOL DOCKERFILE
  local out
  run "$1" python3 app.py
  out=$("${CMD[@]}" 2>"$TMP/last.log") || { tail -n 5 "$TMP/last.log" >&2 && die "$1: the image of $2 does not run"; }
  [[ $out == Hello* ]] || die "$1: the image of $2 printed: $out"
}

start_hub
start_daemons
buildah_conf
probe_buildkit
export TARE_HOME=$TMP/tare

for f in "${dockerfiles[@]}"; do
  for ((round = 0; round < ROUNDS; round++)); do
    say "$f: round $((round + 1)) of $ROUNDS"
    for m in "${measures[@]}"; do
      for ((i = 0; i < ${#tools[@]}; i++)); do
        tool=${tools[(i + round) % ${#tools[@]}]}
        one "$tool" "$f" "$m"
        [ "$m$round" != cold0 ] || works "$tool" "$f"
      done
    done
  done
done

# ---- the tables ----

title() { # title TEXT, then a head with the tools
  printf '\n%s\n%-22s %-10s' "$1" Dockerfile measure
  for t in "${tools[@]}"; do printf ' %16s' "$t"; done
}

cat <<TEXT
Engine: medians over $ROUNDS rounds on $(machine).
$("$DOCKER" --version), $(buildah --version | cut -d' ' -f1-3)$(has tare && printf ', %s' "$("$TARE" --version 2>/dev/null | head -n 1)")
cold        nothing in the store: no base image, no cache; the base comes from a registry on loopback
no-cache    build --no-cache, the base image is there
unchanged   the same build once more
run         the program \`true\` in the built image, container made and removed
Docker's daemons are up beforehand and their start is not counted; tare and buildah have none.
TEXT

title "Seconds, median"
has tare && for t in "${tools[@]}"; do [ "$t" = tare ] || printf ' %21s' "tare/$t"; done
echo
for f in "${dockerfiles[@]}"; do
  for m in "${measures[@]}"; do
    printf '%-22s %-10s' "$f" "$m"
    for t in "${tools[@]}"; do printf ' %16.3f' "$(median "$t.$f.$m")"; done
    has tare && for t in "${tools[@]}"; do
      [ "$t" = tare ] || printf ' %21s' "$(ratio "$(median "tare.$f.$m")" "$(median "$t.$f.$m")")"
    done
    echo
  done
done

title "Seconds, fastest-slowest round"
echo
for f in "${dockerfiles[@]}"; do
  for m in "${measures[@]}"; do
    printf '%-22s %-10s' "$f" "$m"
    for t in "${tools[@]}"; do printf ' %16s' "$(spread "$t.$f.$m")"; done
    echo
  done
done

title "Peak memory in MB, largest of the rounds: the largest process of the command; for Docker the client + dockerd + containerd"
echo
for f in "${dockerfiles[@]}"; do
  for m in "${measures[@]}"; do
    printf '%-22s %-10s' "$f" "$m"
    for t in "${tools[@]}"; do printf ' %16s' "$(peak "$t.$f.$m")"; done
    echo
  done
done
