//go:build !windows

package pager

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestCommand(t *testing.T) {
	less := ""
	if _, err := exec.LookPath("less"); err == nil {
		less = "less"
	}
	for _, c := range []struct {
		env  map[string]string
		want string
	}{
		{nil, less},
		{map[string]string{"PAGER": "more"}, "more"},
		{map[string]string{"PAGER": "more", "TARE_PAGER": "less -S"}, "less -S"},
		{map[string]string{"PAGER": "more", "TARE_PAGER": ""}, ""},
		{map[string]string{"PAGER": ""}, ""},
		{map[string]string{"PAGER": "cat"}, ""},
		{map[string]string{"PAGER": " cat "}, ""},
		{map[string]string{"PAGER": "more", "NO_PAGER": "1"}, ""},
		{map[string]string{"PAGER": "more", "NO_PAGER": ""}, "more"},
		{map[string]string{"PAGER": "more", "TERM": "dumb"}, ""},
	} {
		if got := Command(func(k string) (string, bool) { v, ok := c.env[k]; return v, ok }); got != c.want {
			t.Errorf("%v: %q, want %q", c.env, got, c.want)
		}
	}
}

func TestFits(t *testing.T) {
	for _, c := range []struct {
		text        string
		cols, lines int
		want        bool
	}{
		{"", 80, 24, true},
		{strings.Repeat("x\n", 23), 80, 24, true},
		{strings.Repeat("x\n", 24), 80, 24, false},
		{strings.Repeat("\n", 24), 80, 24, false},
		{strings.Repeat("x", 80) + "\n", 80, 3, true},
		{strings.Repeat(strings.Repeat("x", 81)+"\n", 2), 80, 4, false}, // each wraps
		{strings.Repeat(strings.Repeat("é", 80)+"\n", 2), 80, 4, true},
		{strings.Repeat("\x1b[1;31m"+strings.Repeat("x", 80)+"\x1b[0m\n", 2), 80, 4, true},
		{"x\n", 80, 0, false},
	} {
		if got := Fits([]byte(c.text), c.cols, c.lines); got != c.want {
			t.Errorf("%.40q on %dx%d: %v", c.text, c.cols, c.lines, got)
		}
	}
}

func TestEnvironment(t *testing.T) {
	if got := environment([]string{"A=b"}); !slices.Equal(got, []string{"A=b", "LESS=FRX", "LV=-c"}) {
		t.Error(got)
	}
	if got := environment([]string{"LESS=", "LV=x"}); !slices.Equal(got, []string{"LESS=", "LV=x"}) {
		t.Error(got)
	}
}

func TestShow(t *testing.T) {
	text := []byte(strings.Repeat("a line\n", 100_000))
	for command, want := range map[string]string{
		"head -n 1":                 "a line\n", // leaves early: the pipe breaks
		"wc -l":                     "100000\n",
		"wc -l | sed 's/^/lines:/'": "lines:100000\n",
		"sh -c 'exit 3'":            "", // its exit code is nobody's business
		`printf "%s" "$LESS"`:       os.Getenv("LESS") + map[bool]string{true: "FRX"}[os.Getenv("LESS") == ""],
	} {
		out := filepath.Join(t.TempDir(), "out")
		f, err := os.Create(out)
		if err != nil {
			t.Fatal(err)
		}
		if err := Show(command, text, f); err != nil {
			t.Errorf("%s: %v", command, err)
		}
		_ = f.Close()
		got, err := os.ReadFile(out)
		if err != nil || strings.TrimLeft(string(got), " ") != want {
			t.Errorf("%s: %q, want %q", command, got, want)
		}
	}
	for _, command := range []string{"no-such-pager", "no-such-pager --quiet", "'no-such-pager'"} {
		var out bytes.Buffer
		if err := Show(command, text, &out); err == nil {
			t.Errorf("%s was started", command)
		}
	}
}

// A signal for this program, but Ctrl-C, ends the pager.
func TestShowEndsWithSignals(t *testing.T) {
	begin := time.Now()
	time.AfterFunc(200*time.Millisecond, func() { terminate(t) })
	if err := Show("sleep 20", nil, os.Stdout); err != nil {
		t.Error(err)
	}
	if d := time.Since(begin); d > 10*time.Second {
		t.Errorf("it took %v", d)
	}
}
