package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/linter"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
)

// makeUp adds what a Dockerfile copies from its context and the context has not, so that
// the build comes further than its first COPY. A Dockerfile that does not parse gets
// nothing: it fails before.
func makeUp(dir, dockerfile string) (made []string, err error) {
	for _, src := range copied(dockerfile) {
		name := strings.TrimPrefix(path.Clean("/"+strings.NewReplacer("**", "x", "*", "x", "?", "x").Replace(src)), "/")
		at := filepath.Join(dir, name)
		if _, err := os.Lstat(at); err == nil {
			continue
		}
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			continue // below a file: the builders may fail at it
		}
		if strings.HasSuffix(src, "/") {
			at = filepath.Join(at, "x")
			_ = os.MkdirAll(filepath.Dir(at), 0o755)
		}
		if err := makeUpFile(at); err != nil {
			return nil, err
		}
		made = append(made, name)
	}
	return made, nil
}

// copied lists the paths of the context that a Dockerfile's COPY and ADD name, without
// those that hold a variable.
func copied(dockerfile string) (out []string) {
	ast, err := parser.Parse(strings.NewReader(dockerfile))
	if err != nil {
		return nil
	}
	stages, _, err := instructions.Parse(ast.AST, linter.New(&linter.Config{}))
	if err != nil {
		return nil
	}
	for _, st := range stages {
		for _, c := range st.Commands {
			var list []string
			switch c := c.(type) {
			case *instructions.CopyCommand:
				if c.From == "" {
					list = c.SourcePaths
				}
			case *instructions.AddCommand:
				list = c.SourcePaths
			}
			for _, s := range list {
				if !strings.ContainsAny(s, "$[\\") && !strings.Contains(s, "://") && !strings.HasPrefix(s, "git@") && path.Clean("/"+s) != "/" {
					out = append(out, s)
				}
			}
		}
	}
	return out
}

// makeUpFile makes a small file of the kind that its name promises.
func makeUpFile(at string) error {
	b := []byte("made up\n")
	if strings.Contains(filepath.Base(at), ".tar") || strings.HasSuffix(at, ".tgz") {
		var buf bytes.Buffer
		w := tar.NewWriter(&buf)
		_ = w.WriteHeader(&tar.Header{Name: "made/", Typeflag: tar.TypeDir, Mode: 0o750, Uid: 7, Gid: 8, ModTime: longAgo})
		_ = w.WriteHeader(&tar.Header{Name: "made/up", Mode: 0o640, Uid: 1000, Gid: 1001, Size: int64(len(b)), ModTime: longAgo})
		_, _ = w.Write(b)
		if err := w.Close(); err != nil {
			return err
		}
		b = buf.Bytes()
		if strings.HasSuffix(at, "gz") {
			var gz bytes.Buffer
			w := gzip.NewWriter(&gz)
			_, _ = w.Write(b)
			if err := w.Close(); err != nil {
				return err
			}
			b = gz.Bytes()
		}
	}
	return os.WriteFile(at, b, 0o644)
}
