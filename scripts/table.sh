#!/usr/bin/env bash
# table.sh FILE WHAT HOW-OFTEN RESULT TOOK puts a row into the table of docs/reliability.md,
# in the place of the one that begins with WHAT.
set -euo pipefail
file=$1 what=$2
row="| $2 | $3 | $4 | $5 |"
awk -v what="| $what |" -v row="$row" '
  index($0, what) == 1 { print row; done = 1; next }
  /^<!-- end of the table -->/ && !done { print row }
  { print }' "$file" >"$file.new"
mv "$file.new" "$file"
