package advice_test

import "testing"

func TestPackageCache(t *testing.T) {
	const rule = "package-cache"
	l := ledger(t, distribution(), step{"RUN pip install x", []E{kib("root/.cache/pip/http/x", 40), kib("usr/lib/python3/x.py", 5)}}, step{"RUN npm ci && apt-get install y", []E{kib("root/.npm/_cacache/x", 20), kib("var/cache/apt/archives/y.deb", 30)}})
	list := only(l, rule)
	if len(list) != 2 || list[0].Layer != 3 || list[1].Layer != 2 {
		t.Fatalf("%+v", list)
	}
	for n, want := range []string{"apt and npm's caches in the image (/var/cache/apt/archives/y.deb and others)", "pip's cache in the image (/root/.cache/pip/http/x)"} {
		if !contains(list[n].Text, want) {
			t.Errorf("%q, want %q", list[n].Text, want)
		}
	}
	if !contains(list[1].Fix, "pip install --no-cache-dir") || !contains(list[0].Fix, "apt-get clean and npm cache clean") {
		t.Errorf("%q, %q", list[0].Fix, list[1].Fix)
	}
	for _, path := range []string{"var/cache/apk/x.apk", "root/.cache/go-build/00/x", "go/pkg/mod/x/y", "home/me/.cache/yarn/x", "root/.cargo/registry/x", "root/.m2/x.jar", "var/cache/dnf/x"} {
		one(t, ledger(t, distribution(), step{"RUN x", []E{kib(path, 20)}}), rule, 2, 20)
	}
	// Directories that are called so and are no package manager's.
	for _, path := range []string{"var/cache/debconf/templates.dat", "app/.npm-check", "app/npm/x", "root/.cache/matplotlib/x", "tmp/x"} {
		none(t, ledger(t, distribution(), step{"RUN x", []E{kib(path, 20)}}), rule)
	}
	none(t, ledger(t, distribution(), step{"RUN pip install x", []E{kib("root/.cache/pip/x", 40)}}, step{"RUN rm -r /root/.cache", []E{whiteout("root/.cache")}}), rule)
}
