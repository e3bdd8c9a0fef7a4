package main

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tare/internal/profile"
)

// inDash and inAsh are lines as people write them, for Debian's shell and BusyBox's.
const inDash = `FROM python:slim
WORKDIR /src
COPY f /f
run --mount=type=cache,target=/c \
    --network=none set -eux; \
    mkdir -p b; \
    cd b && export X=1; \
    head -c 800000 /dev/urandom > download; umask 077; \
    echo "$X" > kept; rm download; f() { echo $1 >> log; }; f 1; \
    V="$(echo hi | tr h H)"; f "$V"; cd ..; \
    test "$V" = Hi && [ ! -e b/download ] || false
RUN <<EOF
set -e
cat > /x <<E
inner && x
E
echo two > /y
EOF
RUN ["/bin/sh", "-c", "echo a && echo b"]
RUN echo x > /z && trap 'echo t > /t' EXIT && echo y > /w && echo q > /v
SHELL ["/bin/bash", "-euxo", "pipefail", "-c"]
RUN marked="$(apt-mark showmanual)"; \
    export GNUPGHOME="$(mktemp -d)"; mkdir -p /usr/src/app; cd /usr/src/app; \
    [[ -n $marked ]]; rm -rf "$GNUPGHOME"; echo $RANDOM > random
SHELL ["python3", "-c"]
RUN print(1); print(2)
`

const inAsh = `FROM alpine
RUN echo 'X=1; export Y=2' > /env && . /env && echo $X > /x && sh -c 'echo $Y' > /y
RUN apk add --no-cache python3 && rm -rf /usr/lib/python3*/email && python3 -c 'print(1)' && mkdir /q
RUN adduser -D u
USER u
WORKDIR /home/u
RUN umask 027 && mkdir a && cd a && A="it's" && touch "$A" && date +%s > d && echo "$A" > b
SHELL ["/bin/ash", "-eo", "pipefail", "-c"]
RUN [ -e nothing ] && touch skipped; set -- a b; echo $2 > c
RUN echo 1 > n; mkdir k; cd k; ln ../n m; echo more >> m
RUN for i in 1 2 3; do touch $i; done
`

// TestSplitOfRealImages splits lines with the shells of Debian and of Alpine.
func TestSplitOfRealImages(t *testing.T) {
	needEngine(t)
	h := newHome(t)
	h.set("TARE_HOSTS_DIR", filepath.Join(needHub(t), "hosts"))
	split := func(name, file string) map[int]profile.Split {
		dir := filepath.Join(h.dir, name)
		put(t, filepath.Join(dir, "Dockerfile"), file)
		put(t, filepath.Join(dir, "f"), "f")
		out := map[int]profile.Split{}
		for _, s := range profileOf(t, h, "--split", "--no-checks", dir).Splits {
			sum := s.Bytes
			for _, c := range s.Commands {
				sum.Tar, sum.Files, sum.Live = sum.Tar-c.Bytes.Tar, sum.Files-c.Bytes.Files, sum.Live-c.Bytes.Live
				if !c.State && c.Seconds <= 0 {
					t.Errorf("%s, line %d, %s: took no time", name, s.Line, c.Text)
				}
			}
			if sum.Tar+s.Removed.Tar+s.Layers.Tar != 0 || sum.Files+s.Removed.Files+s.Layers.Files != 0 || sum.Live+s.Layers.Live != 0 {
				t.Errorf("%s, line %d: commands do not sum up to it: %+v", name, s.Line, s)
			}
			if s.Skipped == "" && len(s.Varying) == 0 && (s.Layers.Files != 0 || s.Layers.Live != 0) {
				t.Errorf("%s, line %d: files that neither stay nor are removed: %+v", name, s.Line, s)
			}
			out[s.Line] = s
		}
		return out
	}
	texts := func(s profile.Split) (out []string) {
		for _, c := range s.Commands {
			out = append(out, c.Text)
		}
		return out
	}
	find := func(s profile.Split, text string) profile.SplitCommand {
		t.Helper()
		i := slices.Index(texts(s), text)
		if i < 0 {
			t.Fatalf("no %q: %q, %s", text, texts(s), s.Skipped)
		}
		return s.Commands[i]
	}

	dash := split("dash", inDash)
	s := dash[4]
	if c := find(s, "head -c 800000 /dev/urandom > download"); c.Bytes.Files != 800_000 || c.Bytes.Live != 0 || s.Bytes.Files != 7 || s.Removed.Files != 800_002 {
		t.Errorf("%+v", s)
	}
	if c := find(s, `f "$V"`); c.Bytes.Files != 5 || c.Bytes.Live != 5 || !find(s, "cd b").State || !find(s, "umask 077").State {
		t.Errorf("%+v", s.Commands)
	}
	if s := dash[12]; len(s.Commands) != 3 || !strings.HasPrefix(s.Commands[1].Text, "cat > /x <<E") || s.Commands[1].Bytes.Files != 11 || s.Removed != (profile.Bytes{}) {
		t.Errorf("%+v", s)
	}
	if _, ok := dash[19]; ok {
		t.Error("the exec form is one program")
	}
	if s := dash[20]; len(s.Commands) != 2 || !strings.Contains(s.Commands[1].Whole, "a trap") {
		t.Errorf("%+v", s)
	}
	if s := dash[22]; s.Skipped != "" || !slices.Equal(s.Varying, []string{"/usr/src/app/random"}) || find(s, "[[ -n $marked ]]").Bytes.Files != 0 {
		t.Errorf("%+v", s)
	}
	if s := dash[26]; !strings.Contains(s.Skipped, "its SHELL is python3") {
		t.Errorf("%+v", s)
	}

	ash := split("ash", inAsh)
	if s := ash[2]; find(s, "echo $X > /x").Bytes.Files != 2 || find(s, "sh -c 'echo $Y' > /y").Bytes.Files != 2 || s.Removed != (profile.Bytes{}) {
		t.Errorf("%+v", s)
	}
	if s := ash[3]; find(s, "apk add --no-cache python3").Bytes.Files < 20_000_000 || s.Removed.Files == 0 || find(s, "mkdir /q").Bytes.Entries != 1 {
		t.Errorf("%+v", s)
	}
	if s := ash[7]; find(s, `echo "$A" > b`).Bytes.Files != 5 || !slices.Equal(s.Varying, []string{"/home/u/a/d"}) {
		t.Errorf("%+v", s)
	}
	if s := ash[9]; len(s.Commands) != 3 || find(s, "touch skipped").Bytes.Entries != 0 || find(s, "set -- a b; echo $2 > c").Bytes.Files != 2 {
		t.Errorf("%+v", s)
	}
	// A hard link of an earlier layer is a file of its own once it is written to.
	if s := ash[10]; !strings.Contains(s.Skipped, "its result is not the line's: /home/u/") {
		t.Errorf("%+v", s)
	}
	if s := ash[11]; s.Skipped != "a loop stays whole" {
		t.Errorf("%+v", s)
	}
}
