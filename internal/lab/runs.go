package lab

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"tare/internal/infile"
	"tare/internal/outfile"

	"tare/internal/experiment"
)

// maxRecord is how large a stored record may be, in bytes.
const maxRecord = 1 << 30

// Runs are the records of experiments below a directory: NAME/ID.json.
type Runs struct{ Dir string }

// NewID makes the ID of an experiment that starts now.
func NewID(now time.Time) string { return now.UTC().Format("20060102T150405.000") }

// Save writes a record; a reader sees the old one or the new one.
func (r Runs) Save(rec *experiment.Record) error {
	dir := filepath.Join(r.Dir, rec.Name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("keep the results: %w", err)
	}
	b, err := json.Marshal(rec)
	if err != nil {
		return fmt.Errorf("keep the results: %w", err)
	}
	if err := outfile.WriteBytes(context.Background(), filepath.Join(dir, rec.ID+".json"), append(b, '\n')); err != nil {
		return fmt.Errorf("keep the results: %w", err)
	}
	return nil
}

// List are the paths of all records of an experiment, or of all experiments if name
// is "", the oldest first.
func (r Runs) List(name string) ([]string, error) {
	dir, pattern := filepath.Join(r.Dir, name), []string{"*.json"}
	if name == "" {
		dir, pattern = r.Dir, []string{"*", "*.json"}
	}
	list, err := infile.Glob(dir, pattern...)
	slices.SortFunc(list, func(a, b string) int { return strings.Compare(filepath.Base(a), filepath.Base(b)) })
	return list, err
}

// Find returns the path of a record: a file, an ID or its beginning, "last" or
// "last~N" (the Nth before it), each also as NAME/….
func (r Runs) Find(which string) (string, error) {
	if fi, err := os.Stat(which); err == nil && fi.Mode().IsRegular() {
		return which, nil
	}
	name, id := "", which
	if i := strings.LastIndexByte(which, '/'); i >= 0 {
		name, id = which[:i], which[i+1:]
	}
	list, err := r.List(name)
	if err != nil {
		return "", err
	}
	if len(list) == 0 {
		return "", errors.New("no results are kept: tare lab FILE makes some")
	}
	if rest, ok := strings.CutPrefix(id, "last"); ok {
		n := 0
		if rest != "" {
			if n, err = strconv.Atoi(strings.TrimPrefix(rest, "~")); err != nil || n < 0 || rest[0] != '~' {
				return "", fmt.Errorf("%q: want last or last~N", which)
			}
		}
		if n >= len(list) {
			return "", fmt.Errorf("%q: only %d results are kept", which, len(list))
		}
		return list[len(list)-1-n], nil
	}
	var fit []string
	for _, p := range list {
		if strings.HasPrefix(filepath.Base(p), id) {
			fit = append(fit, p)
		}
	}
	switch len(fit) {
	case 0:
		return "", fmt.Errorf("no results %q: tare lab list shows what is kept", which)
	case 1:
		return fit[0], nil
	}
	return "", fmt.Errorf("%d results begin with %q", len(fit), which)
}

// Pair loads two records to compare. "last" and "last~N" without a name
// stay within one experiment: that of the other record, else that of the directory here,
// else that of the last record of all.
func (r Runs) Pair(from, to, here string) (a, b *experiment.Record, err error) {
	x, y, err := r.pair(from, to, here)
	if err != nil {
		return nil, nil, err
	}
	if a, err = Load(x); err == nil {
		b, err = Load(y)
	}
	return a, b, err
}

func (r Runs) pair(from, to, here string) (string, string, error) {
	which, out := []string{from, to}, make([]string, 2)
	name := ""
	for n, w := range which {
		if r.bare(w) {
			continue
		}
		var err error
		if out[n], err = r.Find(w); err != nil {
			return "", "", err
		}
		if rec, err := Load(out[n]); err == nil && name == "" {
			name = rec.Name
		}
	}
	if name == "" {
		if _, f, _, err := Open(here); err == nil {
			name = f.Name
		}
	}
	if list, err := r.List(name); err != nil || name == "" || len(list) == 0 {
		last, err := r.Find("last")
		if err != nil {
			return "", "", err
		}
		name = filepath.Base(filepath.Dir(last))
	}
	for n, w := range which {
		if out[n] != "" {
			continue
		}
		var err error
		if out[n], err = r.Find(name + "/" + w); err != nil {
			return "", "", err
		}
	}
	return out[0], out[1], nil
}

// bare tells whether it is last or last~N, of no experiment that it names.
func (Runs) bare(which string) bool {
	fi, err := os.Stat(which)
	return strings.HasPrefix(which, "last") && !strings.Contains(which, "/") && (err != nil || !fi.Mode().IsRegular())
}

// Load reads a record from a file.
func Load(path string) (*experiment.Record, error) {
	fi, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !fi.Mode().IsRegular() || fi.Size() > maxRecord {
		return nil, fmt.Errorf("%s: no results of an experiment", path)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	rec, err := experiment.Decode(b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return rec, nil
}

// Record is what a run leaves: see experiment.Record.
type Record = experiment.Record

// Shown is what of a record a reader gets: what the course asks only with its answers.
func Shown(rec *experiment.Record, answers bool) *experiment.Record {
	if rec.Comparison == nil || answers {
		return rec
	}
	out, c := *rec, *rec.Comparison
	c.Course = nil
	out.Comparison = &c
	return &out
}

// Differ tells what changed from one run of an experiment to another.
func Differ(from, to *experiment.Record) *experiment.Diff { return experiment.Compare(from, to) }
