// Package fleetreport reads the results of a scan, or the manifests of registries, and has them summed up.
package fleetreport

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/opencontainers/go-digest"

	"tare/internal/columns"
	"tare/internal/fleet"
	"tare/internal/garbage"
	"tare/internal/infile"
	"tare/internal/layer"
	"tare/internal/page"
	"tare/internal/progress"
	"tare/internal/request"
	"tare/internal/scan"
	"tare/internal/strata"
)

// parquet is the format of tables.
const parquet = "parquet"

// Formats are the formats of a report.
var Formats = append(page.FormatNames(true), parquet)

// Request says what is told of which images.
type Request struct {
	// Words are the directory of a scan, oci://REPOSITORY with one, the file of a plan, or sources as tare fleet scan takes them.
	Words  []string
	Scan   scan.Request // which images of the sources
	Prices []string     // storage=PRICE, egress=PRICE
	WhatIf []string     // delete=GLOB, rebase=OLD=NEW
	Top    int          // how many images, findings and secrets are listed; 0 for all
	Weigh  bool         // weigh every image
	// Tables is the directory that gets Parquet tables; "" for none.
	Tables string

	prices *strata.Prices
	whatIf []strata.WhatIf
}

// Check returns a request.Error if the request cannot be understood.
func (q *Request) Check() (err error) {
	if q.Top < 0 {
		return request.Errorf("--top %d: want 0 (all) or more", q.Top)
	}
	if q.prices, err = strata.ParsePrices(q.Prices); err != nil {
		return err
	}
	if err := q.Scan.Rules.Check(); err != nil {
		return request.Error{Err: err}
	}
	q.whatIf = nil
	for _, word := range q.WhatIf {
		w, err := strata.ParseWhatIf(word)
		if err != nil {
			return err
		}
		q.whatIf = append(q.whatIf, w)
	}
	return nil
}

// Write notes where tables go, if that is the format; a request.Error says that nobody said where.
func (q *Request) Write(format, file string) error {
	switch {
	case format != parquet:
		q.Tables = ""
	case file == "":
		return request.Errorf("--format parquet writes several files: say into which directory with -o DIR")
	default:
		q.Tables = file
	}
	return nil
}

// memory is by how many percent the heap may grow until it is looked through: a report of 10,000 images is to fit into 200 MB.
const memory = 40

// Make reads and sums up. What is already known to be wrong of a request is found by Check.
func Make(ctx context.Context, s scan.Session, q Request) (*strata.Result, error) {
	if err := q.Check(); err != nil {
		return nil, err
	}
	defer garbage.Often(memory)()
	plan, layers, err := open(ctx, s, q)
	if err != nil {
		return nil, err
	}
	if len(plan.Images) == 0 {
		return nil, nothing(plan, q)
	}
	in := strata.Input{Plan: plan, Now: time.Now(), Top: q.Top, Weigh: q.Weigh, Prices: q.prices, WhatIf: q.whatIf}
	if layers != nil {
		file := new(scratch)
		defer file.close()
		in.Layers, in.Scratch = layers, file
	}
	events, done := s.Watch()
	defer done()
	in.Step = steps(events)
	if q.Tables == "" {
		return made(ctx, in)
	}
	in.Top = 0
	t, err := newTables(ctx, q.Tables)
	if err != nil {
		return nil, err
	}
	defer t.discard()
	w := columns.New(plan, t.writers())
	in.Sink = w
	r, err := made(ctx, in)
	if err != nil {
		return nil, err
	}
	if err := w.Close(r); err != nil {
		return nil, err
	}
	return r, t.keep()
}

// nothing says why a fleet has no image.
func nothing(plan *fleet.Plan, q Request) error {
	if len(plan.Unreadable) == 0 {
		return fmt.Errorf("there is no image in %s", strings.Join(q.Words, " "))
	}
	u := plan.Unreadable[0]
	more := ""
	if n := len(plan.Unreadable) - 1; n > 0 {
		more = fmt.Sprintf(" (and %d more)", n)
	}
	return fmt.Errorf("no image could be read: %s: %s%s", u.Name, u.Why, more)
}

// mostFailures bounds how many layers are named that a scan could not read.
const mostFailures = 100

// made sums up; that nobody waits any more is the error of ctx.
func made(ctx context.Context, in strata.Input) (*strata.Result, error) {
	r, err := strata.Make(in)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if s, ok := in.Layers.(scanned); ok && err == nil {
		failed := s.r.Failed()
		for _, f := range failed[:min(len(failed), mostFailures)] {
			r.Problems = append(r.Problems, fmt.Sprintf("layer %s could not be read: %s", f.Layer, f.Why))
		}
	}
	return r, err
}

// steps shows what is being done, not more often than anybody could read.
func steps(events progress.Func) func(what string, done, of int) {
	var last time.Time
	return func(what string, done, of int) {
		if now := time.Now(); done == of || now.Sub(last) > 100*time.Millisecond {
			last = now
			events.Report(progress.Event{ID: "fleet", Action: fmt.Sprintf("%s %d/%d", what, done, of), Final: done == of})
		}
	}
}

// oci begins a word that names results in a registry.
const oci = "oci://"

// open finds the plan, and the results of a scan if there are some.
func open(ctx context.Context, s scan.Session, q Request) (*fleet.Plan, strata.Layers, error) {
	if len(q.Words) == 1 {
		word := q.Words[0]
		fi, err := os.Stat(word)
		switch {
		case strings.HasPrefix(word, oci), err == nil && fi.IsDir():
			k, err := scan.At(ctx, s, word)
			if err != nil {
				return nil, nil, err
			}
			return results(ctx, k)
		case err == nil && fi.Mode().IsRegular():
			if plan, err := file(ctx, word); plan != nil || err != nil {
				return plan, nil, err
			}
		case err == nil:
			return nil, nil, fmt.Errorf("%s is neither a directory nor a file", word)
		case isPath(word) && errors.Is(err, fs.ErrNotExist):
			return nil, nil, fmt.Errorf("%s does not exist: want the directory of tare fleet scan, or the file of a plan", word)
		case isPath(word):
			return nil, nil, err
		}
	}
	for _, word := range q.Words {
		fi, err := os.Stat(word)
		known := strings.HasPrefix(word, oci) || err == nil && fi.IsDir()
		if err == nil && fi.Mode().IsRegular() {
			plan, err := file(ctx, word)
			known = plan != nil || err != nil
		}
		if known {
			return nil, nil, request.Errorf("%s: one scan or plan can be reported at a time; scan all sources together", word)
		}
	}
	q.Scan.Sources = q.Words
	plan, _, err := scan.Gather(ctx, s, q.Scan)
	return plan, nil, err
}

// isPath tells whether a word is a path by how it begins.
func isPath(word string) bool {
	return filepath.IsAbs(word) || word == "." || word == ".." || strings.HasPrefix(word, "./") || strings.HasPrefix(word, "../")
}

// file reads a plan; nil for a file that is a list of images.
func file(ctx context.Context, name string) (*fleet.Plan, error) {
	f, err := infile.Open(ctx, name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	b := bufio.NewReader(f)
	if head, _ := b.Peek(200); !bytes.HasPrefix(bytes.TrimSpace(head), []byte("{")) || !bytes.Contains(head, []byte(`"schema"`)) {
		return nil, nil //nolint:nilnil // no plan, and no error: a list, or what kubectl says
	}
	plan, _, err := fleet.Decode(b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return plan, nil
}

// results opens the results of a scan.
func results(ctx context.Context, k fleet.Keeper) (*fleet.Plan, strata.Layers, error) {
	r, err := fleet.OpenResults(ctx, k)
	if err != nil {
		return nil, nil, err
	}
	return r.Plan(), scanned{ctx, r}, nil
}

// scanned are the results of a scan as strata reads them.
type scanned struct {
	ctx context.Context //nolint:containedctx // strata is pure and knows none
	r   *fleet.Results
}

// Layer implements strata.Layers.
func (s scanned) Layer(blob digest.Digest) (*layer.Index, error) {
	if err := s.ctx.Err(); err != nil {
		return nil, stopped{err}
	}
	x, err := s.r.Layer(s.ctx, blob)
	return x, missing(err)
}

// Config implements strata.Layers.
func (s scanned) Config(d digest.Digest) ([]byte, error) {
	keeps, ok := any(s.r).(interface {
		Config(ctx context.Context, d digest.Digest) ([]byte, error)
	})
	if !ok {
		return nil, strata.ErrNotScanned
	}
	raw, err := keeps.Config(s.ctx, d)
	return raw, missing(err)
}

// missing is an error of reading results as strata knows it.
func missing(err error) error {
	if errors.Is(err, fleet.ErrMissing) {
		return fmt.Errorf("%w: %w", strata.ErrNotScanned, err)
	}
	return err
}

// stopped is the error of a context that has ended.
type stopped struct{ error }

// Canceled says that no more is to be read.
func (stopped) Canceled() bool { return true }
