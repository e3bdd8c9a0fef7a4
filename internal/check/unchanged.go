package check

import (
	"context"
	"slices"
	"strings"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/gate"
	"tare/internal/image"
	"tare/internal/target"
	"tare/internal/units"
)

// manifest is that of a baseline in a registry, read once: what its tag means later is
// another question. It is nil for other baselines.
func (c *checker) manifest(ctx context.Context, word, platform string) (*target.Manifest, error) {
	key := word + " " + platform
	if m, ok := c.manifests[key]; ok {
		return m, nil
	}
	m, err := c.b.Finder.Manifest(ctx, word, platform)
	if err == nil {
		c.manifests[key] = m
	}
	return m, err
}

// unchanged answers where manifests alone do: both images are a registry's and have the same
// layers, and the budget asks for nothing that is in the layers. Otherwise it is nil.
func (c *checker) unchanged(ctx context.Context, j *job) (*finished, error) {
	word := c.base(j)
	if j.word == "" || !strings.Contains(word, "://") || !strings.Contains(j.word, "://") || c.Save != "" {
		return nil, nil
	}
	platform := j.platform
	if platform == "" {
		platform = here()
	}
	b := c.budget(j, platform)
	for _, r := range b.Rules {
		kind, _, _ := strings.Cut(r.Name, ".")
		if kind != "transfer" && kind != "growth" && kind != "layers" {
			return nil, nil
		}
	}
	now, err := c.manifest(ctx, j.word, j.platform)
	if now == nil || err != nil {
		return nil, err
	}
	then, err := c.manifest(ctx, word, j.platform)
	if then == nil || err != nil {
		return nil, err
	}
	if !slices.EqualFunc(now.Layers, then.Layers, same) {
		return nil, nil
	}
	if now.Descriptor.Platform != nil {
		platform = platformName(now.Descriptor.Platform)
	}
	out := &finished{image: gate.Image{Name: j.name, Platform: platform, After: unread(j.word, now), Causes: []gate.Cause{}}}
	before := unread(word, then)
	out.image.Before = &before
	n := out.image.After.Sizes.Transfer.Minus(before.Sizes.Transfer)
	out.image.Delta = &gate.Delta{Total: gate.Amounts{Transfer: n}, Noise: gate.Amounts{Transfer: n}}
	if n != units.Known(0) {
		out.image.Causes = []gate.Cause{{Part: gate.Noise, Text: "manifest and configuration", Amounts: gate.Amounts{Transfer: n}}}
	}
	out.violations, out.notes = gate.Judge(&out.image, gate.Facts{Layers: len(now.Layers)}, b)
	out.notes = append(out.notes, j.name+": the layers are those of the baseline: no blob was read, and of the sizes transfer alone is known")
	return out, nil
}

func same(a, b ocispec.Descriptor) bool { return a.Digest == b.Digest }

// unread is an image of which only the manifest is known.
func unread(word string, m *target.Manifest) gate.Side {
	s := gate.Side{Reference: word, Unread: true}
	z := image.Sizes{Transfer: units.Known(m.Descriptor.Size + m.Config.Size)}
	seen := map[string]bool{}
	for _, l := range m.Layers {
		if !seen[l.Digest.String()] {
			seen[l.Digest.String()] = true
			z.Transfer = z.Transfer.Plus(units.Known(l.Size))
		}
	}
	z.Stored, _ = z.Transfer.Int()
	z.DockerContainerd = units.Unknown()
	s.Sizes = z
	return s
}

// alike is the baseline of an image whose layers are those that a manifest lists: what is
// known of them need not be read again. It is nil if they are others.
func alike(m *target.Manifest, word string, now *obtained) *gate.Subject {
	push := now.facts.Image.Push
	if push == nil || !slices.EqualFunc(push.Layers, m.Layers, same) {
		return nil
	}
	s := *now.subject
	s.Reference, s.Revision, s.ID, s.Manifest = word, "", m.Config.Digest, m.Descriptor.Digest
	s.Metadata = m.Descriptor.Size + m.Config.Size
	s.Sizes.Transfer = s.Sizes.Transfer.Plus(units.Known(s.Metadata - now.subject.Metadata))
	s.Sizes.Stored = s.Sizes.Transfer.Or(0)
	return &s
}
