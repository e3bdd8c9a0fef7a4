package source

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/errdefs"
	"github.com/containerd/platforms"
	"github.com/distribution/reference"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/image"
	"tare/internal/infile"
	"tare/internal/layer"
	"tare/internal/members"
	"tare/internal/progress"
)

// archiveFile serves the blobs of an image archive from where they stand in it.
type archiveFile struct {
	f       *os.File
	members members.Of[member]
	blobs   map[digest.Digest]*io.SectionReader // of docker save archives
	hashed  map[int64]digest.Digest             // their compressed layers, by where they stand
	whole   bool                                // it ends as a tar should
}

// member is a file of an archive.
type member struct {
	at, size int64
}

// openArchive opens FILE[:REFERENCE], "-" for standard input.
func openArchive(ctx context.Context, s string, o OpenOptions) (*Opened, error) {
	var f *os.File
	what, ref := "standard input", ""
	if s == "-" || strings.HasPrefix(s, "-:") || strings.HasPrefix(s, "-@") {
		ref = strings.TrimPrefix(strings.TrimPrefix(s, "-"), ":")
		if o.Stdin == nil {
			return nil, errors.New("no standard input to read an archive from")
		}
		var err error
		if f, err = spool(ctx, o.Stdin, what, o); err != nil {
			return nil, err
		}
	} else {
		file, r := splitPath(s)
		if file == "" {
			return nil, fmt.Errorf("no such file: %s", s)
		}
		what, ref = file, r
		var err error
		if f, err = openPlain(ctx, file, o); err != nil {
			return nil, err
		}
	}
	return readArchive(f, what, ref, o.Platform)
}

// openPlain opens a tar in place, and a compressed one decompressed.
func openPlain(ctx context.Context, file string, o OpenOptions) (*os.File, error) {
	f, err := infile.Open(ctx, file)
	if err != nil {
		return nil, err
	}
	fi, err := f.Stat()
	if err == nil && fi.IsDir() {
		err = fmt.Errorf("%s is a directory: for an OCI image layout write oci-dir://%s", file, file)
	}
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	magic := make([]byte, layer.SniffLen)
	n, _ := f.ReadAt(magic, 0)
	if fi.Mode().IsRegular() && layer.Sniff(magic[:n]) == layer.None {
		return f, nil
	}
	defer func() { _ = f.Close() }()
	return spool(ctx, f, file, o)
}

// spool copies what cannot be read in place to a file that has no name, decompressed.
func spool(ctx context.Context, r io.Reader, what string, o OpenOptions) (*os.File, error) {
	tmp, err := os.CreateTemp(o.TempDir, "tare-archive-")
	if err != nil { // a tar in a file needs none: it is read in place
		return nil, fmt.Errorf("read the archive from %s: %w; set TMPDIR to a directory that you can write, or name a file that is not compressed", what, err)
	}
	_ = os.Remove(tmp.Name()) // where that is not allowed, a file stays behind
	plain, _, err := layer.Decompress(infile.Reader(ctx, o.Progress.Reader(r, what, "Reading", 0)))
	if err == nil {
		_, err = io.Copy(tmp, plain)
		_ = plain.Close()
	}
	o.Progress.Report(progress.Event{ID: what, Action: "Read", Final: true})
	if err != nil {
		_ = tmp.Close()
		return nil, fmt.Errorf("read the archive from %s: %w", what, err)
	}
	return tmp, nil
}

// readArchive takes f over: it is closed with what is opened, or on an error. Where
// there is more than one image, ref says which.
func readArchive(f *os.File, what, ref string, want platforms.MatchComparer) (out *Opened, err error) {
	defer func() {
		if err != nil {
			_ = f.Close()
			err = fmt.Errorf("%s: %w", what, err)
		}
	}()
	a := &archiveFile{f: f, members: members.New[member](), blobs: map[digest.Digest]*io.SectionReader{}, hashed: map[int64]digest.Digest{}}
	if err := a.list(); err != nil {
		return nil, err
	}
	if a.members.Has(ocispec.ImageIndexFile) {
		var x ocispec.Index
		if err := a.json(ocispec.ImageIndexFile, &x); err != nil {
			return nil, err
		}
		// Docker 25 writes an index.json without manifests beside its own manifest.json.
		if len(x.Manifests) > 0 || !a.members.Has(manifestFile) {
			d, err := pickFor(context.Background(), a, x.Manifests, ref, want)
			if err != nil {
				return nil, err
			}
			return &Opened{Provider: a, Target: d, Name: listedName(d), Saved: a.members.Has(manifestFile), Close: f.Close}, nil
		}
	}
	if !a.members.Has(manifestFile) {
		if !a.whole {
			return nil, fmt.Errorf("the archive is cut short after %d files: it has no end, and neither index.json nor manifest.json", len(a.members.Files))
		}
		return nil, fmt.Errorf("not an image archive: it has neither index.json (OCI) nor manifest.json (docker save)")
	}
	d, name, err := a.dockerSave(ref)
	if err != nil {
		return nil, err
	}
	return &Opened{Provider: a, Target: d, MadeUp: true, Name: name, Saved: true, Close: f.Close}, nil
}

// list notes where the members stand.
func (a *archiveFile) list() error {
	if _, err := a.f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	end, err := a.f.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	if _, err := a.f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	n, err := members.Each(a.f, func(name string, size int64, _ io.Reader) error {
		at, err := a.f.Seek(0, io.SeekCurrent) // package tar reads no further than it must
		if err == nil && at+size > end {
			err = errors.New("the archive is cut short in it")
		}
		a.members.File(name, member{at, size})
		return err
	}, a.members.Link)
	if err == nil && n == 0 {
		err = errors.New("the archive is empty")
	}
	a.whole = err == nil && a.ends()
	return err
}

// ends tells whether what was read last are the zeros that end a tar.
func (a *archiveFile) ends() bool {
	at, err := a.f.Seek(0, io.SeekCurrent)
	last := make([]byte, 1024)
	if err != nil || at < int64(len(last)) {
		return false
	}
	_, err = a.f.ReadAt(last, at-int64(len(last)))
	return err == nil && len(bytes.Trim(last, "\x00")) == 0
}

// open finds a member, through links.
func (a *archiveFile) open(name string) (*io.SectionReader, error) {
	m, err := a.members.Find(name)
	if err != nil {
		return nil, err
	}
	return io.NewSectionReader(a.f, m.at, m.size), nil
}

func (a *archiveFile) json(name string, v any) error {
	b, err := a.document(name)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(b, v); err != nil {
		return fmt.Errorf("%s of the archive: %w", name, err)
	}
	return nil
}

func (a *archiveFile) document(name string) ([]byte, error) {
	r, err := a.open(name)
	if err != nil {
		return nil, err
	}
	if r.Size() > image.MaxDocument {
		return nil, fmt.Errorf("%s of the archive has %d bytes: too many for such a document", shortList([]string{name}), r.Size())
	}
	return io.ReadAll(r)
}

// ReaderAt implements content.Provider.
func (a *archiveFile) ReaderAt(_ context.Context, d ocispec.Descriptor) (content.ReaderAt, error) {
	if err := d.Digest.Validate(); err != nil {
		return nil, fmt.Errorf("digest %s: %w", quote(d.Digest.String()), err)
	}
	r, ok := a.blobs[d.Digest]
	if !ok {
		var err error
		if r, err = a.open("blobs/" + d.Digest.Algorithm().String() + "/" + d.Digest.Encoded()); err != nil {
			return nil, fmt.Errorf("%w: %w", err, errdefs.ErrNotFound)
		}
	}
	if err := sized(d, r.Size()); err != nil {
		return nil, err
	}
	return &section{SectionReader: r}, nil
}

// sameName tells whether two references name the same image, or are the same text.
func sameName(a, b string) bool {
	if a == "" || b == "" {
		return false
	}
	if a == b {
		return true
	}
	x, err1 := reference.ParseDockerRef(a)
	y, err2 := reference.ParseDockerRef(b)
	return err1 == nil && err2 == nil && x.String() == y.String()
}
