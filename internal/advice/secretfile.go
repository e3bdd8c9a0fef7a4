package advice

import (
	"path"
	"slices"
	"strings"

	"tare/internal/layer"
	"tare/internal/secret"
	"tare/internal/tree"
	"tare/internal/weigh"
)

func init() {
	register(Rule{ID: weigh.SecretFile, Title: "secrets in the image", Severity: weigh.Secret, Find: func(img *Image) []Finding { return append(secretSaid(img), secretFile(img)...) }})
}

// suspicion is what a mark comes to in words, of one file and of several.
type suspicion struct {
	marks     []secret.Mark
	one, many string
	severity  weigh.Severity
}

// suspicions are in the order in which they are shown.
var suspicions = []suspicion{
	{[]secret.Mark{secret.Key}, " holds a private key", " hold private keys", weigh.Secret},
	{[]secret.Mark{secret.KeyName}, " looks like a private key by its name", " look like private keys by their names", weigh.Secret},
	{[]secret.Mark{secret.Cloud}, " holds credentials for a cloud", " hold credentials for a cloud", weigh.Secret},
	{[]secret.Mark{secret.Cluster}, " holds credentials for a Kubernetes cluster", " hold credentials for a Kubernetes cluster", weigh.Secret},
	{[]secret.Mark{secret.Registry}, " holds the login of a registry", " hold logins of registries", weigh.Secret},
	{[]secret.Mark{secret.Token, secret.Password}, " holds a token or a password", " hold tokens or passwords", weigh.Secret},
	{[]secret.Mark{secret.Variables}, " has a value for a variable that is named like a secret, or a URL with a password",
		" have values for variables that are named like secrets, or URLs with passwords", weigh.Secret},
	{[]secret.Mark{secret.CredentialName}, " looks like a file of credentials by its name", " look like files of credentials by their names", weigh.Secret},
	{[]secret.Mark{secret.Settings}, ": a file of this name often holds a token or a password", ": files of these names often hold a token or a password", weigh.Warning},
}

// fixtures are words in the names of directories whose files are examples, tests, or
// somebody else's.
var fixtures = []string{"test", "tests", "testing", "testdata", "fixture", "fixtures", "spec", "specs", "example", "examples", "sample", "samples", "mock", "mocks", "doc", "docs",
	"certdata"}

// elsewhere are directories that are somebody else's by their whole names.
var elsewhere = []string{"node_modules", "site-packages", "dist-packages", "third_party", "gems", "vendor"}

// secretFile goes by the name of each file and by its first bytes, which were looked at
// when its layer was read and are not kept. A file that a later layer hides can still be
// read from its layer. What a base image brings is said where the bytes show it.
func secretFile(img *Image) (out []Finding) {
	by := map[string][]tree.Ref{}
	look := func(r tree.Ref, e *layer.Entry) {
		switch {
		case e.Mark == secret.None, harmless(e), img.Owner(r) != nil, !e.Mark.Shown() && !img.own(r.Layer):
		default:
			by[e.Path] = append(by[e.Path], r)
		}
	}
	img.Live(look)
	img.Hidden(look)
	for _, s := range suspicions {
		all := &heaps{img: img}
		for _, file := range sorted(by) {
			var list []tree.Ref
			for _, r := range by[file] {
				if slices.Contains(s.marks, img.Tree.Entry(r).Mark) {
					list = append(list, r)
				}
			}
			if len(list) > 0 {
				first := slices.MinFunc(list, func(a, b tree.Ref) int { return int(a.Layer - b.Layer) })
				all.at(first.Layer).add(list...)
			}
		}
		for _, h := range all.list {
			out = append(out, h.secret(s))
		}
	}
	return out
}

// mostSecrets is how many paths a finding about secrets has.
const mostSecrets = 100

// secret is the finding about files that one layer brought.
func (x *heap) secret(s suspicion) Finding {
	list := sorted(x.files)
	seen := 0
	for _, file := range list {
		for r := range x.refs {
			if x.img.Tree.Entry(r).Path == file && x.img.Tree.Bytes(r).Class == tree.Live {
				seen++
				break
			}
		}
	}
	var paths []string
	for _, file := range list {
		paths = append(paths, "/"+file)
	}
	one := len(list) == 1
	text := some(paths, 3)
	if one {
		text += s.one
	} else {
		text += s.many
	}
	switch {
	case seen == 0 && one:
		text += "; a later layer hides it, and it can still be read from this layer"
	case seen < len(list):
		text += "; what a later layer hides can still be read from this layer"
	}
	f := x.finding(text, x.instead(list))
	f.frees, f.Severity, f.Paths = nil, s.severity, list[:min(len(list), mostSecrets)]
	return f
}

// instead says what to do about secrets: a key of a host is made when a container
// starts, what a base image brings is not for this Dockerfile to change.
func (x *heap) instead(list []string) string {
	host := func(file string) bool { return strings.HasPrefix(path.Base(file), "ssh_host_") }
	switch {
	case !x.img.own(x.layer):
		return instead(false)
	case !slices.ContainsFunc(list, func(file string) bool { return !host(file) }):
		return "delete it in the same RUN and make one when a container starts (ssh-keygen -A): containers of one image must not share it"
	}
	return instead(true)
}

// harmless tells whether a file is public by where it is: what distributions ship, tests
// and examples, what languages' packages bring. What the name alone says of settings
// counts where an application or a user has them only.
func harmless(e *layer.Entry) bool {
	if strings.HasPrefix(e.Path, "usr/share/") || strings.HasPrefix(e.Path, "usr/lib/") || strings.Contains(e.Path, "snakeoil") {
		return true
	}
	dir := path.Dir("/" + e.Path)[1:]
	if e.Mark == secret.Settings && dir != "" && !slices.ContainsFunc(homes, func(home string) bool { return strings.HasPrefix(dir+"/", home) }) {
		return true
	}
	for part := range strings.SplitSeq(dir, "/") {
		if slices.Contains(elsewhere, part) {
			return true
		}
		for word := range strings.FieldsFuncSeq(strings.ToLower(part), func(r rune) bool { return r == '-' || r == '_' || r == '.' }) {
			if slices.Contains(fixtures, word) {
				return true
			}
		}
	}
	return false
}

// homes are where an application or a user has settings of its own.
var homes = []string{"root/", "home/", "app/", "srv/", "opt/", "usr/src/", "workspace/", "code/", "var/www/"}
