package lab_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"tare/internal/lab"
)

// named runs an experiment and returns the names of its images, and what was noted.
// during is called while it runs.
func named(t *testing.T, runs lab.Runs, dir, name, variants string, during func()) (map[string]string, string) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for file, body := range map[string]string{"Dockerfile": "FROM a\n", "tare.yaml": "version: 1\nname: " + name + "\nmeasure: {repeat: 1, what: []}\nvariants:\n" + variants} {
		if err := os.WriteFile(filepath.Join(dir, file), []byte(body), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var got map[string]string
	var notes []string
	if _, err := lab.Conduct(t.Context(), lab.Request{At: dir, Runs: runs, Note: func(s string) { notes = append(notes, s) }, Bench: func(images map[string]string) lab.Bench {
		got = images
		if during != nil {
			during()
		}
		return &fakeBench{}
	}}); err != nil {
		t.Fatal(err)
	}
	return got, strings.Join(notes, "|")
}

// Experiments of one name in different files never have one image's name, whichever runs
// how often, and the user is told. One whose file is gone gives its names up.
func TestImagesOfExperimentsOfOneName(t *testing.T) {
	runs, top := lab.Runs{Dir: t.TempDir()}, t.TempDir()
	one, two := filepath.Join(top, "one"), filepath.Join(top, "two")
	const v = "  - {name: a, context: .}\n"
	for range 2 {
		if got, note := named(t, runs, one, "x", v, nil); got["a"] != "tare-lab/x:a" || note != "" {
			t.Errorf("%v %s", got, note)
		}
		got, note := named(t, runs, two, "X", v, nil)
		if !regexp.MustCompile(`^tare-lab/x-[0-9a-f]{6}:a$`).MatchString(got["a"]) || !strings.HasPrefix(note, "images are named tare-lab/x-") || !strings.Contains(note, "tare-lab/x are those of "+filepath.Join(one, "tare.yaml")) {
			t.Errorf("%v %s", got, note)
		}
	}
	if got, note := named(t, runs, filepath.Join(top, "three"), "other", v, nil); got["a"] != "tare-lab/other:a" || note != "" {
		t.Errorf("%v %s", got, note)
	}
	// Called otherwise now, or gone: the name is free.
	named(t, runs, one, "renamed", v, nil)
	if got, note := named(t, runs, two, "X", v, nil); got["a"] != "tare-lab/x:a" || note != "" {
		t.Errorf("%v %s", got, note)
	}
	if got, note := named(t, runs, filepath.Join(top, "four"), "bumped-base", v, nil); got["a"] != "tare-lab/bumped-base-lab:a" || note != "" {
		t.Errorf("%v %s", got, note)
	}
}

// Two runs of one experiment at once: the one that begins later says whose the images will be.
func TestImagesOfTwoRunsAtOnce(t *testing.T) {
	runs, dir := lab.Runs{Dir: t.TempDir()}, t.TempDir()
	const v = "  - {name: a, context: .}\n"
	var inner string
	_, outer := named(t, runs, dir, "x", v, func() { _, inner = named(t, runs, dir, "x", v, nil) })
	if outer != "" || inner != "another run of this experiment is at work: the images tare-lab/x will be those of the run that compares last" {
		t.Errorf("%q, %q", outer, inner)
	}
	if _, note := named(t, runs, dir, "x", v, nil); note != "" {
		t.Errorf("with no other at work: %s", note)
	}
}

// No two variants have one image's name, however much alike they are called.
func TestImagesOfVariants(t *testing.T) {
	got, _ := named(t, lab.Runs{Dir: t.TempDir()}, t.TempDir(), "x", "  - {name: 'A b', context: .}\n  - {name: a-b, context: .}\n  - {name: a-b-2, context: .}\n  - {name: 'a/b', context: .}\n  - {name: c__d, context: .}\n  - {name: theirs, image: a-b}\n  - {name: '...', context: .}\n  - {name: "+strings.Repeat("l", 150)+", context: .}\n", nil)
	for v, want := range map[string]string{"a-b": "a-b", "a-b-2": "a-b-2", "A b": "a-b-3", "a/b": "a-b-4", "c__d": "c_d", "...": "x", strings.Repeat("l", 150): strings.Repeat("l", 100), "theirs": ""} {
		if want != "" {
			want = "tare-lab/x:" + want
		}
		if got[v] != want {
			t.Errorf("%s: %q, want %q", v, got[v], want)
		}
	}
}
