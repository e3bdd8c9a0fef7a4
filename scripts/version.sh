#!/usr/bin/env bash
# version.sh prints which release the checkout is, as semantic versioning orders it:
# 1.2.0 at the tag v1.2.0, 1.2.0+5.gabc1234 five commits later, 0.1.0-dev+gabc1234 (the
# version of internal/buildinfo) before the first tag; ".dirty" if files differ.
#
#   version.sh                    1.3.0-rc.1
#   version.sh deb|rpm VERSION    1.3.0~rc.1     ("~" sorts before the release)
#   version.sh apk VERSION [DAY]  1.3.0_rc1; what has no such word: 1.3.0_pre20260131
set -euo pipefail
cd "$(dirname "$0")/.."

own() {
  local base d
  base=$(sed -n 's/^var Version = "\(.*\)"$/\1/p' internal/buildinfo/buildinfo.go)
  if d=$(git describe --tags --match 'v[0-9]*' --dirty 2>/dev/null); then
    d=${d#v}
    if [[ $d =~ ^(.+)-([0-9]+)-(g[0-9a-f]+)(-dirty)?$ ]]; then
      echo "${BASH_REMATCH[1]}+${BASH_REMATCH[2]}.${BASH_REMATCH[3]}${BASH_REMATCH[4]/-/.}"
    else
      [[ $d != *-dirty ]] || d=${d%-dirty}+dirty
      echo "$d"
    fi
  elif d=$(git describe --always --dirty 2>/dev/null); then
    echo "$base+g${d/-/.}"
  else
    echo "$base"
  fi
}

# numbered refuses what package managers cannot order.
numbered() {
  [[ $1 =~ ^[0-9]+(\.[0-9]+)*([-+][0-9A-Za-z.+-]+)?$ ]] || { echo "version.sh: VERSION=$1 is no version that a package can have: want 1.2.3, 1.2.3-rc.1 or 1.2.3+5.gabc1234" >&2; exit 1; }
}

case ${1:-} in
'') own ;;
deb | rpm)
  numbered "$2"
  core=${2%%[-+]*} rest=${2#"${2%%[-+]*}"}
  # The first "-" begins a pre-release, as long as no "+" comes before it.
  [[ $rest != -* ]] || rest="~${rest#-}"
  echo "$core${rest//-/.}"
  ;;
apk)
  numbered "$2"
  core=${2%%[-+]*} rest=${2#"${2%%[-+]*}"}
  if [[ $rest =~ ^-(alpha|beta|rc)\.?([0-9]*)(\+([0-9]+)\..*)?$ ]]; then
    echo "${core}_${BASH_REMATCH[1]}${BASH_REMATCH[2]}${BASH_REMATCH[4]:+_p${BASH_REMATCH[4]}}"
  elif [[ $rest == -* ]]; then
    echo "${core}_pre${3:?}"
  elif [[ $rest =~ ^\+([0-9]+)\. ]]; then
    echo "${core}_p${BASH_REMATCH[1]}"
  else
    echo "$core"
  fi
  ;;
*) sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0"; exit 2 ;;
esac
