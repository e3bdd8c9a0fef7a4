// Package tui shows images in a terminal: panes of layers, packages, waste and steps beside
// the tree of files, and of two images the causes of their difference beside both trees.
// Its models are functions of facts and messages; all that takes time or touches the world
// happens in commands, through a Source.
package tui

import (
	"context"

	"tare/internal/compare"
	"tare/internal/outline"
	"tare/internal/progress"
	"tare/internal/tree"
	"tare/internal/weigh"
)

// Source is what a viewer looks at.
type Source interface {
	// Load reads what is not known of the images yet, and tells how far it is.
	Load(ctx context.Context, events progress.Func) (*Data, error)
	// Read returns the content of a file of an image.
	Read(ctx context.Context, image int, r tree.Ref) ([]byte, error)
	// Extract writes entries of an image below a new name, which must not exist, and says
	// in words what it wrote and what it left out.
	Extract(ctx context.Context, image int, items []outline.Item, name string) (string, error)
}

// Data is what is known of the images.
type Data struct {
	Images []Image
	// Result is their comparison; nil of a single image.
	Result *compare.Result
}

// Image is one image.
type Image struct {
	Name  string
	Facts *weigh.Facts
	// Dockerfile is what is known of the file it was built from; nil if nothing is.
	Dockerfile *weigh.Dockerfile
}

// Messages of commands.
type (
	progressMsg progress.Event
	loadedMsg   struct {
		data *Data
		err  error
	}
	// tableMsg brings the table of one image or two.
	tableMsg struct {
		of    scope
		table *outline.Table
	}
	// summedMsg brings the sums and rows of a request.
	summedMsg struct {
		of    scope
		gen   int64
		sums  *outline.Sums // nil if they are as before
		spare *outline.Sums // memory that was not needed after all
		rows  []int32
		open  []bool
	}
	textMsg struct {
		title string
		text  []byte
		err   error
	}
	saidMsg struct {
		text string
		err  error
	}
)

// scope is what is looked at: one image (from == to), or the way from one to another.
type scope struct{ from, to int }

func (s scope) joined() bool { return s.from != s.to }
