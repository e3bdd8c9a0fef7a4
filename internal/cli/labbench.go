package cli

import (
	"context"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/compare"
	"tare/internal/engine"
	"tare/internal/explain"
	"tare/internal/image"
	"tare/internal/lab"
	"tare/internal/source"
	"tare/internal/store"
)

// firstKind is the kind under which the store remembers the first image with some
// content: builds that differ from it in times only are taken for it.
const firstKind = "lab-first-v1"

// mapParts is how finely the files of an image are divided for pictures.
const mapParts = 3000

// labBench is a lab.Bench of this program's engine and store.
type labBench struct {
	a    *app
	name string // of the experiment
	mu   sync.Mutex
	bump int // made-up bases so far

	bumps []string // their names
}

// labImage is what lab.Obtained.Image holds.
type labImage struct {
	target ocispec.Descriptor
	from   opened
	img    *image.Image
	steps  []engine.Step // of its build
}

// keptName is the name under which a variant's image stays in the store.
func (b *labBench) keptName(v lab.Variant) string {
	clean := func(s string) string {
		s = strings.Map(func(r rune) rune {
			switch {
			case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '.', r == '-', r == '_':
				return r
			case r >= 'A' && r <= 'Z':
				return r + 'a' - 'A'
			}
			return '-'
		}, s)
		if s = strings.Trim(s, ".-_"); s == "" {
			return "x"
		}
		return s
	}
	for strings.Contains(v.Name, "__") {
		v.Name = strings.ReplaceAll(v.Name, "__", "_")
	}
	tag := clean(v.Name)
	return "tare-lab/" + strings.ReplaceAll(clean(b.name), "..", ".") + ":" + tag[:min(len(tag), 100)]
}

// Obtain implements lab.Bench.
func (b *labBench) Obtain(ctx context.Context, v lab.Variant, log io.Writer) (*lab.Obtained, error) {
	if v.Image != "" {
		return b.existing(ctx, v, log)
	}
	return b.build(ctx, v, lab.How{}, log)
}

// keep gives a variant's image its name in the store. The image that had it goes,
// unless it has others.
func (b *labBench) keep(o *lab.Obtained) error {
	target := o.Image.(*labImage).target
	named, err := store.Normalize(b.keptName(o.Variant))
	if err != nil {
		return err
	}
	return b.a.st.Replace(store.Record{Name: named.String(), Target: target, Origin: store.Built})
}

func (b *labBench) existing(ctx context.Context, v lab.Variant, log io.Writer) (*lab.Obtained, error) {
	want, err := b.a.platform(v.Platform)
	if err != nil {
		return nil, err
	}
	begin := time.Now()
	rec, err := b.a.st.Find(ctx, v.Image)
	if err == nil {
		var img *image.Image
		if img, err = image.Load(ctx, b.a.st.Content(), rec.Target, want); err == nil {
			err = fits(v.Image, img, want)
		}
	}
	if err != nil {
		if _, err := b.a.pull(ctx, v.Image, v.Platform, log, false); err != nil {
			return nil, err
		}
		if rec, err = b.a.st.Find(ctx, v.Image); err != nil {
			return nil, err
		}
	}
	img, err := image.Load(ctx, b.a.st.Content(), rec.Target, want)
	if err != nil {
		return nil, err
	}
	o := b.obtained(v, rec.Target, img, source.Packs(rec))
	o.Took = time.Since(begin)
	o.Inputs = []lab.Input{{What: "image", Name: v.Image, Digest: rec.Target.Digest}}
	return o, nil
}

func (b *labBench) obtained(v lab.Variant, target ocispec.Descriptor, img *image.Image, packs func(ocispec.Descriptor) bool) *lab.Obtained {
	if v.Compression == "uncompressed" {
		packs = nil
	}
	return &lab.Obtained{Variant: v, Manifest: img.Manifest.Digest, Platform: platformName(img),
		Image: &labImage{target: target, from: opened{name: v.Name, provider: b.a.st.Content(), target: target, packs: packs}, img: img}}
}

// Run implements lab.Bench.
func (b *labBench) Run(ctx context.Context, o *lab.Obtained, c *lab.Check, stdout, stderr io.Writer) (lab.Ran, error) {
	li := o.Image.(*labImage)
	opt := runOptions{network: "host"}
	for k, v := range c.Env {
		opt.env = append(opt.env, k+"="+v)
	}
	r, err := b.a.request(o.Variant.Name, li.img, nil, opt)
	if err != nil {
		return lab.Ran{}, err
	}
	if len(c.Command) > 0 {
		r.Args = c.Command // the whole command line: what the check says is what runs
	}
	var cost engine.Cost
	r.Stdout, r.Stderr, r.KeepOpen, r.Cost = stdout, stderr, true, &cost
	code, err := b.a.eng.Run(ctx, r)
	return lab.Ran{Exit: code, First: cost.First, Took: cost.Took, Peak: cost.Peak}, err
}

// Compare implements lab.Bench.
func (b *labBench) Compare(ctx context.Context, list []*lab.Obtained, baseline int) (*compare.Result, []*lab.Obtained, error) {
	a := b.a
	subjects, err := b.facts(ctx, list)
	if err != nil {
		return nil, nil, err
	}
	settled, again := make([]*lab.Obtained, len(list)), false
	for n, s := range subjects {
		settled[n] = list[n]
		if li := list[n].Image.(*labImage); list[n].Variant.Image == "" {
			id := digest.FromString(s.Facts.Image.ContentID().String() + " " + list[n].Variant.Compression)
			if first := b.first(ctx, id, list[n]); first != nil {
				settled[n], again = first, true
			} else {
				a.st.Keep(firstKind, id, li.target)
			}
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
		if subjects, err = b.facts(ctx, settled); err != nil {
			return nil, nil, err
		}
	}
	var all []compare.Subject
	for n, s := range subjects {
		m := s.Facts.Map(s.Name, mapParts)
		settled[n].Map = &m
		s.Stages = a.stages(ctx, list[n].Image.(*labImage).target.Digest)
		all = append(all, s.Subject)
	}
	r, err := compare.Compare(all, compare.Options{Baseline: baseline, Pairs: len(all) <= 8})
	if err != nil {
		return nil, nil, err
	}
	r.Sentences = explain.Sentences(r)
	return r, settled, nil
}

// first is the first image with the same content, if it is another one and still here.
func (b *labBench) first(ctx context.Context, id digest.Digest, o *lab.Obtained) *lab.Obtained {
	var target ocispec.Descriptor
	now := o.Image.(*labImage)
	if !b.a.st.Get(firstKind, id, &target) || target.Digest == now.target.Digest {
		return nil
	}
	want, err := b.a.platform(o.Variant.Platform)
	if err != nil {
		return nil
	}
	img, err := image.Load(ctx, b.a.st.Content(), target, want)
	if err != nil {
		return nil
	}
	for _, l := range img.Layers {
		ra, err := b.a.st.Content().ReaderAt(ctx, l.Descriptor)
		if err != nil {
			return nil
		}
		_ = ra.Close()
	}
	out := b.obtained(o.Variant, target, img, now.from.packs)
	out.Took, out.Executed, out.Inputs = o.Took, o.Executed, o.Inputs
	return out
}

func (b *labBench) facts(ctx context.Context, list []*lab.Obtained) ([]subject, error) {
	var loaded []*image.Image
	var from []opened
	for _, o := range list {
		li := o.Image.(*labImage)
		loaded, from = append(loaded, li.img), append(from, li.from)
	}
	return b.a.factsOf(ctx, loaded, from)
}

// Repull implements lab.Bench.
func (b *labBench) Repull(ctx context.Context, from, to *lab.Obtained) (layers int, bytes int64, err error) {
	have, need := from.Image.(*labImage), to.Image.(*labImage)
	if err := b.a.index(ctx, []*image.Image{have.img, need.img}, []opened{have.from, need.from}); err != nil {
		return 0, 0, err
	}
	known := map[digest.Digest]bool{}
	for _, l := range have.img.Push.Layers {
		known[l.Digest] = true
	}
	for _, l := range need.img.Push.Layers {
		if !known[l.Digest] {
			known[l.Digest] = true
			layers++
			bytes += l.Size
		}
	}
	if have.img.ConfigID.Digest != need.img.ConfigID.Digest {
		bytes += need.img.ConfigID.Size
	}
	if have.img.Push.Manifest.Digest != need.img.Push.Manifest.Digest {
		bytes += need.img.Push.Manifest.Size
	}
	return layers, bytes, nil
}
