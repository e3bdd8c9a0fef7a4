package update

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"tare/internal/screen"
	"tare/internal/table"
	"tare/internal/units"
)

// Print prints an update as the request wants it: the answer in one line, then a row a layer.
func (u *Update) Print(w io.Writer, q Request) error {
	if q.Format == "json" {
		return table.WriteJSON(w, u)
	}
	bytes := units.Bytes
	if q.Exact {
		bytes = units.Exact
	}
	b := bufio.NewWriter(w)
	_, _ = fmt.Fprintln(b, u.Sentence(bytes))
	u.rows(b, bytes)
	for i, s := range u.after(bytes) {
		if i == 0 {
			_, _ = fmt.Fprintln(b)
		}
		_, _ = fmt.Fprintf(b, "  %s\n", screen.Text(s))
	}
	return b.Flush()
}

// Sentence says what the update does.
func (u *Update) Sentence(bytes func(int64) string) string {
	what := screen.Text(u.From.Name) + " → " + screen.Text(u.To.Name)
	if u.To.Platform != "" {
		what += " (" + screen.Text(u.To.Platform) + ")"
	}
	what += ", " + u.Client + ": "
	if u.UpToDate {
		return what + "nothing to download, all " + bytes(u.Stays) + " are there"
	}
	all, fetched := u.Layers()
	s := fmt.Sprintf("%s%s to download, %d of %s", what, bytes(u.Download), fetched, units.Plural(all, "layer"))
	if u.Stays > 0 {
		s += "; " + bytes(u.Stays) + " are there"
	}
	return s
}

// rows has a row for each layer, the lowest first, and one for the documents.
func (u *Update) rows(w io.Writer, bytes func(int64) string) {
	width := 9
	for _, b := range u.Blobs {
		width = max(width, len(bytes(b.Size)))
		if b.Layer != nil {
			width = max(width, len(b.Layer.Tar.Text(bytes)))
		}
	}
	_, _ = fmt.Fprintf(w, "\n  %-12s  %*s  %*s  %*s\n", "LAYER", width, "SIZE", width, "DOWNLOAD", width, "UNPACKED")
	var size, download int64
	var kinds []string
	for _, b := range u.Blobs {
		if b.Layer == nil {
			size, download, kinds = size+b.Size, download+b.Download, append(kinds, b.Kind)
			continue
		}
		unpacked := pad("–", width)
		if b.Layer.Unpack {
			unpacked = pad(b.Layer.Tar.Text(bytes), width)
			if !b.Layer.Tar.Known() {
				unpacked = pad("?", width)
			}
		}
		_, _ = fmt.Fprintf(w, "  %-12s  %*s  %s  %s  %s\n", units.ShortID(b.Digest.String()), width, bytes(b.Size), pad(dash(b.Download, bytes), width), unpacked, why(b))
	}
	_, _ = fmt.Fprintf(w, "  %-12s  %*s  %s  %s  %s\n", "documents", width, bytes(size), pad(dash(download, bytes), width), pad("–", width), strings.Join(kinds, ", "))
}

func dash(n int64, bytes func(int64) string) string {
	if n == 0 {
		return "–"
	}
	return bytes(n)
}

// pad aligns to the right what is one column a character.
func pad(s string, width int) string {
	return strings.Repeat(" ", max(0, width-len([]rune(s)))) + s
}

// why says in words why a layer is fetched or stays, and what made it.
func why(b Blob) string {
	l := b.Layer
	if b.Lazy > 0 {
		return "mounted, read when needed"
	}
	switch l.Reason {
	case Present:
		return "stays"
	case Repeated:
		return "the same blob again"
	case Below:
		if b.Download == 0 {
			return "stays, unpacked once more"
		}
		return "known, but a layer below is new"
	case Recompressed:
		if b.Download == 0 {
			return "stays, as another blob"
		}
		return "same content, another blob"
	case Rebuilt:
		return short("rebuilt: " + l.Instruction)
	case New:
		return short("new: " + l.Instruction)
	}
	return "not there"
}

// short is the beginning of a text with an instruction in it: a row has 80 columns.
func short(s string) string {
	r := []rune(screen.Text(strings.Join(strings.Fields(s), " ")))
	if len(r) > 31 {
		return string(r[:30]) + "…"
	}
	return string(r)
}

// after are the sentences below the rows.
func (u *Update) after(bytes func(int64) string) []string {
	var out []string
	if u.UnpackBlobs > 0 {
		s := bytes(u.UnpackBlobs) + " of blobs are unpacked"
		if n, ok := u.Unpack.Int(); ok {
			s += ", to " + bytes(n) + " of tar"
		} else {
			s += "; their size unpacked (?) is known when tare has read the layers once"
		}
		out = append(out, s+".")
	}
	if u.LeftoverLayers > 0 {
		out = append(out, fmt.Sprintf("%s of %s that the new image does not use (%s compressed) stay until the old one is removed.",
			units.Plural(u.LeftoverLayers, "layer"), u.From.Name, bytes(u.Leftover)))
	}
	if l := u.Lazy; l != nil && l.Layers > 0 {
		s := fmt.Sprintf("%s mounted: at most %s are fetched later", units.Plural(l.Layers, "layer"), bytes(l.Most))
		if n, ok := l.Start.Int(); ok {
			s += ", an estimated " + bytes(n) + " before a container starts"
		} else {
			s += "; how much before a container starts is not known"
		}
		out = append(out, s+".")
	}
	if !u.Exact && u.Lazy == nil {
		out = append(out, "Podman may fetch a blob twice that the image names twice.")
	}
	return append(out, u.Notes...)
}
