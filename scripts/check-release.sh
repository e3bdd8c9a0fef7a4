#!/usr/bin/env bash
# Builds the release twice, here and in a clone at another path with an empty build
# cache, and compares the bytes. TARGETS: linux/amd64 linux/arm64.
set -euo pipefail
cd "$(dirname "$0")/.."
tmp=$(mktemp -d)
trap 'chmod -R u+w "$tmp"; rm -rf "$tmp"' EXIT
export TARGETS=${TARGETS:-linux/amd64 linux/arm64}
VERSION=${VERSION:-$(scripts/version.sh)}
export VERSION
git clone -q . "$tmp/elsewhere"
git clone -q . "$tmp/here"
"$tmp/here/scripts/release.sh" "$tmp/one" >/dev/null
GOCACHE=$tmp/cache "$tmp/elsewhere/scripts/release.sh" "$tmp/two" >/dev/null
diff -r "$tmp/one" "$tmp/two"
cat "$tmp/one/SHA256SUMS"
echo "both releases are the same, byte for byte"
