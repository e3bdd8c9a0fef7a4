package scan

import (
	"context"
	"strings"
	"sync"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/fleet"
	"tare/internal/image"
	"tare/internal/indexes"
	"tare/internal/layer"
	"tare/internal/logs"
)

// keptIndexes are what registries keep beside images, as far as they were asked.
type keptIndexes struct {
	mu     sync.Mutex
	asked  map[int32]*sync.Once // by the position of an image in the plan
	layers map[digest.Digest]bool
}

// from tells whether what is known of a layer is from the index of a registry.
func (k *keptIndexes) from(d digest.Digest) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.layers[d]
}

// mostAsked is of how many images of a layer the registry is asked for an index.
const mostAsked = 3

// attached is what a registry keeps of a layer beside one of its images, where that is trusted; nil if there is nothing. The other
// layers of that image that this shard is to read are kept at once, so that each index is read once.
func (l *layers) attached(ctx context.Context, b *fleet.Blob) (*layer.Index, error) {
	if !l.s.Trust.Any() {
		return nil, nil
	}
	var found *layer.Index
	for _, n := range b.Images[:min(len(b.Images), mostAsked)] {
		l.kept.mu.Lock()
		if l.kept.asked == nil {
			l.kept.asked, l.kept.layers = map[int32]*sync.Once{}, map[digest.Digest]bool{}
		}
		once := l.kept.asked[n]
		if once == nil {
			once = new(sync.Once)
			l.kept.asked[n] = once
		}
		l.kept.mu.Unlock()
		var err error
		once.Do(func() { found, err = l.ask(ctx, &l.work.Plan.Images[n], b) })
		if found != nil || err != nil {
			return found, err
		}
		// Another layer of the image has asked, and all is kept since.
		if l.kept.from(b.Digest) {
			if x, err := l.work.Layer(ctx, b.Digest); err == nil {
				return x, nil
			}
		}
	}
	return nil, nil
}

// ask reads the index of an image, keeps what it says of layers of this shard, and returns what it says of b. Everything in it is held
// against the manifest and the configuration, which are read again and verified.
func (l *layers) ask(ctx context.Context, i *fleet.Image, b *fleet.Blob) (found *layer.Index, err error) {
	name := ""
	for _, n := range i.Names {
		if l.s.Trust.Of(n) {
			name = n
			break
		}
	}
	if name == "" {
		return nil, nil
	}
	repo, _, _ := strings.Cut(name, "@")
	if at := strings.LastIndex(repo, ":"); at > strings.LastIndex(repo, "/") {
		repo = repo[:at]
	}
	p, err := l.provider(ctx, repo)
	if err != nil {
		return nil, nil //nolint:nilerr // the layer is read then, and says why not
	}
	d := ocispec.Descriptor{MediaType: ocispec.MediaTypeImageManifest, Digest: i.Digest, Size: i.ManifestBytes}
	img, err := image.LoadManifest(ctx, p, d, d)
	if err != nil {
		logs.Info("no index of an image that cannot be read", "image", name, "error", err.Error())
		return nil, nil
	}
	r := &indexes.Reader{Trust: l.s.Trust, Registry: l.s.Registry, Note: func(text string) {
		if !strings.Contains(text, "there is none") { // most images of a fleet have none
			l.s.Note(text)
		}
	}}
	known := r.Find(ctx, name, img, nil)
	for _, one := range img.Layers {
		x := known[one.DiffID]
		switch {
		case x == nil || x.Blob != one.Digest:
		case one.Digest == b.Digest:
			found = x
		case l.work.Owns(one.Digest):
			if err := l.work.Keep(ctx, x); err != nil {
				return nil, &outputError{err}
			}
			l.kept.mu.Lock()
			l.kept.layers[one.Digest] = true
			l.kept.mu.Unlock()
		}
	}
	return found, nil
}
