// Package builds remembers what was built: what an image was made from, so that its
// stages can be built again, what the last build of a Dockerfile found in its context,
// so that a cache miss can be explained, and how long steps took when they last ran.
package builds

import (
	"path/filepath"
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
	madeKind   = "made-v4"      // by Dockerfile and definition
	recentKind = "recent-v1"    // by Dockerfile: the keys of the above
	placeKind  = "made-at-v1"   // by repository, by content: the key of the above
	coldKind   = "cold-v2"      // by operation
	firstKind  = "lab-first-v1" // by content
	ofKind     = "made-of-v2"   // by image ID
	filesKind  = "files-v1"     // by content
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
	v := st.Builds(recipeKind, madeKind, recentKind, placeKind, coldKind, firstKind, ofKind, filesKind)
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
// steps took, and what it was made from, which is returned (nil where it is not known).
// It costs a walk through the context; files that are as they were are not read again.
// Failure costs a sentence later.
func (b Book) Note(r engine.Build, out *engine.Built) *profile.Build {
	if out == nil || r.Call != "" || b.values == nil {
		return nil
	}
	made := b.Made(r, out)
	b.NoteMade(r, out, made)
	return made
}

// NoteMade is Note for who has looked already what it was made from.
func (b Book) NoteMade(r engine.Build, out *engine.Built, made *profile.Build) {
	if out == nil || r.Call != "" || b.values == nil {
		return
	}
	b.NoteSteps(out)
	b.noteRecipe(r, out)
	if file, ok := local(r); ok && made != nil {
		k := b.keepFiles(made)
		b.remember(r.Context, file, r.Target, k)
		b.noteOf(out, k)
	}
}

// Made is what a build, also one that failed, was made from; nil where that is not known.
func (b Book) Made(r engine.Build, out *engine.Built) *profile.Build {
	file, ok := local(r)
	if !ok || out == nil {
		return nil
	}
	src, err := buildcontext.ReadDockerfile(file)
	if err != nil {
		return nil
	}
	made := &profile.Build{Source: string(src), Target: r.Target, Args: r.Args, Ops: out.Ops, Builder: out.Builder, Files: map[string]map[string]profile.File{}}
	if made.Dir, err = filepath.Abs(r.Context); err != nil {
		made.Dir = r.Context
	}
	made.File = absolute(file)
	b.contexts(r, file, out, made)
	return made
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

// NoteSteps keeps how long steps took that ran, by what they were asked to do.
func (b Book) NoteSteps(out *engine.Built) {
	keys := keysOf(out.Ops)
	for _, s := range out.Steps {
		if d := digest.Digest(keys[s.Digest]); !s.Cached && s.Error == "" && s.Busy > 0 && d.Validate() == nil {
			b.keep(coldKind, d, s.Busy)
		}
	}
}

// Cold are the seconds that cached steps took when they last ran, by the operation's key.
func (b Book) Cold(out *engine.Built) map[string]float64 {
	keys, cold := keysOf(out.Ops), map[string]float64{}
	for _, s := range out.Steps {
		var v float64
		if d := digest.Digest(keys[s.Digest]); s.Cached && d.Validate() == nil && b.get(coldKind, d, &v) {
			cold[d.String()] = v
		}
	}
	return cold
}

// keysOf are the keys of operations, but for contexts: how long these take is up to
// what is sent.
func keysOf(ops []engine.Op) map[string]string {
	out := map[string]string{}
	for i := range ops {
		if ops[i].Kind != "local" {
			out[ops[i].Digest] = ops[i].Key
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
