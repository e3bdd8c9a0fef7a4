//go:build ignore

// Command bigimage writes the image that pull.sh pulls, as an OCI layout: seven gzip layers, 1.6 GB of
// tar, about 640 MB compressed.
//
//	go run scripts/bench/bigimage.go DIR
//
// The content is made, not taken from packages: every machine gets the same bytes (the seeds are
// fixed), and nothing has to be downloaded. What matters to a pull is kept as it is in real images:
// file sizes are spread as in a Debian /usr, and the bytes are words of a skewed vocabulary, so that
// inflating them is the usual mixture of literals and short matches rather than the easy case of a
// random block followed by zeros.
package main

import (
	"archive/tar"
	"compress/gzip"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"log"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"time"
)

const (
	layers    = 7
	layerSize = 1_600_000_000 / layers // bytes of tar, roughly
	ociLayer  = "application/vnd.oci.image.layer.v1.tar+gzip"
	ociConfig = "application/vnd.oci.image.config.v1+json"
	ociImage  = "application/vnd.oci.image.manifest.v1+json"
	ociIndex  = "application/vnd.oci.image.index.v1+json"
)

type descriptor struct {
	MediaType   string            `json:"mediaType"`
	Digest      string            `json:"digest"`
	Size        int64             `json:"size"`
	Annotations map[string]string `json:"annotations,omitempty"`
}

func main() {
	log.SetFlags(0)
	log.SetPrefix("bigimage: ")
	if len(os.Args) != 2 {
		log.Fatal("usage: go run bigimage.go DIR")
	}
	if err := write(os.Args[1]); err != nil {
		log.Fatal(err)
	}
}

func write(dir string) error {
	if err := os.MkdirAll(filepath.Join(dir, "blobs", "sha256"), 0o755); err != nil {
		return err
	}
	var (
		descs   [layers]descriptor
		diffIDs [layers]string
		errs    [layers]error
		wg      sync.WaitGroup
	)
	for i := range layers {
		wg.Go(func() { descs[i], diffIDs[i], errs[i] = layer(dir, i) })
	}
	wg.Wait()
	if err := errors.Join(errs[:]...); err != nil {
		return err
	}
	history := make([]map[string]string, layers)
	for i := range history {
		history[i] = map[string]string{"created_by": fmt.Sprintf("COPY layer%d / # bigimage", i)}
	}
	config, err := blob(dir, ociConfig, map[string]any{
		"architecture": "amd64",
		"os":           "linux",
		"config":       map[string]any{},
		"rootfs":       map[string]any{"type": "layers", "diff_ids": diffIDs},
		"history":      history,
	})
	if err != nil {
		return err
	}
	manifest, err := blob(dir, ociImage, map[string]any{
		"schemaVersion": 2, "mediaType": ociImage, "config": config, "layers": descs,
	})
	if err != nil {
		return err
	}
	manifest.Annotations = map[string]string{"org.opencontainers.image.ref.name": "1"}
	index, err := json.Marshal(map[string]any{
		"schemaVersion": 2, "mediaType": ociIndex, "manifests": []descriptor{manifest},
	})
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "oci-layout"), []byte(`{"imageLayoutVersion":"1.0.0"}`), 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "index.json"), index, 0o644)
}

func blob(dir, mediaType string, v any) (descriptor, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return descriptor{}, err
	}
	sum := fmt.Sprintf("%x", sha256.Sum256(b))
	return descriptor{MediaType: mediaType, Digest: "sha256:" + sum, Size: int64(len(b))},
		os.WriteFile(filepath.Join(dir, "blobs", "sha256", sum), b, 0o644)
}

// layer writes layer n as a blob and returns its descriptor and DiffID.
func layer(dir string, n int) (descriptor, string, error) {
	f, err := os.CreateTemp(dir, "layer")
	if err != nil {
		return descriptor{}, "", err
	}
	defer f.Close()
	compressed, plain := sha256.New(), sha256.New()
	size := new(counter)
	zw := gzip.NewWriter(io.MultiWriter(f, compressed, size))
	tw := tar.NewWriter(io.MultiWriter(zw, plain))
	if err := fill(tw, n); err != nil {
		return descriptor{}, "", err
	}
	if err := errors.Join(tw.Close(), zw.Close(), f.Close()); err != nil {
		return descriptor{}, "", err
	}
	d := descriptor{MediaType: ociLayer, Digest: digest(compressed), Size: int64(*size)}
	return d, digest(plain), os.Rename(f.Name(), filepath.Join(dir, "blobs", "sha256", d.Digest[len("sha256:"):]))
}

func digest(h hash.Hash) string { return fmt.Sprintf("sha256:%x", h.Sum(nil)) }

type counter int64

func (c *counter) Write(p []byte) (int, error) { *c += counter(len(p)); return len(p), nil }

// fill adds directories of files until the layer has its size.
func fill(tw *tar.Writer, n int) error {
	random := rand.New(rand.NewPCG(uint64(n), 1))
	text := prose(random, 32<<20)
	stamp := time.Unix(1_735_689_600, 0)
	for total, i := int64(0), 0; total < layerSize; i++ {
		dir := fmt.Sprintf("usr/lib/layer%d/dir%03d/", n, i/100)
		if i%100 == 0 {
			h := &tar.Header{Typeflag: tar.TypeDir, Name: dir, Mode: 0o755, ModTime: stamp}
			if err := tw.WriteHeader(h); err != nil {
				return err
			}
		}
		// Log-normal: a median of 4 KB, a mean of about 30 KB, now and then some megabytes.
		size := min(int(math.Exp(8.3+2*random.NormFloat64())), 16<<20)
		h := &tar.Header{
			Typeflag: tar.TypeReg, Name: fmt.Sprintf("%sfile%05d", dir, i),
			Mode: 0o644, Size: int64(size), ModTime: stamp,
		}
		if err := tw.WriteHeader(h); err != nil {
			return err
		}
		// A file begins somewhere in the text; two of them repeat each other only further apart than
		// gzip looks back.
		at := random.IntN(len(text) - size)
		if _, err := tw.Write(text[at : at+size]); err != nil {
			return err
		}
		total += int64(512 + (size+511)/512*512)
	}
	return nil
}

// prose returns size bytes of words drawn by Zipf's law; vocabulary and exponent are chosen so that gzip
// makes 2.5 bytes into one.
func prose(random *rand.Rand, size int) []byte {
	words := make([][]byte, 1<<13)
	for i := range words {
		words[i] = make([]byte, 2+random.IntN(9))
		for j := range words[i] {
			words[i][j] = byte(random.Uint32())
		}
	}
	pick := rand.NewZipf(random, 1.3, 4, uint64(len(words)-1))
	text := make([]byte, 0, size+16)
	for len(text) < size {
		text = append(text, words[pick.Uint64()]...)
	}
	return text[:size]
}
