package cli

import (
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/opencontainers/go-digest"
	"github.com/zeebo/xxh3"

	"tare/internal/buildcontext"
	"tare/internal/engine"
	"tare/internal/profile"
)

// The kinds under which the store keeps what profiles need: what the last build of a
// Dockerfile was made from, and how long steps took when they were carried out.
const (
	madeKind = "made-v1"
	coldKind = "cold-v1"
)

// Bounds of what is kept of a context: with more files, causes of misses are told
// without names of files.
const maxContextFiles = 50_000

// lastBuild is what the last build of a Dockerfile was made from; nil if not known.
func (a *app) lastBuild(dir, file, target string) *profile.Build {
	var b profile.Build
	if a.st == nil || !a.st.Get(madeKind, contextDigest(dir, file, target), &b) {
		return nil
	}
	return &b
}

// noteBuild keeps what a build was made from and how long its steps took, for the
// profiles and causes of later ones. It costs a walk through the context; files that
// are as they were are not read again.
func (a *app) noteBuild(b engine.Build, out *engine.Built) {
	if out == nil || a.st == nil || b.Call != "" {
		return
	}
	a.noteSteps(out)
	if !isDir(b.Context) || b.Dockerfile == "-" {
		return
	}
	file := b.Dockerfile
	if file == "" {
		file = filepath.Join(b.Context, "Dockerfile")
	}
	src, err := buildcontext.ReadDockerfile(file)
	if err != nil {
		return
	}
	last := a.lastBuild(b.Context, file, b.Target)
	now := profile.Build{Source: string(src), Target: b.Target, Args: b.Args, Files: contextFiles(b.Context, file, last), Bases: basesOf(out.Steps)}
	a.st.Keep(madeKind, contextDigest(b.Context, file, b.Target), now)
}

// noteSteps keeps how long steps took that were carried out.
func (a *app) noteSteps(out *engine.Built) {
	for _, s := range out.Steps {
		d := digest.Digest(s.Digest)
		if !s.Cached && s.Error == "" && s.Busy > 0 && strings.Contains(s.Name, "/") && strings.HasPrefix(s.Name, "[") && d.Validate() == nil {
			a.st.Keep(coldKind, d, s.Busy)
		}
	}
}

// coldSeconds are how long steps took when they were last carried out.
func (a *app) coldSeconds(steps []engine.Step) map[string]float64 {
	out := map[string]float64{}
	for _, s := range steps {
		var v float64
		if s.Cached && digest.Digest(s.Digest).Validate() == nil && a.st.Get(coldKind, digest.Digest(s.Digest), &v) {
			out[s.Digest] = v
		}
	}
	return out
}

// basesOf are the digests that names of images were resolved to: the steps of FROM
// lines name both.
func basesOf(steps []engine.Step) map[string]string {
	out := map[string]string{}
	for _, s := range steps {
		_, ref, ok := strings.Cut(s.Name, "] FROM ")
		if !ok {
			continue
		}
		name, d, ok := strings.Cut(ref, "@")
		if !ok {
			continue
		}
		for _, n := range []string{name, strings.TrimPrefix(name, "docker.io/"), strings.TrimPrefix(name, "docker.io/library/")} {
			out[n] = d
			out[strings.TrimSuffix(n, ":latest")] = d
		}
	}
	return out
}

// contextFiles are the files of a context that decide whether a COPY is cached.
func contextFiles(dir, file string, last *profile.Build) map[string]profile.File {
	out := map[string]profile.File{}
	var skip []string
	if root := os.Getenv("TARE_HOME"); root != "" {
		skip = append(skip, root)
	}
	_ = buildcontext.Walk(dir, file, skip, func(rel string, d fs.DirEntry) error {
		if len(out) >= maxContextFiles {
			return fs.SkipAll
		}
		fi, err := d.Info()
		if err != nil || d.IsDir() {
			return nil
		}
		f := profile.File{Mode: uint32(fi.Mode()), Size: fi.Size(), Time: fi.ModTime().UnixNano()}
		if fi.Mode()&fs.ModeSymlink != 0 {
			f.Link, _ = os.Readlink(filepath.Join(dir, rel))
		}
		if fi.Mode().IsRegular() {
			if last != nil && last.Files[rel].Time == f.Time && last.Files[rel].Size == f.Size {
				f.Sum = last.Files[rel].Sum
			} else {
				f.Sum = sumOf(filepath.Join(dir, rel))
			}
		}
		out[rel] = f
		return nil
	})
	return out
}

// sumOf is a file's XXH3-128, to find changes; "" if it cannot be read.
func sumOf(name string) string {
	f, err := os.Open(name)
	if err != nil {
		return ""
	}
	defer func() { _ = f.Close() }()
	h := xxh3.New()
	if _, err := io.Copy(h, f); err != nil {
		return ""
	}
	b := h.Sum128().Bytes()
	return digest.NewDigestFromBytes("x", b[:]).Encoded()
}
