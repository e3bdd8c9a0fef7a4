// Package builds remembers what was built: what an image was made from, so that its
// stages can be built again, what the last build of a Dockerfile found in its context,
// so that a cache miss can be explained, and how long steps took when they last ran.
package builds

import (
	"path/filepath"
	"strings"
	"time"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/buildcontext"
	"tare/internal/engine"
	"tare/internal/profile"
	"tare/internal/store"
)

// The kinds of values and their versions.
const (
	recipeKind = "build-v1"     // by image
	madeKind   = "made-v1"      // by Dockerfile
	coldKind   = "cold-v1"      // by step
	firstKind  = "lab-first-v1" // by content
)

// Shelf is how long something is remembered that no build has refreshed.
const Shelf = 90 * 24 * time.Hour

// Book is what is remembered, in a place of its own below the store's root. The zero
// Book remembers nothing.
type Book struct {
	values *store.Values
	skip   []string // directories that are no part of a context: the store itself
}

// Open opens the book of a store.
func Open(st *store.Store) Book {
	v := st.Builds(recipeKind, madeKind, coldKind, firstKind)
	return Book{values: &v, skip: []string{st.Root()}}
}

func (b Book) get(kind string, key digest.Digest, v any) bool {
	return b.values != nil && b.values.Get(kind, key, v)
}

func (b Book) keep(kind string, key digest.Digest, v any) {
	if b.values != nil {
		b.values.Keep(kind, key, v)
	}
}

// Note keeps what a successful build teaches: the recipe of its image, how long its
// steps took, and what it was made from. It costs a walk through the context; files
// that are as they were are not read again. Failure costs a sentence later.
func (b Book) Note(r engine.Build, out *engine.Built) {
	if out == nil || r.Call != "" || b.values == nil {
		return
	}
	b.NoteSteps(out.Steps)
	b.noteRecipe(r, out)
	file, ok := local(r)
	if !ok {
		return
	}
	src, err := buildcontext.ReadDockerfile(file)
	if err != nil {
		return
	}
	last := b.Last(r.Context, file, r.Target)
	b.keep(madeKind, contextDigest(r.Context, file, r.Target), profile.Build{
		Source: string(src), Target: r.Target, Args: r.Args,
		Files: contextFiles(r.Context, file, b.skip, last), Bases: basesOf(out.Steps),
	})
}

// local is the Dockerfile of a build whose context and Dockerfile are files here.
func local(r engine.Build) (file string, ok bool) {
	if !isDir(r.Context) || r.Dockerfile == "-" {
		return "", false
	}
	if r.Dockerfile == "" {
		return filepath.Join(r.Context, "Dockerfile"), true
	}
	return r.Dockerfile, true
}

// Last is what the last build of a Dockerfile was made from; nil if not known.
func (b Book) Last(dir, file, target string) *profile.Build {
	var out profile.Build
	if !b.get(madeKind, contextDigest(dir, file, target), &out) {
		return nil
	}
	return &out
}

// contextDigest names what is kept of the builds of one Dockerfile.
func contextDigest(dir, file, target string) digest.Digest {
	d, _ := filepath.Abs(dir)
	f, _ := filepath.Abs(file)
	return digest.FromString(d + "\x00" + f + "\x00" + target)
}

// NoteSteps keeps how long steps took that ran.
func (b Book) NoteSteps(steps []engine.Step) {
	for _, s := range steps {
		d := digest.Digest(s.Digest)
		if !s.Cached && s.Error == "" && s.Busy > 0 && strings.Contains(s.Name, "/") && strings.HasPrefix(s.Name, "[") && d.Validate() == nil {
			b.keep(coldKind, d, s.Busy)
		}
	}
}

// Cold are the seconds that cached steps took when they last ran, by digest.
func (b Book) Cold(steps []engine.Step) map[string]float64 {
	out := map[string]float64{}
	for _, s := range steps {
		var v float64
		if d := digest.Digest(s.Digest); s.Cached && d.Validate() == nil && b.get(coldKind, d, &v) {
			out[s.Digest] = v
		}
	}
	return out
}

// First is the first image that was built with some content; ok is false if none is
// known.
func (b Book) First(content digest.Digest) (target ocispec.Descriptor, ok bool) {
	ok = b.get(firstKind, content, &target)
	return target, ok
}

// NoteFirst makes an image the first with its content.
func (b Book) NoteFirst(content digest.Digest, target ocispec.Descriptor) {
	b.keep(firstKind, content, target)
}

// Prune forgets what no build has refreshed for the time of Shelf, and returns the
// bytes that the disk got back.
func (b Book) Prune(now time.Time) int64 {
	if b.values == nil {
		return 0
	}
	return b.values.Expire(now.Add(-Shelf))
}

// basesOf are the digests that names of images were resolved to: the steps of FROM
// lines name both.
func basesOf(steps []engine.Step) map[string]string {
	out := map[string]string{}
	for _, s := range steps {
		_, ref, ok := strings.Cut(s.Name, "] FROM ")
		if !ok {
			continue
		}
		name, d, ok := strings.Cut(ref, "@")
		if !ok {
			continue
		}
		for _, n := range []string{name, strings.TrimPrefix(name, "docker.io/"), strings.TrimPrefix(name, "docker.io/library/")} {
			out[n] = d
			out[strings.TrimSuffix(n, ":latest")] = d
		}
	}
	return out
}
