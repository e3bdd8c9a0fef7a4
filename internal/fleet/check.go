package fleet

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
	"github.com/containerd/platforms"
	"github.com/distribution/reference"
	"github.com/opencontainers/go-digest"
)

// maxBytes bounds every number of bytes of a plan: sums of millions of them do not overflow.
const maxBytes = 1 << 40

// Check tells what is wrong with a plan: it may come from another machine. What images say of a layer is not compared: the layer
// itself tells which of them are right.
func (p *Plan) Check() error {
	if err := p.Rules.Check(); err != nil {
		return err
	}
	here := make(map[digest.Digest]bool, len(p.Images))
	for n := range p.Images {
		i := &p.Images[n]
		if err := i.Check(); err != nil {
			return fmt.Errorf("image %d, %s: %w", n+1, short(string(i.Digest)), err)
		}
		if n > 0 && i.Digest <= p.Images[n-1].Digest {
			return fmt.Errorf("image %d, %s: it is there twice, or images are not sorted by digest", n+1, short(string(i.Digest)))
		}
		here[i.Digest] = true
	}
	for n, u := range p.Unreadable {
		if u.Name == "" || u.Why == "" || len(u.Name)+len(u.Why) > maxText {
			return fmt.Errorf("unreadable %d: it has no name or no reason, or too long ones", n+1)
		}
	}
	for n, node := range p.Nodes {
		if node.Name == "" || len(node.Name) > maxText || n > 0 && node.Name <= p.Nodes[n-1].Name {
			return fmt.Errorf("node %d, %.60q: it has no name, is there twice, or nodes are not sorted by name", n+1, node.Name)
		}
		for k, i := range node.Images {
			if !here[i] || k > 0 && i <= node.Images[k-1] {
				return fmt.Errorf("node %.60q: image %s is not in the plan, is there twice, or images are not sorted", node.Name, short(string(i)))
			}
		}
	}
	return nil
}

// Check tells what is wrong with the rules.
func (r Rules) Check() error {
	if !doublestar.ValidatePattern(r.Tags) || len(r.Tags) > maxText {
		return fmt.Errorf("tags %.60q: the pattern cannot be understood", r.Tags)
	}
	if r.Newest < 0 {
		return fmt.Errorf("newest %d: want a number, 0 or more", r.Newest)
	}
	if r.Platform != "" && r.Platform != AllPlatforms {
		if _, err := platforms.Parse(r.Platform); err != nil {
			return fmt.Errorf("platform %.60q: want OS/ARCH, such as linux/arm64, or all", r.Platform)
		}
	}
	for _, d := range r.Lists {
		if err := check(d); err != nil {
			return err
		}
	}
	return nil
}

// Check tells what is wrong with an image of a plan.
func (i *Image) Check() error {
	if err := errors.Join(check(i.Digest), check(i.Config)); err != nil {
		return err
	}
	if i.BaseDigest != "" && len(i.BaseDigest) > maxText || len(i.BaseName) > maxText || len(i.Platform) > maxText {
		return errors.New("a text of it is too long")
	}
	if bad(i.ManifestBytes) || bad(i.ConfigBytes) {
		return errors.New("its manifest or configuration has an impossible length")
	}
	if len(i.Names) == 0 || !slices.IsSorted(i.Names) {
		return errors.New("it has no names, or they are not sorted")
	}
	for n, name := range i.Names {
		if n > 0 && name == i.Names[n-1] {
			return fmt.Errorf("it has the name %.80q twice", name)
		}
		if _, err := reference.ParseNormalizedNamed(name); err != nil {
			return fmt.Errorf("name %.80q: %w", name, err)
		}
	}
	if len(i.Layers) > maxLayers {
		return fmt.Errorf("more than %d layers", maxLayers)
	}
	for n, l := range i.Layers {
		if err := errors.Join(check(l.Digest), check(l.DiffID)); err != nil {
			return fmt.Errorf("layer %d: %w", n+1, err)
		}
		if bad(l.Bytes) || len(l.MediaType) > maxText {
			return fmt.Errorf("layer %d, %s: it has an impossible length or media type", n+1, short(string(l.Digest)))
		}
	}
	return nil
}

func bad(n int64) bool { return n < 0 || n > maxBytes }

// check tells whether something is a digest that a file can be named by.
func check(d digest.Digest) error {
	if err := d.Validate(); err != nil {
		return fmt.Errorf("digest %s: %w", short(string(d)), err)
	}
	return nil
}

// short cuts what a stranger wrote for an error.
func short(s string) string {
	if len(s) > 80 {
		s = strings.ToValidUTF8(s[:80], "") + "…"
	}
	return fmt.Sprintf("%q", s)[1 : len(fmt.Sprintf("%q", s))-1]
}
