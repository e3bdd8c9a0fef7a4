package lab_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"tare/internal/experiment"
	"tare/internal/lab"
)

// claimed is a record of an experiment x that began at a moment, and is claimed.
func claimed(t *testing.T, runs lab.Runs, at time.Time) (*experiment.Record, func()) {
	t.Helper()
	rec := &experiment.Record{Schema: experiment.Schema, Name: "x", Started: at, ID: lab.NewID(at), FileDigest: "same"}
	release, err := runs.Claim(rec)
	if err != nil {
		t.Fatal(err)
	}
	return rec, release
}

// Two runs that begin at the same moment keep two records.
func TestTwoRecordsOfOneMoment(t *testing.T) {
	runs, now := lab.Runs{Dir: t.TempDir()}, time.Now()
	a, endA := claimed(t, runs, now)
	b, endB := claimed(t, runs, now)
	if a.ID == b.ID || b.ID != lab.NewID(b.Started) {
		t.Errorf("%s and %s", a.ID, b.ID)
	}
	if err := runs.Save(a); err != nil {
		t.Fatal(err)
	}
	endA()
	endB()
	c, endC := claimed(t, runs, now) // a is written, b never was
	if c.ID == a.ID || c.ID != b.ID {
		t.Errorf("%s beside %s", c.ID, a.ID)
	}
	endC()
	if left, _ := filepath.Glob(filepath.Join(runs.Dir, "x", ".*")); len(left) > 0 {
		t.Errorf("it leaves %v", left)
	}
}

// A run that another process is at work on was not interrupted: --resume leaves it alone.
func TestResumeBesideARun(t *testing.T) {
	if dir := os.Getenv("TARE_TEST_RUNS"); dir != "" { // the other process
		runs := lab.Runs{Dir: dir}
		rec, _ := claimed(t, runs, time.Now())
		if err := runs.Save(rec); err != nil {
			t.Fatal(err)
		}
		fmt.Println(rec.ID)
		_, _ = os.Stdin.Read(make([]byte, 1)) // killed: it never gives its record back
		return
	}
	runs := lab.Runs{Dir: t.TempDir()}
	like := &experiment.Record{Name: "x", FileDigest: "same"}
	before, end := claimed(t, runs, time.Now().Add(-time.Hour))
	if err := runs.Save(before); err != nil {
		t.Fatal(err)
	}
	end()
	other := exec.Command(os.Args[0], "-test.run=^TestResumeBesideARun$")
	other.Env = append(os.Environ(), "TARE_TEST_RUNS="+runs.Dir)
	in, err := other.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = in.Close() }()
	out, err := other.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	id := make([]byte, len(before.ID))
	if _, err := out.Read(id); err != nil {
		t.Fatal(err)
	}
	if got, err := runs.Unfinished(like); err != nil || got == nil || got.ID != before.ID {
		t.Errorf("%+v %v: want the one that was interrupted, %s", got, err, before.ID)
	}
	_ = other.Process.Kill()
	_ = other.Wait()
	if got, err := runs.Unfinished(like); err != nil || got == nil || got.ID != string(id) {
		t.Errorf("%+v %v: now %s was interrupted", got, err, id)
	}
}
