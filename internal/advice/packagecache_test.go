package advice_test

import "testing"

func TestPackageCache(t *testing.T) {
	const rule = "package-cache"
	l := image(t, distribution(), step{"RUN pip install x", []E{kib("root/.cache/pip/http/x", 40), kib("usr/lib/python3/x.py", 5)}}, step{"RUN npm ci && apt-get install y", []E{kib("root/.npm/_cacache/x", 20), kib("var/cache/apt/archives/y.deb", 30)}})
	list := only(l, rule)
	if len(list) != 2 || list[0].Layer != 3 || list[1].Layer != 2 {
		t.Fatalf("%+v", list)
	}
	for n, want := range []string{"in 2 files of apt and npm's caches in the image, most in /var/cache/apt/archives", "in 1 file of pip's cache in the image, most in /root/.cache/pip/http"} {
		if !contains(list[n].Text, want) {
			t.Errorf("%q, want %q", list[n].Text, want)
		}
	}
	if !contains(list[1].Remedy, "pip install --no-cache-dir") || !contains(list[0].Remedy, "apt-get clean and npm cache clean") {
		t.Errorf("%q, %q", list[0].Remedy, list[1].Remedy)
	}
	for _, path := range []string{"var/cache/apk/x.apk", "root/.cache/go-build/00/x", "go/pkg/mod/x/y", "home/me/.cache/yarn/x", "root/.cargo/registry/x", "root/.m2/x.jar", "var/cache/dnf/x"} {
		one(t, image(t, distribution(), step{"RUN x", []E{kib(path, 20)}}), rule, 2, 20)
	}
	// Directories that are called so and are no package manager's.
	for _, path := range []string{"var/cache/debconf/templates.dat", "app/.npm-check", "app/npm/x", "root/.cache/matplotlib/x", "tmp/x", "tmp/.npm/x", "tmp/.cache/pip/x", "var/tmp/go/pkg/mod/x"} {
		none(t, image(t, distribution(), step{"RUN x", []E{kib(path, 20)}}), rule)
	}
	none(t, image(t, distribution(), step{"RUN pip install x", []E{kib("root/.cache/pip/x", 40)}}, step{"RUN rm -r /root/.cache", []E{whiteout("root/.cache")}}), rule)
}
