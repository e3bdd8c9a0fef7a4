package advice_test

import (
	"strings"
	"testing"

	"tare/internal/advice"
	"tare/internal/testkit"
)

// What each rule is about, in a few words.
func TestTitles(t *testing.T) {
	want := map[string]string{
		"apt-lists": "apt's package lists", "build-tools": "build tools in the image", "bytecode-versions": "compiled Python of other versions", "jdk-files": "what a JDK has beyond a JRE", "chown-copies-layer": "files copied to change their metadata", "copied-then-deleted": "files copied in, then deleted",
		"deleted-later": "files deleted in a later layer", "editors-and-vcs": "editors and version control tools", "host-dependencies": "dependencies copied from the host", "large-context": "a large build context",
		"log-files": "log files", "manifest-order": "dependencies installed after the source is copied", "node-versions": "Node packages in several versions", "not-stripped": "debug information", "overwritten": "files overwritten", "package-cache": "package manager caches", "python-bytecode": "compiled Python",
		"recommended-packages": "packages that are only recommended", "secret-file": "secrets in the image", "temporary-files": "temporary files", "vcs-data": "version control data", "written-twice": "files written twice",
	}
	for _, r := range advice.Rules() {
		if want[r.ID] != r.Title {
			t.Errorf("%s: %q, want %q", r.ID, r.Title, want[r.ID])
		}
		delete(want, r.ID)
	}
	if len(want) > 0 {
		t.Errorf("no rule: %v", want)
	}
}

// Of each package manager's cache is said what keeps it out, and of no other's.
func TestRemediesOfCaches(t *testing.T) {
	remedies := map[string]string{
		"var/cache/apt/archives/x": "apt-get clean", "var/cache/apk/x": "apk add --no-cache", "etc/apk/cache/x": "apk add --no-cache", "var/cache/dnf/x": "dnf clean all", "var/cache/libdnf5/x": "dnf clean all",
		"var/cache/yum/x": "yum clean all", "var/cache/zypp/x": "zypper clean --all", "var/cache/pacman/pkg/x": "pacman -Scc", "root/.cache/pip/x": "pip install --no-cache-dir", "root/.cache/uv/x": "uv --no-cache",
		"root/.cache/pypoetry/x": "poetry cache clear --all .", "root/.npm/x": "npm cache clean --force", "root/.cache/yarn/x": "yarn cache clean", "root/.cache/go-build/x": "go clean -cache",
		"go/pkg/mod/x": "go clean -modcache", "root/.cargo/registry/x": "rm -rf ~/.cargo/registry", "usr/local/cargo/registry/x": "rm -rf $CARGO_HOME/registry", "root/.m2/x": "rm -rf ~/.m2", "root/.composer/cache/x": "composer clear-cache",
		"home/me/.npm/x": "npm cache clean --force", "home/me/.m2/x": "rm -rf ~/.m2", "home/me/.cargo/registry/x": "rm -rf ~/.cargo/registry", "home/me/.composer/cache/x": "composer clear-cache",
	}
	for path, want := range remedies {
		list := only(image(t, distribution(), step{"RUN x", []E{kib(path, 20)}}), "package-cache")
		if len(list) != 1 || list[0].Remedy != want+" in the same RUN, or RUN --mount=type=cache" {
			t.Errorf("%s: %+v", path, list)
		}
	}
}

// What is to be done depends on who brought the files, and how.
func TestRemedies(t *testing.T) {
	git := []E{kib("app/.git/objects/pack/p", 80), kib("app/main.py", 5)}
	staged := image(t, distribution(), step{"COPY . /app", git})
	staged.Staged = map[int]bool{1: true}
	code := []E{kib("usr/local/lib/x/a.py", 9), kib("usr/local/lib/x/__pycache__/a.cpython-311.pyc", 40)}
	context := image(t, distribution())
	context.Context = advice.Context{Unused: 397_000_000, Files: 12, Paths: []string{"data"}, Line: 4}
	manifest := image(t, distribution(), step{"COPY . /app", []E{kib("app/x", 9)}})
	manifest.Installs = []advice.Install{{Line: 5, Copy: 4, Command: "npm ci", Manifests: []string{"package.json"}, Others: 40}}
	for _, c := range []struct {
		img          *advice.Image
		rule, remedy string
	}{
		{image(t, distribution(), step{"COPY . /app", git}), "vcs-data", "leave .git out of what is copied (.dockerignore, --exclude)"},
		{staged, "vcs-data", "COPY --exclude=.git, or remove it in the stage that it comes from"},
		{image(t, distribution(), step{"RUN pip install x", code}), "python-bytecode", "pip install --no-compile and ENV PYTHONDONTWRITEBYTECODE=1; Python then compiles whenever it starts"},
		{image(t, distribution(), step{"COPY /x /usr/local/lib", code}), "python-bytecode", "COPY --exclude=**/__pycache__, or do not compile where it comes from; Python then compiles whenever it starts"},
		{image(t, distribution(), step{"RUN x", []E{kib("tmp/x", 20)}}), "temporary-files", "delete in the same RUN, or RUN --mount=type=tmpfs,target=/tmp"},
		{image(t, distribution(), step{"COPY x /tmp/", []E{kib("tmp/x", 20)}}), "temporary-files", "mount instead of copying: RUN --mount=type=bind"},
		{image(t, distribution(), step{"RUN x", []E{kib("var/log/x", 20)}}), "log-files", "remove logs in the same RUN, or mount /var/log (RUN --mount=type=tmpfs,target=/var/log)"},
		{image(t, distribution(), step{"COPY big /big", []E{kib("big", 200)}}, step{"RUN rm /big", []E{whiteout("big")}}), "copied-then-deleted", "don't copy it (.dockerignore, --exclude), or RUN --mount=type=bind"},
		{recommended(t), "recommended-packages", "apt-get install --no-install-recommends, and name those of them that the program uses"},
		{context, "large-context", "list what no instruction takes in .dockerignore: data"},
		{manifest, "manifest-order", "COPY package.json first, then npm ci, then the rest (unless it refers to files of the source)"},
	} {
		list := only(c.img, c.rule)
		if len(list) != 1 || list[0].Remedy != c.remedy {
			t.Errorf("%s: %+v, want %s", c.rule, list, c.remedy)
		}
	}
}

// Several files with secrets of one kind are one finding, in the plural; one is in the
// singular.
func TestSeveralSecrets(t *testing.T) {
	const value = "hunter2hunter2"
	for _, c := range []struct{ one, two, text, several string }{
		{"app/a.key", "app/b.key", "-----BEGIN RSA PRIVATE KEY-----\n" + value + "\n", " hold private keys"},
		{"root/.aws/credentials", "home/me/.aws/credentials", "[x]\naws_secret_access_key = " + value + "\n", " hold credentials for a cloud"},
		{"root/.kube/config", "home/me/.kube/config", "apiVersion: v1\ntoken: " + value + "\n", " hold credentials for a Kubernetes cluster"},
		{"root/.docker/config.json", "home/me/.docker/config.json", `{"auths":{"x":{"auth":"` + value + `"}}}`, " hold logins of registries"},
		{"root/.npmrc", "app/.npmrc", "//r/:_authToken=" + value + "\n", " hold tokens or passwords"},
		{"app/.env", "srv/.env", "DB_PASSWORD=" + value + "\n", " have values for variables that are named like secrets, or URLs with passwords"},
		{"root/.netrc", "home/me/.netrc", "something else\n", " look like files of credentials by their names"},
		{"app/.env", "srv/.env", "PORT=80\n", ": files of these names often hold a token or a password"},
	} {
		a, b := testkit.File(c.one, c.text), testkit.File(c.two, c.text)
		if f := one(t, image(t, distribution(), step{"COPY . /", []E{a, b}}), "secret-file", 2, 0); !strings.HasSuffix(f.Text, c.several) {
			t.Errorf("%s, want %s", f.Text, c.several)
		}
		if f := one(t, image(t, distribution(), step{"COPY . /", []E{a}}), "secret-file", 2, 0); strings.Contains(f.Text, c.several) {
			t.Errorf("of one file: %s", f.Text)
		}
	}
}

// recommended is an image with a package that apt only recommended.
func recommended(t *testing.T) *advice.Image {
	t.Helper()
	return image(t, distribution(), step{"RUN /bin/sh -c apt-get install -y x", debian("x: Recommends: b", "b*")})
}
