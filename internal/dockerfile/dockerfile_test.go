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
	want := []dockerfile.Stage{{Name: "one", Base: "a:$V", Lines: [2]int{3, 5}}, {Name: "1", Base: "one", Lines: [2]int{6, 6}}}
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
