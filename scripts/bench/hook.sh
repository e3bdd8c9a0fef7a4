#!/usr/bin/env bash
# How long docker waits for tare after a build: the hook's whole process, from its start to its end, after
# each of BUILDS real builds. Prints the table of docs/reference/targets.md.
#
#   scripts/bench/hook.sh              (make bench-hook)
#   BUILDS=20 scripts/bench/hook.sh
#
# Docker starts a plugin twice: once to ask what it is, once as the hook. Both are measured. One that
# fails early would be quick: how many showed their line is part of the result. On a machine that is
# busy with other things some give up, for the daemon has only so long to answer.
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
TIMEFORMAT='%R %U %S' # seconds: on the wall, and of a processor's for itself and in the kernel
{ time ./docker-tare docker-cli-plugin-metadata >/dev/null; } 2>>metadata
{ time ./docker-tare tare docker-cli-plugin-hooks '{"RootCmd":"build","Flags":{"tag":""}}' >>lines; } 2>>hook
END
cd "$TMP"
for ((n = 1; n <= BUILDS; n++)); do
  echo "$n" >app/number
  DOCKER_BUILDKIT=1 docker_at d build -q -t app app >/dev/null
  (exec -a docker bash build -t app .)
done
shown=$(grep -c 'app is 20MB' lines || true)
[ "$shown" -ge $((BUILDS * 3 / 4)) ] || die "only $shown of $BUILDS hooks said something: $(tail -n 1 lines)"

# row TITLE FORMULA FILE...: FORMULA of the lines of the files side by side, in seconds.
row() {
  paste -d' ' "${@:3}" | awk "{print ($2) * 1000}" | sort -n | awk -v t="$1" '{v[NR] = $1} END {p = int(NR * 0.95 + 0.999)
    printf "| %s | %.0f ms | %.0f ms | %.0f ms |\n", t, (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2, v[p], v[NR]}'
}
printf '%s, load average %s; after %s of %s builds the line was shown\n\n| | median | 95 of 100 | longest |\n|---|---|---|---|\n' \
  "$(machine)" "$(cut -d' ' -f1 /proc/loadavg)" "$shown" "$BUILDS"
# shellcheck disable=SC2016 # for awk
{
  row 'the hook, whole process' '$1' hook
  row "the same, processor time" '$2 + $3' hook
  row "with docker's question before it" '$1 + $4' metadata hook
}
