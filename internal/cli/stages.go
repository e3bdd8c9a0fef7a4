package cli

import (
	"context"
	"fmt"
	"io"
	"path/filepath"

	"github.com/opencontainers/go-digest"

	"tare/internal/buildcontext"
	"tare/internal/compare"
	"tare/internal/dockerfile"
	"tare/internal/engine"
	"tare/internal/image"
	"tare/internal/source"
	"tare/internal/weigh"
)

// buildKind is the kind under which the store remembers how an image was built.
const buildKind = "build-v1"

// recipe is how an image was built: enough to build its stages again.
type recipe struct {
	Context    string            `json:"context"`    // absolute
	Dockerfile string            `json:"dockerfile"` // absolute
	Digest     digest.Digest     `json:"digest"`     // of the Dockerfile
	Target     string            `json:"target,omitempty"`
	Args       map[string]string `json:"args,omitempty"`
	Platforms  []string          `json:"platforms,omitempty"`
	Contexts   map[string]string `json:"contexts,omitempty"`
}

// remember notes how an image was built, if that can be repeated. Failure costs no
// more than a sentence later.
func (a *app) remember(b engine.Build, out *engine.Built) {
	if out == nil || out.Target.Digest == "" || !isDir(b.Context) || b.Dockerfile == "-" || len(b.Secrets)+len(b.SSH) > 0 {
		return
	}
	file := b.Dockerfile
	if file == "" {
		file = filepath.Join(b.Context, "Dockerfile")
	}
	body, err := buildcontext.ReadDockerfile(file)
	if err != nil {
		return
	}
	r := recipe{Digest: digest.FromBytes(body), Target: b.Target, Args: b.Args, Platforms: b.Platforms, Contexts: b.Contexts}
	if r.Context, err = filepath.Abs(b.Context); err != nil {
		return
	}
	if r.Dockerfile, err = filepath.Abs(file); err != nil {
		return
	}
	if st, err := a.store(); err == nil {
		st.Keep(buildKind, out.Target.Digest, r)
	}
}

// behind are the stages of the recipe's Dockerfile that stay behind. It is nil if the
// Dockerfile is not as it was.
func (r *recipe) behind() (names []string) {
	body, err := buildcontext.ReadDockerfile(r.Dockerfile)
	if err != nil || digest.FromBytes(body) != r.Digest || !isDir(r.Context) {
		return nil
	}
	f, err := dockerfile.Parse(body)
	if err != nil {
		return nil
	}
	for _, s := range f.Behind(r.Target) {
		names = append(names, s.Name)
	}
	return names
}

// enterForStages enters the engine's world before anything is read if stages of one of
// the targets may have to be built: without root this program runs anew for that, and
// standard input can be read once. Where it cannot be entered, stages says so later.
func (a *app) enterForStages(ctx context.Context, targets []string) {
	st, err := a.store()
	if err != nil || !st.Kept(buildKind) {
		return
	}
	for _, t := range targets {
		var r recipe
		// What an archive or another store has is known only when it has been read.
		if scheme, _, err := source.Scheme(t); err == nil && scheme == "" && source.Recognise(t) == "" {
			rec, err := st.Find(ctx, t)
			if err != nil || !st.Get(buildKind, rec.Target.Digest, &r) || len(r.behind()) == 0 {
				continue
			}
		}
		_ = a.enter()
		return
	}
}

// stages builds the stages that stayed behind when an image was built, and says what
// is in them. Most of that comes from the build cache. An image of unknown origin has
// none; a stage that cannot be built is a note.
func (a *app) stages(ctx context.Context, target digest.Digest) []compare.Stage {
	var r recipe
	if a.st == nil || !a.st.Get(buildKind, target, &r) {
		return nil
	}
	var out []compare.Stage
	for _, name := range r.behind() {
		s, err := a.stage(ctx, r, name)
		if err != nil {
			a.note(fmt.Sprintf("stage %s of %s is left out: %v", name, r.Dockerfile, err))
			return nil
		}
		out = append(out, s)
	}
	return out
}

func (a *app) stage(ctx context.Context, r recipe, name string) (compare.Stage, error) {
	s := compare.Stage{Name: name}
	if err := a.enter(); err != nil {
		return s, err
	}
	e, err := a.engine(ctx, 0)
	if err != nil {
		return s, err
	}
	req := engine.Build{Context: r.Context, Dockerfile: r.Dockerfile, Target: name, Args: r.Args, Platforms: r.Platforms, Contexts: r.Contexts,
		Progress: "quiet", Stdout: io.Discard, Stderr: a.Err}
	if err := a.unlisted(ctx, &req); err != nil {
		return s, err
	}
	built, err := e.Build(ctx, req)
	if err != nil {
		return s, err
	}
	want, err := a.platform(first(r.Platforms))
	if err != nil {
		return s, err
	}
	img, err := image.Load(ctx, a.st.Content(), built.Target, want)
	if err != nil {
		return s, err
	}
	if err := a.index(ctx, []*image.Image{img}, []opened{{name: name, provider: a.st.Content()}}); err != nil {
		return s, err
	}
	s.Facts, err = weigh.New(img)
	return s, err
}

func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}
