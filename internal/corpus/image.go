package corpus

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// Image is an image as its layers' tars tell it.
type Image struct {
	// Layers, the lowest first.
	Layers []*Layer
	// Config is what containers are started with.
	Config map[string]any
}

// Layer is one layer.
type Layer struct {
	// Tar is the size of the uncompressed tar in bytes.
	Tar int64
	// Entries in the order of the tar.
	Entries []Entry
}

// Entry is one entry of a layer.
type Entry struct {
	Path string // without a leading or trailing slash; "" is the root
	Tar  int64  // bytes of the tar: headers, content, padding
	Kind byte   // as in archive/tar
	Size int64
	Mode int64
	UID  int
	GID  int
	Link string
	Dev  [2]int64
	Sum  string // of a regular file's content
	PAX  string // extended attributes
}

type descriptor struct {
	MediaType   string            `json:"mediaType"`
	Digest      string            `json:"digest"`
	Annotations map[string]string `json:"annotations"`
}

// reader reads images of an OCI layout. Layers are kept: images share them.
type reader struct {
	dir    string
	layers map[string]*Layer
}

func (r *reader) blob(digest string) string {
	return filepath.Join(r.dir, "blobs", strings.Replace(digest, ":", "/", 1))
}

func (r *reader) json(file string, v any) error {
	b, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	return json.Unmarshal(b, v)
}

// image reads the image of this name, as in "docker.io/library/x:latest".
func (r *reader) image(name string) (*Image, error) {
	var index struct{ Manifests []descriptor }
	if err := r.json(filepath.Join(r.dir, "index.json"), &index); err != nil {
		return nil, err
	}
	for _, d := range index.Manifests {
		if d.Annotations["org.opencontainers.image.ref.name"] != name {
			continue
		}
		var m struct {
			Config descriptor
			Layers []descriptor
		}
		if err := r.json(r.blob(d.Digest), &m); err != nil {
			return nil, err
		}
		var c struct{ Config map[string]any }
		if err := r.json(r.blob(m.Config.Digest), &c); err != nil {
			return nil, err
		}
		out := &Image{Config: c.Config}
		for _, l := range m.Layers {
			layer := r.layers[l.Digest]
			if layer == nil {
				var err error
				if layer, err = readLayer(r.blob(l.Digest)); err != nil {
					return nil, fmt.Errorf("%s: %w", l.Digest, err)
				}
				r.layers[l.Digest] = layer
			}
			out.Layers = append(out.Layers, layer)
		}
		return out, nil
	}
	return nil, fmt.Errorf("no image %s in %s", name, r.dir)
}

// counter counts what was read.
type counter struct {
	r io.Reader
	n int64
}

// Read implements io.Reader.
func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

func readLayer(file string) (*Layer, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	var in io.Reader
	b := bufio.NewReaderSize(f, 1<<20)
	in = b
	if magic, _ := b.Peek(2); bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		if in, err = gzip.NewReader(b); err != nil {
			return nil, err
		}
	}
	c := &counter{r: in}
	t, out, end := tar.NewReader(c), &Layer{}, int64(0)
	for {
		h, err := t.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		// The reader stands at the content; before it are this entry's headers.
		e := Entry{Path: strings.Trim(path.Clean("/"+h.Name), "/"), Kind: h.Typeflag, Size: h.Size, Mode: h.Mode & 0o7777,
			UID: h.Uid, GID: h.Gid, Link: h.Linkname, Dev: [2]int64{h.Devmajor, h.Devminor}}
		for k, v := range h.PAXRecords {
			if strings.HasPrefix(k, "SCHILY.xattr.") {
				e.PAX += k + "=" + v + "\n" // one at the most in these images
			}
		}
		content := (h.Size + 511) / 512 * 512
		if h.Typeflag != tar.TypeReg {
			content = 0
		}
		e.Tar = c.n + content - end
		end += e.Tar
		if h.Typeflag == tar.TypeReg {
			sum := sha256.New()
			if _, err := io.Copy(sum, t); err != nil {
				return nil, err
			}
			e.Sum = hex.EncodeToString(sum.Sum(nil))
		}
		out.Entries = append(out.Entries, e)
	}
	if _, err := io.Copy(io.Discard, c); err != nil {
		return nil, err
	}
	out.Tar = c.n
	return out, nil
}

// Tar is the sum of the layers' tars in bytes.
func (i *Image) Tar() int64 {
	var n int64
	for _, l := range i.Layers {
		n += l.Tar
	}
	return n
}

// Matched are the bytes of tar, in all layers, of entries at paths that match one of the
// globs.
func (i *Image) Matched(globs []string) int64 {
	m, n := matcher(globs), int64(0)
	for _, l := range i.Layers {
		for _, e := range l.Entries {
			if m.MatchString(e.Path) {
				n += e.Tar
			}
		}
	}
	return n
}
