package strata

import (
	"cmp"
	"encoding/json"
	"errors"
	"slices"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/advice"
	"tare/internal/image"
	"tare/internal/layer"
	"tare/internal/tree"
	"tare/internal/units"
	"tare/internal/weigh"
)

// facts weighs one image of a plan. found are blobs that were scanned, by layer.
func (f *fleetOf) facts(n int, layers Layers, found []digest.Digest) (*weigh.Facts, error) {
	p := &f.plan.Images[n]
	img := &image.Image{Manifest: ocispec.Descriptor{Digest: p.Digest, Size: p.ManifestBytes}, ConfigID: ocispec.Descriptor{Digest: p.Config, Size: p.ConfigBytes}}
	img.Target, img.Push = img.Manifest, &image.Pushed{Manifest: img.Manifest}
	raw, err := layers.Config(p.Config)
	switch {
	case err == nil:
		if err := json.Unmarshal(raw, &img.Config); err != nil {
			return nil, err
		}
		img.Raw = raw
	case !errors.Is(err, ErrNotScanned):
		return nil, err
	}
	img.History = image.Steps(img.Config.History, len(p.Layers))
	for k := range p.Layers {
		l := &p.Layers[k]
		x, err := layers.Layer(l.Digest)
		if errors.Is(err, ErrNotScanned) { // the same layer was scanned in another blob
			x, err = layers.Layer(found[f.members[n].diffs[k]])
		}
		if err != nil {
			return nil, err
		}
		d := ocispec.Descriptor{Digest: l.Digest, Size: l.Bytes, MediaType: l.MediaType}
		at := image.Layer{Descriptor: d, DiffID: x.DiffID, Sums: &x.Sums, Index: x}
		from := image.SentStored
		if x.Blob == l.Digest && x.Transfer == l.Bytes {
			at.Shares = x.Shares()
		} else {
			from = image.SentUnknown // the layer was read from another blob: how this one divides is not known
		}
		img.Layers = append(img.Layers, at)
		img.Push.Layers, img.Push.From = append(img.Push.Layers, d), append(img.Push.From, from)
	}
	return weigh.New(img)
}

// weighing is what all images come to, image by image.
type weighing struct {
	f       *fleetOf
	r       *Result
	waste   Waste
	left    []int32  // images that have the layer and were not weighed yet
	shown   [][]bool // entries of a layer that an image shows; nil where no image with it was weighed yet
	rules   map[string]*Finding
	costs   map[string]map[digest.Digest]int64 // by rule
	most    map[string]int64
	secrets map[string]*Secret
	order   []string // of secrets
}

// mostCached bounds the indexes of layers that are kept decoded while images are weighed that begin alike, in bytes.
const mostCached = 64 << 20

// weigh weighs every image of which all layers were scanned, those that begin with the same layers one after the other.
func (f *fleetOf) weigh(in *Input, r *Result, images []Largest, found []digest.Digest) error {
	w := &weighing{f: f, r: r, left: make([]int32, len(f.diffs)), shown: make([][]bool, len(f.diffs)), rules: map[string]*Finding{},
		costs: map[string]map[digest.Digest]int64{}, most: map[string]int64{}, secrets: map[string]*Secret{}}
	for n := range f.diffs {
		w.left[n] = f.diffs[n].users
	}
	cache := &cached{from: in.Layers, most: mostCached, list: map[digest.Digest]*kept{}}
	place := make([]int32, len(images))
	for i := range images {
		place[images[i].index] = int32(i)
	}
	for done, n := range f.trie().order {
		in.step("Weighing images", done+1, len(f.members))
		m := &f.members[n]
		if slices.ContainsFunc(m.diffs, func(d int32) bool { return found[d] == "" }) {
			continue
		}
		facts, err := f.facts(int(n), cache, found)
		if err != nil {
			if canceled(err) {
				return err
			}
			f.problem("%s: not weighed: %v", f.name(int(n)), err)
			r.Problems = append(r.Problems[:0], f.problems...)
			continue
		}
		r.Scanned.Images++
		images[place[n]].Waste = units.Known(facts.Sizes.Waste)
		w.image(int(n), facts)
		if in.Sink != nil {
			if err := in.Sink.Image(int(n), facts); err != nil {
				return err
			}
		}
	}
	if r.Scanned.Images == len(f.members) {
		r.Waste = &w.waste
	}
	w.lists(in.Top)
	return nil
}

// canceled tells whether no more is to be read.
func canceled(err error) bool {
	var stop interface{ Canceled() bool }
	return errors.As(err, &stop) && stop.Canceled()
}

// image takes an image that was weighed.
func (w *weighing) image(n int, x *weigh.Facts) {
	w.waste.Separately += x.Sizes.Waste
	w.see(n, x)
	list, _ := advice.Of(advice.Built(x, nil))
	seen, counted := map[string]bool{}, map[string]map[digest.Digest]int64{}
	for i := range list {
		a := &list[i]
		diff := digest.Digest("")
		if a.Layer > 0 {
			diff = x.Image.Layers[a.Layer-1].DiffID
		}
		if a.Rule == weigh.SecretFile {
			w.secret(n, x, a, diff)
		}
		if a.Small {
			continue
		}
		q := w.rules[a.Rule]
		if q == nil {
			q = &Finding{Rule: a.Rule, Title: a.Title, Severity: a.Severity}
			w.rules[a.Rule], w.costs[a.Rule] = q, map[digest.Digest]int64{}
		}
		if !seen[a.Rule] {
			seen[a.Rule] = true
			q.Images++
		}
		if counted[a.Rule] == nil {
			counted[a.Rule] = map[digest.Digest]int64{}
		}
		counted[a.Rule][diff] += a.Tar
		if q.Example == "" || a.Tar > w.most[a.Rule] {
			q.Example, q.Text, w.most[a.Rule] = w.f.name(n), a.Text, a.Tar
		}
	}
	for rule, layers := range counted {
		for d, tar := range layers {
			w.costs[rule][d] = max(w.costs[rule][d], tar)
		}
	}
}

// see notes which entries of its layers an image shows. When the last image with a layer was seen, what none has shown is waste together.
func (w *weighing) see(n int, x *weigh.Facts) {
	diffs := w.f.members[n].diffs
	for k, d := range diffs {
		index := x.Image.Layers[k].Index
		if w.shown[d] == nil {
			w.shown[d] = make([]bool, len(index.List))
		}
		for i := range x.Tree.Lists[k] {
			ref := tree.Ref{Layer: int32(k), Entry: int32(i)}
			if x.Tree.Bytes(ref).Class == tree.Live {
				w.shown[d][x.Tree.Place(ref)] = true
			}
		}
	}
	for k, d := range diffs {
		if slices.Contains(diffs[:k], d) {
			continue
		}
		if w.left[d]--; w.left[d] > 0 {
			continue
		}
		index := x.Image.Layers[k].Index
		for i := range index.List {
			if e := &index.List[i]; e.Kind == layer.File && !w.shown[d][i] {
				w.waste.Together += e.Size
			}
		}
		w.shown[d] = nil
	}
}

// secret takes a finding about secrets: one for all images that have the layer.
func (w *weighing) secret(n int, x *weigh.Facts, a *weigh.Finding, diff digest.Digest) {
	hidden := 0
	for _, p := range a.Paths {
		if r, ok := x.Tree.At(p, len(x.Tree.Lists)-1); a.Layer > 0 && (!ok || int(r.Layer) != a.Layer-1) {
			hidden++
		}
	}
	key := string(diff) + "\x00" + string(a.Severity)
	for _, p := range a.Paths {
		key += "\x00" + p
	}
	if len(a.Paths) == 0 {
		key += "\x00" + a.Text
	}
	s := w.secrets[key]
	if s == nil {
		s = &Secret{DiffID: diff, Severity: a.Severity, Text: a.Text, Paths: append([]string{}, a.Paths...), Hidden: hidden, Example: w.f.name(n)}
		w.secrets[key] = s
		w.order = append(w.order, key)
	}
	s.Images++
	if hidden < s.Hidden { // this image shows more of them
		s.Hidden, s.Text, s.Example = hidden, a.Text, w.f.name(n)
	}
}

// lists puts findings and secrets into the result.
func (w *weighing) lists(most int) {
	for rule, q := range w.rules {
		for _, tar := range w.costs[rule] {
			q.Layers++
			q.Tar += tar
		}
		w.r.Findings = append(w.r.Findings, *q)
	}
	slices.SortFunc(w.r.Findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(b.Tar, a.Tar), cmp.Compare(b.Images, a.Images), cmp.Compare(a.Rule, b.Rule))
	})
	for _, key := range w.order {
		w.r.Secrets = append(w.r.Secrets, *w.secrets[key])
	}
	slices.SortStableFunc(w.r.Secrets, func(a, b Secret) int {
		bad := func(s *Secret) int {
			if s.Severity == weigh.Secret {
				return 1
			}
			return 0
		}
		return cmp.Or(bad(&b)-bad(&a), cmp.Compare(b.Images, a.Images), cmp.Compare(a.DiffID, b.DiffID), cmp.Compare(a.Text, b.Text))
	})
	w.r.Findings = top(w.r.Findings, most)
}

// kept is an index that was decoded.
type kept struct {
	x     *layer.Index
	bytes int64
	used  int
}

// cached keeps decoded indexes of layers, those that were used last, in bounded memory.
type cached struct {
	from  Layers
	most  int64
	bytes int64
	now   int
	list  map[digest.Digest]*kept
}

// Layer implements Layers.
func (c *cached) Layer(d digest.Digest) (*layer.Index, error) {
	c.now++
	if k := c.list[d]; k != nil {
		k.used = c.now
		return k.x, nil
	}
	x, err := c.from.Layer(d)
	if err != nil {
		return nil, err
	}
	k := &kept{x: x, bytes: memory(x), used: c.now}
	c.list[d] = k
	for c.bytes += k.bytes; c.bytes > c.most && len(c.list) > 1; {
		var oldest digest.Digest
		for d, k := range c.list {
			if oldest == "" || k.used < c.list[oldest].used {
				oldest = d
			}
		}
		c.bytes -= c.list[oldest].bytes
		delete(c.list, oldest)
	}
	return x, nil
}

// Config implements Layers.
func (c *cached) Config(d digest.Digest) ([]byte, error) { return c.from.Config(d) }

// memory is about how much an index takes, in bytes.
func memory(x *layer.Index) (n int64) {
	n = 4 << 10
	for i := range x.List {
		n += 88 + int64(len(x.List[i].Path)+len(x.List[i].Link()))
	}
	for _, files := range []map[string][]byte{x.Kept, x.Derived} {
		for _, b := range files {
			n += int64(len(b)) + 64
		}
	}
	return n
}
