#!/usr/bin/env bash
# Makes packages of the programs that scripts/release.sh left in a directory: .deb, .rpm
# and .apk for each Linux, with manual pages, completions, licenses and the bill of
# materials; the manual pages alone; a Homebrew formula. The same commit gives the same
# bytes: all times are SOURCE_DATE_EPOCH.
#
#   scripts/packages.sh DIR VERSION
#
# SOURCE_DATE_EPOCH   default: the commit's time
# MAINTAINER          "Name <address>", of whoever answers for the packages
# BASE_URL, HOMEPAGE  see scripts/formula.sh; without BASE_URL there is no formula
# NFPM                the packager; default: the pinned version, through Go
set -euo pipefail
dir=$(cd "$1" && pwd) version=$2
cd "$(dirname "$0")/.."
nfpm=${NFPM:-go run github.com/goreleaser/nfpm/v2/cmd/nfpm@v2.45.1}
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || stat -c %Y CHANGELOG.md)}
export MAINTAINER=${MAINTAINER:-The tare maintainers <maintainers@tare.invalid>} HOMEPAGE=${HOMEPAGE:-${BASE_URL:-}}
export LC_ALL=C TZ=UTC CGO_ENABLED=0
day=$(date -d "@$SOURCE_DATE_EPOCH" +%F)
STAGE=$(mktemp -d)
export STAGE
trap 'rm -rf "$STAGE"' EXIT
umask 022

summary='profiler for container images'
details='tare pulls, builds and runs container images without a daemon, weighs every
byte of them, sets any number of them side by side, and explains each
difference down to package, file, layer and Dockerfile line.
Weighing and comparing need nothing else. Building and running need runc,
without root also newuidmap and newgidmap.'

# licenses prints the license of every module that the Linux program contains.
licenses() {
  GOOS=linux go list -deps -f '{{with .Module}}{{if not .Main}}{{.Path}} {{.Version}} {{.Dir}}{{end}}{{end}}' ./cmd/tare | sort -u |
    while read -r path release from; do
      for f in "$from"/{LICENSE,LICENCE,COPYING,NOTICE}*; do
        [[ -f $f && $f != *.go ]] || continue
        printf '==== %s %s: %s\n\n' "$path" "$release" "${f##*/}"
        cat "$f"
        echo
      done
    done
  printf '==== Go: LICENSE\n\n'
  cat "$(go env GOROOT)/LICENSE"
}

go run ./scripts/manual -version "$version" -date "$day" -completions "$STAGE/completions" "$STAGE"
tar --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner -C "$STAGE" -cf - man1 man7 | gzip -9n >"$dir/tare-$version-manual.tar.gz"
gzip -9n "$STAGE"/man?/*
gzip -9n <CHANGELOG.md >"$STAGE/changelog.gz"
licenses | gzip -9n >"$STAGE/third-party-licenses.gz"
cp LICENSE README.md packaging/copyright "$STAGE"

for program in "$dir/tare-$version"-linux-*; do
  ARCH=${program##*-linux-}
  [[ $ARCH =~ ^[a-z0-9]+$ ]] || continue # what lies beside it: .cdx.json, packages
  export ARCH
  cp "$program" "$STAGE/tare"
  gzip -9n <"$program.cdx.json" >"$STAGE/tare.cdx.json.gz"
  find "$STAGE" -exec touch -hd "@$SOURCE_DATE_EPOCH" {} +
  for kind in deb rpm apk; do
    PACKAGE_VERSION=$(scripts/version.sh "$kind" "$version" "${day//-/}")
    case $kind in # apk has one line, rpm its summary elsewhere
    deb) DESCRIPTION=$summary$'\n'$details ;;
    rpm) DESCRIPTION=$details ;;
    apk) DESCRIPTION=$summary ;;
    esac
    export PACKAGE_VERSION DESCRIPTION
    $nfpm package --config packaging/nfpm.yaml --packager "$kind" --target "$program.$kind" >/dev/null
    echo "${program##*/}.$kind"
  done
done

rm -f "$dir/tare.rb"
if [[ -z ${BASE_URL:-} ]]; then
  echo "no tare.rb: a Homebrew formula needs BASE_URL, the address that the files will be downloaded from" >&2
elif ! compgen -G "$dir/tare-$version-darwin-*" >/dev/null; then
  echo "no tare.rb: a Homebrew formula needs the programs for macOS (make release)" >&2
else
  scripts/formula.sh "$dir" "$version" >"$STAGE/tare.rb"
  cp "$STAGE/tare.rb" "$dir/tare.rb"
  echo tare.rb
fi
