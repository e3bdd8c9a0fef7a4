package main

import (
	"archive/tar"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
)

// imageFacts is one image as another implementation (go-containerregistry) reads it.
type imageFacts struct {
	platform string
	config   map[string]string // path -> value of the whole config, without times and DiffIDs
	layers   []layerFacts
}

type layerFacts struct {
	diffID string
	open   func() (io.ReadCloser, error)
}

// readImages reads the image with a digest out of a layout, or the only one. A digest of
// an index gives all its images.
func readImages(dir, digest string) ([]imageFacts, error) {
	p, err := layout.FromPath(dir)
	if err != nil {
		return nil, err
	}
	index, err := p.ImageIndex()
	if err != nil {
		return nil, err
	}
	m, err := index.IndexManifest()
	if err != nil {
		return nil, err
	}
	for _, d := range m.Manifests {
		if digest == "" || d.Digest.String() == digest {
			return imagesBelow(index, d)
		}
	}
	return nil, fmt.Errorf("%s has no image %s", dir, digest)
}

func imagesBelow(index v1.ImageIndex, d v1.Descriptor) ([]imageFacts, error) {
	if !d.MediaType.IsIndex() {
		img, err := index.Image(d.Digest)
		if err != nil {
			return nil, err
		}
		f, err := factsOf(img)
		return []imageFacts{f}, err
	}
	inner, err := index.ImageIndex(d.Digest)
	if err != nil {
		return nil, err
	}
	m, err := inner.IndexManifest()
	if err != nil {
		return nil, err
	}
	var out []imageFacts
	for _, d := range m.Manifests {
		more, err := imagesBelow(inner, d)
		if err != nil {
			return nil, err
		}
		out = append(out, more...)
	}
	return out, nil
}

func factsOf(img v1.Image) (f imageFacts, err error) {
	raw, err := img.RawConfigFile()
	if err != nil {
		return f, err
	}
	var doc map[string]any
	if err := json.Unmarshal(raw, &doc); err != nil {
		return f, err
	}
	delete(doc, "created")
	delete(doc, "rootfs")
	if history, ok := doc["history"].([]any); ok {
		for _, h := range history {
			delete(h.(map[string]any), "created")
		}
	}
	f.config = map[string]string{}
	flatten(f.config, "", doc)
	f.platform = fmt.Sprintf("%v/%v", doc["os"], doc["architecture"])
	layers, err := img.Layers()
	if err != nil {
		return f, err
	}
	for _, l := range layers {
		d, err := l.DiffID()
		if err != nil {
			return f, err
		}
		f.layers = append(f.layers, layerFacts{d.String(), l.Uncompressed})
	}
	return f, nil
}

// flatten turns JSON into one line a value.
func flatten(out map[string]string, at string, v any) {
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			flatten(out, path.Join(at, k), e)
		}
		if len(v) == 0 {
			out[at] = "{}"
		}
	case []any:
		for i, e := range v {
			flatten(out, fmt.Sprintf("%s[%d]", at, i), e)
		}
		if len(v) == 0 {
			out[at] = "[]"
		}
	default:
		b, _ := json.Marshal(v)
		out[at] = string(b)
	}
}

// entry is what a tar says of one path.
type entry struct {
	facts map[string]string // kind, mode, owner, link, device, content, xattr:NAME
	mtime time.Time
}

// entries reads a layer. A path that stands twice is two entries: PATH and PATH (2).
func (l layerFacts) entries() (map[string]entry, error) {
	rc, err := l.open()
	if err != nil {
		return nil, err
	}
	defer func() { _ = rc.Close() }()
	out := map[string]entry{}
	for t := tar.NewReader(rc); ; {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		sum := sha256.New()
		n, err := io.Copy(sum, t)
		if err != nil {
			return nil, err
		}
		e := entry{mtime: h.ModTime, facts: map[string]string{
			"kind":  string(rune(h.Typeflag)),
			"mode":  fmt.Sprintf("%#o", h.Mode),
			"owner": fmt.Sprintf("%d:%d (%s:%s)", h.Uid, h.Gid, h.Uname, h.Gname),
		}}
		if h.Linkname != "" {
			e.facts["link"] = h.Linkname
		}
		if h.Devmajor != 0 || h.Devminor != 0 {
			e.facts["device"] = fmt.Sprintf("%d, %d", h.Devmajor, h.Devminor)
		}
		if n > 0 {
			e.facts["content"] = fmt.Sprintf("%d bytes, sha256 %x", n, sum.Sum(nil))
		}
		for k, v := range h.PAXRecords {
			if name, ok := strings.CutPrefix(k, "SCHILY.xattr."); ok {
				e.facts["xattr:"+name] = fmt.Sprintf("%q", v)
			}
		}
		key := h.Name
		for i := 2; ; i++ {
			if _, twice := out[key]; !twice {
				break
			}
			key = fmt.Sprintf("%s (%d)", h.Name, i)
		}
		out[key] = e
	}
}
