#!/usr/bin/env bash
# axe.sh fetches axe-core, which tells whether everybody can use a page, through npm, and
# prints where it is. Nothing happens where it is there already.
set -euo pipefail

version=4.14.1
dir=${XDG_CACHE_HOME:-$HOME/.cache}/tare-test/axe-core-$version
if [[ ! -e $dir/axe.min.js ]]; then
  command -v npm >/dev/null || "$(dirname "$0")/apt.sh" npm
  mkdir -p "$dir"
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  (cd "$work" && npm pack --silent "axe-core@$version" >/dev/null && tar xzf ./*.tgz)
  mv "$work/package/axe.min.js" "$dir/axe.min.js.new"
  mv "$dir/axe.min.js.new" "$dir/axe.min.js"
fi
echo "$dir/axe.min.js"
