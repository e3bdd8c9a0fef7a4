package builds

import (
	"cmp"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"

	"github.com/opencontainers/go-digest"
	"github.com/zeebo/xxh3"

	"tare/internal/buildcontext"
	"tare/internal/engine"
	"tare/internal/profile"
)

// maxContextFiles bounds what is looked at and kept of a context: with more files, causes
// of misses are told without names of files.
const maxContextFiles = 500_000

// contexts notes the files that the operations take of contexts on this machine. Files
// that are as they were in the last build are not read again.
func (b Book) contexts(r engine.Build, file string, out *engine.Built, made *profile.Build) {
	last := b.Last(r.Context, file, r.Target)
	takes := map[string][]engine.Take{}
	source := map[string]string{}
	for i := range made.Ops {
		if op := &made.Ops[i]; op.Kind == "local" {
			source[op.Digest] = op.Source
		}
	}
	for i := range made.Ops {
		for _, t := range made.Ops[i].Takes {
			if name, ok := source[t.Input]; ok {
				takes[name] = append(takes[name], t)
			}
		}
	}
	for name, list := range takes {
		dir, ignoring := r.Contexts[name], ""
		if name == "context" {
			dir, ignoring = r.Context, file
		}
		if !isDir(dir) {
			continue
		}
		var before map[string]profile.File
		if last != nil && last.Dir == made.Dir && last.Builder == made.Builder {
			before = last.Files[name]
		}
		all, whole := listed(dir, ignoring, b.skip)
		if !whole {
			made.Partial = append(made.Partial, name)
		}
		l := looking{dir: dir, before: before, sent: out.Sent[name], told: out.Sent != nil}
		made.Files[name] = l.look(all, list)
		if name == "context" && whole && l.told {
			made.Idle = idle(all, made.Files[name], l.sent)
		}
		for _, p := range l.unseen {
			made.Unseen = append(made.Unseen, profile.Unseen{Context: name, Path: p})
		}
	}
	slices.Sort(made.Partial)
	slices.SortFunc(made.Unseen, func(a, b profile.Unseen) int {
		return cmp.Or(cmp.Compare(a.Context, b.Context), cmp.Compare(a.Path, b.Path))
	})
}

// listed is what a context has, contents left out; whole is false if that is too much.
func listed(dir, dockerfile string, skip []string) (files map[string]profile.File, whole bool) {
	files, whole = map[string]profile.File{}, true
	err := buildcontext.Sent(dir, dockerfile, skip, func(rel string, d fs.DirEntry) error {
		if len(files) >= maxContextFiles {
			whole = false
			return fs.SkipAll
		}
		fi, err := d.Info()
		if err != nil {
			return nil //nolint:nilerr // gone meanwhile
		}
		f := profile.File{Mode: uint32(fi.Mode())}
		switch {
		case fi.Mode()&fs.ModeSymlink != 0:
			f.Link, _ = os.Readlink(filepath.Join(dir, filepath.FromSlash(rel)))
		case fi.Mode().IsRegular():
			f.Size, f.Time = fi.Size(), fi.ModTime().UnixNano()
			f.Changed, f.Inode = changed(fi)
		}
		files[rel] = f
		return nil
	})
	return files, whole && err == nil
}

// idleTop is how many names are kept of what was sent in vain.
const idleTop = 3

// idle is what was sent of a context and is not taken. It is named by the largest
// directories in which nothing is taken, or by the file.
func idle(all, taken map[string]profile.File, sent map[string]bool) *profile.Idle {
	out, top, used := new(profile.Idle), map[string]int64{}, map[string]bool{}
	for p := range taken {
		for ; p != "." && !used[p]; p = path.Dir(p) {
			used[p] = true
		}
	}
	for p := range sent {
		f, ok := all[p]
		if used[p] || !ok || !fs.FileMode(f.Mode).IsRegular() {
			continue
		}
		out.Files++
		out.Bytes += f.Size
		name := p
		for dir := path.Dir(p); dir != "." && !used[dir]; dir = path.Dir(dir) {
			name = dir
		}
		top[name] += f.Size
	}
	out.Top = slices.SortedFunc(maps.Keys(top), func(a, b string) int { return cmp.Or(cmp.Compare(top[b], top[a]), cmp.Compare(a, b)) })
	out.Top = out.Top[:min(len(out.Top), idleTop)]
	return out
}

// looking reads the files of a context that are taken.
type looking struct {
	dir    string
	before map[string]profile.File // what the builder was sent before
	sent   map[string]bool         // what it asked for in this build
	told   bool                    // sent is known
	unseen []string
}

// look gives those of the files that any operation takes their sums.
//
// A builder asks for a file again only if its length, mode or mtime is another one than
// before. One that was changed without these is not seen by it: the builder goes on with
// the content that it has, and so does what is remembered.
func (l *looking) look(all map[string]profile.File, takes []engine.Take) map[string]profile.File {
	out := map[string]profile.File{}
	for _, t := range takes {
		for _, p := range profile.Taken(t, all) {
			out[p] = profile.File{}
		}
	}
	for _, p := range slices.Sorted(maps.Keys(out)) {
		f := all[p]
		if !fs.FileMode(f.Mode).IsRegular() {
			out[p] = f
			continue
		}
		old, had := l.before[p]
		same := had && old.Time == f.Time && old.Size == f.Size && old.Mode == f.Mode
		if same && old.Changed == f.Changed && old.Inode == f.Inode && old.Sum != "" {
			out[p] = old
			continue
		}
		f.Sum = sumOf(filepath.Join(l.dir, filepath.FromSlash(p)))
		if same && l.told && !l.sent[p] && f.Sum != "" && f.Sum != old.Sum && old.Sum != "" {
			l.unseen = append(l.unseen, p)
			f = old
		}
		out[p] = f
	}
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

func isDir(p string) bool {
	fi, err := os.Stat(p)
	return err == nil && fi.IsDir()
}
