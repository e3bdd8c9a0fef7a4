#!/usr/bin/env bash
# What tare trace costs: each workload untraced (tare run), traced, and under strace -f, in turn. Prints the
# table of docs/reference/trace.md: medians, and how many times the untraced run they take.
#
#   scripts/bench/trace.sh             (make bench-trace)
#   ROUNDS=15 scripts/bench/trace.sh
#
# TARE    the tare to measure (bin/tare)
# ROUNDS  how often each is run (9)
#
# "container" is the time from the start of the runtime to the end of the program, as tare trace and tare run
# have it in common; "whole" is the command's wall time, with the image's analysis and the report.
# shellcheck source-path=SCRIPTDIR source=lib.sh disable=SC1091
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

ROUNDS=${ROUNDS:-9}
need_tare
need_hub
EXTRA_PACKAGES=(strace gcc libc6-dev)
sandbox "$@"
keep_tare
start_hub
export TARE_HOME=$TMP/home

mkdir -p "$TMP/storm" "$TMP/straced" "$TMP/timed"
cat >"$TMP/storm/storm.c" <<'C'
#include <stdlib.h>
#include <sys/stat.h>
int main(int n, char **a) { struct stat s; for (int i = atoi(a[1]); i > 0; i--) stat("/file", &s); return 0; }
C
gcc -O1 -static -o "$TMP/storm/storm" "$TMP/storm/storm.c" || die "no static C program can be made here"
echo x >"$TMP/storm/file"
printf 'FROM scratch\nCOPY storm file /\n' >"$TMP/storm/Dockerfile"
"$TARE" build -q -t storm "$TMP/storm" >/dev/null || die "the storm does not build"

# A compiler: this machine's own, with what it needs, as an image. Directories that are links (/lib) stay so.
needs() { apt-cache depends --recurse --installed --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces --no-enhances "$@" | grep '^[a-z0-9]' | sort -u; }
mkdir -p "$TMP/cc/root"
for d in bin lib lib64 sbin; do [[ ! -L /$d ]] || cp -P "/$d" "$TMP/cc/root/"; done
# shellcheck disable=SC2046
dpkg-query -L $(needs gcc libc6-dev) 2>/dev/null | grep -v -e '^/usr/share/' -e '^/etc/' | sort -u | { xargs -d '\n' stat -c '%F %n' 2>/dev/null || true; } | sed -n 's/^\(regular file\|symbolic link\) //p' |
  sed -E "$([[ -L /lib ]] && echo 's#^/(bin|lib|lib64|sbin)/#/usr/\1/#')" | sort -u > "$TMP/cc/list"
{ tar --no-recursion -cf - -T "$TMP/cc/list" 2>/dev/null || true; } | tar -xf - -C "$TMP/cc/root"
cp "$TMP/storm/storm.c" "$TMP/cc/root/x.c"
printf 'FROM scratch\nCOPY root /\n' >"$TMP/cc/Dockerfile"
"$TARE" build -q -t cc "$TMP/cc" >/dev/null || die "the image with a compiler does not build"

runc=$(command -v runc)
# Two runtimes: one that tells how long it ran, and one under strace.
cat >"$TMP/timed/runc" <<SH
#!/bin/bash
case " \$* " in *" run --bundle "*) ;; *) exec $runc "\$@" ;; esac
b=\$EPOCHREALTIME; $runc "\$@"; code=\$?; awk -v a="\$b" -v b="\$EPOCHREALTIME" 'BEGIN {print b - a}' >"$TMP/took"; exit \$code
SH
cat >"$TMP/straced/runc" <<SH
#!/bin/bash
case " \$* " in *" run --bundle "*) ;; *) exec $runc "\$@" ;; esac
b=\$EPOCHREALTIME; strace -f -o "$TMP/strace.log" $runc "\$@"; code=\$?; awk -v a="\$b" -v b="\$EPOCHREALTIME" 'BEGIN {print b - a}' >"$TMP/took"; exit \$code
SH
chmod +x "$TMP/straced/runc" "$TMP/timed/runc"

# once NAME COMMAND...: adds the container's and the command's seconds to their lists.
once() {
  local name=$1 b=$EPOCHREALTIME
  shift
  "$@" >/dev/null 2>"$TMP/notes" || die "$* failed: $(tail -n 3 "$TMP/notes")"
  awk -v a="$b" -v b="$EPOCHREALTIME" 'BEGIN {print b - a}' >>"$TMP/$name.whole"
  cat "$TMP/took" >>"$TMP/$name.container"
}

mid() { sort -n "$1" | awk '{v[NR] = $1} END {printf "%.4f", (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2}'; }

# row TITLE IMAGE COMMAND...
row() {
  local title=$1 image=$2 n k
  shift 2
  rm -f "$TMP"/{untraced,traced,straced}.{whole,container}
  PATH=$TMP/timed:$PATH once warm "$TARE" run "$image" "$@"
  for ((n = 0; n < ROUNDS; n++)); do
    PATH=$TMP/timed:$PATH once untraced "$TARE" run "$image" "$@"
    PATH=$TMP/timed:$PATH once traced "$TARE" trace --format json -o "$TMP/trace.json" "$image" -- "$@"
    PATH=$TMP/straced:$PATH once straced "$TARE" run "$image" "$@"
  done
  grep -q '"complete": true' "$TMP/trace.json" || die "$title: the trace is incomplete"
  printf '| %s |' "$title"
  for k in container whole; do
    awk -v u="$(mid "$TMP/untraced.$k")" -v t="$(mid "$TMP/traced.$k")" -v s="$(mid "$TMP/straced.$k")" 'BEGIN {printf " %.0f ms | %.2f | %.2f |", u * 1000, t / u, s / u}'
  done
  printf '\n'
}

for i in alpine python:slim; do "$TARE" pull -q "$i" >/dev/null || die "cannot pull $i"; done
echo "| workload | container, untraced | traced | strace | whole, untraced | traced | strace |"
echo "| --- | ---: | ---: | ---: | ---: | ---: | ---: |"
row "true" alpine true
row "python -c 'import json, ssl'" python:slim python3 -c 'import json, ssl'
row "pip list" python:slim pip list
row "apk add python3" alpine apk add --no-cache python3
row "gcc -O2 of a small file" cc gcc -O2 -o /x /x.c
row "20,000 looks" storm /storm 20000
