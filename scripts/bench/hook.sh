#!/usr/bin/env bash
# How long docker waits for tare after a build: the hook's whole process, from its start to its end, after
# each of BUILDS real builds. Prints the table of docs/reference/targets.md.
#
#   scripts/bench/hook.sh              (make bench-hook)
#   BUILDS=20 scripts/bench/hook.sh
#
# Docker starts a plugin twice: once to ask what it is, once as the hook. Both are measured; every hook
# must have shown its line, for one that fails early would be quick.
# shellcheck source-path=SCRIPTDIR source=lib.sh disable=SC1091
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

BUILDS=${BUILDS:-100}
need_tare
EXTRA_PACKAGES=()
sandbox "$@"
keep_tare
start_docker d
export DOCKER_HOST=unix://$TMP/d/docker.sock DOCKER_CONFIG=$TMP/config TARE_HOME=$TMP/home
unset DOCKER_CONTEXT
mkdir "$TMP/app" "$TMP/config"
ln -s "$TARE" "$TMP/docker-tare"
printf 'FROM scratch\nCOPY data /data\nCOPY number /number\n' >"$TMP/app/Dockerfile"
head -c 20MB /dev/urandom >"$TMP/app/data"

# The hook reads which image was built from its parent's command line. This one is bash that is called
# docker and runs a file named build: "docker build -t app .".
cat >"$TMP/build" <<'END'
took() {
  local begin=$EPOCHREALTIME
  "${@:2}" || exit
  awk -v a="$begin" -v b="$EPOCHREALTIME" 'BEGIN {printf "%.1f\n", (b - a) * 1000}' >>"$1"
}
took metadata.ms ./docker-tare docker-cli-plugin-metadata >/dev/null
took hook.ms ./docker-tare tare docker-cli-plugin-hooks '{"RootCmd":"build","Flags":{"tag":""}}' >>lines
END
cd "$TMP"
for ((n = 1; n <= BUILDS; n++)); do
  echo "$n" >app/number
  DOCKER_BUILDKIT=1 docker_at d build -q -t app app >/dev/null
  (exec -a docker bash build -t app .)
done
shown=$(grep -c 'app is 20MB' lines || true)
[ "$shown" = "$BUILDS" ] || die "only $shown of $BUILDS hooks said something: $(tail -n 1 lines)"

row() {
  paste "${@:2}" | awk '{print $1 + $2}' | sort -n | awk -v t="$1" '{v[NR] = $1} END {p = int(NR * 0.95 + 0.999)
    printf "| %s | %.0f ms | %.0f ms | %.0f ms |\n", t, (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2, v[p], v[NR]}'
}
printf '%s, %s builds\n\n| | median | 95 of 100 | longest |\n|---|---|---|---|\n' "$(machine)" "$BUILDS"
row 'the hook, whole process' hook.ms
row "with docker's question before it" metadata.ms hook.ms
