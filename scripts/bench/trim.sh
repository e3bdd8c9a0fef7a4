#!/usr/bin/env bash
# tare trim over the corpus of testdata/trim: how much of what is planted it finds, and whether its
# patches hold.
#
#   scripts/bench/trim.sh                    (make bench-trim)
#   scripts/bench/trim.sh pip-cache crlf     only these projects
#
# TARE            the tare to measure (bin/tare)
# MODE            bench (default), or verify: only hold the corpus to what it says, without trim
# KEEP            a directory for trim's patches and JSON
# JSON            a file for what was measured
# TARE_HOSTS_DIR  hosts.toml files of a registry with the bases; without it scripts/hub.sh corpus finds
#                 or makes one (the first time some minutes)
#
# Every project is given to trim in a directory of its own, in a store that has the bases and nothing
# else of it. Each patch is then applied with git apply to another copy, built, run against the check
# that trim saw and against one that it did not, and its bytes are counted in the layers' tars by code
# that shares nothing with trim. The bytes planted are those that a patch made by hand takes away.
# shellcheck source-path=SCRIPTDIR source=lib.sh disable=SC1091
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

need_tare
packages runc git
TMP=$(mktemp -d)
trap 'rm -rf "$TMP"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
keep_tare

if [ -z "${TARE_HOSTS_DIR:-}" ]; then
  "$ROOT/scripts/hub.sh" corpus >"$TMP/hub" || die "no bases for the corpus"
  # shellcheck source=/dev/null
  . "$TMP/hub"
fi
export TARE_HOSTS_DIR
cd "$ROOT"
go build -o "$TMP/trimcorpus" ./scripts/bench/trimcorpus
"$TMP/trimcorpus" -tare "$TARE" -home "$TMP/home" ${KEEP:+-keep "$KEEP"} ${JSON:+-json "$JSON"} "${MODE:-bench}" "$@"
