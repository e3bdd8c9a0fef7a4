#!/usr/bin/env bash
# Are the sizes that tare calls Docker's really Docker's? Every image of the stand-in hub goes through a
# real dockerd with overlay2, and through tare, and what both print must be the same to the letter.
#
#   scripts/bench/docker-sizes.sh      (make check-docker-sizes)
#   BUILT=1 scripts/bench/docker-sizes.sh
#
# TARE      the tare to check (bin/tare)
# BUILT     if set: also build the two Dockerfiles of EXAMPLE (examples/python) with tare, and give the
#           images to Docker with `tare save | docker load`
# TARE_TEST_HUB   the stand-in hub (../shared/hub); without it the script says so and ends with 0
#
# One line per comparison on stdout, below it the difference if there is one; exit code 1 if any differs.
# shellcheck source-path=SCRIPTDIR source=lib.sh disable=SC1091
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

EXAMPLE=$(realpath -m "${EXAMPLE:-$ROOT/examples/python}")
need_hub
need_tare
EXTRA_PACKAGES=()
sandbox "$@"
keep_tare
start_hub
start_docker docker
export TARE_HOME=$TMP/tare

# Another driver counts otherwise, so the claim would not be the one that is checked.
driver=$(docker_at docker info --format '{{.Driver}}')
[ "$driver" = overlay2 ] || die "Docker runs with $driver, not overlay2"

differences=0 comparisons=0
# compare WHAT IMAGE ARGS...: the same command line for both.
compare() {
  local what=$1 image=$2 note=
  shift 2
  comparisons=$((comparisons + 1))
  docker_at docker "$@" >"$TMP/want" || die "docker $* failed"
  # That tare fails is a difference too, and the next comparison is still of interest.
  "$TARE" "$@" >"$TMP/got" 2>"$TMP/got.err" || note=" (tare $* failed: $(tail -n 1 "$TMP/got.err"))"
  [ -s "$TMP/want" ] || die "docker $* printed nothing"
  if [ -z "$note" ] && cmp -s "$TMP/want" "$TMP/got"; then
    printf 'same     %-28s %-16s %s\n' "$image" "$what" "$(summary)"
  else
    differences=$((differences + 1))
    printf 'DIFFERS  %-28s %-16s%s\n' "$image" "$what" "$note"
    diff --label docker --label tare -u "$TMP/want" "$TMP/got" | sed 's/^/    /' || true
  fi
}
# One line is shown as it is, a table by its length.
summary() {
  if [ "$(wc -l <"$TMP/want")" = 1 ]; then cat "$TMP/want"; else echo "$(wc -l <"$TMP/want") rows"; fi
}

all() { # all IMAGE
  compare images "$1" images --format '{{.Repository}}:{{.Tag}} {{.Size}}' "$1"
  compare inspect "$1" inspect --format '{{.Size}}' "$1"
  compare history "$1" history --no-trunc --format '{{.Size}}\t{{.CreatedBy}}' "$1"
  compare "history, bytes" "$1" history --no-trunc --human=false --format '{{.Size}}\t{{.CreatedBy}}' "$1"
}

registry=http://127.0.0.1:5000/v2
curl -fsS "$registry/_catalog" | jq -r '.repositories[]' >"$TMP/repositories"
while read -r repository; do
  # A repository whose tags are all gone answers null, or not at all.
  curl -fsS "$registry/$repository/tags/list" 2>/dev/null | jq -r '.tags // [] | .[]' >"$TMP/tags" || continue
  while read -r tag; do echo "${repository#library/}:$tag"; done <"$TMP/tags"
done <"$TMP/repositories" | sort >"$TMP/images"
[ -s "$TMP/images" ] || die "the hub lists no images"

mapfile -t images <"$TMP/images"
for image in "${images[@]}"; do
  say "pulling $image"
  docker_at docker pull -q "$image" >/dev/null || die "docker cannot pull $image"
  "$TARE" pull -q "$image" >/dev/null || die "tare cannot pull $image"
done

if [ -n "${BUILT:-}" ]; then
  for f in Dockerfile Dockerfile.multistage; do
    image=built:${f,,}
    say "building $image"
    "$TARE" build -q -t "$image" -f "$EXAMPLE/$f" "$EXAMPLE" >/dev/null || die "tare cannot build $f"
    "$TARE" save "$image" | docker_at docker load -q >/dev/null || die "docker cannot load what tare saved"
    images+=("$image")
  done
fi

for image in "${images[@]}"; do all "$image"; done

printf '%d comparisons of %d images with Docker %s (%s): ' "$comparisons" "${#images[@]}" \
  "$(docker_at docker version --format '{{.Server.Version}}')" "$driver"
if [ "$differences" -gt 0 ]; then
  echo "$differences differ"
  exit 1
fi
echo "all the same"
