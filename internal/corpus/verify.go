package corpus

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Verified is what a project was found to be, without trim.
type Verified struct {
	// Planted are the bytes of tar that are planted: those of the globs in the original,
	// without those that the patch made by hand leaves.
	Planted int64
	// Saved is by how much the patch made by hand makes tar smaller, in bytes.
	Saved int64
	// Faults are what is wrong with the project.
	Faults []string
}

// Verify builds a project as it is and with the patch that was made by hand, and holds
// planted.yaml to both. Its images are gone afterwards.
func (t *Tare) Verify(ctx context.Context, p *Project, dir string) (Verified, error) {
	var v Verified
	before, want, err := t.Planted(ctx, p, dir)
	if err != nil {
		return v, err
	}
	defer t.Forget(ctx, before, want)
	fault := func(format string, a ...any) { v.Faults = append(v.Faults, fmt.Sprintf(format, a...)) }
	for what, proof := range map[string]*Proof{"the original": before, "with want.patch": want} {
		if proof.Check != nil {
			fault("%s, the check of tare.yaml: %v", what, proof.Check)
		}
		if proof.Second != nil {
			fault("%s, the second check: %v", what, proof.Second)
		}
	}
	for _, f := range []string{"planted.yaml", "want.patch"} {
		if _, err := os.Stat(filepath.Join(dir, "before", f)); err == nil {
			fault("trim would see %s", f)
		}
	}
	lines, err := os.ReadFile(filepath.Join(dir, "before", "Dockerfile"))
	if err != nil {
		return v, err
	}
	for _, q := range p.Plants {
		if q.Kind != "lossless" && q.Kind != "checked" {
			fault("%s: kind %q", q.Rule, q.Kind)
		}
		if q.Line < 1 || q.Line > strings.Count(string(lines), "\n")+1 {
			fault("%s: the Dockerfile has no line %d", q.Rule, q.Line)
		}
		n := before.Image.Matched(q.Paths) - want.Image.Matched(q.Paths)
		if v.Planted += n; n < q.AtLeast || len(q.Paths) > 0 && n <= 0 {
			fault("%s: %d bytes are planted at %s, not %d", q.Rule, n, q.Paths, q.AtLeast)
		}
	}
	if v.Saved = before.Image.Tar() - want.Image.Tar(); v.Planted > 0 && v.Saved <= 0 {
		fault("want.patch saves nothing: %d bytes", v.Saved)
	}
	if p.Lossless() {
		for _, d := range Differences(before.Image, want.Image) {
			fault("not lossless: %s", d)
		}
	} else if v.Planted > 0 && len(Differences(before.Image, want.Image)) == 0 {
		fault("it is lossless, and planted.yaml says that it is not")
	}
	return v, nil
}

// Forget removes images, so that a store holds those of one project at a time.
func (t *Tare) Forget(ctx context.Context, proofs ...*Proof) {
	seen := map[string]bool{}
	for _, p := range proofs {
		if p != nil && !seen[p.Name] {
			seen[p.Name] = true
			_ = t.Remove(ctx, p.Name)
		}
	}
}
