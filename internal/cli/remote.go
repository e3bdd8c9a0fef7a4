package cli

import (
	"context"
	"fmt"

	"github.com/containerd/platforms"

	"tare/internal/image"
	"tare/internal/report"
	"tare/internal/source"
)

// remoteSchema names the form of remoteComparison as JSON.
const remoteSchema = "tare.remote/v1"

// remoteComparison is what manifests and configurations tell of images.
type remoteComparison struct {
	Schema   string        `json:"schema"`
	Baseline string        `json:"baseline"`
	Images   []remoteImage `json:"images"`
	Missing  []string      `json:"missing"` // measures that need the layers
	Together int64         `json:"together"`
	blobs    map[string]int64
}

// remoteImage is one image of a remoteComparison.
type remoteImage struct {
	Name        string        `json:"name"`
	Manifest    string        `json:"manifest"`
	Platform    string        `json:"platform"`
	Transfer    int64         `json:"transfer"`
	Layers      int           `json:"layers"`
	EmptyLayers int           `json:"emptyLayers"`
	Created     string        `json:"created,omitempty"`
	Blobs       []remoteLayer `json:"blobs"`
}

// remoteLayer is one layer blob and the instruction that made it.
type remoteLayer struct {
	Digest      string `json:"digest"`
	Transfer    int64  `json:"transfer"`
	Instruction string `json:"instruction"`
	SharedWith  int    `json:"sharedWith"` // other images of the set that have it
}

// needLayers are the measures that a manifest does not tell.
var needLayers = []string{"tar", "files", "overhead", "live", "waste", "duplicate", "disk", "docker", "docker-containerd", "packages", "base"}

// compareRemote sets images side by side by what their manifests and configurations
// say, a few kilobytes each. Names without a scheme mean the registry, too.
func (a *app) compareRemote(ctx context.Context, targets []string, base int, o compareOptions) error {
	out := &remoteComparison{Schema: remoteSchema, Baseline: targets[base], Missing: needLayers, blobs: map[string]int64{}}
	have := map[string]int{}
	for _, t := range targets {
		imgs, names, done, err := a.manifests(ctx, t, o.platform, o.allPlatforms, true)
		if err != nil {
			return fmt.Errorf("compare --remote %s: %w", t, err)
		}
		defer done()
		for n, img := range imgs {
			r := remoteImage{Name: names[n], Manifest: img.Manifest.Digest.String(), Platform: platforms.Format(img.Platform()), Layers: len(img.Layers),
				Transfer: img.Manifest.Size + img.ConfigID.Size, Blobs: []remoteLayer{}}
			if c := img.Created(); !c.IsZero() {
				r.Created = c.UTC().Format("2006-01-02T15:04:05Z")
			}
			own := map[string]bool{}
			for k, l := range img.Layers {
				d := l.Digest.String()
				r.Blobs = append(r.Blobs, remoteLayer{Digest: d, Transfer: l.Size, Instruction: img.StepOf(k).Instruction()})
				if !own[d] {
					own[d] = true
					r.Transfer += l.Size
					have[d]++
					out.blobs[d] = l.Size
				}
			}
			for _, h := range img.History {
				if h.Layer < 0 {
					r.EmptyLayers++
				}
			}
			out.Images = append(out.Images, r)
		}
	}
	if o.allPlatforms && o.baseline == "" {
		base = 0
	}
	out.Baseline = out.Images[base].Name
	for _, size := range out.blobs {
		out.Together += size
	}
	doc := report.Remote{Baseline: base, Together: out.Together, Missing: out.Missing}
	for i := range out.Images {
		r := &out.Images[i]
		row := report.RemoteImage{Name: r.Name, Platform: r.Platform, Transfer: r.Transfer, Layers: r.Layers, EmptyLayers: r.EmptyLayers, Created: r.Created}
		for k := range r.Blobs {
			l := &r.Blobs[k]
			l.SharedWith = have[l.Digest] - 1
			if l.SharedWith > 0 {
				row.Shared += l.Transfer
			}
			row.Blobs = append(row.Blobs, report.RemoteLayer{Digest: l.Digest, Transfer: l.Transfer, Instruction: l.Instruction, SharedWith: l.SharedWith})
		}
		doc.Images = append(doc.Images, row)
	}
	return a.write(o.output, out, func() report.Document { return doc.Document(o.bytes) })
}

// manifests loads manifest and configuration of a target and reads no layer. With
// remote, a name without a scheme is looked up in its registry.
func (a *app) manifests(ctx context.Context, t, platform string, all, remote bool) (imgs []*image.Image, names []string, done func(), err error) {
	want, err := a.platform(platform)
	if err != nil {
		return nil, nil, nil, err
	}
	scheme, _, err := source.Scheme(t)
	if err != nil {
		return nil, nil, nil, usageError{err}
	}
	name := t
	if scheme == "" && remote {
		t = "registry://" + t
	}
	if _, err := a.store(); err != nil {
		return nil, nil, nil, err
	}
	var o opened
	closer := func() error { return nil }
	if scheme == "" && !remote {
		rec, img, err := a.load(ctx, t, want)
		if err != nil {
			return nil, nil, nil, err
		}
		if !all {
			return []*image.Image{img}, []string{t}, func() {}, nil
		}
		o = opened{name: t, provider: a.st.Content(), target: rec.Target}
	} else if o, closer, err = a.open(ctx, t, platform, want); err != nil {
		return nil, nil, nil, err
	}
	imgs, err = a.platformImages(ctx, name, o, want, all)
	if err != nil {
		_ = closer()
		return nil, nil, nil, err
	}
	for _, img := range imgs {
		n := name
		if all && len(imgs) > 1 {
			n += " " + platforms.Format(img.Platform())
		}
		names = append(names, n)
	}
	return imgs, names, func() { _ = closer() }, nil
}
