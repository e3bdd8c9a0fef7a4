package advice

import (
	"path"
	"slices"
	"strings"

	"tare/internal/layer"
	"tare/internal/tree"
	"tare/internal/weigh"
)

func init() {
	register(Rule{ID: weigh.SecretFile, Title: "files that look like secrets by their names", Severity: weigh.Secret, Find: secretFile})
}

// What files look like by their names. Settings often hold a token, and often none.
const (
	privateKey  = "private key"
	credentials = "file of credentials"
	settings    = "settings"
)

var plural = map[string]string{privateKey: "private keys", credentials: "files of credentials"}

// private are names that ssh, clouds and package managers give to keys and credentials,
// by base name or with the directory. A name that is also used for public things (*.pem,
// *.key) is not among them.
var private = map[string]string{
	"id_rsa": privateKey, "id_dsa": privateKey, "id_ecdsa": privateKey, "id_ed25519": privateKey, "id_ecdsa_sk": privateKey, "id_ed25519_sk": privateKey,
	"ssh_host_rsa_key": privateKey, "ssh_host_dsa_key": privateKey, "ssh_host_ecdsa_key": privateKey, "ssh_host_ed25519_key": privateKey,
	".netrc": credentials, ".git-credentials": credentials, ".pgpass": credentials,
	".aws/credentials": credentials, ".kube/config": credentials, "gcloud/application_default_credentials.json": credentials,
	".docker/config.json": settings, ".env": settings, ".npmrc": settings, ".pypirc": settings,
}

// inDirs are the base names of private that say something in their directories only.
var inDirs = []string{"credentials", "config", "config.json", "application_default_credentials.json"}

// homes are where an application or a user has settings of its own.
var homes = []string{"root/", "home/", "app/", "srv/", "opt/", "usr/src/", "workspace/", "code/", "var/www/"}

// fixtures are directories whose files are examples, tests, or somebody else's.
var fixtures = []string{"test", "tests", "testdata", "__tests__", "fixtures", "spec", "example", "examples", "doc", "docs", "vendor", "third_party", "node_modules", "site-packages", "dist-packages", ".git"}

// secretFile goes by names alone: the content of a file is not kept. One that a later
// layer deletes can still be read from its layer.
func secretFile(img *Image) (out []Finding) {
	by := map[string][]tree.Ref{}
	look := func(r tree.Ref, e *layer.Entry) {
		if secret(e.Path) != "" && e.Size > 0 && img.own(r.Layer) && img.Owner(r) == nil {
			by[e.Path] = append(by[e.Path], r)
		}
	}
	img.Live(look)
	img.Hidden(look)
	for _, what := range []string{privateKey, credentials, settings} {
		all := &heaps{img: img}
		for _, file := range sorted(by) {
			if secret(file) == what {
				first := slices.MinFunc(by[file], func(a, b tree.Ref) int { return int(a.Layer - b.Layer) })
				all.at(first.Layer).add(by[file]...)
			}
		}
		for _, h := range all.list {
			out = append(out, h.secret(what, by))
		}
	}
	return out
}

// secret is the finding about files that one layer brought.
func (x *heap) secret(what string, by map[string][]tree.Ref) Finding {
	list := sorted(x.files)
	seen := 0
	for _, file := range list {
		if slices.ContainsFunc(by[file], func(r tree.Ref) bool { return x.img.Tree.Bytes(r).Class == tree.Live }) {
			seen++
		}
	}
	var paths []string
	for _, file := range list {
		paths = append(paths, "/"+file)
	}
	one := len(list) == 1
	text := some(paths, 3)
	switch {
	case what == settings && one:
		text += ": a file of this name often holds a token or a password"
	case what == settings:
		text += ": files of these names often hold a token or a password"
	case one:
		text += " looks like a " + what + " by its name"
	default:
		text += " look like " + plural[what] + " by their names"
	}
	switch {
	case seen == 0 && one:
		text += "; a later layer hides it, and it can still be read from this layer"
	case seen < len(list):
		text += "; what a later layer hides can still be read from this layer"
	}
	remedy := "RUN --mount=type=secret or a value at run time instead; then replace it: whoever has the image has it"
	f := x.finding(text, remedy)
	f.frees = nil
	if what == settings {
		f.Severity = weigh.Warning
	}
	return f
}

// secret is what a file looks like by its name; "" if that tells nothing.
func secret(file string) string {
	dir, base := "", file
	if i := strings.LastIndexByte(file, '/'); i >= 0 {
		dir, base = file[:i], file[i+1:]
	}
	what := private[base]
	if what == "" && slices.Contains(inDirs, base) {
		what = private[path.Base(dir)+"/"+base]
	}
	switch {
	case what == "", strings.HasPrefix(file, "usr/share/"), strings.HasPrefix(file, "usr/lib/"):
		return ""
	case what == settings && dir != "" && !slices.ContainsFunc(homes, func(home string) bool { return strings.HasPrefix(file, home) }):
		return ""
	case slices.ContainsFunc(strings.Split(dir, "/"), func(part string) bool { return slices.Contains(fixtures, part) }):
		return ""
	}
	return what
}
