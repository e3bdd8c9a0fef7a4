package touch

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// ErrIncomplete is returned where something would have to be concluded from a trace that is
// not complete.
var ErrIncomplete = errors.New("the trace is incomplete")

// Prefetchers are what the lists of Prefetch are for.
var Prefetchers = []string{"soci", "estargz", "nydus"}

// Prefetch writes the files that were read in the form that a tool takes which fetches
// them before others: soci's --prefetch-files-json, the record of ctr-remote's --record-in
// (estargz), or nydusify's --prefetch-patterns. It returns ErrIncomplete (wrapped) for a
// trace that is not complete.
func (t *Trace) Prefetch(w io.Writer, tool string) error {
	if !t.Complete {
		return fmt.Errorf("%w: %s", ErrIncomplete, strings.Join(t.Reasons, "; "))
	}
	read := slices.DeleteFunc(slices.Clone(t.Files), func(f File) bool { return !f.Read() })
	switch tool {
	case "soci":
		list := []string{}
		for _, f := range read {
			list = append(list, "/"+f.Path)
		}
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		enc.SetEscapeHTML(false)
		return enc.Encode(list)
	case "estargz":
		enc := json.NewEncoder(w)
		enc.SetEscapeHTML(false)
		for _, f := range read {
			if err := enc.Encode(struct {
				Path     string `json:"path"`
				Manifest string `json:"manifestDigest"`
				Layer    int    `json:"layerIndex"`
			}{f.Path, t.Manifest.String(), f.Layer - 1}); err != nil {
				return err
			}
		}
		return nil
	case "nydus":
		out := bufio.NewWriter(w)
		for _, f := range read {
			if strings.ContainsAny(f.Path, "\n\r") {
				return fmt.Errorf("/%s: a list of lines cannot hold this name", f.Path)
			}
			_, _ = out.WriteString("/" + f.Path + "\n")
		}
		return out.Flush()
	}
	return fmt.Errorf("no list for %q: want %s", tool, strings.Join(Prefetchers, ", "))
}

// Read tells whether the file's content was used: it was opened, executed or mapped. A
// symbolic link has none.
func (f *File) Read() bool {
	return !slices.Equal(f.How, []How{Readlink}) && slices.ContainsFunc(f.How, func(h How) bool { return h == Open || h == Exec || h == Map })
}

// WritePaths writes the paths of the files that were touched, one a line, without leading
// slashes. A line that begins with # says that the trace is incomplete, and why. Names that
// would not fit into a line are quoted, as git does.
func (t *Trace) WritePaths(w io.Writer) error {
	out := bufio.NewWriter(w)
	if !t.Complete {
		_, _ = out.WriteString("# incomplete: " + oneLine(strings.Join(t.Reasons, "; ")) + "\n")
	}
	for _, f := range t.Files {
		_, _ = out.WriteString(line(f.Path) + "\n")
	}
	return out.Flush()
}

// line is a path as it can stand in a line of its own.
func line(path string) string {
	if quoted := strconv.Quote(path); strings.HasPrefix(path, "#") || strings.HasPrefix(path, `"`) || quoted != `"`+path+`"` && strings.ContainsFunc(path, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return quoted
	}
	return path
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
