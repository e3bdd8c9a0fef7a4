package strata

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/identity"

	"tare/internal/fleet"
	"tare/internal/units"
)

// label is what names a node.
type label struct {
	name, digest string
	from         string // how the name is known
	until        string // how it is known where the base ends: FromImage or FromPrefix
	created      *time.Time
}

// claim are the images that name the same base.
type claim struct {
	name, digest, platform string
	images                 []int32
}

// ground is what the images of a fleet stand on.
type ground struct {
	*trie
	labels map[int32]label
	byName map[string][]int32 // images
	is     []bool             // nodes that are bases
	loose  []*claim           // bases that images name, and of which no image shows where they end
	first  []int32            // an image that stands on the node
	oldest []*time.Time
	newest []*time.Time
}

// bases finds what the images stand on: what they say themselves, images that others have been built on, and else the longest sequence of
// layers that several images begin with.
func (f *fleetOf) bases() *ground {
	g := &ground{trie: f.trie(), labels: map[int32]label{}}
	for _, c := range f.claims() {
		g.claimed(c)
	}
	g.named()
	g.is = make([]bool, len(g.parent))
	for n := 1; n < len(g.parent); n++ {
		_, named := g.labels[int32(n)]
		g.is[n] = g.through[n] > g.ends[n] && (named || g.split[n] && g.through[n] > 1)
	}
	g.dates()
	return g
}

// claims are the annotations of images, by what they say, in an order that does not depend on the plan's.
func (f *fleetOf) claims() []*claim {
	var out []*claim
	at := map[[3]string]*claim{}
	for n := range f.plan.Images {
		img := &f.plan.Images[n]
		key := [3]string{img.BaseName, img.BaseDigest, img.Platform}
		if key[0]+key[1] == "" {
			continue
		}
		if at[key] == nil {
			at[key] = &claim{name: key[0], digest: key[1], platform: key[2]}
			out = append(out, at[key])
		}
		at[key].images = append(at[key].images, int32(n))
	}
	slices.SortFunc(out, func(a, b *claim) int {
		return cmp.Or(cmp.Compare(len(b.images), len(a.images)), cmp.Compare(a.name, b.name), cmp.Compare(a.digest, b.digest), cmp.Compare(a.platform, b.platform))
	})
	return out
}

// claimed finds out where a base ends that images name: an image of the fleet is it, or several images that name it begin alike.
func (g *ground) claimed(c *claim) {
	node, until := int32(0), ""
	img := (*fleet.Image)(nil)
	for _, n := range g.candidates(c) {
		leaf := g.leaf[n]
		if leaf != 0 && slices.ContainsFunc(c.images, func(i int32) bool { return g.leaf[i] != leaf && g.begins(leaf, g.leaf[i]) }) {
			node, until, img = leaf, FromImage, &g.f.plan.Images[n]
			break
		}
	}
	if node == 0 && len(c.images) > 1 {
		node, until = g.leaf[c.images[0]], FromPrefix
		for _, i := range c.images[1:] {
			node = g.common(node, g.leaf[i])
		}
		if g.ends[node] == g.through[node] { // all the same layers: nothing tells the base from what stands on it
			node = 0
		}
	}
	if node == 0 {
		g.loose = append(g.loose, c)
		return
	}
	if _, taken := g.labels[node]; !taken {
		l := label{name: c.name, digest: c.digest, from: FromAnnotation, until: until}
		if img != nil {
			l.created = img.Created
			if l.name == "" {
				l.name = g.f.name(int(g.f.at[img.Digest]))
			}
		}
		g.labels[node] = l
	}
}

// candidates are the images of the fleet that may be the base that others name: by its digest, or by its name for their platform. Docker's
// registry may be left out of the name.
func (g *ground) candidates(c *claim) (out []int32) {
	if n, ok := g.f.at[digest.Digest(c.digest)]; ok {
		out = append(out, n)
	}
	if c.name == "" {
		return out
	}
	if g.byName == nil {
		g.byName = map[string][]int32{}
		for n := range g.f.plan.Images {
			for _, name := range g.f.plan.Images[n].Names {
				g.byName[name] = append(g.byName[name], int32(n))
			}
		}
	}
	name := c.name
	if _, tag := Repository(name); tag == "" && !strings.Contains(name, "@") {
		name += ":latest"
	}
	for _, home := range []string{"", "docker.io/", "docker.io/library/"} {
		for _, n := range g.byName[home+name] {
			if g.f.plan.Images[n].Platform == c.platform {
				out = append(out, n)
			}
		}
	}
	return out
}

// named labels nodes that are all of an image, if others stand on it.
func (g *ground) named() {
	for n, leaf := range g.leaf {
		if leaf == 0 || g.through[leaf] == g.ends[leaf] {
			continue
		}
		name := g.f.name(n)
		if l, taken := g.labels[leaf]; taken && (l.from == FromAnnotation || l.name <= name) {
			continue
		}
		img := &g.f.plan.Images[n]
		g.labels[leaf] = label{name: name, digest: string(img.Digest), from: FromImage, until: FromImage, created: img.Created}
	}
}

// dates notes for each node the dates of the images that stand on it.
func (g *ground) dates() {
	g.first, g.oldest, g.newest = make([]int32, len(g.parent)), make([]*time.Time, len(g.parent)), make([]*time.Time, len(g.parent))
	for n := range g.first {
		g.first[n] = -1
	}
	for n, leaf := range g.leaf {
		if leaf == 0 {
			continue
		}
		created := plausible(g.f.plan.Images[n].Created, g.f.now)
		for at := g.parent[leaf]; at > 0; at = g.parent[at] {
			if g.first[at] < 0 {
				g.first[at] = int32(n)
			}
			if created == nil {
				continue
			}
			if g.oldest[at] == nil || created.Before(*g.oldest[at]) {
				g.oldest[at] = created
			}
			if g.newest[at] == nil || created.After(*g.newest[at]) {
				g.newest[at] = created
			}
		}
	}
}

// below is the base that a node stands on; 0 for none.
func (g *ground) below(n int32) int32 {
	if n == 0 {
		return 0
	}
	for n = g.parent[n]; n > 0 && !g.is[n]; n = g.parent[n] {
	}
	return n
}

// baseOf is what an image stands on: the highest base that has a name, or else the longest sequence that others begin with, too; 0 for none.
func (g *ground) baseOf(image int) int32 {
	longest := g.below(g.leaf[image])
	for n := longest; n > 0; n = g.below(n) {
		if _, named := g.labels[n]; named {
			return n
		}
	}
	return longest
}

// chain is the chain ID of a node.
func (g *ground) chain(n int32) digest.Digest {
	if n == 0 {
		return ""
	}
	ids := make([]digest.Digest, g.depth[n])
	m := &g.f.members[g.first[n]]
	for k := range ids {
		ids[k] = g.f.diffs[m.diffs[k]].id
	}
	return identity.ChainID(ids)
}

// base describes a node.
func (g *ground) base(n int32) Base {
	on, l := g.below(n), g.labels[n]
	own := g.bytes[n] - g.bytes[on]
	b := Base{Digest: l.digest, ChainID: g.chain(n), Images: int(g.through[n] - g.ends[n]), Layers: units.Known(int64(g.depth[n])), Bytes: units.Known(g.bytes[n]), Own: units.Known(own),
		On: g.chain(on), Saves: units.Known(own * int64(g.through[n]-1)), LayersFrom: l.until, Created: plausible(l.created, g.f.now), Oldest: g.oldest[n], Newest: g.newest[n], Example: g.f.name(int(g.first[n]))}
	if b.LayersFrom == "" {
		b.LayersFrom = FromPrefix
	}
	return b
}

// strata are all bases, gathered by name.
func (g *ground) strata() []Stratum {
	out := []Stratum{}
	at := map[string]int{}
	add := func(name, from string, b Base) {
		n, ok := at[name]
		if !ok || name == "" {
			n = len(out)
			at[name] = n
			out = append(out, Stratum{Name: name, From: from})
		}
		s := &out[n]
		s.Images += b.Images
		s.Digests = append(s.Digests, b)
	}
	for n := int32(1); int(n) < len(g.parent); n++ {
		if !g.is[n] {
			continue
		}
		l, named := g.labels[n]
		if !named {
			l.from = FromPrefix
		}
		add(l.name, l.from, g.base(n))
	}
	for _, c := range g.loose {
		b := Base{Digest: c.digest, Images: len(c.images), Layers: units.Unknown(), Bytes: units.Unknown(), Own: units.Unknown(), Saves: units.Unknown(), Example: g.f.name(int(c.images[0]))}
		for _, i := range c.images {
			if t := plausible(g.f.plan.Images[i].Created, g.f.now); t != nil {
				if b.Oldest == nil || t.Before(*b.Oldest) {
					b.Oldest = t
				}
				if b.Newest == nil || t.After(*b.Newest) {
					b.Newest = t
				}
			}
		}
		add(c.name, FromAnnotation, b)
	}
	for i := range out {
		slices.SortStableFunc(out[i].Digests, func(a, b Base) int {
			return cmp.Or(cmp.Compare(b.Images, a.Images), b.Bytes.Compare(a.Bytes), cmp.Compare(a.Digest, b.Digest), cmp.Compare(a.ChainID, b.ChainID))
		})
	}
	slices.SortStableFunc(out, func(a, b Stratum) int {
		return cmp.Or(cmp.Compare(b.Images, a.Images), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Digests[0].ChainID, b.Digests[0].ChainID))
	})
	return out
}
