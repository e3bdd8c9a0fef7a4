package profile

import (
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/moby/patternmatcher"

	"tare/internal/engine"
)

// changed finds the first file that an operation takes of a context and that is not as
// it was; "" if there is none. Files come before directories, whose times and lists
// change with them.
func changed(t engine.Take, then, now map[string]File) (file, what string) {
	before, after := Taken(t, then), Taken(t, now)
	all := map[string]bool{}
	for _, p := range before {
		all[p] = true
	}
	for _, p := range after {
		all[p] = true
	}
	dir, how := "", ""
	for _, p := range slices.Sorted(maps.Keys(all)) {
		what := differs(p, before, after, then, now)
		switch {
		case what == "":
		case isDir(then, p) || isDir(now, p):
			if dir == "" {
				dir, how = p, what
			}
		default:
			return p, what
		}
	}
	return dir, how
}

func isDir(files map[string]File, p string) bool {
	return fs.FileMode(files[p].Mode).IsDir()
}

func differs(p string, before, after []string, a, b map[string]File) string {
	_, had := slices.BinarySearch(before, p)
	_, has := slices.BinarySearch(after, p)
	then, now := a[p], b[p]
	kind := func(f File) fs.FileMode { return fs.FileMode(f.Mode).Type() }
	switch {
	case !had:
		return "it is new"
	case !has:
		return "it is gone"
	case kind(then) != kind(now):
		return fmt.Sprintf("it was %s and is %s", kindName(kind(then)), kindName(kind(now)))
	case then.Link != now.Link:
		return fmt.Sprintf("its target was %q and is %q", then.Link, now.Link)
	case then.Sum != now.Sum || then.Size != now.Size:
		return "its content changed"
	case then.Mode != now.Mode:
		return fmt.Sprintf("its mode was %o and is %o", fs.FileMode(then.Mode).Perm(), fs.FileMode(now.Mode).Perm())
	}
	return ""
}

func kindName(m fs.FileMode) string {
	switch {
	case m.IsDir():
		return "a directory"
	case m&fs.ModeSymlink != 0:
		return "a symbolic link"
	case m.IsRegular():
		return "a file"
	default:
		return "a special file"
	}
}

// Taken are the paths of a context that an operation takes, sorted: what BuildKit
// compares to find its result in the cache. The symbolic links that it goes through on
// the way are among them.
func Taken(t engine.Take, files map[string]File) []string {
	source := strings.TrimPrefix(path.Clean("/"+t.Source), "/")
	out := map[string]bool{}
	if t.Follow && !(t.Wildcard && strings.ContainsAny(source, "*?[")) {
		source = follow(source, files, out)
	}
	include, exclude := matching(t.Include), matching(t.Exclude)
	for p := range files {
		rest, ok := under(source, p, t.Wildcard)
		if !ok {
			continue
		}
		if rest != "" && (include != nil && !include(rest) || exclude != nil && exclude(rest)) {
			continue
		}
		out[p] = true
	}
	return slices.Sorted(maps.Keys(out))
}

// matching is a test of patterns as in .dockerignore, of a path or its parents.
func matching(patterns []string) func(string) bool {
	if len(patterns) == 0 {
		return nil
	}
	m, err := patternmatcher.New(patterns)
	if err != nil {
		return func(string) bool { return true }
	}
	return func(p string) bool {
		ok, err := m.MatchesOrParentMatches(p)
		return err != nil || ok
	}
}

// under tells whether a path is the source or stands below it, and what is left of it.
// A pattern of an exclude or include counts from there.
func under(source, p string, pattern bool) (rest string, ok bool) {
	if source == "" {
		return p, true
	}
	s, e := strings.Split(source, "/"), strings.Split(p, "/")
	if len(s) > len(e) {
		return "", false
	}
	for i := range s {
		if s[i] == e[i] {
			continue
		}
		if ok, _ := path.Match(s[i], e[i]); !pattern || !ok {
			return "", false
		}
	}
	return strings.Join(e[len(s):], "/"), true
}

// follow resolves the symbolic links of a path within the context, and notes them.
func follow(source string, files map[string]File, through map[string]bool) string {
	rest, at := strings.Split(source, "/"), ""
	for hops := 0; len(rest) > 0 && hops < 255; {
		next := path.Join(at, rest[0])
		rest = rest[1:]
		f := files[next]
		if f.Link == "" {
			at = next
			continue
		}
		through[next] = true
		hops++
		target := path.Clean("/" + path.Join(at, f.Link))
		if path.IsAbs(f.Link) {
			target = path.Clean(f.Link)
		}
		rest, at = append(strings.Split(strings.TrimPrefix(target, "/"), "/"), rest...), ""
	}
	return path.Join(at, path.Join(rest...)) // something is left of links that lead to themselves
}
