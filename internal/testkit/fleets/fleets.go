// Package fleets makes fleets of images up: plans and the indexes of their layers, from a seed, without a registry.
package fleets

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/fleet"
	"tare/internal/image"
	"tare/internal/layer"
	"tare/internal/store"
)

// Options say what a fleet is like.
type Options struct {
	Seed   uint64
	Images int
	Layers int // of an image
	Bases  int // what images are built on; the most used one by far the most often (Zipf)
	Nodes  int
	Files  int // of a layer, on the average
}

// Fleet is a fleet that was made up.
type Fleet struct {
	*fleet.Plan
	layers  map[digest.Digest]fleet.Layer
	configs map[digest.Digest][]byte
	files   int
}

// Make makes a fleet up: a quarter of the layers of an image are of a distribution, a quarter of a runtime on it, and the rest its own or
// its team's. Some images have several tags, some no date, some name their base.
func Make(o Options) *Fleet {
	r := rand.New(rand.NewPCG(o.Seed, 20))
	f := &Fleet{Plan: &fleet.Plan{Schema: fleet.PlanSchema, Sources: []string{"registry.example/**"}}, layers: map[digest.Digest]fleet.Layer{}, configs: map[digest.Digest][]byte{}, files: max(1, o.Files)}
	zipf := rand.NewZipf(r, 1.3, 1, uint64(max(1, o.Bases)-1))
	quarter := max(1, o.Layers/4)
	for n := range o.Images {
		base, runtime, team := zipf.Uint64(), r.IntN(4), r.IntN(10)
		var names []string
		for k := range o.Layers {
			switch {
			case k < quarter:
				names = append(names, fmt.Sprintf("base %d layer %d", base, k))
			case k < 2*quarter:
				names = append(names, fmt.Sprintf("base %d runtime %d layer %d", base, runtime, k))
			case k == 2*quarter && r.IntN(2) == 0:
				names = append(names, fmt.Sprintf("base %d runtime %d team %d", base, runtime, team))
			case k == o.Layers-1 && r.IntN(50) == 0:
				names = append(names, fmt.Sprintf("base %d layer 0", base)) // a layer that stands in an image twice
			default:
				names = append(names, fmt.Sprintf("image %d layer %d", n, k))
			}
		}
		f.add(r, n, names, fmt.Sprintf("registry%d.example/team%d/app%d", r.IntN(8)/7, team, n), base)
	}
	for b := range o.Bases / 2 { // half of the bases are in the fleet themselves
		var names []string
		for k := range quarter {
			names = append(names, fmt.Sprintf("base %d layer %d", b, k))
		}
		f.add(r, o.Images+b, names, fmt.Sprintf("registry0.example/base/os%d", b), 1<<62)
	}
	slices.SortFunc(f.Images, func(a, b fleet.Image) int { return strings.Compare(string(a.Digest), string(b.Digest)) })
	for n := range o.Nodes {
		node := fleet.Node{Name: fmt.Sprintf("node-%03d", n)}
		for i := range f.Images {
			if r.IntN(max(1, o.Nodes)) == 0 {
				node.Images = append(node.Images, f.Images[i].Digest)
			}
		}
		f.Plan.Nodes = append(f.Plan.Nodes, node)
	}
	return f
}

// add adds an image with layers of these names.
func (f *Fleet) add(r *rand.Rand, n int, layers []string, name string, base uint64) {
	img := fleet.Image{Digest: digest.FromString(fmt.Sprint("manifest ", n)), Platform: "linux/amd64", Names: []string{name + ":1"}}
	for k := range r.IntN(3) {
		img.Names = append(img.Names, fmt.Sprint(name, ":", k+2))
	}
	if r.IntN(10) > 0 {
		t := time.Date(2022+r.IntN(4), time.Month(1+r.IntN(12)), 1+r.IntN(28), 12, 0, 0, 0, time.UTC)
		if r.IntN(40) == 0 {
			t = time.Unix(0, 0).UTC()
		}
		img.Created = &t
	}
	if r.IntN(4) == 0 && base < 1<<61 {
		img.BaseName = fmt.Sprintf("registry0.example/base/os%d:1", base)
	}
	config := ocispec.Image{Created: img.Created, Platform: ocispec.Platform{OS: "linux", Architecture: "amd64"}, RootFS: ocispec.RootFS{Type: "layers"}}
	config.Config.Env = []string{fmt.Sprint("IMAGE=", n)}
	for _, name := range layers {
		l := fleet.Layer{Digest: digest.FromString("blob " + name), DiffID: digest.FromString("tar " + name), MediaType: ocispec.MediaTypeImageLayerGzip}
		l.Bytes = int64(1000 + binary.BigEndian.Uint32([]byte(l.Digest.Encoded()[:4]))%50_000_000)
		f.layers[l.Digest] = l
		img.Layers = append(img.Layers, l)
		config.RootFS.DiffIDs = append(config.RootFS.DiffIDs, l.DiffID)
		config.History = append(config.History, ocispec.History{CreatedBy: "RUN make " + name})
	}
	raw, err := json.Marshal(config)
	if err != nil {
		panic(err) // it holds strings and numbers
	}
	img.Config, img.ConfigBytes, img.ManifestBytes = digest.FromBytes(raw), int64(len(raw)), int64(400+150*len(layers))
	f.configs[img.Config] = raw
	f.Images = append(f.Images, img)
}

// Config is the configuration of an image; ok is false for others.
func (f *Fleet) Config(d digest.Digest) (raw []byte, ok bool) {
	raw, ok = f.configs[d]
	return raw, ok
}

// Layer is the index of a layer by the digest of its blob, the same each time; ok is false for others.
func (f *Fleet) Layer(blob digest.Digest) (x *layer.Index, ok bool) {
	l, ok := f.layers[blob]
	if !ok {
		return nil, false
	}
	return Index(l, f.files), true
}

// Index makes up what is in a layer, with so many files on the average; the same each time.
func Index(l fleet.Layer, files int) *layer.Index {
	seed := binary.BigEndian.Uint64([]byte(l.Digest.Encoded()[:8]))
	r := rand.New(rand.NewPCG(seed, 21))
	x := &layer.Index{Sums: layer.Sums{Blob: l.Digest, DiffID: l.DiffID, Compression: layer.Gzip, Transfer: l.Bytes}, Trailer: 1024}
	paths := map[string]bool{}
	for range 1 + r.IntN(2*files) {
		paths[fmt.Sprintf("usr/lib/d%02d/f%d", r.IntN(20), r.IntN(40*files))] = true
	}
	for p := range paths {
		x.List = append(x.List, layer.Entry{Path: p})
	}
	slices.SortFunc(x.List, func(a, b layer.Entry) int { return layer.ComparePaths(a.Path, b.Path) })
	at := int64(0)
	for i := range x.List {
		e := &x.List[i]
		content := r.Uint64() >> 8
		if r.IntN(3) == 0 {
			content %= uint64(1000 * files) // a third of the contents stand in several layers
		}
		e.Kind, e.Mode, e.Size = layer.File, 0o644, int64(content%1_000_003*7919%100_000)
		binary.BigEndian.PutUint64(e.Sum[:8], content*0x9e3779b97f4a7c15)
		binary.BigEndian.PutUint64(e.Sum[8:], content)
		e.Offset, e.Span = at, 512+(e.Size+511)/512*512
		at += e.Span
		x.Files += e.Size
	}
	x.Tar, x.Entries, x.Docker = at+x.Trailer, int64(len(x.List)), x.Files
	x.List[0].Share, x.Disk = l.Bytes-int64(len(x.List)), x.Files
	for i := range x.List[1:] {
		x.List[i+1].Share = 1
	}
	x.TrailerShare = 1
	return x
}

// Write writes the fleet as the results of a scan: the plan, and what is known of each layer but those that are left out.
func (f *Fleet) Write(ctx context.Context, to fleet.Keeper, leaveOut func(digest.Digest) bool) error {
	raw, err := f.Encode()
	if err != nil {
		return err
	}
	if err := to.Write(ctx, fleet.PlanName, raw); err != nil {
		return err
	}
	for d := range f.layers {
		if leaveOut != nil && leaveOut(d) {
			continue
		}
		x, _ := f.Layer(d)
		b, err := layer.Encode(x)
		if err != nil {
			return err
		}
		if err := to.Write(ctx, fleet.LayerName(d), store.Seal(image.IndexKind(), d, b)); err != nil {
			return err
		}
	}
	return nil
}
