package main

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// input is one build: a Dockerfile, its context, and what is asked for.
type input struct {
	suite      string            // buildah or buildkit
	name       string            // SUITE/where it comes from; unique
	context    string            // folder
	dockerfile string            // folder of the Dockerfile, most often the context
	file       string            // path of the Dockerfile below dockerfile
	attrs      map[string]string // BuildKit's names: target, build-arg:NAME, platform, …
	madeUp     []string          // files of the context that the harness made up
}

// leftOut is an input that is not built, and why.
type leftOut struct{ name, why string }

// flags are tare's for an input. An attribute that tare has no flag for is an error.
func (in *input) flags() ([]string, error) {
	var out []string
	for _, k := range sortedKeys(in.attrs) {
		v := in.attrs[k]
		kind, name, _ := strings.Cut(k, ":")
		switch kind {
		case "build-arg":
			out = append(out, "--build-arg", name+"="+v)
		case "label":
			out = append(out, "--label", name+"="+v)
		case "context":
			if !strings.Contains(v, "://") {
				return nil, errors.New("asks for a named context in words of the client's that are no command line's")
			}
			out = append(out, "--build-context", name+"="+v)
		case "target", "platform", "shm-size", "cgroup-parent":
			out = append(out, "--"+kind, v)
		case "force-network-mode":
			out = append(out, "--network", v)
		case "add-hosts":
			for _, h := range strings.Split(v, ",") {
				out = append(out, "--add-host", strings.Replace(h, "=", ":", 1))
			}
		case "ulimit":
			for _, u := range strings.Split(v, ",") {
				out = append(out, "--ulimit", u)
			}
		case "no-cache":
			if v == "" {
				out = append(out, "--no-cache")
			}
			for _, s := range strings.FieldsFunc(v, func(r rune) bool { return r == ',' }) {
				out = append(out, "--no-cache-filter", s)
			}
		default:
			return nil, fmt.Errorf("asks for %q, which tare has no flag for", k)
		}
	}
	return out, nil
}

// sum tells inputs that ask for the same of the same files.
func (in *input) sum() ([32]byte, error) {
	h := sha256.New()
	for _, k := range sortedKeys(in.attrs) {
		_, _ = fmt.Fprintf(h, "%q=%q\n", k, in.attrs[k])
	}
	_, _ = fmt.Fprintf(h, "%q\n", in.file)
	roots := []string{in.dockerfile, in.context}
	if in.dockerfile == in.context {
		roots = roots[:1]
	}
	for _, root := range roots {
		err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			rel, _ := filepath.Rel(root, p)
			_, _ = fmt.Fprintf(h, "%q %v\n", rel, d.Type())
			if d.Type().IsRegular() {
				b, err := os.ReadFile(p)
				_, _ = fmt.Fprintf(h, "%x\n", sha256.Sum256(b))
				return err
			}
			return nil
		})
		if err != nil {
			return [32]byte{}, err
		}
	}
	return [32]byte(h.Sum(nil)), nil
}

// distinct drops inputs that ask for the same as an earlier one.
func distinct(list []input) ([]input, int, error) {
	seen := map[[32]byte]bool{}
	var out []input
	for _, in := range list {
		sum, err := in.sum()
		if err != nil {
			return nil, 0, fmt.Errorf("%s: %w", in.name, err)
		}
		if !seen[sum] {
			out = append(out, in)
		}
		seen[sum] = true
	}
	return out, len(list) - len(out), nil
}

// longAgo is the time of every file of every context, so that a time that a builder
// loses or changes is seen.
var longAgo = time.Date(2020, 2, 2, 20, 2, 2, 0, time.UTC)

// settle gives every file below dir that time.
func settle(dir string) error {
	return filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.Type()&fs.ModeSymlink != 0 {
			return err
		}
		return os.Chtimes(p, longAgo, longAgo)
	})
}

// copyTree copies files out of the module cache, where they are read-only and have lost
// their modes: scripts become executable again.
func copyTree(from, to string) error {
	return filepath.WalkDir(from, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(from, p)
		at := filepath.Join(to, rel)
		if d.IsDir() {
			return os.MkdirAll(at, 0o755)
		}
		b, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		mode := fs.FileMode(0o644)
		if bytes.HasPrefix(b, []byte("#!")) {
			mode = 0o755
		}
		return os.WriteFile(at, b, mode)
	})
}

func sortedKeys[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
