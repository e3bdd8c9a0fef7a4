#!/usr/bin/env bash
# Builds the image of tare with tare, from the Linux programs that scripts/release.sh left
# in a directory, weighs it, and holds README's figures against what was measured.
#
#   scripts/image.sh DIR VERSION [check|write]
#
# check (the default) fails where README is wrong; write corrects README.
# TARE   the tare that builds (default bin/tare); needs what tare build needs
# NAME   what the image is called (default tare)
set -euo pipefail
dir=$(cd "$1" && pwd) version=$2 mode=${3:-check}
cd "$(dirname "$0")/.."
tare=$(realpath "${TARE:-bin/tare}") name=${NAME:-tare}
certificates=/etc/ssl/certs/ca-certificates.crt
[[ -r $certificates ]] || { echo "image.sh: no $certificates (apt-get install ca-certificates)" >&2; exit 1; }
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || stat -c %Y CHANGELOG.md)}
context=$(mktemp -d)
trap 'rm -rf "$context"' EXIT
umask 022

platforms=()
for program in "$dir/tare-$version"-linux-*; do
  arch=${program##*-linux-}
  [[ $arch =~ ^[a-z0-9]+$ ]] || continue
  platforms+=("linux/$arch")
  root=$context/linux-$arch
  mkdir -p "$root"/{usr/bin,usr/share/licenses/tare,etc/ssl/certs,var/lib/tare}
  mkdir -m 1777 "$root/tmp"
  chmod 1777 "$root/tmp" "$root/var/lib/tare" # --user may be anybody
  install -m 0755 "$program" "$root/usr/bin/tare"
  install -m 0644 "$certificates" "$root/etc/ssl/certs/ca-certificates.crt"
  install -m 0644 LICENSE "$root/usr/share/licenses/tare/LICENSE"
done
(( ${#platforms[@]} )) || { echo "image.sh: no program for Linux in $dir" >&2; exit 1; }
find "$context" -exec touch -hd "@$SOURCE_DATE_EPOCH" {} +

list=$(IFS=,; echo "${platforms[*]}")
tag=$name:${version//+/_} # a tag has no plus
"$tare" build -q --platform "$list" -t "$tag" -t "$name:latest" -f packaging/Dockerfile "$context" >/dev/null
echo "$tag: $list"
[[ $list == *linux/amd64* ]] || exit 0 # README is about that one
"$tare" weigh --platform linux/amd64 --show layers,content "$tag"

# measured prints a measure of the image in bytes.
measured() { "$tare" compare --platform linux/amd64 --format tsv "$tag" | awk -F '\t' -v m="$1" '$2 == "measures" && $4 == m { print $6 }'; }
transfer=$(measured transfer) live=$(measured live)
says=$(sed -nE 's/.*weighs ([0-9]+)MB to pull and ([0-9]+)MB live.*/\1 \2/p' README.md)
read -r pull kept <<<"$says"

# A megabyte is the last digit; the version's text changes some bytes more.
near() { local d=$(( $1 - $2 * 1000000 )); (( ${d#-} <= 510000 )); }
if near "$transfer" "${pull:-0}" && near "$live" "${kept:-0}"; then
  echo "README is right: ${pull}MB to pull, ${kept}MB live ($transfer and $live bytes)"
elif [[ $mode == write ]]; then
  pull=$(( (transfer + 500000) / 1000000 )) kept=$(( (live + 500000) / 1000000 ))
  sed -i -E "s/weighs [0-9]+MB to pull and [0-9]+MB live/weighs ${pull}MB to pull and ${kept}MB live/" README.md
  echo "README corrected: ${pull}MB to pull, ${kept}MB live"
else
  echo "README is wrong: it says ${pull:-nothing}MB to pull and ${kept:-nothing}MB live, measured $transfer and $live bytes; make image corrects it" >&2
  exit 1
fi
