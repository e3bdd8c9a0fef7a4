package fleetreport_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"

	"tare/internal/fleet"
	"tare/internal/fleetreport"
	"tare/internal/progress"
	"tare/internal/request"
	"tare/internal/scan"
	"tare/internal/source"
	"tare/internal/testkit/fleets"
)

// session is one without a network.
func session(t *testing.T) scan.Session {
	return scan.Session{Registry: func() (*source.Registry, error) { return nil, errors.New("no network here") }, Env: func(string) string { return "" }, Stdin: strings.NewReader(""),
		Note: func(text string) { t.Log(text) }, Watch: func() (progress.Func, func()) { return nil, func() {} }}
}

// written is the directory of a scan, without some layers.
func written(t *testing.T, f *fleets.Fleet, leaveOut func(digest.Digest) bool) string {
	t.Helper()
	dir := t.TempDir()
	if err := f.Write(t.Context(), fleet.Dir(dir), leaveOut); err != nil {
		t.Fatal(err)
	}
	return dir
}

func small() *fleets.Fleet {
	return fleets.Make(fleets.Options{Seed: 2, Images: 12, Layers: 6, Bases: 3, Nodes: 2, Files: 4})
}

func TestScansAndPlans(t *testing.T) {
	f := small()
	dir := written(t, f, nil)
	r, err := fleetreport.Make(t.Context(), session(t), fleetreport.Request{Words: []string{dir}, Weigh: true})
	if err != nil {
		t.Fatal(err)
	}
	if r.Images != len(f.Images) || r.Scanned.Layers != r.Scanned.Of || r.Scanned.Images != r.Images || r.Waste == nil || !r.Bytes.Content.Together.Known() {
		t.Errorf("%+v", r.Scanned)
	}
	p, err := fleetreport.Make(t.Context(), session(t), fleetreport.Request{Words: []string{filepath.Join(dir, fleet.PlanName)}, Weigh: true})
	if err != nil {
		t.Fatal(err)
	}
	if p.Bytes.Blob != r.Bytes.Blob || p.Bytes.Content.Together.Known() || p.Scanned.Layers != 0 {
		t.Errorf("%+v", p.Bytes)
	}
}

// A layer that is missing or damaged makes unknown what needs it, and nothing else.
func TestDamagedResults(t *testing.T) {
	f := small()
	out := f.Images[3].Layers[len(f.Images[3].Layers)-1].Digest
	dir := written(t, f, nil)
	path := filepath.Join(dir, filepath.FromSlash(fleet.LayerName(out)))
	for name, spoil := range map[string]func() error{
		"garbage": func() error { return os.WriteFile(path, []byte("garbage"), 0o600) },
		"empty":   func() error { return os.Truncate(path, 0) },
		"gone":    func() error { return os.Remove(path) },
	} {
		if err := f.Write(t.Context(), fleet.Dir(dir), nil); err != nil {
			t.Fatal(err)
		}
		if err := spoil(); err != nil {
			t.Fatal(err)
		}
		r, err := fleetreport.Make(t.Context(), session(t), fleetreport.Request{Words: []string{dir}, Weigh: true})
		if err != nil {
			t.Fatal(err)
		}
		if r.Scanned.Layers != r.Scanned.Of-1 || r.Bytes.DiffID.Together.Known() || r.Waste != nil || r.Scanned.Images == 0 || !r.Bytes.Blob.Together.Known() {
			t.Errorf("%s: %+v %+v", name, r.Scanned, r.Bytes)
		}
	}
}

func TestErrors(t *testing.T) {
	dir, full := t.TempDir(), written(t, small(), nil)
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	empty, err := (&fleet.Plan{Unreadable: []fleet.Unreadable{{Name: "r.example/secret", Why: "denied"}, {Name: "r.example/other", Why: "denied"}}}).Encode()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		words []string
		say   string
		usage bool
	}{
		{[]string{dir}, "it is not the result of tare fleet scan", false},
		{[]string{filepath.Join(dir, "none")}, "does not exist", false},
		{[]string{"./none"}, "does not exist", false},
		{[]string{file("foreign.json", `{"schema": "other/v1"}`)}, `its schema is "other/v1"`, false},
		{[]string{file("cut.json", `{"schema": "tare.fleet-plan/v1", "images": [`)}, "it ends in the middle", false},
		{[]string{file("empty.json", string(empty))}, "no image could be read: r.example/secret: denied (and 1 more)", false},
		{[]string{os.DevNull}, "neither a directory nor a file", false},
		{[]string{full, full}, "one scan or plan can be reported at a time", true},
		{[]string{"oci://r.example/a", "r.example/b"}, "one scan or plan can be reported at a time", true},
		{[]string{filepath.Join(full, fleet.PlanName), "r.example/b"}, "one scan or plan can be reported at a time", true},
		{[]string{"r.example/team/*"}, "no network here", false},
	} {
		_, err := fleetreport.Make(t.Context(), session(t), fleetreport.Request{Words: c.words})
		var usage request.Error
		if err == nil || !strings.Contains(err.Error(), c.say) || errors.As(err, &usage) != c.usage {
			t.Errorf("%q: %v", c.words, err)
		}
	}
	for _, q := range []fleetreport.Request{{Top: -1}, {WhatIf: []string{"x"}}, {Prices: []string{"x"}}, {Scan: scan.Request{Rules: fleet.Rules{Tags: "["}}}, {Scan: scan.Request{Rules: fleet.Rules{Newest: -1}}}} {
		var usage request.Error
		if err := q.Check(); !errors.As(err, &usage) {
			t.Errorf("%+v: %v", q, err)
		}
	}
}

// Ctrl-C ends a report, and leaves no tables and no temporary files.
func TestInterrupted(t *testing.T) {
	dir := written(t, small(), nil)
	ctx, stop := context.WithCancel(t.Context())
	stop()
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	tables := filepath.Join(tmp, "tables")
	if _, err := fleetreport.Make(ctx, session(t), fleetreport.Request{Words: []string{dir}, Weigh: true, Tables: tables}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	var left []string
	_ = filepath.WalkDir(tmp, func(p string, d os.DirEntry, _ error) error {
		if !d.IsDir() {
			left = append(left, p)
		}
		return nil
	})
	if len(left) > 0 {
		t.Errorf("left: %q", left)
	}
}

// Tables are there whole, or not at all; those of before stay where a report fails.
func TestTables(t *testing.T) {
	dir, out := written(t, small(), nil), filepath.Join(t.TempDir(), "a", "b")
	q := fleetreport.Request{Words: []string{dir}, Weigh: true, Tables: out, Top: 1}
	if _, err := fleetreport.Make(t.Context(), session(t), q); err != nil {
		t.Fatal(err)
	}
	names := func() (list []string) {
		entries, err := os.ReadDir(out)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			list = append(list, e.Name())
		}
		return list
	}
	want := []string{"files.parquet", "images.parquet", "layers.parquet", "packages.parquet"}
	if got := names(); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	before, err := os.ReadFile(filepath.Join(out, "images.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	q.WhatIf = []string{"delete=nothing"}
	if _, err := fleetreport.Make(t.Context(), session(t), q); err == nil {
		t.Error("no error")
	}
	after, err := os.ReadFile(filepath.Join(out, "images.parquet"))
	if got := names(); err != nil || string(before) != string(after) || !slices.Equal(got, want) {
		t.Errorf("%v, %q", err, got)
	}
}
