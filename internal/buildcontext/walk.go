package buildcontext

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/moby/patternmatcher"
	"github.com/moby/patternmatcher/ignorefile"
)

// Walk calls visit for everything in a build context that the builder would get
// to see, directories before what is in them; rel has slashes. What .dockerignore (or
// DOCKERFILE.dockerignore) leaves out is not visited, but for the Dockerfile and the
// ignore file themselves. Directories in skip are left out as well.
func Walk(dir, dockerfile string, skip []string, visit func(rel string, d fs.DirEntry) error) error {
	return walk(dir, dockerfile, skip, true, visit)
}

// Sent is Walk for exactly what is sent as the context: not the Dockerfile and the
// ignore file, if these are left out as well. dockerfile is "" for a named context.
func Sent(dir, dockerfile string, skip []string, visit func(rel string, d fs.DirEntry) error) error {
	return walk(dir, dockerfile, skip, false, visit)
}

func walk(dir, dockerfile string, skip []string, own bool, visit func(rel string, d fs.DirEntry) error) error {
	ignore, err := ignored(dir, dockerfile)
	if err != nil {
		return err
	}
	var skipped []os.FileInfo
	for _, s := range skip {
		if fi, err := os.Stat(s); err == nil {
			skipped = append(skipped, fi)
		}
	}
	return filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		rel, rerr := filepath.Rel(dir, p)
		if rerr != nil || rel == "." {
			return errors.Join(err, rerr)
		}
		if err != nil {
			if errors.Is(err, fs.ErrNotExist) {
				return nil // gone while we look
			}
			return err
		}
		if d.IsDir() && len(skipped) > 0 {
			if fi, err := d.Info(); err == nil {
				for _, s := range skipped {
					if os.SameFile(fi, s) {
						return fs.SkipDir
					}
				}
			}
		}
		out, err := ignore.MatchesOrParentMatches(rel)
		if err != nil {
			return err
		}
		if own && (p == dockerfile || rel == ".dockerignore" || p == dockerfile+".dockerignore") {
			out = false
		}
		if out {
			if d.IsDir() && !ignore.Exclusions() && !(own && strings.HasPrefix(dockerfile, p+string(filepath.Separator))) {
				return fs.SkipDir
			}
			return nil
		}
		return visit(filepath.ToSlash(rel), d)
	})
}

func ignored(dir, dockerfile string) (*patternmatcher.PatternMatcher, error) {
	for _, name := range []string{dockerfile + ".dockerignore", filepath.Join(dir, ".dockerignore")} {
		f, err := os.Open(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		patterns, err := ignorefile.ReadAll(f)
		if cerr := f.Close(); err == nil {
			err = cerr
		}
		if err == nil {
			var m *patternmatcher.PatternMatcher
			if m, err = patternmatcher.New(patterns); err == nil {
				return m, nil
			}
		}
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return patternmatcher.New(nil)
}
