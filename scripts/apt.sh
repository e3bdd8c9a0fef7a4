#!/usr/bin/env bash
# apt.sh PACKAGE... installs the Debian packages that are missing, through the
# machine's own apt sources. Nothing happens where all are there.
set -euo pipefail

missing=()
for p in "$@"; do
  [[ $(dpkg-query -W -f '${Status}' "$p" 2>/dev/null) == "install ok installed" ]] || missing+=("$p")
done
(( ${#missing[@]} )) || exit 0

if ! command -v apt-get >/dev/null || [[ $EUID -ne 0 ]]; then
  echo "please install these Debian packages (as root: apt-get install ${missing[*]})" >&2
  exit 1
fi

# docker-registry and docker.io would start servers of their own: policy-rc.d
# forbids that while they are installed.
policy=/usr/sbin/policy-rc.d
if [[ ! -e $policy ]]; then
  printf '#!/bin/sh\nexit 101\n' > "$policy"
  chmod +x "$policy"
  trap 'rm -f "$policy"' EXIT
fi

export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
try() { apt-get install -y --no-install-recommends "${missing[@]}" >"$log" 2>&1; }
echo "installing ${missing[*]} …" >&2
# The lists may be absent or old on a new machine: fetch them only then.
if ! try; then
  apt-get update >>"$log" 2>&1 || true
  try || { cat "$log" >&2; exit 1; }
fi
rm -f "$log"
