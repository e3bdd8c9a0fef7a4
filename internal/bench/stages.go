package bench

import (
	"context"
	"fmt"
	"io"
	"path/filepath"

	"github.com/opencontainers/go-digest"

	"tare/internal/compare"
	"tare/internal/target"
)

// NeedsStages tells whether stages of one of the words may have to be built to see what
// they keep out of its image. It reads what is remembered of builds, no image: what an
// archive or another store holds is known only when it has been read, so it may.
func (b *Bench) NeedsStages(ctx context.Context, words []string) bool {
	book := b.Book()
	if !book.Any() {
		return false
	}
	names, elsewhere := target.Named(words)
	if elsewhere {
		return true
	}
	st, err := b.Store()
	if err != nil {
		return false
	}
	for _, name := range names {
		rec, err := st.Find(ctx, name)
		if err != nil {
			continue
		}
		if r, ok := book.Recipe(rec.Target.Digest); ok && len(r.Behind()) > 0 {
			return true
		}
	}
	return false
}

// Lines are the instructions that an image was built from and the name of their file,
// where they are known.
func (b *Bench) Lines(built digest.Digest) (file string, lines []compare.Line) {
	r, ok := b.recipe(built)
	if !ok {
		return "", nil
	}
	if from, line, ok := r.From(); ok {
		lines = append(lines, compare.Line{Text: from, Line: line})
	}
	for _, i := range r.Instructions() {
		lines = append(lines, compare.Line{Text: i.Text, Line: i.Lines[0]})
	}
	if lines == nil {
		return "", nil
	}
	return filepath.Base(r.Dockerfile), lines
}

// Stages builds the stages that stayed behind when an image was built, and says what is
// in them. Most of that comes from the build cache. An image of unknown origin has none;
// a stage that cannot be built is a note.
func (b *Bench) Stages(ctx context.Context, built digest.Digest) []compare.Stage {
	r, ok := b.recipe(built)
	if !ok {
		return nil
	}
	var images []*target.Image
	for _, name := range r.Behind() {
		out, err := b.Build(ctx, name, r.Stage(name), io.Discard)
		if err != nil {
			b.Note(fmt.Sprintf("stage %s of %s is left out: %v", name, r.Dockerfile, err))
			return nil
		}
		images = append(images, out.Image)
	}
	facts, err := b.Finder.Facts(ctx, images)
	if err != nil {
		b.Note(fmt.Sprintf("the stages of %s are left out: %v", r.Dockerfile, err))
		return nil
	}
	var out []compare.Stage
	for n, i := range images {
		out = append(out, compare.Stage{Name: i.Name, Facts: facts[n]})
	}
	return out
}
