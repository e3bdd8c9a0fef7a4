package touch

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"tare/internal/layer"
)

// MaxFile bounds the documents that Read takes, in bytes.
const MaxFile = 256 << 20

// Read reads a trace as `tare trace --format json` writes it. It is strict: another schema,
// fields that it does not know, paths that are not clean or out of order, and claims that
// contradict one another are errors.
func Read(r io.Reader) (*Trace, error) {
	b, err := io.ReadAll(io.LimitReader(r, MaxFile+1))
	switch {
	case err != nil:
		return nil, err
	case len(b) > MaxFile:
		return nil, fmt.Errorf("more than %d bytes are too many for a trace", MaxFile)
	}
	var head struct {
		Schema string `json:"schema"`
	}
	if err := json.Unmarshal(b, &head); err != nil {
		return nil, fmt.Errorf("not a trace: %w", err)
	}
	if head.Schema != Schema {
		return nil, fmt.Errorf("schema %q: want %s, as tare trace --format json writes it", head.Schema, Schema)
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	t := new(Trace)
	if err := dec.Decode(t); err != nil {
		return nil, fmt.Errorf("not a trace: %w", err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, fmt.Errorf("something follows the trace's end")
	}
	return t, t.check()
}

// check says what contradicts itself in a trace.
func (t *Trace) check() error {
	switch {
	case t.Lost < 0:
		return fmt.Errorf("lost is %d", t.Lost)
	case t.Complete && (t.Lost > 0 || len(t.Reasons) > 0):
		return fmt.Errorf("it says that it is complete, and that it lost something")
	case t.Complete != (t.Bytes != nil):
		return fmt.Errorf("it has sums of bytes if, and only if, it is complete")
	}
	if t.ID != "" && t.ID.Validate() != nil || t.Manifest.Validate() != nil {
		return fmt.Errorf("it does not say which image it is of")
	}
	last := ""
	for n, f := range t.Files {
		if err := clean(f.Path, last, n, f.How, false); err != nil {
			return err
		}
		if f.Bytes < 0 || f.Layer < 1 || f.Line < 0 || f.Check < 1 || f.Check > max(1, len(t.Checks)) {
			return fmt.Errorf("file %q: its numbers cannot be", f.Path)
		}
		last = f.Path
	}
	for n, d := range t.Directories {
		if err := clean(d.Path, last, n, d.How, true); err != nil {
			return err
		}
		last = d.Path
	}
	for n, w := range t.Wrote {
		if err := clean(w.Path, last, n, []How{Open}, false); err != nil {
			return err
		}
		if w.Bytes < 0 {
			return fmt.Errorf("file %q: %d bytes", w.Path, w.Bytes)
		}
		last = w.Path
	}
	return nil
}

// clean holds entry n of a list against the one before it.
func clean(p, last string, n int, how []How, root bool) error {
	switch {
	case p == "" && !root, p != "" && (path.Clean(p) != p || strings.HasPrefix(p, "/") || p == ".." || strings.HasPrefix(p, "../") || p == "."), strings.ContainsRune(p, 0):
		return fmt.Errorf("path %q: want one without a leading slash, links and dots resolved", p)
	case n > 0 && layer.ComparePaths(last, p) >= 0:
		return fmt.Errorf("path %q stands behind %q", p, last)
	case len(how) == 0:
		return fmt.Errorf("path %q: how was it touched?", p)
	}
	at := -1
	for _, h := range how {
		k := slices.Index(Hows, h)
		if k <= at {
			return fmt.Errorf("path %q: how is %q: want some of %v in this order", p, how, Hows)
		}
		at = k
	}
	return nil
}
