#!/usr/bin/env bash
# Fetches a real CUDA library (npm's @node-llama-cpp/linux-x64-cuda, 143 MB, as this machine's
# npm is set up), and holds what tare says of all libraries in it against readelf.
set -euo pipefail
cd "$(dirname "$0")/.."
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
(cd "$dir" && npm pack --silent @node-llama-cpp/linux-x64-cuda >/dev/null && tar xzf ./*.tgz)
TARE_TEST_CUDA=$dir/package go test -count=1 -run '^TestCUDA$' -v ./internal/parts/elffile
