package bench

import (
	"context"
	"io"
	"sync"
	"time"

	"github.com/containerd/platforms"
	"github.com/opencontainers/go-digest"

	"tare/internal/compare"
	"tare/internal/engine"
	"tare/internal/exercise"
	"tare/internal/experiment"
	"tare/internal/explain"
	"tare/internal/lab"
	"tare/internal/runner"
	"tare/internal/store"
	"tare/internal/target"
	"tare/internal/weigh"
)

// MapParts is how finely the files of an image are divided for pictures.
const MapParts = 3000

// Lab is a lab.Bench: the bench of one experiment.
type Lab struct {
	*Bench
	// Images are the names under which the images of variants stay in the store.
	Images map[string]string
	// Material is how much a sentence must be about; the zero value means all.
	Material explain.Material

	mu    sync.Mutex
	bumps []string // names of made-up bases
	sweep sweeping
}

var _ lab.Bench = (*Lab)(nil)

// arguments are what makes a command look at a variant's image.
func (b *Lab) arguments(v experiment.Variant) []string {
	switch {
	case v.Image == "":
		return []string{b.Images[v.Name]}
	case v.Platform != "":
		return []string{"--platform", v.Platform, v.Image}
	}
	return []string{v.Image}
}

// Obtain implements lab.Bench.
func (b *Lab) Obtain(ctx context.Context, v experiment.Variant, log io.Writer) (*lab.Obtained, error) {
	if v.Image != "" {
		return b.existing(ctx, v, log)
	}
	return b.build(ctx, v, lab.How{}, log)
}

// keep gives a variant's image its name in the store. The image that had it goes,
// unless it has others.
func (b *Lab) keep(o *lab.Obtained) error {
	st, err := b.Store()
	if err != nil {
		return err
	}
	named, err := store.Normalize(b.Images[o.Variant.Name])
	if err != nil {
		return err
	}
	return st.Replace(store.Record{Name: named.String(), Target: o.Image.Target, Origin: store.Built})
}

func (b *Lab) existing(ctx context.Context, v experiment.Variant, log io.Writer) (*lab.Obtained, error) {
	begin := time.Now()
	img, err := b.Finder.Obtain(ctx, v.Image, b.platform(v), log)
	if err != nil {
		return nil, err
	}
	o := b.obtained(v, img)
	o.Took = time.Since(begin)
	o.Inputs = []experiment.Input{{What: "image", Name: v.Image, Digest: img.Target.Digest}}
	return o, nil
}

func (b *Lab) platform(v experiment.Variant) string {
	if v.Platform != "" {
		return v.Platform
	}
	return b.Platform
}

func (b *Lab) obtained(v experiment.Variant, img *target.Image) *lab.Obtained {
	own := img.Under(v.Name, v.Compression == "uncompressed")
	return &lab.Obtained{Variant: v, Manifest: img.Manifest.Digest, Platform: platforms.Format(img.Platform()), Image: own}
}

// Run implements lab.Bench.
func (b *Lab) Run(ctx context.Context, o *lab.Obtained, c *experiment.Check, stdout, stderr io.Writer) (lab.Ran, error) {
	return b.Check(ctx, o.Image.Under(o.Variant.Name, false), c, nil, stdout, stderr)
}

// Check runs a check's command in a container of an image in the store, under a watch if
// there is one.
func (b *Bench) Check(ctx context.Context, img *target.Image, c *experiment.Check, watch *engine.Watch, stdout, stderr io.Writer) (lab.Ran, error) {
	// The whole command line is the check's, if it has one: what it says is what runs.
	opt := runner.Options{Network: "host", EntrypointSet: len(c.Command) > 0}
	for k, v := range c.Env {
		opt.Env = append(opt.Env, k+"="+v)
	}
	r, err := runner.Spec(img.Name, img.Image, c.Command, opt)
	if err != nil {
		return lab.Ran{}, err
	}
	r.Stdout, r.Stderr, r.Watch = stdout, stderr, watch
	return b.Measured(ctx, r)
}

// Measured runs a container, and leaves the engine open.
func (b *Bench) Measured(ctx context.Context, r engine.Run) (lab.Ran, error) {
	e, err := b.Engine(ctx)
	if err != nil {
		return lab.Ran{}, err
	}
	var cost engine.Cost
	r.KeepOpen, r.Cost = true, &cost
	code, err := e.Run(ctx, r)
	return lab.Ran{Exit: code, First: cost.First, Took: cost.Took, Peak: cost.Peak}, err
}

// Compare implements lab.Bench.
func (b *Lab) Compare(ctx context.Context, list []*lab.Obtained, baseline int) (*compare.Result, []*lab.Obtained, error) {
	facts, err := b.Finder.Facts(ctx, imagesOf(list))
	if err != nil {
		return nil, nil, err
	}
	settled, again := make([]*lab.Obtained, len(list)), false
	for n, f := range facts {
		settled[n] = list[n]
		if list[n].Variant.Image != "" {
			continue
		}
		id := digest.FromString(f.Image.ContentID().String() + " " + list[n].Variant.Compression)
		if first := b.first(ctx, id, list[n]); first != nil {
			settled[n], again = first, true
		} else {
			b.Book().NoteFirst(id, list[n].Image.Target)
		}
	}
	for _, o := range settled {
		if o.Variant.Image == "" {
			if err := b.keep(o); err != nil {
				return nil, nil, err
			}
		}
	}
	if again {
		if facts, err = b.Finder.Facts(ctx, imagesOf(settled)); err != nil {
			return nil, nil, err
		}
	}
	var all []compare.Subject
	for n, f := range facts {
		o := weigh.MapOptions{Parts: MapParts}
		if n != baseline {
			o.Against, o.Name = facts[baseline], list[baseline].Variant.Name
		}
		m := f.Map(list[n].Variant.Name, o)
		settled[n].Map = &m
		s := compare.Subject{Name: list[n].Variant.Name, Target: b.arguments(list[n].Variant), Facts: f, Stages: b.Stages(ctx, list[n].Image.Target.Digest)}
		s.Dockerfile, s.Lines = b.Lines(list[n].Image.Target.Digest)
		all = append(all, s)
	}
	r, err := compare.Compare(all, compare.Options{Baseline: baseline, Pairs: len(all) <= 8, Findings: true})
	if err != nil {
		return nil, nil, err
	}
	r.Sentences, r.Course = explain.Sentences(r, b.Material), exercise.Sentences(r, b.Material)
	return r, settled, nil
}

func imagesOf(list []*lab.Obtained) []*target.Image {
	var out []*target.Image
	for _, o := range list {
		out = append(out, o.Image)
	}
	return out
}

// first is the first image with the same content, if it is another one and still here.
func (b *Lab) first(ctx context.Context, id digest.Digest, o *lab.Obtained) *lab.Obtained {
	before, ok := b.Book().First(id)
	if !ok || before.Digest == o.Image.Target.Digest {
		return nil
	}
	img, err := b.Load(ctx, o.Variant.Name, &engine.Built{Target: before}, engine.Build{Platforms: b.platforms(o.Variant)})
	if err != nil {
		return nil
	}
	st, err := b.Store()
	if err != nil {
		return nil
	}
	for _, l := range img.Layers {
		ra, err := st.Content().ReaderAt(ctx, l.Descriptor)
		if err != nil {
			return nil
		}
		_ = ra.Close()
	}
	out := b.obtained(o.Variant, img)
	out.Took, out.Executed, out.Inputs = o.Took, o.Executed, o.Inputs
	return out
}

// Repull implements lab.Bench.
func (b *Lab) Repull(ctx context.Context, from, to *lab.Obtained) (layers int, bytes int64, err error) {
	return b.Bench.Repull(ctx, from.Image, to.Image)
}

// platforms is what a variant is built for.
func (b *Lab) platforms(v experiment.Variant) []string {
	if p := b.platform(v); p != "" {
		return []string{p}
	}
	return nil
}
