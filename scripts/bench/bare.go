//go:build ignore

// The bare pipeline that `make bench-weigh` holds tare against: what any Go program
// has to do at least to look at every byte of an image and believe it. For each layer,
// the largest first and one worker a processor: read, sha256 of the blob, decompress
// (klauspost), sha256 of the tar, archive/tar, XXH3-128 of every file. It keeps
// nothing and prints counts.
//
//	bare OCI-LAYOUT | DOCKER-SAVE.tar
package main

import (
	"archive/tar"
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"io"
	"log"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/zeebo/xxh3"
)

type job struct {
	open func() (io.Reader, io.Closer)
	size int64
	blob string // expected sha256; "" for what is not compressed
	diff string
}

func main() {
	log.SetFlags(0)
	var jobs []job
	if fi, err := os.Stat(os.Args[1]); err == nil && fi.IsDir() {
		jobs = layout(os.Args[1])
	} else {
		jobs = archive(os.Args[1])
	}
	slices.SortFunc(jobs, func(a, b job) int { return int(min(1, max(-1, b.size-a.size))) })
	var entries, files atomic.Int64
	queue := make(chan job)
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for j := range queue {
				n, b := read(j)
				entries.Add(n)
				files.Add(b)
			}
		})
	}
	for _, j := range jobs {
		queue <- j
	}
	close(queue)
	wg.Wait()
	fmt.Println(entries.Load(), "entries", files.Load(), "bytes in files")
}

// tee hashes what is read through it.
type tee struct {
	r io.Reader
	h hash.Hash
}

func (t *tee) Read(p []byte) (int, error) {
	n, err := t.r.Read(p)
	t.h.Write(p[:n])
	return n, err
}

func read(j job) (entries, files int64) {
	r, c := j.open()
	defer c.Close()
	blob := &tee{r, sha256.New()}
	br := bufio.NewReaderSize(blob, 64<<10)
	if j.blob == "" {
		br = bufio.NewReaderSize(r, 64<<10)
	}
	magic, _ := br.Peek(4)
	var plain io.Reader = br
	switch {
	case bytes.HasPrefix(magic, []byte{0x1f, 0x8b}):
		z, err := gzip.NewReader(br)
		check(err)
		plain = z
	case bytes.HasPrefix(magic, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		z, err := zstd.NewReader(br, zstd.WithDecoderConcurrency(1))
		check(err)
		defer z.Close()
		plain = z
	}
	diff := &tee{plain, sha256.New()}
	big := bufio.NewReaderSize(diff, 256<<10)
	tr := tar.NewReader(big)
	buf := make([]byte, 256<<10)
	for {
		h, err := tr.Next()
		if err == io.EOF {
			break
		}
		check(err)
		entries++
		if h.Typeflag != tar.TypeReg {
			continue
		}
		files += h.Size
		x := xxh3.New()
		_, err = io.CopyBuffer(struct{ io.Writer }{x}, struct{ io.Reader }{tr}, buf)
		check(err)
		_ = x.Sum128()
	}
	_, err := io.Copy(io.Discard, big)
	check(err)
	if j.blob != "" {
		_, err = io.Copy(io.Discard, br)
		check(err)
	}
	if got := hex.EncodeToString(diff.h.Sum(nil)); got != j.diff || j.blob != "" && hex.EncodeToString(blob.h.Sum(nil)) != j.blob {
		log.Fatalf("wrong digest: %s instead of %s", got, j.diff)
	}
	return entries, files
}

func check(err error) {
	if err != nil {
		log.Fatal("bare: ", err)
	}
}

type descriptor struct {
	Digest string
	Size   int64
}

type config struct {
	RootFS struct {
		DiffIDs []string `json:"diff_ids"`
	}
}

func layout(dir string) (jobs []job) {
	blob := func(d string) string { return filepath.Join(dir, "blobs", "sha256", strings.TrimPrefix(d, "sha256:")) }
	var x struct{ Manifests []descriptor }
	parse(filepath.Join(dir, "index.json"), &x)
	var m struct {
		Config descriptor
		Layers []descriptor
	}
	parse(blob(x.Manifests[0].Digest), &m)
	var c config
	parse(blob(m.Config.Digest), &c)
	for i, l := range m.Layers {
		jobs = append(jobs, job{size: l.Size, blob: strings.TrimPrefix(l.Digest, "sha256:"), diff: strings.TrimPrefix(c.RootFS.DiffIDs[i], "sha256:"), open: func() (io.Reader, io.Closer) {
			f, err := os.Open(blob(l.Digest))
			check(err)
			return f, f
		}})
	}
	return jobs
}

func parse(file string, v any) {
	b, err := os.ReadFile(file)
	check(err)
	check(json.Unmarshal(b, v))
}

func archive(file string) (jobs []job) {
	f, err := os.Open(file)
	check(err)
	at, size := map[string]int64{}, map[string]int64{}
	small := map[string][]byte{}
	for tr := tar.NewReader(f); ; {
		h, err := tr.Next()
		if err == io.EOF {
			break
		}
		check(err)
		at[h.Name], _ = f.Seek(0, io.SeekCurrent)
		size[h.Name] = h.Size
		if strings.HasSuffix(h.Name, ".json") {
			small[h.Name], err = io.ReadAll(tr)
			check(err)
		}
	}
	var m []struct {
		Config string
		Layers []string
	}
	check(json.Unmarshal(small["manifest.json"], &m))
	var c config
	check(json.Unmarshal(small[m[0].Config], &c))
	for i, l := range m[0].Layers {
		jobs = append(jobs, job{size: size[l], diff: strings.TrimPrefix(c.RootFS.DiffIDs[i], "sha256:"), open: func() (io.Reader, io.Closer) {
			return io.NewSectionReader(f, at[l], size[l]), io.NopCloser(nil)
		}})
	}
	return jobs
}
