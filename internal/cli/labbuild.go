package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/opencontainers/go-digest"

	"tare/internal/buildcontext"
	"tare/internal/dockerfile"
	"tare/internal/engine"
	"tare/internal/image"
	"tare/internal/lab"
	"tare/internal/source"
	"tare/internal/store"
)

// Build implements lab.Bench.
func (b *labBench) Build(ctx context.Context, v lab.Variant, how lab.How) (*lab.Obtained, error) {
	return b.build(ctx, v, how, io.Discard)
}

func (b *labBench) build(ctx context.Context, v lab.Variant, how lab.How, log io.Writer) (*lab.Obtained, error) {
	a := b.a
	req, inputs, err := b.request(ctx, v, how)
	if err != nil {
		return nil, err
	}
	req.Stdout, req.Stderr, req.Progress = io.Discard, log, "plain"
	if err := a.unlisted(ctx, &req); err != nil {
		return nil, err
	}
	out, err := a.eng.Build(ctx, req)
	if err != nil {
		return nil, err
	}
	want, err := a.platform(v.Platform)
	if err != nil {
		return nil, err
	}
	img, err := image.Load(ctx, a.st.Content(), out.Target, want)
	if err != nil {
		return nil, err
	}
	if how == (lab.How{}) {
		a.remember(req, out)
	}
	o := b.obtained(v, out.Target, img, source.Packs(store.Record{Origin: store.Built}))
	o.Image.(*labImage).steps = out.Steps
	o.Took, o.Executed, o.Inputs = out.Took, out.Executed, inputs
	return o, nil
}

// request is the build of a variant, and what goes into it.
func (b *labBench) request(ctx context.Context, v lab.Variant, how lab.How) (engine.Build, []lab.Input, error) {
	r := engine.Build{Context: v.Context, Dockerfile: v.Dockerfile, Target: v.Target, NoCache: how.NoCache, Contexts: map[string]string{}}
	if v.Compression != "gzip" && v.Compression != "uncompressed" {
		r.Compression = v.Compression
	}
	if v.Platform != "" {
		r.Platforms = []string{v.Platform}
	}
	var flags []string
	for k, val := range v.Args {
		flags = append(flags, k+"="+val)
	}
	var err error
	if r.Args, err = b.a.buildArgs(flags); err != nil {
		return r, nil, err
	}
	if !isDir(v.Context) {
		return r, nil, fmt.Errorf("the build context %s is not a directory", v.Context)
	}
	body, err := buildcontext.ReadDockerfile(v.Dockerfile)
	if errors.Is(err, os.ErrNotExist) {
		return r, nil, fmt.Errorf("there is no Dockerfile at %s", v.Dockerfile)
	}
	if err != nil {
		return r, nil, err
	}
	inputs := []lab.Input{{What: "dockerfile", Name: filepath.Base(v.Dockerfile), Digest: digest.FromBytes(body)}}
	f, err := dockerfile.Parse(body)
	if err != nil {
		return r, nil, err
	}
	base := f.Image(v.Target, v.Args)
	if rec, err := b.a.st.Find(ctx, base); base != "" && err == nil {
		inputs = append(inputs, lab.Input{What: "base", Name: base, Digest: rec.Target.Digest})
	} else if base != "" {
		inputs = append(inputs, lab.Input{What: "base", Name: base})
	}
	if how.Context != "" { // an edited copy: the Dockerfile moves along if it is in there
		if rel, err := filepath.Rel(v.Context, v.Dockerfile); err == nil && filepath.IsLocal(rel) {
			r.Dockerfile = filepath.Join(how.Context, rel)
		}
		r.Context = how.Context
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
		if replace, err = b.bumped(ctx, from, how.Nonce, v.Platform); err != nil {
			return r, nil, fmt.Errorf("make a newer %s: %w", from, err)
		}
	}
	r.Contexts[base] = "docker-image://" + replace
	return r, append(inputs, lab.Input{What: "base", Name: replace}), nil
}

// bumped makes a newer version of a base image: with one small layer more at the end.
func (b *labBench) bumped(ctx context.Context, base, nonce, platform string) (string, error) {
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
	b.mu.Lock()
	b.bump++
	full, err := store.Normalize(fmt.Sprintf("%s:%s-%d", bumpedBase, nonce, b.bump))
	if err == nil {
		b.bumps = append(b.bumps, full.String())
	}
	b.mu.Unlock()
	if err != nil {
		return "", err
	}
	r := engine.Build{Context: dir, Names: []string{full.String()}, Progress: "plain", Stdout: io.Discard, Stderr: io.Discard}
	if platform != "" {
		r.Platforms = []string{platform}
	}
	_, err = b.a.eng.Build(ctx, r)
	return full.String(), err
}

// bumpedBase is the repository of made-up bases.
const bumpedBase = "tare-lab/bumped-base"

// oldBump is the age from which a made-up base belongs to no lab that still runs.
const oldBump = 24 * time.Hour

// tidy removes the made-up bases: those of this lab, and what killed ones left. Those
// of another lab that is at work stay.
func (b *labBench) tidy() {
	recs, err := b.a.st.Records()
	if err != nil {
		return
	}
	for _, r := range recs {
		if !strings.Contains(r.Name, "/"+bumpedBase+":") {
			continue
		}
		fi, err := os.Stat(b.a.st.BlobPath(r.Target.Digest))
		if slices.Contains(b.bumps, r.Name) || err != nil || time.Since(fi.ModTime()) > oldBump {
			_ = b.a.st.Drop(r.Name)
		}
	}
}
