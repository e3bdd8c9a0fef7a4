package builds

import (
	"bufio"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"

	"tare/internal/buildcontext"
	"tare/internal/engine"
	"tare/internal/profile"
)

// mostRecent is how many builds of a Dockerfile are remembered, each of another
// definition: those of two platforms in turn, or of a change that was taken back.
const mostRecent = 6

// Past is a build that is remembered.
type Past struct {
	At   digest.Digest `json:"at"`   // where its Build is
	Keys []string      `json:"keys"` // of its operations
}

// remember keeps what a build of a Dockerfile was made from, where a build in the same
// directory finds it, and one of another checkout of the repository.
func (b Book) remember(dir, file, target string, made kept) {
	at := contextDigest(dir, file, target)
	p := Past{Keys: []string{}}
	for i := range made.Ops {
		p.Keys = append(p.Keys, made.Ops[i].Key)
	}
	slices.Sort(p.Keys)
	p.At = digest.FromString(string(at) + "\x00" + made.Builder + "\x00" + strings.Join(p.Keys, "\x00"))
	list := []Past{p}
	var before []Past
	b.get(recentKind, at, &before)
	for _, o := range before {
		if o.At != p.At && len(list) < mostRecent {
			list = append(list, o)
		}
	}
	b.keep(madeKind, p.At, made)
	b.keep(recentKind, at, list)
	for _, place := range places(dir, file, target, []byte(made.Source)) {
		b.keep(placeKind, place, at)
	}
}

// Recent are the builds of a Dockerfile that are remembered, the last first: in this
// directory, else in another checkout of its repository, else of a Dockerfile with the same
// text.
func (b Book) Recent(dir, file, target string) []Past {
	var out []Past
	if b.get(recentKind, contextDigest(dir, file, target), &out) {
		return out
	}
	src, err := buildcontext.ReadDockerfile(file)
	if err != nil {
		return nil
	}
	for _, place := range places(dir, file, target, src) {
		var at digest.Digest
		if b.get(placeKind, place, &at) && at.Validate() == nil && b.get(recentKind, at, &out) {
			return out
		}
	}
	return nil
}

// Last is what the last build of a Dockerfile was made from. It is nil if none is known.
func (b Book) Last(dir, file, target string) *profile.Build {
	for _, p := range b.Recent(dir, file, target) {
		return b.build(p)
	}
	return nil
}

func (b Book) build(p Past) *profile.Build {
	if p.At.Validate() != nil {
		return nil
	}
	return b.getBuild(madeKind, p.At)
}

// Nearest is the build among those remembered that has most operations in common with a
// definition, the last of several. What this build found in the cache is from there: held
// against another one, the cause of a miss would be a difference that mattered to nothing.
// older says that it is not the last build. It is nil if none is known.
func (b Book) Nearest(list []Past, ops []engine.Op) (near *profile.Build, older bool) {
	keys := map[string]bool{}
	for i := range ops {
		keys[ops[i].Key] = true
	}
	best, most := -1, -1
	for n, p := range list {
		shared := 0
		for _, k := range p.Keys {
			if keys[k] {
				shared++
			}
		}
		if shared > most {
			best, most = n, shared
		}
	}
	if best < 0 {
		return nil, false
	}
	if near = b.build(list[best]); near == nil && best > 0 {
		return b.build(list[0]), false
	}
	return near, best > 0
}

// contextDigest names what is kept of the builds of one Dockerfile.
func contextDigest(dir, file, target string) digest.Digest {
	return digest.FromString(absolute(dir) + "\x00" + absolute(file) + "\x00" + target)
}

// places are what a Dockerfile is known by elsewhere: the URL of its repository with the
// paths within, and its text.
func places(dir, file, target string, src []byte) []digest.Digest {
	var out []digest.Digest
	if top, remote := repository(absolute(dir)); remote != "" {
		d, derr := filepath.Rel(top, absolute(dir))
		f, ferr := filepath.Rel(top, absolute(file))
		if derr == nil && ferr == nil {
			out = append(out, digest.FromString("repository\x00"+remote+"\x00"+d+"\x00"+f+"\x00"+target))
		}
	}
	return append(out, digest.FromString("text\x00"+string(src)+"\x00"+target))
}

func absolute(p string) string {
	if a, err := filepath.Abs(p); err == nil {
		return a
	}
	return p
}

// repository is the top directory of the git repository that a directory stands in, and
// the URL of its remote, without credentials; "" where there is none. git itself need
// not be installed.
func repository(dir string) (top, remote string) {
	for top = dir; ; top = filepath.Dir(top) {
		git := filepath.Join(top, ".git")
		fi, err := os.Lstat(git)
		if err == nil && fi.Mode().IsRegular() { // a worktree names its directory
			git = worktree(git)
		}
		if err == nil {
			return top, remoteOf(filepath.Join(git, "config"))
		}
		if filepath.Dir(top) == top {
			return "", ""
		}
	}
}

func worktree(file string) string {
	text, err := os.ReadFile(file)
	if err != nil || len(text) > 4096 {
		return ""
	}
	dir := strings.TrimSpace(strings.TrimPrefix(string(text), "gitdir:"))
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(filepath.Dir(file), dir)
	}
	if common, err := os.ReadFile(filepath.Join(dir, "commondir")); err == nil {
		return filepath.Join(dir, strings.TrimSpace(string(common)))
	}
	return dir
}

// remoteOf reads the URL of origin, else of the first remote, from git's configuration.
func remoteOf(config string) string {
	f, err := os.Open(config)
	if err != nil {
		return ""
	}
	defer func() { _ = f.Close() }()
	section, first := "", ""
	for lines := bufio.NewScanner(f); lines.Scan(); {
		line := strings.TrimSpace(lines.Text())
		if strings.HasPrefix(line, "[") {
			section = line
			continue
		}
		key, value, ok := strings.Cut(line, "=")
		if !ok || strings.TrimSpace(key) != "url" || !strings.HasPrefix(section, "[remote ") {
			continue
		}
		value = bare(strings.TrimSpace(value))
		if section == `[remote "origin"]` {
			return value
		}
		if first == "" {
			first = value
		}
	}
	return first
}

// bare is a URL without user, password and suffix: CI clones with a token.
func bare(s string) string {
	if u, err := url.Parse(s); err == nil && u.Host != "" {
		u.User = nil
		s = u.String()
	}
	return strings.TrimSuffix(strings.TrimSuffix(s, "/"), ".git")
}
