package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// more are the victims of TestTortureKill after which there is something of their own to
// look at.
func more(t *testing.T, h *home) []victim {
	t.Helper()
	s := mustWorld(t)
	listed := func() []string {
		return strings.Fields(h.tare(t, "images", "--format", "{{.Repository}}:{{.Tag}}"))
	}
	out := filepath.Join(h.dir, "saved", "out.tar")
	h.write(t, "saved/out.tar", "an older archive\n")
	pushed := func(n int) string { return fmt.Sprintf("%s/pushed:%d", host(s.registry), n) }
	// A context of 100 MB in a few files, holes so that it costs little here.
	ctx := h.write(t, "context/Dockerfile", "FROM probe\nCOPY changed /changed\nCMD [\"probe\", \"cat\", \"/changed\"]\n")
	for i := range 40 {
		name := filepath.Join(ctx, fmt.Sprint("file-", i))
		if err := os.WriteFile(name, []byte(fmt.Sprint(i)), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(name, 2_500_000); err != nil {
			t.Fatal(err)
		}
	}
	changed := func(n int) {
		t.Helper()
		h.write(t, "context/changed", fmt.Sprintf("changed in %d\n", n))
		for i := range 40 { // to be sent again
			at := time.Now().Add(time.Duration(n) * time.Second)
			if err := os.Chtimes(filepath.Join(ctx, fmt.Sprint("file-", i)), at, at); err != nil {
				t.Fatal(err)
			}
		}
	}
	return []victim{
		{"build while the context is sent", func(n int) []string {
			changed(n)
			return []string{"build", "-q", "-t", "context", ctx}
		}, 400 * time.Millisecond, func(n, _ int) {
			h.tare(t, "build", "-q", "-t", "context", ctx)
			if got, want := h.tare(t, "run", "context"), fmt.Sprintf("changed in %d\n", n); got != want {
				t.Errorf("the same directory built again has %q, want %q", got, want)
			}
			h.tare(t, "rmi", "context")
		}},
		{"push", func(n int) []string {
			h.tare(t, "tag", "kept", pushed(n))
			return []string{"push", "-q", pushed(n)}
		}, 200 * time.Millisecond, func(n, _ int) {
			h.tare(t, "push", "-q", pushed(n))
			h.tare(t, "rmi", pushed(n))
			h.tare(t, "pull", "-q", pushed(n)) // it is whole there
			h.tare(t, "rmi", pushed(n))
		}},
		{"save", func(int) []string { return []string{"save", "-o", out, "kept", "probe"} }, 120 * time.Millisecond, func(_, code int) {
			files, err := os.ReadDir(filepath.Dir(out))
			if err != nil || len(files) != 1 {
				t.Errorf("save left %v, %v", files, err)
			}
			b, err := os.ReadFile(out)
			if err != nil {
				t.Fatal(err)
			}
			if string(b) != "an older archive\n" {
				h.tare(t, "load", "-q", "-i", out) // whole, then
			} else if code == 0 {
				t.Error("save says that it is done, and the archive is the older one")
			}
			h.write(t, "saved/out.tar", "an older archive\n")
		}},
		{"load", func(int) []string { return []string{"load", "-q", "-i", s.archive} }, 120 * time.Millisecond, func(int, int) {
			h.tare(t, "load", "-q", "-i", s.archive)
		}},
		{"tag", func(n int) []string { return []string{"tag", "kept", fmt.Sprint("tagged:", n)} }, 30 * time.Millisecond, func(n, code int) {
			name := fmt.Sprint("tagged:", n)
			if has := slices.Contains(listed(), name); code == 0 && !has {
				t.Errorf("%s was given and is lost", name)
			} else if has {
				h.tare(t, "rmi", name)
			}
		}},
		{"rmi", func(n int) []string {
			h.tare(t, "tag", "kept", fmt.Sprint("gone:", n))
			return []string{"rmi", fmt.Sprint("gone:", n)}
		}, 40 * time.Millisecond, func(n, code int) {
			name := fmt.Sprint("gone:", n)
			if has := slices.Contains(listed(), name); code == 0 && has {
				t.Errorf("%s was removed and is still there", name)
			} else if has {
				h.tare(t, "rmi", name)
			}
		}},
	}
}
