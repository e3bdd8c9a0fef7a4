package buildkit

import (
	"context"
	"io"
	"strconv"

	"github.com/moby/buildkit/client"

	"tare/internal/outfile"
)

// fileExport is an export into a file. BuildKit's own client empties the file before
// it knows whether the build succeeds, and replaces nothing atomically. ok is false
// for exports to other places.
func (s *solve) fileExport(ctx context.Context, kind string, attrs map[string]string) (e client.ExportEntry, ok bool, err error) {
	dest := attrs["dest"]
	tar := true
	if v, err := strconv.ParseBool(attrs["tar"]); err == nil {
		tar = v
	}
	switch {
	case dest == "" || dest == "-" || attrs["output"] != "":
		return e, false, nil
	case kind == client.ExporterTar, (kind == client.ExporterOCI || kind == client.ExporterDocker) && tar:
	default:
		return e, false, nil
	}
	o, err := outfile.Create(ctx, dest)
	if err != nil {
		return e, false, err
	}
	s.files = append(s.files, o)
	s.later(o.Discard)
	e = client.ExportEntry{Type: kind, Attrs: with(attrs), Output: func(map[string]string) (io.WriteCloser, error) { return leftOpen{o}, nil }}
	delete(e.Attrs, "dest")
	return e, true, nil
}

// leftOpen is a file that BuildKit closes when it has sent all that it will, also when
// the build has failed.
type leftOpen struct{ *outfile.File }

// Close implements io.Closer.
func (leftOpen) Close() error { return nil }

// commit gives the files of a build that succeeded their names.
func (s *solve) commit() error {
	for _, o := range s.files {
		if err := o.Commit(); err != nil {
			return err
		}
	}
	return nil
}
