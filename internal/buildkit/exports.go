package buildkit

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/errdefs"
	"github.com/moby/buildkit/client"
	bkbuild "github.com/moby/buildkit/cmd/buildctl/build"
	"github.com/tonistiigi/go-csvvalue"

	"tare/internal/engine"
	"tare/internal/store"
)

// exports chooses where the result goes. Without --output, and for the types
// that mean "the local images" in Docker, that is tare's store.
func (b *builder) exports(ctx context.Context, r engine.Build, s *solve) error {
	outputs := r.Outputs
	if len(outputs) == 0 {
		outputs = []string{"type=docker"}
	}
	if r.Push {
		outputs = append(outputs, "type=registry")
	}
	for _, o := range outputs {
		o = shorthand(o)
		kind, attrs, err := fields(o)
		if err != nil {
			return fmt.Errorf("--output %s: %w", o, err)
		}
		entry, toFile, err := s.fileExport(ctx, kind, attrs)
		if err != nil {
			return fmt.Errorf("--output: %w", err)
		}
		switch {
		case (kind == "docker" || kind == "image") && attrs["dest"] == "" && attrs["push"] != "true":
			s.keep = true
			compression := []string{"compression", "uncompressed"}
			if r.Compression != "" {
				compression = []string{"compression", r.Compression, "force-compression", "true"}
			}
			s.Exports = append(s.Exports, client.ExportEntry{
				Type: client.ExporterOCI,
				// Our own layers stay uncompressed until they are pushed: gzip is most
				// of a build's time, and who never pushes never needs it.
				Attrs:       with(attrs, append([]string{"tar", "false"}, compression...)...),
				OutputStore: &intake{Store: b.opt.Store.Importer(), store: b.opt.Store, from: b.blobs},
			})
		case kind == "registry" || kind == "image":
			if len(r.Names) == 0 && attrs["name"] == "" {
				return fmt.Errorf("a push needs a name: give one with -t")
			}
			s.Exports = append(s.Exports, client.ExportEntry{Type: client.ExporterImage, Attrs: with(attrs, "push", "true", "store", "false", "name", strings.Join(r.Names, ","))})
		default:
			list := []client.ExportEntry{entry}
			if !toFile {
				if list, err = bkbuild.ParseOutput([]string{o}); err != nil {
					return fmt.Errorf("--output %s: %w", o, err)
				}
			}
			for _, e := range list {
				if (kind == "docker" || kind == "oci") && e.Attrs["name"] == "" && len(r.Names) > 0 {
					e.Attrs["name"] = strings.Join(r.Names, ",")
				}
				s.Exports = append(s.Exports, e)
			}
		}
	}
	for i := range s.Exports {
		for k, v := range r.Annotations {
			s.Exports[i].Attrs["annotation."+k] = v
		}
	}
	return nil
}

// shorthand expands `-o DIR` and `-o -`.
func shorthand(o string) string {
	switch {
	case o == "-":
		return "type=tar,dest=-"
	case !strings.Contains(o, "="):
		return "type=local,dest=" + o
	}
	return o
}

func fields(o string) (kind string, attrs map[string]string, err error) {
	list, err := csvvalue.Fields(o, nil)
	if err != nil {
		return "", nil, err
	}
	attrs = map[string]string{}
	for _, f := range list {
		k, v, _ := strings.Cut(f, "=")
		if k = strings.ToLower(k); k == "type" {
			kind = v
			continue
		}
		attrs[k] = v
	}
	return kind, attrs, nil
}

// with adds pairs to a copy of attrs; what attrs says itself stands.
func with(attrs map[string]string, pairs ...string) map[string]string {
	out := map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		out[pairs[i]] = pairs[i+1]
	}
	for k, v := range attrs {
		out[k] = v
	}
	return out
}

// intake receives an image from the builder. Where the builder's blobs are on
// this machine's disk they are hard-linked; nothing passes through the session.
type intake struct {
	content.Store
	store *store.Store
	from  string // the builder's content directory; "" if elsewhere
}

// Writer implements content.Ingester. "Already exists" tells BuildKit not to send.
func (i *intake) Writer(ctx context.Context, opts ...content.WriterOpt) (content.Writer, error) {
	var o content.WriterOpts
	for _, opt := range opts {
		if err := opt(&o); err != nil {
			return nil, err
		}
	}
	if d := o.Desc; d.Digest != "" && i.from != "" && d.Digest.Validate() == nil {
		path := filepath.Join(i.from, "blobs", d.Digest.Algorithm().String(), d.Digest.Encoded())
		if i.store.Adopt(path, d) {
			return nil, fmt.Errorf("content %s: %w", d.Digest, errdefs.ErrAlreadyExists)
		}
	}
	return i.Store.Writer(ctx, opts...)
}
