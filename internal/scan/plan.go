package scan

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
	"github.com/containerd/errdefs"
	"github.com/containerd/platforms"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/fleet"
	"tare/internal/image"
	"tare/internal/progress"
	"tare/internal/repository"
	"tare/internal/units"
)

// described is an image as a plan has it.
func described(img *image.Image) *fleet.Image {
	i := &fleet.Image{Digest: img.Manifest.Digest, Config: img.ConfigID.Digest, ManifestBytes: int64(len(img.RawManifest)), ConfigBytes: int64(len(img.Raw)), Layers: []fleet.Layer{}}
	if p := img.Platform(); p.OS != "" {
		i.Platform = cut(platforms.Format(p))
	}
	if c := img.Config.Created; c != nil && !c.IsZero() && c.Year() > 0 && c.Year() < 10_000 {
		at := c.UTC()
		i.Created = &at
	}
	var m struct {
		Annotations map[string]string `json:"annotations"`
	}
	if json.Unmarshal(img.RawManifest, &m) == nil {
		i.BaseName, i.BaseDigest = cut(m.Annotations[ocispec.AnnotationBaseImageName]), cut(m.Annotations[ocispec.AnnotationBaseImageDigest])
	}
	for _, l := range img.Layers {
		i.Layers = append(i.Layers, fleet.Layer{Digest: l.Digest, DiffID: l.DiffID, Bytes: l.Size, MediaType: cut(l.MediaType)})
	}
	return i
}

// cut bounds what an image says of itself, in bytes.
func cut(s string) string {
	if len(s) > 1024 {
		s = s[:1024]
	}
	return strings.ToValidUTF8(s, "�")
}

// stored looks at an image of the store.
func (g *gathering) stored(ctx context.Context, name string) (*looked, error) {
	if g.st == nil {
		return nil, fmt.Errorf("there is no store here: %w", errdefs.ErrNotFound)
	}
	rec, err := g.st.Find(ctx, name)
	if err != nil {
		return nil, err
	}
	return g.record(ctx, rec.Target, rec.Name)
}

// record reads an image of the store under a name. Of a multi-platform image those platforms are taken that are here.
func (g *gathering) record(ctx context.Context, target ocispec.Descriptor, name string) (*looked, error) {
	if name == "" {
		return nil, errors.New("the image of the store has no name: give it one with tare tag")
	}
	g.count(1, 1)
	l, err := g.read(ctx, g.st.Content(), target, name)
	if err != nil {
		return nil, err
	}
	if len(l.images) > 0 {
		l.bad = nil
	}
	return l, nil
}

// storeNames looks at the images of the store whose names match, as Docker prints them or in full.
func (g *gathering) storeNames(ctx context.Context, w word) error {
	if g.st == nil {
		g.fail(w.text, errors.New("there is no store here"))
		return nil
	}
	recs, err := g.st.Records()
	if err != nil {
		return err
	}
	found := false
	for _, r := range recs {
		short := r.Repository() + ":" + r.Tag()
		a, _ := doublestar.Match(w.repos, short)
		b, _ := doublestar.Match(w.repos, r.Name)
		c, _ := doublestar.Match(w.repos, r.Repository())
		if r.Name == "" || !a && !b && !c {
			continue
		}
		found = true
		if ok, _ := doublestar.Match(g.rules.Tags, r.Tag()); !ok && g.rules.Tags != "" {
			continue
		}
		l, err := g.record(ctx, r.Target, r.Name)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err == nil:
			g.add(l)
		case beside(err) != "":
			g.skip(beside(err))
		default:
			g.fail(r.Name, err)
		}
	}
	if !found {
		g.fail(w.text, errors.New("no image of the store has such a name"))
	}
	return nil
}

// host is a registry, opened once.
func (g *gathering) host(ctx context.Context, domain string) (*repository.Host, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if h := g.hosts[domain]; h != nil {
		return h, nil
	}
	h, err := repository.At(ctx, g.registry, domain)
	if err == nil {
		g.hosts[domain] = h
	}
	return h, err
}

// failing is a registry that cannot be reached.
type failing struct {
	times int
	err   error
}

// giveUp is how often in a row a registry is asked that cannot be reached: each time may take a quarter of a minute.
const giveUp = 3

// isDown is why a registry is not asked any more.
func (g *gathering) isDown(domain string) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if f := g.down[domain]; f != nil && f.times >= giveUp {
		return f.err
	}
	return nil
}

// up notes that a registry answers.
func (g *gathering) up(name string) {
	domain, _, _ := strings.Cut(name, "/")
	g.mu.Lock()
	delete(g.down, domain)
	g.mu.Unlock()
}

// failed notes that something of a registry could not be read.
func (g *gathering) failed(domain, name string, err error) {
	var op *net.OpError
	var dns *net.DNSError
	if errors.As(err, &op) && op.Op == "dial" || errors.As(err, &dns) {
		g.mu.Lock()
		f := g.down[domain]
		if f == nil {
			f = &failing{}
			g.down[domain] = f
		}
		f.times, f.err = f.times+1, err
		g.mu.Unlock()
	}
	g.fail(name, err)
}

// fail notes what could not be read, and why: the first line of it.
func (g *gathering) fail(name string, err error) {
	why, _, _ := strings.Cut(err.Error(), "\n")
	g.mu.Lock()
	g.unreadable = append(g.unreadable, fleet.Unreadable{Name: cut(name), Why: cut(why)})
	g.mu.Unlock()
}

func (g *gathering) skip(what string) {
	g.mu.Lock()
	g.skipped[what]++
	g.mu.Unlock()
}

// count shows how far it is: manifests that are known of, and those that were read.
func (g *gathering) count(named, seen int) {
	g.mu.Lock()
	g.named, g.seen = g.named+named, g.seen+seen
	e := progress.Event{ID: "Plan", Action: fmt.Sprintf("Reading manifests %d/%d", g.seen, g.named)}
	g.mu.Unlock()
	g.events.Report(e)
}

// add takes images into the plan.
func (g *gathering) add(l *looked) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.unreadable = append(g.unreadable, l.bad...)
	for _, i := range l.images {
		g.addImage(i, l.name)
	}
}

// addImage takes one image into the plan under one more name. g.mu is held.
func (g *gathering) addImage(i *fleet.Image, name string) {
	known := g.images[i.Digest]
	if known == nil {
		known = i
		g.images[i.Digest] = i
		for n := range i.Layers {
			l := &i.Layers[n]
			l.Digest, l.DiffID, l.MediaType = digest.Digest(g.intern(string(l.Digest))), digest.Digest(g.intern(string(l.DiffID))), g.intern(l.MediaType)
		}
		i.Platform, i.BaseName, i.BaseDigest = g.intern(i.Platform), g.intern(i.BaseName), g.intern(i.BaseDigest)
	}
	known.Names = append(known.Names, name)
}

// intern returns the first string that was equal: most layers are named many times.
func (g *gathering) intern(s string) string {
	if t, ok := g.same[s]; ok {
		return t
	}
	g.same[s] = s
	return s
}

// plan puts everything in order: equal images make equal plans.
func (g *gathering) plan(q Request) *fleet.Plan {
	p := &fleet.Plan{Schema: fleet.PlanSchema, Sources: q.Sources, Rules: q.Rules}
	for _, i := range g.images {
		slices.Sort(i.Names)
		i.Names = slices.Compact(i.Names)
		p.Images = append(p.Images, *i)
	}
	slices.SortFunc(p.Images, func(a, b fleet.Image) int { return strings.Compare(string(a.Digest), string(b.Digest)) })
	slices.SortFunc(g.unreadable, func(a, b fleet.Unreadable) int { return strings.Compare(a.Name+"\n"+a.Why, b.Name+"\n"+b.Why) })
	p.Unreadable = slices.Compact(g.unreadable)
	for name, has := range g.nodes {
		n := fleet.Node{Name: name}
		for d := range has {
			n.Images = append(n.Images, d)
		}
		slices.Sort(n.Images)
		p.Nodes = append(p.Nodes, n)
	}
	slices.SortFunc(p.Nodes, func(a, b fleet.Node) int { return strings.Compare(a.Name, b.Name) })
	g.events.Report(progress.Event{ID: "Plan", Action: units.Plural(len(p.Images), "image"), Final: true})
	return p
}
