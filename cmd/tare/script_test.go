package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestScript runs testdata/script: one script a command, or a theme of one. Each
// has a store of its own, and must leave nothing mounted and nothing running.
func TestScript(t *testing.T) {
	s := mustWorld(t)
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       os.Getenv("UPDATE_SCRIPTS") != "",
		Condition:           condition,
		Setup:               func(e *testscript.Env) error { return setup(e, s) },
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":  exits,
			"sparse": sparse,
			"absent": absent,
			"same":   same,
			"keep":   keep,
			"spoil":  spoil,
		},
	})
}

func setup(e *testscript.Env, s *shared) error {
	for k, v := range map[string]string{
		"HOME":          filepath.Join(e.WorkDir, "user"),
		"TARE_HOME":     filepath.Join(e.WorkDir, "home"),
		"DOCKER_CONFIG": filepath.Join(e.WorkDir, "docker"),
		"PROBE":         s.probe,
		"PROBE_TAR":     s.archive,
		"SAVED_TAR":     s.saved,
		"REGISTRY":      host(s.registry),
		"PRIVATE":       host(s.private),
		"ARCH":          runtime.GOARCH,
		"GOOS":          runtime.GOOS,
		"UID":           strconv.Itoa(os.Getuid()),
		"NL":            "\n",
	} {
		e.Setenv(k, v)
	}
	for _, k := range []string{"TARE_BUILDER", "BUILDKIT_HOST", "DOCKER_DEFAULT_PLATFORM", "TARE_HOSTS_DIR", "SOURCE_DATE_EPOCH"} {
		e.Setenv(k, "")
	}
	// The daemons of the machine that runs the tests may have anything under any name.
	e.Setenv("DOCKER_HOST", "unix://"+filepath.Join(e.WorkDir, "no-docker"))
	e.Setenv("CONTAINER_HOST", "unix://"+filepath.Join(e.WorkDir, "no-podman"))
	if hub, err := findHub(); err == nil {
		e.Setenv("HUB_HOSTS", filepath.Join(hub, "hosts"))
	}
	for _, d := range []string{"user", "docker"} {
		if err := os.MkdirAll(filepath.Join(e.WorkDir, d), 0o755); err != nil {
			return err
		}
	}
	e.Defer(func() {
		t := e.T().(interface{ Log(...any) })
		if left := leftovers(e.WorkDir); left != "" {
			t.Log("left behind: " + left)
			e.T().FailNow()
		}
	})
	return nil
}

// leftovers says what a tare left in a work directory that it should not have.
func leftovers(work string) string {
	var out []string
	for _, m := range mountsBelow(work) {
		out = append(out, "mounted: "+m)
	}
	for _, pattern := range []string{"engine/run/*", "engine/worker-*/executor/*/config.json"} {
		files, _ := filepath.Glob(filepath.Join(work, "home", pattern))
		out = append(out, files...)
	}
	return strings.Join(out, "\n")
}

func condition(cond string) (bool, error) {
	switch cond {
	case "engine":
		return engineMissing() == nil, nil
	case "root":
		return os.Geteuid() == 0, nil
	case "hub":
		_, err := findHub()
		return err == nil, nil
	}
	return false, fmt.Errorf("unknown condition %q", cond)
}

// exits runs a program and wants one exit code: exits CODE PROGRAM [ARG...].
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM [ARG...]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// sparse makes a file with a size and no blocks: sparse FILE BYTES.
func sparse(ts *testscript.TestScript, _ bool, args []string) {
	n, err := strconv.ParseInt(args[1], 10, 64)
	ts.Check(err)
	file := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(filepath.Dir(file), 0o755))
	ts.Check(os.WriteFile(file, nil, 0o644))
	ts.Check(os.Truncate(file, n))
}

// absent wants no file to match: absent PATTERN...
func absent(ts *testscript.TestScript, _ bool, args []string) {
	for _, a := range args {
		files, err := filepath.Glob(ts.MkAbs(a))
		ts.Check(err)
		if len(files) > 0 {
			ts.Fatalf("there is %s", strings.Join(files, ", "))
		}
	}
}

// same wants two files to have the same text but for white space at their ends.
func same(ts *testscript.TestScript, neg bool, args []string) {
	a, b := strings.TrimSpace(ts.ReadFile(args[0])), strings.TrimSpace(ts.ReadFile(args[1]))
	if (a == b) == neg {
		ts.Fatalf("%s has %q, %s has %q", args[0], a, args[1], b)
	}
}

// keep puts the last output, without its line end, into a variable: keep NAME stdout.
func keep(ts *testscript.TestScript, _ bool, args []string) {
	ts.Setenv(args[0], strings.TrimSpace(ts.ReadFile(args[1])))
}

// spoil changes a byte of every file in a directory that has at least so many
// bytes: spoil DIR BYTES.
func spoil(ts *testscript.TestScript, _ bool, args []string) {
	least, err := strconv.ParseInt(args[1], 10, 64)
	ts.Check(err)
	files, err := filepath.Glob(filepath.Join(ts.MkAbs(args[0]), "*"))
	ts.Check(err)
	n := 0
	for _, f := range files {
		b, err := os.ReadFile(f)
		ts.Check(err)
		if int64(len(b)) < least {
			continue
		}
		n++
		b[len(b)/2] ^= 1
		ts.Check(os.Chmod(f, 0o644))
		ts.Check(os.WriteFile(f, b, 0o444))
	}
	if n == 0 {
		ts.Fatalf("no file of %d bytes in %s", least, args[0])
	}
}
