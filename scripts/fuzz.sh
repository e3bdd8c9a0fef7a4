#!/usr/bin/env bash
# Runs every fuzz target of the repository, one after the other, for the time given.
set -euo pipefail
cd "$(dirname "$0")/.."
time=${1:-2m}
# go test -fuzz takes one target of one package at a time.
grep -rlE '^func Fuzz' --include='*_test.go' . | while read -r file; do
  sed -nE 's/^func (Fuzz[A-Za-z0-9_]+)\(.*/\1/p' "$file" | while read -r target; do
    echo "== $(dirname "$file") $target"
    go test -run '^$' -fuzz "^$target\$" -fuzztime "$time" "$(dirname "$file")" </dev/null
  done
done
