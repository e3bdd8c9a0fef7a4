package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"tare/internal/corpus"
)

// measured is what trim made of a project.
type measured struct {
	Project string `json:"project"`
	// Planted and Found are bytes of tar; Plants and PlantsFound count.
	Planted     int64 `json:"planted"`
	Found       int64 `json:"found"`
	Plants      int   `json:"plants"`
	PlantsFound int   `json:"plantsFound"`
	// Rules of the candidates that were kept.
	Rules []string `json:"rules"`
	// Seconds of the whole run, and those in which tare did not wait for builds or checks.
	Seconds float64 `json:"seconds"`
	Own     float64 `json:"own"`
	// Saved is by how much the image that the patch builds is smaller, in bytes of tar.
	Saved int64 `json:"saved"`
	// Exact and Inexact count kept lossless candidates by whether predicted tar was measured.
	Exact   int `json:"exact"`
	Inexact int `json:"inexact"`
	// Unknown counts those of which it says why nothing was predicted.
	Unknown int `json:"unknown"`
	// Off is the largest difference of the predicted transfer of an edit's image from the
	// measured one, as a part of it; OffSaved the same as a part of what the edit saves, where
	// that is 100 kB or more.
	Off      float64 `json:"off"`
	OffSaved float64 `json:"offSaved"`
	// Builds are the seconds in which trim built something.
	Builds float64 `json:"builds"`
	// Faults are what must not be: a patch that does not apply, build or pass, a second
	// check that fails, a lossless patch that loses something, sizes that are not true.
	Faults []string `json:"faults,omitempty"`
	// Notes are what is worth a look.
	Notes []string `json:"notes,omitempty"`

	rebuilds bool // an edit was kept for cheaper rebuilds
	edited   bool // though nothing was planted
}

// trimmed is the part of tare.trim/v1 that is read.
type trimmed struct {
	Schema        string
	Before, After struct {
		Sizes   struct{ Tar, Transfer *int64 }
		Seconds float64
	}
	Patch      string
	Candidates []struct {
		Rule, Kind, File, Why, Unknown string
		Line                           int
		Predicted, Measured            *struct{ Tar, Transfer *int64 }
		Built, Kept                    bool
		Rebuild                        *struct {
			Before, After struct {
				Cached  bool
				Seconds float64
				Bytes   int64
			}
		}
	}
	Seconds struct{ Total, Builds, Checks, Own float64 }
}

func (c *conduct) bench(ctx context.Context, list []*corpus.Project) error {
	if _, _, err := c.t.Run(ctx, "", "trim", "--help"); err != nil {
		return fmt.Errorf("this tare cannot trim: %w", err)
	}
	if err := c.pull(ctx, list); err != nil {
		return err
	}
	var all []measured
	for _, p := range list {
		m, err := c.one(ctx, p)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			m.Faults = append(m.Faults, err.Error())
		}
		fmt.Fprintf(os.Stderr, "%-32s %10d of %10d  %s\n", p.Name, m.Found, m.Planted, strings.Join(m.Faults, "; "))
		all = append(all, m)
		_ = os.RemoveAll(filepath.Join(c.tmp, p.Name))
	}
	if c.json != "" {
		b, err := json.MarshalIndent(all, "", "  ")
		if err != nil {
			return err
		}
		if err := os.WriteFile(c.json, append(b, '\n'), 0o644); err != nil {
			return err
		}
	}
	return table(all)
}

// pull fetches the bases before, so that no trim waits for a network.
func (c *conduct) pull(ctx context.Context, list []*corpus.Project) error {
	seen := map[string]bool{}
	for _, p := range list {
		b, err := os.ReadFile(filepath.Join(p.Dir, "project", "Dockerfile"))
		if err != nil {
			return err
		}
		for line := range strings.Lines(string(b)) {
			f := strings.Fields(strings.TrimPrefix(line, "\ufeff"))
			if len(f) < 2 || !strings.EqualFold(f[0], "FROM") || !strings.Contains(f[1], ":") || seen[f[1]] {
				continue
			}
			seen[f[1]] = true
			if _, _, err := c.t.Run(ctx, "", "pull", "-q", f[1]); err != nil {
				return err
			}
		}
	}
	return nil
}

// one runs trim over a project, and proves its patch.
func (c *conduct) one(ctx context.Context, p *corpus.Project) (measured, error) {
	m := measured{Project: p.Name, Plants: len(p.Plants)}
	tmp := filepath.Join(c.tmp, p.Name)
	dir, file := filepath.Join(tmp, "given"), filepath.Join(tmp, "trim.patch")
	if err := p.Prepare(dir); err != nil {
		return m, err
	}
	args := []string{"trim", "--format", "json", "-o", file}
	if !p.Lossless() || len(p.Plants) == 0 {
		args = append(args, "--drop") // where nothing may be edited, trim is given every chance to
	}
	begin := time.Now()
	out, _, err := c.t.Run(ctx, tmp, append(args, dir)...)
	m.Seconds = time.Since(begin).Seconds()
	if c.keep != "" {
		_ = os.MkdirAll(c.keep, 0o755)
		_ = os.WriteFile(filepath.Join(c.keep, p.Name+".json"), out, 0o644)
	}
	if err != nil {
		return m, err
	}
	var r trimmed
	if err := json.Unmarshal(out, &r); err != nil {
		return m, fmt.Errorf("trim's JSON: %w", err)
	}
	patch, err := os.ReadFile(file)
	if err != nil {
		return m, err
	}
	if c.keep != "" {
		_ = os.WriteFile(filepath.Join(c.keep, p.Name+".patch"), patch, 0o644)
	}
	if r.Schema != "tare.trim/v1" {
		m.Faults = append(m.Faults, "schema "+r.Schema)
	}
	if r.Patch != string(patch) {
		m.Faults = append(m.Faults, "the patch of the JSON is another than that of -o")
	}
	m.predicted(r)
	m.Builds = r.Seconds.Builds
	if m.Own = r.Seconds.Own; m.Own == 0 && r.Seconds.Total > 0 {
		m.Own = r.Seconds.Total - r.Seconds.Builds - r.Seconds.Checks
	}
	return m, c.prove(ctx, p, &m, r, patch, tmp)
}

// predicted compares what was predicted of the edits that were kept with what was
// measured of them.
func (m *measured) predicted(r trimmed) {
	for _, k := range r.Candidates {
		if !k.Kept {
			m.Notes = append(m.Notes, fmt.Sprintf("not kept: %s at line %d: %s", k.Rule, k.Line, k.Why))
			continue
		}
		m.Rules = append(m.Rules, k.Rule)
		if w := k.Rebuild; w != nil {
			m.rebuilds = true
			m.Notes = append(m.Notes, fmt.Sprintf("%s at line %d: a rebuild after a change of the source: %.1f s and %d bytes to pull; before %.1f s and %d bytes", k.Rule, k.Line, w.After.Seconds, w.After.Bytes, w.Before.Seconds, w.Before.Bytes))
		}
		if k.Measured == nil || k.Measured.Tar == nil {
			m.Faults = append(m.Faults, k.Rule+" was kept and not measured")
			continue
		}
		if k.Kind != "lossless" {
			continue
		}
		if k.Unknown != "" {
			m.Unknown++
			m.Notes = append(m.Notes, fmt.Sprintf("%s at line %d: nothing predicted: %s", k.Rule, k.Line, k.Unknown))
			continue
		}
		if k.Predicted == nil || k.Predicted.Tar == nil {
			m.Faults = append(m.Faults, k.Rule+" was kept and nothing was predicted of it")
			continue
		}
		if *k.Predicted.Tar == *k.Measured.Tar {
			m.Exact++
		} else {
			m.Inexact++
			m.Notes = append(m.Notes, fmt.Sprintf("%s at line %d: tar predicted %d, measured %d", k.Rule, k.Line, *k.Predicted.Tar, *k.Measured.Tar))
		}
		if k.Predicted.Transfer != nil && k.Measured.Transfer != nil && *k.Measured.Transfer != 0 {
			off := math.Abs(float64(*k.Predicted.Transfer - *k.Measured.Transfer))
			if b := r.Before.Sizes.Transfer; b != nil {
				m.Off = max(m.Off, off/float64(*b-*k.Measured.Transfer))
			}
			if *k.Measured.Transfer >= 100e3 {
				m.OffSaved = max(m.OffSaved, off/float64(*k.Measured.Transfer))
			}
		}
	}
	slices.Sort(m.Rules)
}

// prove builds what the patch makes, away from trim, and looks for what was planted.
func (c *conduct) prove(ctx context.Context, p *corpus.Project, m *measured, r trimmed, patch []byte, tmp string) error {
	before, want, err := c.t.Planted(ctx, p, tmp)
	if err != nil {
		return err
	}
	after, err := c.t.Prove(ctx, p, patch, filepath.Join(tmp, "after"), "corpus-"+p.Name+"-trimmed")
	if err != nil {
		return fmt.Errorf("trim's patch: %w", err)
	}
	defer c.t.Forget(ctx, before, want, after)
	fault := func(format string, a ...any) { m.Faults = append(m.Faults, fmt.Sprintf(format, a...)) }
	if after.Check != nil {
		fault("the patched image fails its check: %v", after.Check)
	}
	if after.Second != nil {
		fault("the patched image fails the second check: %v", after.Second)
	}
	m.Saved = before.Image.Tar() - after.Image.Tar()
	if len(patch) > 0 && m.Saved < 0 && !m.rebuilds {
		fault("the patch makes the image larger by %d bytes", -m.Saved)
	}
	if t := r.After.Sizes.Tar; t == nil || *t != after.Image.Tar() {
		m.Notes = append(m.Notes, fmt.Sprintf("after.sizes.tar is %s, and the image has %d", number(t), after.Image.Tar()))
	}
	if t, err := c.t.Transfer(ctx, after.Name); err != nil {
		return err
	} else if s := r.After.Sizes.Transfer; s == nil || float64(max(*s-t, t-*s)) > float64(t)/100 {
		fault("after.sizes.transfer is %s, and the image has %d", number(s), t)
	}
	if len(p.Plants) == 0 {
		if len(patch) > 0 {
			m.edited = true
			m.Notes = append(m.Notes, "nothing was to be edited; edited: "+strings.Join(m.Rules, ", "))
		}
		return nil
	}
	if p.Lossless() {
		for _, d := range corpus.Differences(before.Image, after.Image) {
			fault("not lossless: %s", d)
		}
	}
	for _, q := range p.Plants {
		planted := before.Image.Matched(q.Paths) - want.Image.Matched(q.Paths)
		found := min(max(before.Image.Matched(q.Paths)-after.Image.Matched(q.Paths), 0), planted)
		m.Planted, m.Found = m.Planted+planted, m.Found+found
		byRule := slices.ContainsFunc(m.Rules, func(r string) bool { return r == q.Rule || slices.Contains(q.Or, r) })
		if planted > 0 && found*10 >= planted*9 || planted == 0 && byRule {
			m.PlantsFound++
		}
	}
	return nil
}

func number(n *int64) string {
	if n == nil {
		return "unknown"
	}
	return fmt.Sprint(*n)
}

// table prints what was measured, and its sums. Faults are an error.
func table(all []measured) error {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "PROJECT\tPLANTED\tFOUND\t%\tSAVED\tEXACT\tTRANSFER OFF\tSECONDS\tRULES")
	var sum measured
	share, bytes, faulty, negatives, edited := 0.0, 0, 0, 0, 0
	for _, m := range all {
		part := "–"
		if m.Planted > 0 {
			part = fmt.Sprintf("%.1f", 100*float64(m.Found)/float64(m.Planted))
			share, bytes = share+float64(m.Found)/float64(m.Planted), bytes+1
		}
		fmt.Fprintf(w, "%s\t%d\t%d\t%s\t%d\t%d/%d\t%.2f%%\t%.1f\t%s\n", m.Project, m.Planted, m.Found, part, m.Saved, m.Exact, m.Exact+m.Inexact, 100*m.Off, m.Seconds, strings.Join(m.Rules, " "))
		sum.Planted, sum.Found, sum.Saved = sum.Planted+m.Planted, sum.Found+m.Found, sum.Saved+m.Saved
		sum.Plants, sum.PlantsFound = sum.Plants+m.Plants, sum.PlantsFound+m.PlantsFound
		sum.Exact, sum.Inexact, sum.Off = sum.Exact+m.Exact, sum.Inexact+m.Inexact, max(sum.Off, m.Off)
		sum.Unknown, sum.OffSaved = sum.Unknown+m.Unknown, max(sum.OffSaved, m.OffSaved)
		sum.Seconds, sum.Own, sum.Builds = sum.Seconds+m.Seconds, sum.Own+m.Own, sum.Builds+m.Builds
		if m.Plants == 0 {
			if negatives++; m.edited {
				edited++
			}
		}
		if len(m.Faults) > 0 {
			faulty++
		}
	}
	_ = w.Flush()
	for _, m := range all {
		for _, f := range m.Faults {
			fmt.Printf("FAULT %s: %s\n", m.Project, f)
		}
		for _, n := range m.Notes {
			fmt.Printf("note  %s: %s\n", m.Project, n)
		}
	}
	fmt.Printf("\n%d projects; planted bytes found: %d of %d (%.1f %%), the mean of the projects %.1f %%; plants found: %d of %d\n",
		len(all), sum.Found, sum.Planted, 100*float64(sum.Found)/float64(max(sum.Planted, 1)), 100*share/float64(max(bytes, 1)), sum.PlantsFound, sum.Plants)
	fmt.Printf("lossless edits whose predicted tar was measured to the byte: %d of %d, and %d of which nothing was predicted; transfer off by at most %.2f %% of the image's, and %.2f %% of what is saved (100 kB or more)\n", sum.Exact, sum.Exact+sum.Inexact, sum.Unknown, 100*sum.Off, 100*sum.OffSaved)
	fmt.Printf("projects with nothing to edit: %d, edited: %d; projects with faults: %d\n", negatives, edited, faulty)
	fmt.Printf("%.0f s in all, %.0f s of it builds; tare's own share %.1f %% of all, %.1f %% of the builds\n", sum.Seconds, sum.Builds, 100*sum.Own/max(sum.Seconds, 1e-9), 100*sum.Own/max(sum.Builds, 1e-9))
	if faulty > 0 {
		return errors.New("there are faults")
	}
	return nil
}
