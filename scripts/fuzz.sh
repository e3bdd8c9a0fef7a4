#!/usr/bin/env bash
# Runs every fuzz target of the repository, one after the other, for the time given, and
# counts. TARE_TORTURE_REPORT names a page for whose table the count is a row.
set -euo pipefail
cd "$(dirname "$0")/.."
time=${1:-2m}
log=$(mktemp)
trap 'rm -f "$log"' EXIT
begin=$SECONDS
# go test -fuzz takes one target of one package at a time.
grep -rlE '^func Fuzz' --include='*_test.go' . | sort | while read -r file; do
  sed -nE 's/^func (Fuzz[A-Za-z0-9_]+)\(.*/\1/p' "$file" | while read -r target; do
    echo "== $(dirname "$file") $target"
    go test -run '^$' -fuzz "^$target\$" -fuzztime "$time" "$(dirname "$file")" </dev/null
  done
done | tee "$log"
count=$(awk '/^== /{n++; key = $0} /execs: /{match($0, /execs: [0-9]+/); e[key] = substr($0, RSTART + 7, RLENGTH - 7)} END{for (k in e) s += e[k]; printf "%d %d", n, s}' "$log")
echo "fuzz: ${count#* } executions of ${count% *} targets, nothing found"
if [[ -n ${TARE_TORTURE_REPORT:-} ]]; then
  scripts/table.sh "$TARE_TORTURE_REPORT" "fuzzing of every parser of foreign bytes" "${count% *} targets" "${count#* } executions, nothing found that is not mended" "$(((SECONDS - begin) / 60))m"
fi
