package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// peakFile names the file into which runMeasured writes.
const peakFile = "TARE_TEST_PEAK"

func init() { programs["measured"] = runMeasured }

// runMeasured runs a tare and writes its peak of memory. Linux counts the memory of a
// process that starts another as that other's, too, until it has a program of its own:
// started by a test that holds much, the smallest tare would seem large. This one holds
// little.
func runMeasured() {
	runtime.LockOSThread() // the child dies with the thread that started it
	c := exec.Command("tare", os.Args[1:]...)
	c.Stdin, c.Stdout, c.Stderr = os.Stdin, os.Stdout, os.Stderr
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := c.Start(); err != nil {
		fmt.Fprintln(os.Stderr, "measured:", err)
		os.Exit(124)
	}
	sigs := make(chan os.Signal, 1)
	signal.Notify(sigs, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	go func() {
		for s := range sigs {
			_ = c.Process.Signal(s)
		}
	}()
	err := c.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		fmt.Fprintln(os.Stderr, "measured:", err)
	}
	kb := c.ProcessState.SysUsage().(*syscall.Rusage).Maxrss
	if err := os.WriteFile(os.Getenv(peakFile), []byte(strconv.FormatInt(kb, 10)), 0o600); err != nil {
		fmt.Fprintln(os.Stderr, "measured:", err)
	}
	os.Exit(c.ProcessState.ExitCode())
}

// measured prepares a tare whose peak of memory, in bytes, can be asked for when it has
// ended.
func (h *home) measured(t testing.TB, args ...string) (c *exec.Cmd, peak func() int64) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "peak")
	program, err := exec.LookPath("measured")
	if err != nil {
		t.Fatal(err)
	}
	c = h.command(args...)
	c.Path, c.Err = program, nil
	c.Args[0] = "measured"
	c.Env = append(c.Env[:len(c.Env):len(c.Env)], peakFile+"="+file)
	return c, func() int64 {
		b, err := os.ReadFile(file)
		kb, err2 := strconv.ParseInt(strings.TrimSpace(string(b)), 10, 64)
		if err := errors.Join(err, err2); err != nil {
			return 0 // it was killed
		}
		return kb << 10
	}
}

// The memory that a test holds does not count as that of the tare that it starts.
func TestMeasured(t *testing.T) {
	held := make([]byte, 200<<20)
	for i := range held {
		held[i] = 1
	}
	c, peak := newHome(t).measured(t, "version")
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if n := peak(); n < 5<<20 || n > 150<<20 {
		t.Errorf("%d MB for a tare that does nothing, started by one with %d MB", n>>20, len(held)>>20)
	}
	runtime.KeepAlive(held)
}
