package bill

import (
	"fmt"
	"io"

	"tare/internal/screen"
	"tare/internal/table"
	"tare/internal/units"
)

// Print prints a bill as the request wants it: the answer in one line, then a row a layer.
func (b *Bill) Print(w io.Writer, q Request) error {
	switch {
	case q.Format == "json":
		return table.WriteJSON(w, b)
	case q.Quiet:
		_, err := fmt.Fprintln(w, b.Download)
		return err
	}
	if _, err := fmt.Fprintln(w, b.Sentence()); err != nil {
		return err
	}
	return b.layers(w)
}

// Sentence says what a pull would do.
func (b *Bill) Sentence() string {
	name := screen.Text(b.Name)
	if b.Platform != "" {
		name += " (" + screen.Text(b.Platform) + ")"
	}
	if b.UpToDate {
		return name + " is up to date: nothing to download"
	}
	if b.Download == 0 {
		return name + ": nothing to download, all " + units.Bytes(b.Here) + " are here"
	}
	all, missing := b.Layers()
	s := fmt.Sprintf("%s: %s to download, %d of %s", name, units.Bytes(b.Download), missing, units.Plural(all, "layer"))
	if b.Here > 0 {
		s += "; " + units.Bytes(b.Here) + " are here"
	}
	return s
}

// layers has a row for each layer, the lowest first, as docker pull lists them.
func (b *Bill) layers(w io.Writer) error {
	for _, x := range b.Blobs {
		if x.Kind != Layer {
			continue
		}
		state := "to download"
		switch {
		case x.Here == x.Size:
			state = "already exists"
		case x.Here > 0:
			state = units.Bytes(x.Here) + " of it are here already"
		}
		if _, err := fmt.Fprintf(w, "%s  %9s  %s\n", units.ShortID(x.Digest.String()), units.Bytes(x.Size), state); err != nil {
			return err
		}
	}
	return nil
}
