#!/usr/bin/env bash
# This tare beside the one of an earlier commit, in turn: is anything worse?
#
#   scripts/bench/versus.sh            (make bench-compare)
#   BASE=v1.2 ROUNDS=21 scripts/bench/versus.sh
#   UPDATE=1 scripts/bench/versus.sh   writes docs/bench-table.md: figures, and the commit that the next one is held against
#
# TARE         the tare to measure (bin/tare)
# OLD          the binary to hold it against; else it is built from BASE
# BASE         the commit to hold it against (that of docs/bench-table.md)
# ROUNDS       how often each does everything (11)
# WORSE        percent by which processor time or memory may be worse (5)
# FILES        how many files the images have (10000 100000)
# BENCH_CACHE  where images are kept between runs ($XDG_CACHE_HOME/tare-bench)
# shellcheck source-path=SCRIPTDIR source=lib.sh disable=SC1091
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

table=docs/bench-table.md
need_tare
TMP=$(mktemp -d)
trap 'git -C "$ROOT" worktree remove --force "$TMP/old" 2>/dev/null || :; rm -rf "$TMP"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
keep_tare
cd "$ROOT"
[ -n "${BASE:-}" ] || [ ! -e "$table" ] || BASE=$(sed -n 's/^commit //p' "$table")
if [ -z "${OLD:-}" ]; then
  git rev-parse -q --verify "${BASE:-none}^{commit}" >/dev/null || die "there is no commit ${BASE:-in $table} here: name one in BASE, or a binary in OLD"
  say "building tare of $BASE"
  git worktree add -q --detach "$TMP/old" "$BASE"
  (cd "$TMP/old" && go build -trimpath -ldflags '-s -w' -o "$TMP/bin/old" ./cmd/tare)
  OLD=$TMP/bin/old
fi
go build -o "$TMP/viewed" ./scripts/bench/viewed
go build -o "$TMP/versus" ./scripts/bench/versus
cache=${BENCH_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/tare-bench}/view
mkdir -p "$cache"
read -ra sizes <<<"${FILES:-10000 100000}"
images=()
for n in "${sizes[@]}"; do
  [ -e "$cache/$n.tar" ] || "$TMP/viewed" image "$n" "$cache/$n.tar"
  cat "$cache/$n.tar" >/dev/null
  images+=("$cache/$n.tar")
done
update=()
[ -z "${UPDATE:-}" ] || update=(-table "$table" -commit "$(git rev-parse HEAD)")
"$TMP/versus" -rounds "${ROUNDS:-11}" -worse "${WORSE:-5}" "${update[@]}" "$OLD" "$TARE" "${images[@]}"
