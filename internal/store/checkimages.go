package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"time"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/image"
	"tare/internal/units"
)

// images follows every name down to its layers.
func (c *checker) images(ctx context.Context) error {
	x, err := c.readIndex()
	switch {
	case errors.Is(err, fs.ErrNotExist):
		x = &ocispec.Index{}
	case err != nil:
		return c.damagedIndex(ctx, err)
	}
	c.out.Images = len(x.Manifests)
	for _, d := range x.Manifests {
		r := record(d)
		faults := c.faults(ctx, r.Target)
		if len(faults) == 0 || !c.still(r) {
			continue
		}
		text := faults[0]
		if n := len(faults) - 1; n > 0 {
			text += fmt.Sprintf(" (and %d more)", n)
		}
		c.problem(Problem{
			Kind: ProblemImage, Image: display(r), Text: fmt.Sprintf("image %s is damaged: %s", display(r), text),
			Remedy: "get it back: " + again(r, c.o.Repair),
		}, func() error { return c.forget(r) })
	}
	return nil
}

// still tells whether r is recorded now: others may have removed or replaced it
// while its blobs were read.
func (c *checker) still(r Record) bool {
	recs, err := c.Records()
	return err == nil && slices.ContainsFunc(recs, func(o Record) bool { return o.Name == r.Name && o.Target.Digest == r.Target.Digest })
}

func display(r Record) string {
	switch {
	case r.Name != "":
		return familiar(r.Name)
	case r.Repo != "":
		return familiar(r.Repo) + "@" + r.Target.Digest.String()
	}
	return r.Target.Digest.String()
}

// again says how to get an image back. Its damaged blobs must go first: a pull
// takes what is there for whole.
func again(r Record, repaired bool) string {
	first := "tare fsck --repair, then "
	if repaired {
		first = ""
	}
	switch {
	case r.Origin == Built && r.Name != "":
		return fmt.Sprintf("%sbuild it again: tare build -t %s DIR", first, familiar(r.Name))
	case r.Origin == Built:
		return first + "build it again"
	case r.Origin == Loaded, r.Origin == Saved:
		return first + "load it again: tare load -i FILE"
	}
	return first + "tare pull " + display(r)
}

// forget removes one name.
func (c *checker) forget(r Record) error {
	return c.update(c.waiting(), func(x *ocispec.Index) error {
		x.Manifests = slices.DeleteFunc(x.Manifests, func(d ocispec.Descriptor) bool {
			o := record(d)
			return o.Name == r.Name && o.Repo == r.Repo && o.Target.Digest == r.Target.Digest
		})
		return nil
	})
}

// faults says what an image lacks. Of an index one platform must be whole: a pull
// fetches no more.
func (c *checker) faults(ctx context.Context, target ocispec.Descriptor) []string {
	c.judged = map[digest.Digest][]string{} // what was found before a repair no longer holds
	return c.faultsOf(ctx, target, 0)
}

func (c *checker) faultsOf(ctx context.Context, d ocispec.Descriptor, depth int) []string {
	if f := c.fault(ctx, "manifest", d); f != "" {
		return []string{f}
	}
	doc, ok := c.document(ctx, d.Digest)
	if !ok {
		return []string{fmt.Sprintf("manifest %s is not a document that tare can read", d.Digest)}
	}
	if len(doc.Manifests) > 0 {
		return c.indexFaults(ctx, d, doc, depth)
	}
	var out []string
	if f := c.fault(ctx, "config", doc.Config); f != "" {
		out = append(out, f)
	}
	for _, l := range doc.Layers {
		if f := c.fault(ctx, "layer", l); f != "" {
			out = append(out, f)
		}
	}
	if len(out) == 0 {
		out = c.layerFaults(ctx, d.Digest, doc)
	}
	return out
}

func (c *checker) indexFaults(ctx context.Context, d ocispec.Descriptor, doc document, depth int) (out []string) {
	if f, known := c.judged[d.Digest]; known {
		return f // an index may name another one thousands of times
	}
	defer func() { c.judged[d.Digest] = out }()
	if depth > image.MaxDepth {
		return []string{fmt.Sprintf("index %s: indexes are nested too deeply", d.Digest)}
	}
	var first []string
	for _, m := range doc.Manifests {
		if image.IsAttestation(m) || c.state(ctx, m.Digest) == nil {
			continue
		}
		faults := c.faultsOf(ctx, m, depth+1)
		if len(faults) == 0 {
			return nil
		}
		if first == nil {
			first = faults
		}
	}
	if first == nil {
		return []string{fmt.Sprintf("no manifest of its index %s is here", d.Digest)}
	}
	return first
}

// fault says what is wrong with one blob of an image, "" if nothing is.
func (c *checker) fault(ctx context.Context, what string, d ocispec.Descriptor) string {
	st := c.state(ctx, d.Digest)
	switch {
	case st == nil:
		return fmt.Sprintf("%s %s is missing", what, d.Digest)
	case st.err != nil:
		return fmt.Sprintf("%s %s is damaged", what, d.Digest)
	case d.Size > 0 && d.Size != st.size:
		return fmt.Sprintf("%s %s should have %d bytes and has %d", what, d.Digest, d.Size, st.size)
	}
	return ""
}

// damagedIndex reports an index.json that cannot be read. The names in it are lost,
// but not the images: those are found among the blobs.
func (c *checker) damagedIndex(ctx context.Context, why error) error {
	if errors.Is(why, fs.ErrPermission) {
		c.problem(Problem{Kind: ProblemIndex, Path: ocispec.ImageIndexFile, Text: why.Error(), Remedy: "make it readable"}, nil)
		return nil
	}
	found := c.findImages(ctx)
	aside := fmt.Sprintf("%s.damaged-%d", ocispec.ImageIndexFile, time.Now().Unix())
	c.out.Images = len(found)
	remedy := fmt.Sprintf("moves it to %s and lists the %s that are whole without names (tare images -a; tare tag ID NAME)", aside, units.Plural(len(found), "image"))
	if !c.o.Repair {
		remedy = "tare fsck --repair " + remedy
	}
	c.problem(Problem{
		Kind: ProblemIndex, Path: ocispec.ImageIndexFile, Remedy: remedy,
		Text: fmt.Sprintf("%s cannot be read, and with it all names: %v", ocispec.ImageIndexFile, errors.Unwrap(why)),
	}, func() error {
		unlock, err := c.lock(ctx, "index.lock", true)
		if err != nil {
			return err
		}
		err = c.files.Rename(c.indexPath(), filepath.Join(c.root, aside))
		unlock()
		if err != nil {
			return err
		}
		return c.update(c.waiting(), func(x *ocispec.Index) error {
			x.Manifests = append(x.Manifests, found...)
			return nil
		})
	})
	return nil
}

// findImages lists the whole images among the blobs that no other document names.
func (c *checker) findImages(ctx context.Context) []ocispec.Descriptor {
	docs := map[digest.Digest]document{}
	inner := map[digest.Digest]bool{}
	for d, st := range c.blobs {
		if st.err != nil || st.size > image.MaxDocument {
			continue
		}
		doc, ok := c.document(ctx, d)
		if !ok || len(doc.Manifests) == 0 && doc.Config.Digest == "" {
			continue
		}
		docs[d] = doc
		for _, m := range doc.Manifests {
			inner[m.Digest] = true
		}
	}
	var out []ocispec.Descriptor
	for d, doc := range docs {
		media := doc.MediaType
		if media == "" {
			media = ocispec.MediaTypeImageManifest
			if len(doc.Manifests) > 0 {
				media = ocispec.MediaTypeImageIndex
			}
		}
		target := ocispec.Descriptor{MediaType: media, Digest: d, Size: c.blobs[d].size}
		if !inner[d] && len(c.faults(ctx, target)) == 0 {
			out = append(out, target)
		}
	}
	slices.SortFunc(out, func(a, b ocispec.Descriptor) int { return compareDigests(a.Digest, b.Digest) })
	return out
}
