package buildkit

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/distribution/reference"
	"github.com/moby/buildkit/session/upload/uploadprovider"
	"github.com/tonistiigi/fsutil"

	"tare/internal/buildcontext"
	"tare/internal/dockerfile"
	"tare/internal/engine"
	"tare/internal/infile"
	"tare/internal/store"
)

// contextAttrs says where the context and the Dockerfile are.
func (b *builder) contextAttrs(ctx context.Context, r engine.Build, s *solve) error {
	a := s.FrontendAttrs
	switch {
	case r.Context == "-" && r.Dockerfile == "-":
		return errors.New("standard input cannot be both the context and the Dockerfile (-f -)")
	case r.Context == "-":
		return b.stdinContext(ctx, r, s)
	case strings.Contains(r.Context, "://") || strings.HasPrefix(r.Context, "git@") || strings.HasPrefix(r.Context, "github.com/"):
		a["context"] = r.Context
		if r.Dockerfile == "-" {
			return b.stdinDockerfile(ctx, r, s)
		}
		if r.Dockerfile != "" {
			a["filename"] = r.Dockerfile
		}
		return nil
	}
	dir := r.Context
	fi, err := os.Stat(dir)
	if err != nil {
		return fmt.Errorf("build context: %w", err)
	}
	if !fi.IsDir() {
		return fmt.Errorf("build context %s is not a directory", dir)
	}
	if s.LocalMounts["context"], err = fsutil.NewFS(dir); err != nil {
		return fmt.Errorf("build context: %w", err)
	}
	s.SharedKey = sharedKey(dir)
	file := r.Dockerfile
	if file == "" {
		file = filepath.Join(dir, "Dockerfile")
	}
	if r.Dockerfile == "-" {
		return b.stdinDockerfile(ctx, r, s)
	}
	fi, err = os.Stat(file)
	switch {
	case errors.Is(err, os.ErrNotExist) && r.Dockerfile == "":
		return fmt.Errorf("no Dockerfile in %s; name one with -f, or another directory", dir)
	case errors.Is(err, os.ErrNotExist):
		return fmt.Errorf("no such Dockerfile: %s", file)
	case err != nil:
		return fmt.Errorf("read the Dockerfile: %w", err)
	case fi.IsDir():
		return fmt.Errorf("the Dockerfile %s is a directory", file)
	case !fi.Mode().IsRegular(): // -f <(generate), /dev/stdin
		f, err := infile.Open(ctx, file)
		if err != nil {
			return fmt.Errorf("read the Dockerfile: %w", err)
		}
		defer func() { _ = f.Close() }()
		r.Stdin = infile.Reader(ctx, f)
		return b.stdinDockerfile(ctx, r, s)
	}
	if s.LocalMounts["dockerfile"], err = fsutil.NewFS(filepath.Dir(file)); err != nil {
		return fmt.Errorf("read the Dockerfile: %w", err)
	}
	a["filename"] = filepath.Base(file)
	return b.checkFile(ctx, file, r.Args)
}

// checkFile looks at a Dockerfile before a builder gets it. The embedded frontend looks
// again, when it knows the base images; one elsewhere has no limits.
func (b *builder) checkFile(ctx context.Context, file string, args map[string]string) error {
	text, err := buildcontext.ReadDockerfile(file)
	if err != nil {
		return fmt.Errorf("read the Dockerfile: %w", err)
	}
	return b.checkText(ctx, file, text, args)
}

func (b *builder) checkText(ctx context.Context, name string, text []byte, args map[string]string) error {
	ref := dockerfile.OtherSyntax(text)
	if v := args["BUILDKIT_SYNTAX"]; v != "" {
		ref = v
	}
	if ref != "" && b.opt.Waiting != nil && b.first(ref) {
		b.opt.Waiting(fmt.Sprintf("the Dockerfile asks for the frontend %s: tare does not run frontends, and builds with the built-in one", ref))
	}
	_, err := unlessInterrupted(ctx, func() (struct{}, error) { return struct{}{}, dockerfile.Check(text, dockerfile.Given{Args: args}) })
	var l *dockerfile.LimitError
	if !errors.As(err, &l) {
		return err
	}
	if l.Lines[0] == 0 {
		return fmt.Errorf("build %s: %s", name, l.Text)
	}
	return fmt.Errorf("build %s: line %d: %s", name, l.Lines[0], l.Text)
}

// sharedKey lets BuildKit reuse what it was sent of this directory before.
func sharedKey(dir string) string {
	abs, err := filepath.Abs(dir)
	if err != nil {
		abs = dir
	}
	sum := sha256.Sum256([]byte(abs))
	return "tare:" + hex.EncodeToString(sum[:8])
}

// first tells whether it is asked for a frontend for the first time: an experiment
// builds a Dockerfile many times.
func (b *builder) first(ref string) bool {
	b.noteLock.Lock()
	defer b.noteLock.Unlock()
	if b.noted == nil {
		b.noted = map[string]bool{}
	}
	was := b.noted[ref]
	b.noted[ref] = true
	return !was
}

// stdinContext takes a tar, packed or not, as the context; anything else is a
// Dockerfile without context.
func (b *builder) stdinContext(ctx context.Context, r engine.Build, s *solve) error {
	if r.Stdin == nil {
		return errors.New("no standard input to read the context from")
	}
	in := bufio.NewReaderSize(r.Stdin, 1<<10)
	head, err := in.Peek(265)
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read the context from standard input: %w", err)
	}
	if isArchive(head) {
		up := uploadprovider.New()
		s.FrontendAttrs["context"] = up.Add(io.NopCloser(in))
		s.Session = append(s.Session, up)
		if r.Dockerfile != "" {
			s.FrontendAttrs["filename"] = r.Dockerfile
		}
		return nil
	}
	if r.Dockerfile != "" {
		return errors.New("standard input is a Dockerfile already; -f cannot name another")
	}
	r.Stdin = in
	if err := b.stdinDockerfile(ctx, r, s); err != nil {
		return err
	}
	empty, err := os.MkdirTemp("", "tare-context-")
	if err != nil {
		return err
	}
	s.later(func() { _ = os.RemoveAll(empty) })
	s.LocalMounts["context"], err = fsutil.NewFS(empty)
	return err
}

func (s *solve) later(f func()) {
	before := s.cleanup
	s.cleanup = func() { f(); before() }
}

// isArchive knows tar by its magic at 257, and gzip, bzip2, xz and zstd.
func isArchive(b []byte) bool {
	for _, m := range []string{"\x1f\x8b\x08", "BZh", "\xfd7zXZ\x00", "\x28\xb5\x2f\xfd"} {
		if bytes.HasPrefix(b, []byte(m)) {
			return true
		}
	}
	return len(b) >= 262 && string(b[257:262]) == "ustar"
}

func (b *builder) stdinDockerfile(ctx context.Context, r engine.Build, s *solve) error {
	text, err := io.ReadAll(io.LimitReader(r.Stdin, dockerfile.MaxBytes+1))
	if err != nil {
		return fmt.Errorf("read the Dockerfile from standard input: %w", err)
	}
	if len(bytes.TrimSpace(text)) == 0 {
		return errors.New("the Dockerfile on standard input is empty")
	}
	if err := b.checkText(ctx, "from standard input", text, r.Args); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "tare-dockerfile-")
	if err != nil {
		return err
	}
	s.later(func() { _ = os.RemoveAll(dir) })
	if err := os.WriteFile(filepath.Join(dir, "Dockerfile"), text, 0o600); err != nil {
		return err
	}
	s.FrontendAttrs["filename"] = "Dockerfile"
	s.LocalMounts["dockerfile"], err = fsutil.NewFS(dir)
	return err
}

// namedContexts adds --build-context. A builder elsewhere cannot look into the
// store, so it is offered the local images as contexts of their names.
func (b *builder) namedContexts(ctx context.Context, r engine.Build, s *solve) error {
	if b.remote && !r.Pull {
		recs, err := b.opt.Store.Records()
		if err != nil {
			return err
		}
		for _, rec := range recs {
			if rec.Name == "" || rec.Origin == store.Pulled {
				continue
			}
			s.OCIStores["tare-store"] = b.opt.Store.Content()
			s.FrontendAttrs["context:"+contextName(rec.Name)] = "oci-layout://tare-store@" + rec.Target.Digest.String()
		}
	}
	for name, v := range r.Contexts {
		key := "context:" + contextName(name)
		layout, isLayout := strings.CutPrefix(v, "oci-layout://")
		switch {
		case isLayout:
			ref, cs, err := layoutContext(ctx, layout)
			if err != nil {
				return fmt.Errorf("--build-context %s: %w", name, err)
			}
			id := "layout-" + strconv.Itoa(len(s.OCIStores))
			s.OCIStores[id] = cs
			s.FrontendAttrs[key] = "oci-layout://" + id + ref
		case strings.Contains(v, "://") || strings.HasPrefix(v, "target:") || strings.HasPrefix(v, "git@"):
			s.FrontendAttrs[key] = v
		default:
			fi, err := os.Stat(v)
			if err == nil && !fi.IsDir() {
				err = fmt.Errorf("%s is not a directory", v)
			}
			if err != nil {
				return fmt.Errorf("--build-context %s: %w", name, err)
			}
			fs, err := fsutil.NewFS(v)
			if err != nil {
				return fmt.Errorf("--build-context %s: %w", name, err)
			}
			s.LocalMounts[name] = fs
			s.FrontendAttrs[key] = "local:" + name
		}
	}
	return nil
}

// contextName is the form in which the frontend looks a named context up: an
// image's short name, without ":latest".
func contextName(name string) string {
	n, err := reference.ParseNormalizedNamed(name)
	if err != nil {
		return name
	}
	return strings.TrimSuffix(reference.FamiliarString(n), ":latest")
}

// layoutContext opens PATH[:TAG][@DIGEST] and returns "[:TAG]@DIGEST".
func layoutContext(ctx context.Context, v string) (string, content.Store, error) {
	path, dgst, _ := strings.Cut(v, "@")
	dir, tag := path, ""
	if i := strings.LastIndex(path, ":"); i > 0 && !strings.Contains(path[i:], "/") {
		dir, tag = path[:i], path[i+1:]
	}
	if _, err := os.Stat(filepath.Join(dir, "index.json")); err != nil {
		return "", nil, fmt.Errorf("%s is not an OCI image layout: %w", dir, err)
	}
	st, err := store.OpenForeign(dir)
	if err != nil {
		return "", nil, err
	}
	if dgst == "" {
		rec, err := st.OneOf(ctx, tag)
		if err != nil {
			return "", nil, err
		}
		dgst = rec.Target.Digest.String()
	}
	return "@" + dgst, st.Content(), nil
}
