package advice

import (
	"path"
	"strings"

	"tare/internal/layer"
	"tare/internal/tree"
	"tare/internal/weigh"
)

func init() {
	register(Rule{ID: "secret-file", Title: "files that are secret by their names", Severity: weigh.Secret, Find: secretFile})
}

// private are names that ssh, clouds and package managers give to keys and passwords. A
// name that is also used for public things (*.pem, *.key, .env) is not among them.
var private = map[string]string{
	"id_rsa": "an SSH private key", "id_dsa": "an SSH private key", "id_ecdsa": "an SSH private key", "id_ed25519": "an SSH private key",
	".aws/credentials": "AWS credentials", ".netrc": "passwords of servers", ".git-credentials": "git passwords", ".pgpass": "PostgreSQL passwords",
	".docker/config.json": "registry logins", ".kube/config": "Kubernetes credentials", ".pypirc": "PyPI passwords",
}

// fixtures are directories whose files are examples.
var fixtures = []string{"test", "tests", "testdata", "fixtures", "example", "examples", "doc", "docs", "node_modules", "site-packages", "dist-packages"}

// secretFile goes by names alone: the content of a file is not kept. One that a later
// layer deletes can still be read from its layer.
func secretFile(img *Image) (out []Finding) {
	look := func(r tree.Ref, e *layer.Entry) {
		what := secret(e.Path)
		if what == "" || e.Size == 0 || !img.own(r.Layer) || img.Owner(r) != nil {
			return
		}
		h := (&heaps{img: img}).at(r.Layer)
		h.add(r)
		text := "/" + e.Path + " is " + what + " by its name"
		if img.Tree.Bytes(r).Class != tree.Live {
			text += "; it was deleted or overwritten later, and can still be read from this layer"
		}
		f := h.finding(text, "keep secrets out with RUN --mount=type=secret, build again, and replace this one: whoever has the image has it")
		f.frees = nil
		out = append(out, f)
	}
	img.Live(look)
	img.Hidden(look)
	return out
}

// secret is what a file is by its name; "" if that tells nothing.
func secret(file string) string {
	for _, part := range strings.Split(path.Dir(file), "/") {
		for _, f := range fixtures {
			if part == f {
				return ""
			}
		}
	}
	if what := private[path.Base(file)]; what != "" {
		return what
	}
	return private[path.Base(path.Dir(file))+"/"+path.Base(file)]
}
