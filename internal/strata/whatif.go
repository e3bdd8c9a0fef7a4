package strata

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
	"github.com/opencontainers/go-digest"

	"tare/internal/request"
)

// Kinds of changes.
const (
	Delete = "delete"
	Rebase = "rebase"
)

// WhatIf is a change to work out.
type WhatIf struct {
	Kind string
	Word string // as it was asked
	// Globs choose the tags that are deleted.
	Globs []string
	// Old and New are the names or digests of images: images on the one move to the other.
	Old, New string
}

// ParseWhatIf reads delete=GLOB[,GLOB…] or rebase=OLD=NEW. The error is a request.Error.
func ParseWhatIf(word string) (WhatIf, error) {
	kind, rest, ok := strings.Cut(word, "=")
	w := WhatIf{Kind: kind, Word: word}
	switch {
	case ok && kind == Delete && rest != "":
		for _, g := range globs(rest) {
			if err := checkGlob(g); err != nil {
				return w, request.Errorf("--what-if %s: %w", word, err)
			}
			w.Globs = append(w.Globs, g)
		}
		return w, nil
	case ok && kind == Rebase:
		w.Old, w.New, ok = strings.Cut(rest, "=")
		if ok && w.Old != "" && w.New != "" && !strings.Contains(w.New, "=") {
			if w.Old == w.New {
				return w, request.Errorf("--what-if %s: both are the same", word)
			}
			return w, nil
		}
		return w, request.Errorf("--what-if %s: want rebase=OLD=NEW, the names or digests of two images", word)
	}
	return w, request.Errorf("--what-if %q: want delete=GLOB or rebase=OLD=NEW", word)
}

// globs divides a list of patterns at its commas: not at those of alternatives ({main,v*}).
func globs(list string) (out []string) {
	depth, from := 0, 0
	for i, c := range list {
		switch {
		case c == '{':
			depth++
		case c == '}':
			depth--
		case c == ',' && depth == 0:
			out = append(out, list[from:i])
			from = i + 1
		}
	}
	return append(out, list[from:])
}

// checkGlob tells what is wrong with a pattern.
func checkGlob(g string) error {
	switch {
	case g == "":
		return errors.New("an empty pattern matches nothing")
	case !doublestar.ValidatePattern(g):
		return fmt.Errorf("pattern %q cannot be understood", g)
	}
	return nil
}

// matches tells whether a pattern means a name REGISTRY/REPOSITORY:TAG. It may leave out the registry, or the tag: then it means all tags.
// A star stands for anything within one part of a path, ** for any number of parts.
func matches(glob, name string) bool {
	repository, _ := Repository(name)
	for _, n := range []string{name, repository} {
		if tagged := strings.LastIndex(glob, ":") > strings.LastIndex(glob, "/") || strings.Contains(glob, "@"); tagged != (n == name) {
			continue
		}
		_, bare, _ := strings.Cut(n, "/")
		if doublestar.MatchUnvalidated(glob, n) || doublestar.MatchUnvalidated(glob, bare) {
			return true
		}
	}
	return false
}

// NothingError says that a change is about nothing in the fleet.
type NothingError struct {
	Word, Why string
}

// Error implements error.
func (e *NothingError) Error() string { return fmt.Sprintf("--what-if %s: %s", e.Word, e.Why) }

// change works a change out.
func (f *fleetOf) change(w WhatIf, g *ground) (*Change, error) {
	c := &Change{Kind: w.Kind, Word: w.Word, Nodes: []NodePull{}, Examples: []string{}}
	if w.Kind == Delete {
		return c, f.delete(w, c)
	}
	return c, f.rebase(w, c, g)
}

// example notes an image as one of those that a change is about.
func (c *Change) example(name string) {
	if len(c.Examples) < 5 {
		c.Examples = append(c.Examples, name)
	}
}

// delete works out what goes with tags. A registry keeps the blobs that an image with a name left in that registry needs.
func (f *fleetOf) delete(w WhatIf, c *Change) error {
	stays := make([][]bool, len(f.members)) // by registry
	gone := make([]bool, len(f.members))
	for n := range f.members {
		img, m := &f.plan.Images[n], &f.members[n]
		stays[n] = make([]bool, len(m.homes))
		hit := 0
		for _, name := range img.Names {
			if slices.ContainsFunc(w.Globs, func(g string) bool { return matches(g, name) }) {
				hit++
				if _, tag := Repository(name); tag != "" {
					c.Tags++
				}
				continue
			}
			home := Registry(name)
			stays[n][slices.IndexFunc(m.homes, func(h int32) bool { return f.homes[h] == home })] = true
		}
		switch {
		case hit == 0:
		case slices.Contains(stays[n], true):
			c.Kept++
			gone[n] = slices.Contains(stays[n], false)
		default:
			c.Images++
			gone[n] = true
			c.Separately += f.transfer(n)
			c.example(f.name(n))
		}
	}
	if c.Images+c.Kept == 0 {
		return &NothingError{w.Word, fmt.Sprintf("none of the %d tags of the fleet matches%s", f.tags(), f.such("tags"))}
	}
	needed, counted := f.held(), f.held()
	for h := range f.homes {
		needed.again()
		counted.again()
		f.eachAt(int32(h), func(n, k int) {
			if stays[n][k] {
				for _, b := range f.members[n].blobs {
					needed.take(b)
				}
			}
		})
		f.eachAt(int32(h), func(n, k int) {
			if stays[n][k] || !gone[n] {
				return
			}
			for _, b := range f.members[n].blobs {
				if size := counted.take(b); needed.has(b) {
					c.Shared += size
				} else {
					c.Freed += size
				}
			}
		})
	}
	return nil
}

// eachAt calls do for each image that a registry has, with the place of the registry among those of the image.
func (f *fleetOf) eachAt(home int32, do func(n, k int)) {
	for n := range f.members {
		if k := slices.Index(f.members[n].homes, home); k >= 0 {
			do(n, k)
		}
	}
}

// such is how things of the fleet are called.
func (f *fleetOf) such(things string) string {
	if len(f.plan.Images) == 0 {
		return ""
	}
	return "; " + things + " are called like " + f.name(0)
}

// find are the images that a word means, by their platforms: a name, with or without its registry, a digest, or 12 digits of one.
func (f *fleetOf) find(word string) map[string]int {
	out := map[string]int{}
	hex := strings.TrimPrefix(word, "sha256:")
	digits := len(hex) >= 12 && strings.Trim(hex, "0123456789abcdef") == ""
	_, by, isDigest := strings.Cut(word, "@")
	for n := range f.plan.Images {
		img := &f.plan.Images[n]
		hit := digits && strings.HasPrefix(img.Digest.Encoded(), hex) || isDigest && digest.Digest(by) == img.Digest
		for _, name := range img.Names {
			_, bare, _ := strings.Cut(name, "/")
			hit = hit || name == word || bare == word || bare == "library/"+word
		}
		if _, twice := out[img.Platform]; hit && !twice {
			out[img.Platform] = n
		}
	}
	return out
}

// rebase works out what moving all images on one base to another changes.
func (f *fleetOf) rebase(w WhatIf, c *Change, g *ground) error {
	olds, news := f.find(w.Old), f.find(w.New)
	for _, word := range []string{w.Old, w.New} {
		if found := map[bool]map[string]int{true: olds, false: news}[word == w.Old]; len(found) == 0 {
			return &NothingError{w.Word, fmt.Sprintf("%s is not among the images of the fleet, so its layers are not known%s", word, f.such("images"))}
		}
	}
	moved := map[int]*moving{}
	for n := range f.members {
		old, ok := olds[f.plan.Images[n].Platform]
		if !ok || g.leaf[old] == 0 || n == old || g.leaf[n] == g.leaf[old] || !g.begins(g.leaf[old], g.leaf[n]) {
			continue
		}
		to, ok := news[f.plan.Images[n].Platform]
		if !ok {
			c.Without++
			continue
		}
		if g.begins(g.leaf[to], g.leaf[n]) && len(f.members[to].layers) >= len(f.members[old].layers) {
			continue // it stands on the new one already
		}
		moved[n] = f.moving(n, old, to)
		c.Images++
		c.Separately += f.transfer(n)
		c.example(f.name(n))
		for _, name := range f.plan.Images[n].Names {
			if _, tag := Repository(name); tag != "" {
				c.Tags++
			}
		}
	}
	if c.Images+c.Without == 0 {
		return &NothingError{w.Word, "no other image begins with all layers of " + w.Old}
	}
	f.stored(c, moved)
	f.pulled(c, moved)
	return nil
}

// moving is an image with another base.
type moving struct {
	blobs     []int32 // of its layers then, each once
	own       []int32 // of those the layers of its own
	documents int64   // bytes of manifest and configuration: as many as now
}

func (f *fleetOf) moving(n, old, to int) *moving {
	m := &f.members[n]
	v := &moving{documents: f.plan.Images[n].ManifestBytes + f.plan.Images[n].ConfigBytes}
	take := func(list *[]int32, b int32) {
		if !slices.Contains(*list, b) {
			*list = append(*list, b)
		}
	}
	for _, b := range f.members[to].layers {
		take(&v.blobs, b)
	}
	for _, b := range m.layers[len(f.members[old].layers):] {
		take(&v.blobs, b)
		take(&v.own, b)
	}
	return v
}

// stored works out what registries store anew and need no more.
func (f *fleetOf) stored(c *Change, moved map[int]*moving) {
	before, after, counted := f.held(), f.held(), f.held()
	for h := range f.homes {
		before.again()
		after.again()
		counted.again()
		f.eachAt(int32(h), func(n, _ int) {
			for _, b := range f.members[n].blobs {
				before.take(b)
			}
			blobs := f.members[n].blobs
			if v := moved[n]; v != nil {
				blobs = v.blobs
			}
			for _, b := range blobs {
				after.take(b)
			}
		})
		f.eachAt(int32(h), func(n, _ int) {
			v := moved[n]
			if v == nil {
				return
			}
			c.Added += v.documents
			c.Documents += v.documents
			for _, b := range f.members[n].blobs {
				if size := counted.take(b); !after.has(b) {
					c.Freed += size
				} else {
					c.Shared += size
				}
			}
			for _, b := range v.blobs {
				if !before.has(b) {
					c.Added += counted.take(b)
				}
			}
		})
	}
}

// pulled works out what hosts pull that have the images now: one that has all that move, and the nodes of the cluster.
func (f *fleetOf) pulled(c *Change, moved map[int]*moving) {
	has, got, own := f.held(), f.held(), f.held()
	host := func(images []int) (pulled, rebuilt int64, count int) {
		has.again()
		got.again()
		own.again()
		for _, n := range images {
			for _, b := range f.members[n].blobs {
				has.take(b)
			}
		}
		for _, n := range images {
			v := moved[n]
			if v == nil {
				continue
			}
			count++
			pulled += v.documents
			rebuilt += v.documents
			for _, b := range v.blobs {
				if !has.has(b) {
					size := got.take(b)
					pulled += size
					rebuilt += size
				}
			}
			for _, b := range v.own {
				if has.has(b) {
					rebuilt += own.take(b)
				}
			}
		}
		return pulled, rebuilt, count
	}
	var all []int
	for n := range f.members {
		if moved[n] != nil {
			all = append(all, n)
		}
	}
	c.Pulled, c.Rebuilt, _ = host(all)
	for i := range f.plan.Nodes {
		var images []int
		for _, d := range f.plan.Nodes[i].Images {
			if n, ok := f.at[d]; ok {
				images = append(images, int(n))
			}
		}
		if pulled, _, count := host(images); count > 0 {
			c.Nodes = append(c.Nodes, NodePull{f.plan.Nodes[i].Name, count, pulled})
		}
	}
	slices.SortStableFunc(c.Nodes, func(a, b NodePull) int { return cmp.Or(cmp.Compare(b.Pulled, a.Pulled), cmp.Compare(a.Name, b.Name)) })
}
