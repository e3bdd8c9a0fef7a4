package trace

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"

	"tare/internal/bench"
	"tare/internal/engine"
	"tare/internal/experiment"
	"tare/internal/lab"
	"tare/internal/request"
	"tare/internal/suggest"
	"tare/internal/target"
)

// experimentAt is the experiment that a word means; "" if it means an image.
func experimentAt(word string) string {
	fi, err := os.Stat(word)
	switch {
	case err != nil:
		return ""
	case fi.IsDir():
		if _, err := os.Stat(filepath.Join(word, "tare.yaml")); err != nil {
			return ""
		}
		return word
	case strings.HasSuffix(word, ".yaml"), strings.HasSuffix(word, ".yml"):
		return word
	}
	return ""
}

// image finds the image that a word means and puts it into the store.
func (r *Request) image(ctx context.Context, b *bench.Bench) (*target.Image, error) {
	if len(r.Variants) > 0 {
		return nil, request.Errorf("--variant: %s is no experiment", r.Word)
	}
	if target.NeedsBuild([]string{r.Word}) {
		file := target.Dockerfile(r.Word)
		built, err := b.Dockerfile(ctx, file, r.Platform)
		if err != nil {
			return nil, err
		}
		how := engine.Build{}
		if r.Platform != "" {
			how.Platforms = []string{r.Platform}
		}
		return b.Load(ctx, r.Word, built, how)
	}
	name := r.Word
	for _, scheme := range []string{"store://", "registry://"} {
		if rest, ok := strings.CutPrefix(name, scheme); ok {
			name = rest
		}
	}
	if strings.Contains(name, "://") || name == "-" {
		return nil, request.Errorf("%s: what is traced must be in the store: tare load, tare pull or tare build first", r.Word)
	}
	if fi, err := os.Stat(name); err == nil && fi.IsDir() && strings.ContainsAny(name, "./") {
		return nil, fmt.Errorf("no Dockerfile in %s, and no tare.yaml", name)
	}
	return b.Finder.ToRun(ctx, name, target.RunOptions{Platform: r.Platform, Fetch: func(bool) error { return b.Finder.Pull(ctx, name, r.Platform, nil) }})
}

// group are the variants of an experiment that have the same image.
type group struct {
	img    *target.Image
	checks []Named
}

// experiment traces the checks of an experiment: a trace an image.
func (r *Request) experiment(ctx context.Context, b *bench.Bench, at string) (*Result, error) {
	path, f, _, err := lab.Open(at)
	if err != nil {
		return nil, err
	}
	variants, err := r.chosen(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	work := &bench.Lab{Bench: b}
	defer work.Tidy(ctx)
	var groups []*group
	byImage := map[digest.Digest]*group{}
	for n, v := range variants {
		r.tell(Progress{Check: v.Name, What: doing(v), Done: n, Total: len(variants)})
		o, err := work.Obtain(ctx, lab.Rooted(filepath.Dir(path), v), io.Discard)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", v.Name, err)
		}
		g := byImage[o.Manifest]
		if g == nil {
			g = &group{img: o.Image}
			byImage[o.Manifest] = g
			groups = append(groups, g)
		}
		g.checks = append(g.checks, Named{v.Name, *v.Check})
	}
	out := new(Result)
	for _, g := range groups {
		t, err := Image(ctx, b, g.img, g.checks, r.Progress)
		if err != nil {
			return nil, err
		}
		out.Traces = append(out.Traces, t)
	}
	return out, nil
}

func doing(v experiment.Variant) string {
	if v.Image != "" {
		return "pulling"
	}
	return "building"
}

func (r *Request) tell(p Progress) {
	if r.Progress != nil {
		r.Progress(p)
	}
}

// chosen are the variants that were asked for, or all that have a check.
func (r *Request) chosen(f *experiment.File) ([]experiment.Variant, error) {
	all, err := f.Expand()
	if err != nil {
		return nil, err
	}
	var names []string
	for _, v := range all {
		names = append(names, v.Name)
	}
	for _, name := range r.Variants {
		if !slices.Contains(names, name) {
			return nil, request.Errorf("no variant %q%s: the variants are %s", name, suggest.Meant(name, names), strings.Join(names, ", "))
		}
	}
	var out []experiment.Variant
	for _, v := range all {
		if v.Check != nil && !v.Check.Skip && (len(r.Variants) == 0 || slices.Contains(r.Variants, v.Name)) {
			out = append(out, v)
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("none of its variants has a check: add check:, or give a command (tare trace TARGET -- COMMAND)")
	}
	return out, nil
}
