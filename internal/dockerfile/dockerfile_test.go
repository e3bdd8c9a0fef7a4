package dockerfile_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tare/internal/dockerfile"
)

func TestBehind(t *testing.T) {
	for _, c := range []struct {
		name, file, target, want string
	}{
		{"one stage", "FROM a\nRUN x\n", "", ""},
		{"the exercise", "FROM alpine AS build-stage\nCOPY app.py ./\nFROM alpine\nCOPY --from=build-stage /app /app\n", "", "build-stage"},
		{"by number", "FROM golang\nRUN go build\nFROM scratch\nCOPY --from=0 /x /x\n", "", "0"},
		{"goes on from it", "FROM a AS base\nFROM base\nCOPY --from=base /x /y\n", "", ""},
		{"through a parent", "FROM go AS build\nFROM a AS run\nCOPY --from=build /x /x\nFROM run\n", "", "build"},
		{"an image is no stage", "FROM a\nCOPY --from=busybox /bin/sh /sh\n", "", ""},
		{"not used", "FROM go AS build\nFROM a\n", "", ""},
		{"target", "FROM go AS build\nFROM a AS mid\nCOPY --from=build /x /x\nFROM b\n", "mid", "build"},
		{"upper case", "FROM go AS Build\nFROM a\nCOPY --from=BUILD /x /x\n", "", "build"},
	} {
		f, err := dockerfile.Parse([]byte(c.file))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		var names []string
		for _, s := range f.Behind(c.target) {
			names = append(names, s.Name)
		}
		if got := strings.Join(names, " "); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestParse(t *testing.T) {
	f, err := dockerfile.Parse([]byte("# syntax=docker/dockerfile:1\nARG V=1\nFROM a:$V AS one\nRUN x \\\n && y\nFROM one\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := []dockerfile.Stage{{Name: "one", Named: true, Base: "a:$V", Lines: [2]int{3, 5}, From: [2]int{3, 3}, Text: "FROM a:$V AS one",
		Instructions: []dockerfile.Instruction{{Keyword: "RUN", Text: "RUN x && y", Lines: [2]int{4, 5}, Works: true, Script: "x  && y"}}},
		{Name: "1", Base: "one", Lines: [2]int{6, 6}, From: [2]int{6, 6}, Text: "FROM one"}}
	if d := cmp.Diff(want, f.Stages); d != "" {
		t.Error(d)
	}
	for _, bad := range []string{"", "RUN x", "FROM", "FROM a\nNONSENSE"} {
		if _, err := dockerfile.Parse([]byte(bad)); err == nil {
			t.Errorf("%q: no error", bad)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("FROM a AS b\nCOPY --from=b /x /y\nFROM b\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if d, err := dockerfile.Parse(b); err == nil {
			_ = d.Behind("")
		}
	})
}

func TestInstructions(t *testing.T) {
	f, err := dockerfile.Parse([]byte("# c\nARG V=1\nFROM a:$V AS b\nARG X=2\nRUN --mount=type=secret,id=s --mount=type=bind,from=z,source=/q,target=/t one && \\\n  two\nCOPY --exclude=*.md a b /c/\nRUN <<EOF\nx\ny\nEOF\nFROM b\nWORKDIR /w\nCOPY --from=b /c /d\nCMD [\"x\"]\nFROM b AS unused\n"))
	if err != nil {
		t.Fatal(err)
	}
	b := f.Stages[0].Instructions
	if len(b) != 4 || b[0].Vars["X"] != "2" || b[1].Lines != [2]int{5, 6} || b[1].Mounts[0].ID != "s" || b[1].Mounts[0].Type != "secret" || b[1].Mounts[1].From != "z" ||
		b[2].Sources[1] != "b" || b[2].Excludes[0] != "*.md" || b[3].Lines != [2]int{8, 11} {
		t.Errorf("%+v", b)
	}
	if c := f.Stages[1].Instructions; len(c) != 3 || !c[0].Works || c[1].From != "b" || c[2].Works || c[2].Keyword != "CMD" {
		t.Errorf("%+v", c)
	}
	if got := f.Image("", map[string]string{"V": "7"}); got != "a:7" {
		t.Errorf("base %q", got)
	}
	if n := f.Needed("1"); !n[0] || !n[1] || n[2] {
		t.Errorf("needed %v", n)
	}
	if c := f.Chain("unused"); len(c) != 2 || c[0] != 0 || c[1] != 2 {
		t.Errorf("chain %v", c)
	}
}

// What a RUN gives to its shell, and its flags, are as the frontend reads them.
func TestScripts(t *testing.T) {
	for text, want := range map[string][2]string{
		"RUN a && \\\n  b": {"a &&   b", ""},
		"run --mount=type=cache,target=/c \\\n --network=none a": {"a", "--mount=type=cache,target=/c --network=none"},
		"RUN <<EOF\na\nb\nEOF":                  {"a\nb\n", ""},
		"RUN --network=none <<-EOF\n\ta\n\tEOF": {"a\n", "--network=none"},
		"RUN cat <<A > /x && b\nbody\nA":        {"cat <<A > /x && b\nbody\nA", ""},
		"RUN <<EOF\n#!/bin/x\nb\nEOF":           {"#!/bin/x\nb\n", ""},
		`RUN ["a", "&&", "b"]`:                  {"", ""},
		`RUN --mount=type=bind,target="/a b" c`: {"c", "--mount=type=bind,target=/a b"},
	} {
		f, err := dockerfile.Parse([]byte("FROM a\n" + text + "\n"))
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		in := f.Stages[0].Instructions[0]
		if in.Script != want[0] || strings.Join(in.Flags, " ") != want[1] || in.Keyword != "RUN" {
			t.Errorf("%q: %q %q", text, in.Script, in.Flags)
		}
	}
}

// What COPY and ADD take of the build context is told from what they take elsewhere.
func TestFromContext(t *testing.T) {
	for text, want := range map[string]bool{
		"COPY . /x": true, "COPY $DIR /x": true, "COPY --chown=1 a b /x/": true, "ADD a.tar /x": true, "COPY --from=alpine /a /x": false, "ADD https://x.example/y /x": false,
		"ADD git@x.example:a/b.git /x": false, "ADD $URL /x": false, "RUN x": false, "COPY <<E /x\ny\nE": false, "ADD https://x.example/y a /x/": true,
	} {
		f, err := dockerfile.Parse([]byte("FROM scratch\n" + text + "\n"))
		if err != nil {
			t.Fatal(err)
		}
		if got := f.Stages[0].Instructions[0].FromContext(); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
}
