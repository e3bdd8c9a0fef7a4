#!/usr/bin/env bash
# Puts tare on the PATH of the steps that follow: the first step of action.yml.
#
# TARE_VERSION   a release, such as 1.2.3; "" builds the source that this script lies in; "path" takes what is on PATH
set -euo pipefail
version=${TARE_VERSION:-} bin=$RUNNER_TEMP/tare-bin
case $version in
path)
  command -v tare >/dev/null || { echo "::error title=tare check::version is path, but there is no tare on PATH"; exit 1; }
  exit 0
  ;;
*[!0-9A-Za-z.+-]*)
  echo "::error title=tare check::version: want a release such as 1.2.3"
  exit 1
  ;;
esac
mkdir -p "$bin"
if [[ -z $version ]]; then
  command -v go >/dev/null || { echo "::error title=tare check::building tare needs Go: add actions/setup-go, or set version"; exit 1; }
  (cd "$(dirname "$0")/.." && CGO_ENABLED=0 go build -trimpath -o "$bin/tare" ./cmd/tare)
else
  version=${version#v}
  case $(uname -m) in
  x86_64) arch=amd64 ;;
  aarch64 | arm64) arch=arm64 ;;
  *) echo "::error title=tare check::no release for $(uname -m): leave version empty to build tare"; exit 1 ;;
  esac
  os=$(uname -s | tr '[:upper:]' '[:lower:]') name=tare-$version-$(uname -s | tr '[:upper:]' '[:lower:]')-$arch
  [[ $os == linux || $os == darwin ]] || { echo "::error title=tare check::no release for $os"; exit 1; }
  from=${GITHUB_SERVER_URL:-https://github.com}/$GITHUB_ACTION_REPOSITORY/releases/download/v$version
  get() { curl -fsSL --retry 3 --max-time 300 -o "$2" "$from/$1"; }
  cd "$bin"
  get "$name" "$name"
  get SHA256SUMS SHA256SUMS
  grep -E "^[0-9a-f]{64}[ *]+$(sed 's/[.+]/\\&/g' <<<"$name")\$" SHA256SUMS | sha256sum --check --strict - >/dev/null ||
    { echo "::error title=tare check::$name is not what SHA256SUMS says"; rm -f "$name"; exit 1; }
  mv "$name" tare
  chmod 0755 tare
fi
echo "$bin" >>"$GITHUB_PATH"
