#!/usr/bin/env bash
# duckdb.sh fetches DuckDB, which reads the Parquet tables of tare fleet report as other people do, through npm, and
# prints where it is. Nothing happens where it is there already.
set -euo pipefail

version=1.5.6-r.1
dir=${XDG_CACHE_HOME:-$HOME/.cache}/tare-test/duckdb-$version
if [[ ! -e $dir/node_modules/@duckdb/node-api/package.json ]]; then
  command -v npm >/dev/null || "$(dirname "$0")/apt.sh" npm
  mkdir -p "$(dirname "$dir")"
  work=$(mktemp -d "$dir.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  (cd "$work" && npm install --silent --no-audit --no-fund --ignore-scripts "@duckdb/node-api@$version" >/dev/null)
  mv -T "$work" "$dir" 2>/dev/null || [[ -e $dir/node_modules/@duckdb/node-api/package.json ]]
fi
echo "$dir"
