// Package lint asks BuildKit's checks what they find in a Dockerfile, in the process: no builder
// is opened, nothing is run, and no image is fetched. What only a base image could tell is not
// said.
package lint

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/containerd/platforms"
	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/client/llb/sourceresolver"
	"github.com/moby/buildkit/frontend/dockerfile/dockerfile2llb"
	"github.com/moby/buildkit/frontend/dockerfile/linter"
	"github.com/moby/buildkit/frontend/dockerui"
	buildlint "github.com/moby/buildkit/frontend/subrequests/lint"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/dockerfile"
)

// Options say how the Dockerfile would be built.
type Options struct {
	Args     map[string]string // build arguments
	Target   string            // the stage; "" for all
	Platform string            // such as linux/arm64; "" for this machine's
}

// Warning is one thing that a check found.
type Warning struct {
	Rule  string // "JSONArgsRecommended"
	Text  string
	URL   string // of the rule's page
	Lines [2]int // first and last; 0 where no line is to blame
}

// Dockerfile returns what BuildKit's checks find in a Dockerfile, by line. Rules that a comment
// "# check=skip=…" names are left out, as in a build. unsure are the rules that a base image
// would have to decide. The error says why the Dockerfile cannot be built, with the line.
func Dockerfile(ctx context.Context, src []byte, o Options) (list []Warning, unsure []string, err error) {
	f, err := dockerfile.Parse(src)
	if err != nil {
		return nil, nil, err
	}
	p := platforms.DefaultSpec()
	if o.Platform != "" {
		if p, err = platforms.Parse(o.Platform); err != nil {
			return nil, nil, err
		}
	}
	p = platforms.Normalize(p)
	text := llb.NewSourceMap(nil, "Dockerfile", "Dockerfile", src)
	text.Definition = &llb.Definition{} // the linter takes it for granted
	found, err := dockerfile2llb.DockerfileLint(ctx, src, dockerfile2llb.ConvertOpt{
		Config:         dockerui.Config{BuildArgs: o.Args, Target: o.Target, BuildPlatforms: []ocispec.Platform{p}},
		SourceMap:      text,
		TargetPlatform: &p,
		MetaResolver:   unknown{p},
	})
	if err != nil {
		return nil, nil, err
	}
	if e := found.Error; e != nil {
		return nil, nil, errors.New(e.Message)
	}
	for i := range found.Warnings {
		w := warning(&found.Warnings[i])
		if w.Rule == linter.RuleUndefinedVar.Name && based(f, w.Lines[0]) {
			unsure = append(unsure, w.Rule)
			continue
		}
		if !slices.Contains(list, w) {
			list = append(list, w)
		}
	}
	slices.SortStableFunc(list, func(a, b Warning) int {
		return cmp.Or(cmp.Compare(a.Lines[0], b.Lines[0]), strings.Compare(a.Rule, b.Rule))
	})
	if slices.ContainsFunc(f.Stages, func(s dockerfile.Stage) bool { return s.Base != "scratch" }) {
		unsure = append(unsure, linter.RuleInvalidBaseImagePlatform.Name)
	}
	slices.Sort(unsure)
	return list, slices.Compact(unsure), nil
}

func warning(w *buildlint.Warning) Warning {
	out := Warning{Rule: w.RuleName, Text: w.Detail, URL: w.URL}
	if w.Location == nil {
		return out
	}
	for _, r := range w.Location.Ranges {
		if first := int(r.Start.GetLine()); out.Lines[0] == 0 || first < out.Lines[0] {
			out.Lines[0] = first
		}
		out.Lines[1] = max(out.Lines[1], int(r.End.GetLine()), out.Lines[0])
	}
	return out
}

// based tells whether a line stands in a stage that goes on from an image: that may set the
// variable.
func based(f *dockerfile.File, line int) bool {
	for n := range f.Stages {
		if st := &f.Stages[n]; st.Lines[0] <= line && line <= st.Lines[1] {
			chain := f.ChainOf(n)
			return len(chain) == 0 || f.Stages[chain[0]].Base != "scratch"
		}
	}
	return true
}

// unknown is a resolver that fetches nothing: each image is of the platform that is asked for,
// and has no variables.
type unknown struct{ p ocispec.Platform }

// ResolveImageConfig implements sourceresolver.ImageMetaResolver.
func (u unknown) ResolveImageConfig(_ context.Context, ref string, opt sourceresolver.Opt) (string, digest.Digest, []byte, error) {
	p := u.p
	if opt.ImageOpt != nil && opt.ImageOpt.Platform != nil {
		p = *opt.ImageOpt.Platform
	}
	b, err := json.Marshal(ocispec.Image{Platform: p, RootFS: ocispec.RootFS{Type: "layers"}})
	return ref, digest.FromBytes(b), b, err
}
