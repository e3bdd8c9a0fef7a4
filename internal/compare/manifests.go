package compare

import (
	"github.com/containerd/platforms"

	"tare/internal/image"
	"tare/internal/units"
)

// RemoteSchema names the form of Remote as JSON.
const RemoteSchema = "tare.remote/v1"

// Remote is what manifests and configurations alone tell of images.
type Remote struct {
	Schema   string        `json:"schema"`
	Baseline string        `json:"baseline"`
	Images   []RemoteImage `json:"images"`
	Missing  []string      `json:"missing"`  // measures that need the layers
	Together units.Amount  `json:"together"` // bytes of all blobs, each once
	Base     int           `json:"-"`        // index of the baseline
}

// RemoteImage is one image of a Remote.
type RemoteImage struct {
	Name        string        `json:"name"`
	Manifest    string        `json:"manifest"`
	Platform    string        `json:"platform"`
	Transfer    units.Amount  `json:"transfer"`
	Layers      int           `json:"layers"`
	EmptyLayers int           `json:"emptyLayers"`
	Created     string        `json:"created,omitempty"`
	Blobs       []RemoteLayer `json:"blobs"`
	Shared      units.Amount  `json:"-"` // bytes of layers that others of the set have as well
}

// RemoteLayer is one layer blob and the instruction that made it.
type RemoteLayer struct {
	Digest      string       `json:"digest"`
	Transfer    units.Amount `json:"transfer"` // not known of layers that are compressed on the way out
	Instruction string       `json:"instruction"`
	SharedWith  int          `json:"sharedWith"` // other images of the set that have it
}

// needLayers are the measures that a manifest does not tell.
var needLayers = []string{"tar", "files", "overhead", "live", "waste", "duplicate", "disk", "docker", "docker-containerd", "packages", "base"}

// Manifests sets images side by side by what their manifests and configurations say.
// base is the index of the baseline. Images without a Push are sent as they are stored.
func Manifests(names []string, images []*image.Image, base int) *Remote {
	out := &Remote{Schema: RemoteSchema, Baseline: names[base], Base: base, Missing: needLayers}
	have := map[string]int{}
	for n, img := range images {
		r := RemoteImage{Name: names[n], Manifest: img.Manifest.Digest.String(), Platform: platforms.Format(img.Platform()), Layers: len(img.Layers),
			Blobs: []RemoteLayer{}}
		sent := img.Push
		if sent == nil {
			sent = &image.Pushed{Manifest: img.Manifest, Layers: img.Stored()}
		}
		r.Transfer = units.Known(sent.Manifest.Size + img.ConfigID.Size)
		if c := img.Created(); !c.IsZero() {
			r.Created = c.UTC().Format("2006-01-02T15:04:05Z")
		}
		own := map[string]bool{}
		for k, l := range sent.Layers {
			d, size := l.Digest.String(), sent.Size(k)
			r.Blobs = append(r.Blobs, RemoteLayer{Digest: d, Transfer: size, Instruction: img.StepOf(k).Instruction()})
			if own[d] {
				continue
			}
			own[d] = true
			r.Transfer = r.Transfer.Plus(size)
			if have[d] == 0 {
				out.Together = out.Together.Plus(size)
			}
			have[d]++
		}
		for _, h := range img.History {
			if h.Layer < 0 {
				r.EmptyLayers++
			}
		}
		out.Images = append(out.Images, r)
	}
	for i := range out.Images {
		r := &out.Images[i]
		for k := range r.Blobs {
			l := &r.Blobs[k]
			if l.SharedWith = have[l.Digest] - 1; l.SharedWith > 0 {
				r.Shared = r.Shared.Plus(l.Transfer)
			}
		}
	}
	return out
}
