package bench

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/opencontainers/go-digest"

	"tare/internal/buildcontext"
	"tare/internal/dockerfile"
	"tare/internal/engine"
	"tare/internal/experiment"
	"tare/internal/lab"
	"tare/internal/store"
)

// Build implements lab.Bench.
func (b *Lab) Build(ctx context.Context, v experiment.Variant, how lab.How) (*lab.Obtained, error) {
	return b.build(ctx, v, how, io.Discard)
}

func (b *Lab) build(ctx context.Context, v experiment.Variant, how lab.How, log io.Writer) (*lab.Obtained, error) {
	r, inputs, err := b.Request(ctx, v, how)
	if err != nil {
		return nil, err
	}
	out, err := b.Bench.Build(ctx, v.Name, r, log)
	if err != nil {
		return nil, err
	}
	if how == (lab.How{}) {
		b.Book().Note(r, out.Built)
	}
	o := b.obtained(v, out.Image)
	o.Took, o.Executed, o.Inputs = out.Took, out.Executed, inputs
	return o, nil
}

// Request is the build of a variant, and what goes into it.
func (b *Lab) Request(ctx context.Context, v experiment.Variant, how lab.How) (engine.Build, []experiment.Input, error) {
	r := engine.Build{Context: v.Context, Dockerfile: v.Dockerfile, Target: v.Target, NoCache: how.NoCache, Contexts: map[string]string{}, Platforms: b.platforms(v)}
	if v.Compression != "gzip" && v.Compression != "uncompressed" {
		r.Compression = v.Compression
	}
	var given []string
	for k, val := range v.Args {
		given = append(given, k+"="+val)
	}
	var err error
	if r.Args, err = b.Args(given); err != nil {
		return r, nil, err
	}
	f, inputs, err := read(v)
	if err != nil {
		return r, nil, err
	}
	base := f.Image(v.Target, v.Args)
	if base != "" {
		inputs = append(inputs, experiment.Input{What: "base", Name: base, Digest: b.here(ctx, base)})
	}
	if how.Context != "" {
		r = InCopy(r, how.Context)
	}
	replace := v.Base
	if how.Base != "" {
		replace = how.Base
	}
	if replace == "" {
		return r, inputs, nil
	}
	if base == "" {
		return r, nil, errors.New("its Dockerfile names no base image that could be replaced")
	}
	if replace == "bump" {
		from := base
		if v.Base != "" {
			from = v.Base
		}
		if replace, err = b.bumped(ctx, from, how.Nonce, r.Platforms); err != nil {
			return r, nil, fmt.Errorf("make a newer %s: %w", from, err)
		}
	}
	r.Contexts[base] = "docker-image://" + replace
	return r, append(inputs, experiment.Input{What: "base", Name: replace}), nil
}

// read reads the Dockerfile of a variant.
func read(v experiment.Variant) (*dockerfile.File, []experiment.Input, error) {
	if fi, err := os.Stat(v.Context); err != nil || !fi.IsDir() {
		return nil, nil, fmt.Errorf("the build context %s is not a directory", v.Context)
	}
	body, err := buildcontext.ReadDockerfile(v.Dockerfile)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil, fmt.Errorf("no Dockerfile at %s", v.Dockerfile)
	}
	if err != nil {
		return nil, nil, err
	}
	f, err := dockerfile.Parse(body)
	return f, []experiment.Input{{What: "dockerfile", Name: filepath.Base(v.Dockerfile), Digest: digest.FromBytes(body)}}, err
}

// here is the digest of an image that the store has; "" if it has not.
func (b *Lab) here(ctx context.Context, name string) digest.Digest {
	st, err := b.Store()
	if err != nil {
		return ""
	}
	rec, err := st.Find(ctx, name)
	if err != nil {
		return ""
	}
	return rec.Target.Digest
}

// bumped makes a newer version of a base image: with one small layer more at the end.
func (b *Lab) bumped(ctx context.Context, base, nonce string, plats []string) (string, error) {
	dir, err := os.MkdirTemp("", "tare-bump-")
	if err != nil {
		return "", err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	for name, text := range map[string]string{"Dockerfile": "FROM " + base + "\nCOPY bump /.tare-bump\n", "bump": nonce + "\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			return "", err
		}
	}
	at := time.Unix(1e9, 0)
	if err := os.Chtimes(filepath.Join(dir, "bump"), at, at); err != nil {
		return "", err
	}
	full, err := b.bumpName(nonce)
	if err != nil {
		return "", err
	}
	e, err := b.Engine(ctx)
	if err != nil {
		return "", err
	}
	_, err = e.Build(ctx, engine.Build{Context: dir, Names: []string{full}, Platforms: plats, Progress: "plain", Stdout: io.Discard, Stderr: io.Discard})
	return full, err
}

// bumpedBase is the repository of made-up bases.
const bumpedBase = "tare-lab/bumped-base"

// oldBump is the age from which a made-up base belongs to no lab that still runs: each is
// made for a build that follows at once.
const oldBump = 24 * time.Hour

// bumpName is a name that no other lab gives, at the same time or ever: two labs that make
// the same edit of the same base would remove each other's. It begins with when it was made.
func (b *Lab) bumpName(nonce string) (string, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	full, err := store.Normalize(fmt.Sprintf("%s:%d-%s-%s", bumpedBase, time.Now().Unix(), nonce, strings.ToLower(rand.Text())))
	if err != nil {
		return "", err
	}
	b.bumps = append(b.bumps, full.String())
	return full.String(), nil
}

// Tidy drops what the builds left, and removes the made-up bases: those of this lab, and what killed ones left. Those
// of another lab that is at work stay.
func (b *Lab) Tidy(ctx context.Context) {
	b.sweepAll(ctx)
	st, err := b.Store()
	if err != nil {
		return
	}
	recs, err := st.Records()
	if err != nil {
		return
	}
	for _, r := range recs {
		if _, tag, ok := strings.Cut(r.Name, "/"+bumpedBase+":"); ok && (slices.Contains(b.bumps, r.Name) || b.old(st, tag, r)) {
			_ = st.Drop(r.Name)
		}
	}
}

// old tells whether a made-up base was made long ago: as its name says, else (earlier
// versions wrote no time) its blob.
func (b *Lab) old(st *store.Store, tag string, r store.Record) bool {
	at, _, _ := strings.Cut(tag, "-")
	if made, err := strconv.ParseInt(at, 10, 64); err == nil && len(at) < 16 {
		return time.Since(time.Unix(made, 0)) > oldBump
	}
	fi, err := os.Stat(st.BlobPath(r.Target.Digest))
	return err != nil || time.Since(fi.ModTime()) > oldBump
}
