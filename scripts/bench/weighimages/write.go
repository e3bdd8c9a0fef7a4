package main

import (
	"archive/tar"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"hash"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// layerFile is a layer in its three forms.
type layerFile struct {
	dir, name string
	w         *tar.Writer
	forms     []*form
	closers   []io.Closer
}

// form is a layer with one compression.
type form struct {
	kind string // "", gzip, zstd
	path string
	h    hash.Hash
	n    int64
	out  *os.File
}

func (f *form) Write(p []byte) (int, error) {
	f.h.Write(p)
	f.n += int64(len(p))
	return f.out.Write(p)
}

func (f *form) digest() string { return hex.EncodeToString(f.h.Sum(nil)) }

func newLayer(dir, name string) (*layerFile, error) {
	l := &layerFile{dir: dir, name: name}
	if err := os.MkdirAll(filepath.Join(dir, "layers"), 0o755); err != nil {
		return nil, err
	}
	var outs []io.Writer
	for _, kind := range []string{"", "gzip", "zstd"} {
		f := &form{kind: kind, path: filepath.Join(dir, "layers", name+"."+kind), h: sha256.New()}
		var err error
		if f.out, err = os.Create(f.path); err != nil {
			return nil, err
		}
		l.forms = append(l.forms, f)
		switch kind {
		case "":
			outs = append(outs, f)
		case "gzip":
			z, _ := gzip.NewWriterLevel(f, 6)
			outs, l.closers = append(outs, z), append(l.closers, z)
		case "zstd":
			z, err := zstd.NewWriter(f)
			if err != nil {
				return nil, err
			}
			outs, l.closers = append(outs, z), append(l.closers, z)
		}
	}
	l.w = tar.NewWriter(io.MultiWriter(outs...))
	return l, nil
}

func (l *layerFile) add(h *tar.Header, body io.Reader) error {
	h.ModTime, h.AccessTime, h.ChangeTime = time.Unix(1_700_000_000, 0), time.Time{}, time.Time{}
	if err := l.w.WriteHeader(h); err != nil {
		return err
	}
	if h.Size == 0 || body == nil {
		return nil
	}
	_, err := io.CopyN(l.w, body, h.Size)
	return err
}

func (l *layerFile) close() error {
	if err := l.w.Close(); err != nil {
		return err
	}
	for _, c := range l.closers {
		if err := c.Close(); err != nil {
			return err
		}
	}
	for _, f := range l.forms {
		if err := f.out.Close(); err != nil {
			return err
		}
	}
	return nil
}

type descriptor struct {
	MediaType   string            `json:"mediaType"`
	Digest      string            `json:"digest"`
	Size        int64             `json:"size"`
	Annotations map[string]string `json:"annotations,omitempty"`
}

// write makes an image of layers, in all forms.
func write(out, name string, layers []*layerFile) error {
	type step struct {
		CreatedBy string `json:"created_by"`
	}
	cfg := map[string]any{"architecture": "amd64", "os": "linux", "config": map[string]any{}}
	var diffs []string
	var history []step
	for _, l := range layers {
		diffs = append(diffs, "sha256:"+l.forms[0].digest())
		history = append(history, step{"RUN make " + l.name})
	}
	cfg["rootfs"], cfg["history"] = map[string]any{"type": "layers", "diff_ids": diffs}, history
	config, err := json.Marshal(cfg)
	if err != nil {
		return err
	}
	for k, media := range map[int]string{1: "application/vnd.oci.image.layer.v1.tar+gzip", 2: "application/vnd.oci.image.layer.v1.tar+zstd"} {
		if err := layout(filepath.Join(out, name+"."+layers[0].forms[k].kind), media, k, config, layers); err != nil {
			return err
		}
	}
	return archive(filepath.Join(out, name+".tar"), name, config, layers)
}

func layout(dir, media string, k int, config []byte, layers []*layerFile) error {
	blobs := filepath.Join(dir, "blobs", "sha256")
	if err := os.MkdirAll(blobs, 0o755); err != nil {
		return err
	}
	put := func(media string, b []byte) (descriptor, error) {
		sum := sha256.Sum256(b)
		d := descriptor{MediaType: media, Digest: "sha256:" + hex.EncodeToString(sum[:]), Size: int64(len(b))}
		return d, os.WriteFile(filepath.Join(blobs, hex.EncodeToString(sum[:])), b, 0o644)
	}
	m := map[string]any{"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json"}
	var list []descriptor
	for _, l := range layers {
		f := l.forms[k]
		blob := filepath.Join(blobs, f.digest())
		if _, err := os.Stat(blob); err != nil {
			if err := os.Link(f.path, blob); err != nil {
				return err
			}
		}
		list = append(list, descriptor{MediaType: media, Digest: "sha256:" + f.digest(), Size: f.n})
	}
	c, err := put("application/vnd.oci.image.config.v1+json", config)
	if err != nil {
		return err
	}
	m["config"], m["layers"] = c, list
	raw, err := json.Marshal(m)
	if err != nil {
		return err
	}
	d, err := put("application/vnd.oci.image.manifest.v1+json", raw)
	if err != nil {
		return err
	}
	index, err := json.Marshal(map[string]any{"schemaVersion": 2, "manifests": []descriptor{d}})
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "index.json"), index, 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "oci-layout"), []byte(`{"imageLayoutVersion":"1.0.0"}`), 0o644)
}

// archive writes what docker save writes.
func archive(file, name string, config []byte, layers []*layerFile) error {
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	w := tar.NewWriter(f)
	sum := sha256.Sum256(config)
	cfgName := hex.EncodeToString(sum[:]) + ".json"
	var names []string
	for _, l := range layers {
		n := l.forms[0].digest() + "/layer.tar"
		names = append(names, n)
		if err := w.WriteHeader(&tar.Header{Name: n, Mode: 0o644, Size: l.forms[0].n}); err != nil {
			return err
		}
		in, err := os.Open(l.forms[0].path)
		if err != nil {
			return err
		}
		_, err = io.Copy(w, in)
		_ = in.Close()
		if err != nil {
			return err
		}
	}
	manifest, err := json.Marshal([]map[string]any{{"Config": cfgName, "RepoTags": []string{"bench/" + strings.ToLower(name) + ":latest"}, "Layers": names}})
	if err != nil {
		return err
	}
	for _, m := range []struct {
		name string
		body []byte
	}{{cfgName, config}, {"manifest.json", manifest}} {
		if err := w.WriteHeader(&tar.Header{Name: m.name, Mode: 0o644, Size: int64(len(m.body))}); err != nil {
			return err
		}
		if _, err := w.Write(m.body); err != nil {
			return err
		}
	}
	if err := w.Close(); err != nil {
		return err
	}
	return f.Close()
}
