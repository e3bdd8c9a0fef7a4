package advice

import (
	"path"
	"slices"
	"strings"

	"tare/internal/tree"
)

// secretNames are names that only files with a secret have, by base name or by the end of
// the path; what they look like in words. The content is not known: a ledger has paths.
var secretNames = map[string]string{
	"id_rsa": privateKey, "id_dsa": privateKey, "id_ecdsa": privateKey, "id_ed25519": privateKey, "id_ecdsa_sk": privateKey, "id_ed25519_sk": privateKey,
	"ssh_host_rsa_key": privateKey, "ssh_host_dsa_key": privateKey, "ssh_host_ecdsa_key": privateKey, "ssh_host_ed25519_key": privateKey,
	".git-credentials": credentials, ".netrc": credentials, ".pgpass": credentials,
	".aws/credentials": credentials, ".kube/config": credentials, "gcloud/application_default_credentials.json": credentials,
}

// tokenFiles are settings that often hold a token or a password, and often none.
var tokenFiles = []string{".npmrc", ".pypirc", ".env"}

const (
	privateKey  = "a private key"
	credentials = "credentials"
	maybeToken  = "settings"
)

// harmless are directories whose files are examples, tests, or somebody else's.
var harmless = []string{"test", "tests", "testdata", "__tests__", "fixtures", "spec", "example", "examples", "doc", "docs", "vendor", "node_modules", "site-packages", "dist-packages", "third_party", ".git"}

var _ = register(Rule{
	ID: "secret-file", Version: 1, Title: "Files that look like secrets by their names", Severity: Secret,
	Mark: func(f File) string {
		if f.Owned || f.Size == 0 {
			return ""
		}
		base := path.Base(f.Path)
		kind := secretNames[base]
		if kind == "" && strings.Contains(f.Path, "/") {
			kind = secretNames[path.Base(path.Dir(f.Path))+"/"+base]
		}
		if kind == "" && slices.Contains(tokenFiles, base) && settings(f.Path) {
			kind = maybeToken
		}
		if kind == "" || strings.HasPrefix(f.Path, "usr/share/") || strings.HasPrefix(f.Path, "usr/lib/") || slices.ContainsFunc(strings.Split(path.Dir(f.Path), "/"), func(dir string) bool { return slices.Contains(harmless, dir) }) {
			return ""
		}
		return kind + "\n" + f.Path
	},
	Find: func(l *Ledger) (out []Finding) {
		for _, kind := range []string{privateKey, credentials, maybeToken} {
			by := map[string][]*Part{}
			first := map[int][]string{}
			for i := range l.Parts {
				p := &l.Parts[i]
				what, file, _ := strings.Cut(p.Marks["secret-file"], "\n")
				if what != kind {
					continue
				}
				if by[file] == nil {
					first[p.Layer] = append(first[p.Layer], file)
				}
				by[file] = append(by[file], p)
			}
			for k := range l.Layers {
				if len(first[k]) > 0 {
					out = append(out, l.secrets(k, kind, first[k], by))
				}
			}
		}
		return out
	},
})

// settings tells whether a file lies where an application or a user has theirs.
func settings(file string) bool {
	for _, dir := range []string{"root/", "home/", "app/", "srv/", "opt/", "usr/src/", "workspace/", "code/", "var/www/"} {
		if strings.HasPrefix(file, dir) {
			return true
		}
	}
	return !strings.Contains(file, "/")
}

// secrets is the finding about files that layer k brought.
func (l *Ledger) secrets(k int, kind string, files []string, by map[string][]*Part) Finding {
	var parts []*Part
	var paths []string
	gone := 0
	for _, file := range files {
		paths = append(paths, "/"+file)
		parts = append(parts, by[file]...)
		if !slices.ContainsFunc(by[file], func(p *Part) bool { return p.Fate == tree.Live }) {
			gone++
		}
	}
	slices.Sort(paths)
	f := l.finding(k, parts)
	one := len(files) == 1
	switch {
	case kind == maybeToken && one:
		f.Text = paths[0] + ": a file of this name often holds a token or a password"
	case kind == maybeToken:
		f.Text = some(paths, 3) + ": files of these names often hold a token or a password"
	case one:
		f.Text = paths[0] + " looks like " + kind + " by its name"
	default:
		f.Text = some(paths, 3) + " look like " + kind + " by their names"
	}
	if kind == privateKey && !one {
		f.Text = some(paths, 3) + " look like private keys by their names"
	}
	if kind == maybeToken {
		f.Severity = Warning
	}
	f.first = true
	switch {
	case gone == len(files) && gone == 1:
		f.Text += "; a later layer hides it, and it is still in the image"
	case gone == len(files):
		f.Text += "; later layers hide them, and they are still in the image"
	case gone > 0:
		f.Text += "; those that a later layer hides are still in the image"
	}
	f.Fix = "mount it (RUN --mount=type=secret) or provide it at run time, and replace what was published"
	if !one {
		f.Fix = "mount them (RUN --mount=type=secret) or provide them at run time, and replace what was published"
	}
	return f
}
