#!/usr/bin/env bash
# Builds the release into a directory: programs for all platforms, what they are made of
# (CycloneDX), packages of those for Linux, manual pages, and checksums. The same commit gives the same bytes on every machine with
# the same Go: no paths, no times, no build IDs of a machine go into them.
#
#   scripts/release.sh [DIR]     (make release; DIR: dist)
#
# TARGETS   what to build ("linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64")
# VERSION   default: scripts/version.sh
# PACKAGES  "no" makes programs only
#
# scripts/packages.sh makes the packages; its variables work here, too.
set -euo pipefail
out=$(mkdir -p "${1:-dist}" && cd "${1:-dist}" && pwd)
cd "$(dirname "$0")/.."
version=${VERSION:-$(scripts/version.sh)}
version=${version#v}
read -ra targets <<<"${TARGETS:-linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64}"
rm -f "$out"/tare-* "$out"/tare.rb "$out"/SHA256SUMS
export CGO_ENABLED=0 GOFLAGS=-trimpath GOAMD64=v1
for t in "${targets[@]}"; do
  name=tare-$version-${t%/*}-${t#*/}
  [[ $t != windows/* ]] || name+=.exe
  GOOS=${t%/*} GOARCH=${t#*/} go build -buildvcs=false -ldflags "-s -w -buildid= -X tare/internal/buildinfo.Version=$version" -o "$out/$name" ./cmd/tare
  go run ./scripts/sbom "$out/$name" "$version" >"$out/$name.cdx.json"
  echo "$name"
done
[[ ${PACKAGES:-} == no ]] || scripts/packages.sh "$out" "$version"
(cd "$out" && LC_ALL=C sha256sum tare[-.]* >SHA256SUMS)
