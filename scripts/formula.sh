#!/usr/bin/env bash
# formula.sh DIR VERSION prints the Homebrew formula of the release in DIR: its files'
# checksums, and the address where they will be. A file that was not built is an error.
#
# BASE_URL   where the files of DIR will be downloaded from (no default)
# HOMEPAGE   default BASE_URL
set -euo pipefail
cd "$(dirname "$0")/.."
dir=$1 version=$2
: "${BASE_URL:?the address that the release will be downloaded from}"
BASE_URL=${BASE_URL%/}
for v in "$BASE_URL" "${HOMEPAGE:-$BASE_URL}"; do
  [[ $v =~ ^https?://[][A-Za-z0-9._~:/?%@+=,-]+$ ]] || { echo "formula.sh: not an address: $v" >&2; exit 1; }
done
text=$(sed "s|@VERSION@|$version|g; s|@BASE_URL@|$BASE_URL|g; s|@HOMEPAGE@|${HOMEPAGE:-$BASE_URL}|g" packaging/tare.rb.in)
while [[ $text =~ @SHA256\ ([a-z0-9.-]+)@ ]]; do
  name=${BASH_REMATCH[1]}
  sum=$(sha256sum "$dir/tare-$version-$name")
  text=${text//"@SHA256 $name@"/${sum%% *}}
done
printf '%s\n' "$text"
