#!/usr/bin/env bash
# picture.sh makes the picture of README.md: the page of `tare compare` over the images of
# examples/python, as a browser shows it. It needs a hub (scripts/hub.sh) and chromium.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
scripts/apt.sh chromium
make --no-print-directory build
vars=$(scripts/hub.sh find)
eval "$vars"
export TARE_HOSTS_DIR TARE_HOME=$root/bin/picture-home
[[ -n ${TARE_HOSTS_DIR:-} ]] || unset TARE_HOSTS_DIR
page=$(mktemp -d)
trap 'rm -rf "$page"' EXIT
cd "$HUB_CONTEXT"
"$root/bin/tare" compare --format html -o "$page/page.html" python:slim ./Dockerfile ./Dockerfile.multistage
chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --window-size=1000,1330 \
  --screenshot="$root/docs/compare.png" "file://$page/page.html" >/dev/null 2>&1
echo "docs/compare.png"
