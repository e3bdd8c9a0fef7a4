#!/usr/bin/env bash
# The exercise "Comparing Python images with and without multi-stage builds", done
# with tare: pull, build twice, run, compare, look at the layers, answer the
# questions. Every number is measured in this run; nothing is canned.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD

if [[ -t 1 && -z ${NO_COLOR:-} ]]; then b=$'\e[1m' d=$'\e[2m' n=$'\e[0m'; else b='' d='' n=''; fi
step() { printf '\n%s== %s%s\n' "$b" "$*" "$n"; }
show() { printf '%s$ %s%s\n' "$d" "$*" "$n"; "$@"; }
say()  { printf '  %s\n' "$*"; }
# built shows a build as its last lines: what apt and pip print goes to a file, and is
# shown where the build fails.
log=$root/bin/demo-build.log
built() {
  printf '%s$ %s%s\n' "$d" "$*" "$n"
  if ! "$@" >"$log" 2>&1; then cat "$log" >&2; exit 1; fi
  grep -E '^#[0-9]+ \[' "$log" | sed 's/^#[0-9]* /  /' || true
  say "(all that it printed is in bin/demo-build.log)"
}

step "What this machine needs"
command -v go >/dev/null || { echo "make demo: Go is needed (see go.mod for the version)" >&2; exit 1; }
command -v runc >/dev/null || scripts/apt.sh runc
[[ $EUID -eq 0 ]] || command -v newuidmap >/dev/null || scripts/apt.sh uidmap
make --no-print-directory build
say "bin/tare: $(bin/tare --version)"
vars=$(scripts/hub.sh find) || exit 1
eval "$vars"
export TARE_HOSTS_DIR
[[ -n ${TARE_HOSTS_DIR:-} ]] || unset TARE_HOSTS_DIR
export TARE_HOME=$root/bin/demo-home NO_PAGER=1
PATH=$root/bin:$PATH
rm -rf "$TARE_HOME"

context=${HUB_CONTEXT:-$root/examples/python}
[[ $HUB_KIND != own ]] || trap '"$root/scripts/hub.sh" stop' EXIT
cd "$context"
if [[ $HUB_KIND == own ]]; then
  say "These are stand-ins made from this machine's Debian mirror: python:slim is Debian's Python on a"
  say "minimal Debian, and the two Dockerfiles are Debian twins of the exercise's."
fi
single=python-nonmultistage multi=python-multistage
[[ $HUB_KIND == own ]] || { single=alpine-$single; multi=alpine-$multi; }
tty=(); [[ -t 0 && -t 1 ]] && tty=(-it)

step "Step 2: pull the official image"
show tare pull python:slim
show tare images python:slim

step "Step 3: build and run the single-stage image"
built tare build --progress plain -t "$single" .
show tare run "${tty[@]}" --rm "$single"

step "Step 4: build and run the multi-stage image"
built tare build --progress plain -t "$multi" -f Dockerfile.multistage .
show tare run "${tty[@]}" --rm "$multi"

step "Step 5: compare the sizes"
show tare images
size() { tare images --format '{{.Size}}' "$1"; }
printf '\n| **Image** | **Size** |\n|---|---|\n'
for i in python:slim "$single" "$multi"; do printf '| `%s` | %s |\n' "$i" "$(size "$i")"; done
echo
show tare compare python:slim "$single" "$multi"

step "Step 6: look at the layers"
for i in python:slim "$single" "$multi"; do show tare history "$i"; echo; done

# ---- the questions, answered from measurements ------------------------------------------------
bytes()  { tare inspect --format '{{.Size}}' "$1"; }
layers() { tare inspect --format '{{len .RootFS.Layers}}' "$1"; }
packages() { # names of the distribution's packages in an image
  tare run --rm --network none --entrypoint /bin/sh "$1" -c \
    'if command -v apk >/dev/null; then apk info 2>/dev/null; else dpkg-query -W -f "\${Package}\n"; fi' | sort
}

step "Discussion: How many layers are in each image?"
for i in python:slim "$single" "$multi"; do say "$i has $(layers "$i")."; done

step "Discussion: How does the second stage affect layers and size?"
# The experiment that the exercise leaves out: the multi-stage image's packages in one stage.
only=$(comm -23 <(packages "$single") <(packages "$multi"))
pip=$(grep -E '^(py3|python3)-pip$' <<<"$only" || true)
scratch=$(mktemp -d)
cp app.py "$scratch/"
sed "s/ ${pip:-py3-pip}\b//" Dockerfile > "$scratch/Dockerfile"
tare build -q -t proof-one-stage-without-pip "$scratch" >/dev/null
s=$(bytes "$single") m=$(bytes "$multi") p=$(bytes proof-one-stage-without-pip)
say "$single: $s bytes in $(layers "$single") layers; $multi: $m bytes in $(layers "$multi") layers."
say "The difference is $((s - m)) bytes. Only $single has these $(wc -l <<<"$only") packages:"
say "  $(tr '\n' ' ' <<<"$only")"
say "To see what the second stage did, tare built ./Dockerfile once more with '${pip:-pip}' left out and nothing"
say "else changed, still in one stage: $p bytes in $(layers proof-one-stage-without-pip) layers."
say "So leaving ${pip:-pip} out saved $((s - p)) bytes; the second stage itself saved $((p - m)) bytes."
if (( p - m < 1024 && p - m > -1024 )); then
  say "=> The multi-stage image is smaller because it does not install ${pip:-pip}, not because it has two stages."
else
  say "=> The second stage changed the size by $((p - m)) bytes of its own."
fi

step "The exercise's expected outcomes, checked"
slim=$(bytes python:slim)
verdict() { if (( $1 )); then say "supported: $2"; else say "REFUTED:   $2"; fi; }
verdict $((slim > s)) "python:slim ($slim bytes) is larger than $single ($s)"
if [[ $HUB_KIND == own ]] && (( slim <= s )); then
  say "           (That says nothing of the real images: python:slim here is the stand-in, the same Debian with the same"
  say "           packages. Against Docker Hub, or the course's Alpine, python:slim is the larger one.)"
fi
verdict $((s > m)) "$single is larger than $multi ($m)"
verdict $((p - m > 1024)) "$multi is the smallest *because of the second stage* (without it: $p bytes, with it: $m)"
tare rmi proof-one-stage-without-pip >/dev/null
rm -rf "$scratch"

step "All of it at once, repeatably: tare lab"
report=$root/bin/demo.html
if [[ $HUB_KIND == own ]]; then lab=$root/bin/demo-lab.yaml; else lab=.; fi
if [[ $HUB_KIND == own ]]; then
  printf 'version: 1\nname: python\nvariants:\n  - {image: "python:slim"}\n  - {name: %s, context: "%s"}\n  - {name: %s, context: "%s", dockerfile: "%s"}\n' \
    "$single" "$context" "$multi" "$context" "$context/Dockerfile.multistage" > "$lab"
fi
show tare lab --repeat 3 --format html -o "$report" "$lab"
show tare lab show --answers
say "The page is $report"
# shellcheck disable=SC2015
[[ -n ${DISPLAY:-}${WAYLAND_DISPLAY:-} && -t 1 ]] && command -v xdg-open >/dev/null && xdg-open "$report" >/dev/null 2>&1 || true

step "What is left, and how to remove it"
left=("$root/bin/demo-home" "$report")
[[ $HUB_KIND == own ]] && left+=("${XDG_CACHE_HOME:-$HOME/.cache}/tare-demo-hub")
du -sh "${left[@]}" 2>/dev/null | sed 's/^/  /'
say "Look around: export TARE_HOME='$TARE_HOME' and try $root/bin/tare compare python:slim $single $multi"
say "Remove all of it: make -C '$root' clean"
