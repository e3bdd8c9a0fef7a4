package corpus

import (
	"archive/tar"
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
)

// Declared are the differences that a lossless edit may make.
var Declared = []string{
	"var/cache/**", "etc/apk/cache/**", "root/.cache/**", "root/.npm/**", "root/.yarn/**", "usr/local/share/.cache/**",
	"root/.cargo/registry/**", "usr/local/cargo/registry/**", "root/.m2/**", "go/pkg/mod/**", "root/go/pkg/mod/**",
	"var/log/**", "var/lib/apt/**", "lib/apk/db/**", "etc/apk/world", "var/lib/dpkg/**", "etc/ld.so.cache",
	"**/*.dist-info/RECORD", // pip's database of installed packages (PEP 376), which lists byte code
	"**/__pycache__/**", "**/*.pyc", "**/Dockerfile", "**/.dockerignore",
}

// matcher makes one regular expression of globs: ** stands for any directories, and
// "dir/**" for dir too.
func matcher(globs []string) *regexp.Regexp {
	if len(globs) == 0 {
		return regexp.MustCompile(`[^\s\S]`)
	}
	var list []string
	for _, g := range globs {
		q := regexp.QuoteMeta(g)
		q = strings.ReplaceAll(q, `/\*\*`, `(?:/.*)?`)
		q = strings.ReplaceAll(q, `\*\*/`, `(?:.*/)?`)
		q = strings.ReplaceAll(q, `\*\*`, `.*`)
		q = strings.ReplaceAll(q, `\*`, `[^/]*`)
		list = append(list, q)
	}
	return regexp.MustCompile(`^(?:` + strings.Join(list, "|") + `)$`)
}

// Seen is what a container sees, by path.
func (i *Image) Seen() map[string]Entry {
	out := map[string]Entry{}
	below := func(dir string) {
		for p := range out {
			if dir == "" || strings.HasPrefix(p, dir+"/") {
				delete(out, p)
			}
		}
	}
	for _, l := range i.Layers {
		// What a layer hides, it hides of the layers below, wherever in the tar that stands.
		for _, e := range l.Entries {
			dir, base := path.Split(e.Path)
			dir = strings.TrimSuffix(dir, "/")
			if base == ".wh..wh..opq" {
				below(dir)
			} else if name, is := strings.CutPrefix(base, ".wh."); is {
				name = path.Join(dir, name)
				delete(out, name)
				below(name)
			}
		}
		for _, e := range l.Entries {
			if strings.HasPrefix(path.Base(e.Path), ".wh.") {
				continue
			}
			if old, there := out[e.Path]; there && old.Kind == tar.TypeDir && e.Kind != tar.TypeDir {
				below(e.Path)
			}
			if e.Kind == tar.TypeLink { // another name of a file: the same file
				to := out[strings.Trim(path.Clean("/"+e.Link), "/")]
				to.Path = e.Path
				e = to
			}
			out[e.Path] = e
		}
	}
	return out
}

// Differences are what a container sees otherwise in b than in a, but for times and for
// what a lossless edit may change. Nothing is the same image.
func Differences(a, b *Image) []string {
	x, y, declared := a.Seen(), b.Seen(), matcher(Declared)
	all := maps.Clone(x)
	maps.Copy(all, y)
	var out []string
	for _, p := range slices.Sorted(maps.Keys(all)) {
		if p == "" || declared.MatchString(p) {
			continue
		}
		e, was := x[p]
		f, is := y[p]
		e.Tar, f.Tar = 0, 0
		switch {
		case !is:
			out = append(out, "gone: "+p)
		case !was:
			out = append(out, "new: "+p)
		case e != f:
			out = append(out, fmt.Sprintf("changed: %s: %+v, now %+v", p, e, f))
		}
	}
	if before, after := config(a), config(b); before != after {
		out = append(out, "configuration: "+before+", now "+after)
	}
	return out
}

func config(i *Image) string {
	b, err := json.Marshal(i.Config)
	if err != nil {
		return err.Error()
	}
	return string(b)
}
