package scan_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/scan"
	"tare/internal/testkit"
)

// platform is an image for a platform, made at a date of 2025.
func platform(t *testing.T, n int, arch string, month time.Month) *testkit.Built {
	return testkit.Image(t, testkit.Options{Layers: [][]byte{testkit.Numbered(t, n, 500)}, Platform: ocispec.Platform{OS: "linux", Architecture: arch}, Created: time.Date(2025, month, 1, 0, 0, 0, 0, time.UTC)})
}

func TestSources(t *testing.T) {
	w := newWorld(t)
	w.reg.Push(t, "team/app", "1.0", platform(t, 1, "amd64", 1))
	w.reg.Push(t, "team/app", "1.1", platform(t, 2, "amd64", 3))
	w.reg.Push(t, "team/app", "latest", platform(t, 2, "amd64", 3))
	w.reg.Push(t, "team/app", "dev", platform(t, 3, "amd64", 2))
	w.reg.Push(t, "team/db", "1.0", testkit.Index(t, platform(t, 4, "amd64", 1), platform(t, 5, "arm64", 1)))
	w.reg.Push(t, "other/deep/er", "1", platform(t, 6, "amd64", 1))
	w.st = testkit.Store(t)
	testkit.Put(t, w.st, "docker.io/library/mine:1", "pull", platform(t, 7, "amd64", 1))
	h := w.reg.Host
	for _, c := range []struct {
		name, want string
		q          scan.Request
	}{
		{"a registry", "other/deep/er:1 team/app:1.0 team/app:1.1 team/app:dev team/app:latest team/db:1.0 team/db:1.0", scan.Request{Sources: []string{h}}},
		{"a pattern", "team/app:1.0 team/app:1.1 team/app:dev team/app:latest team/db:1.0 team/db:1.0", scan.Request{Sources: []string{h + "/team/*"}}},
		{"one star is one folder", "", scan.Request{Sources: []string{h + "/other/*"}}},
		{"two are many", "other/deep/er:1", scan.Request{Sources: []string{h + "/other/**"}}},
		{"a pattern with tags", "team/app:1.0 team/db:1.0 team/db:1.0", scan.Request{Sources: []string{h + "/team/*:1.0"}}},
		{"a repository", "team/app:1.0 team/app:1.1 team/app:dev team/app:latest", scan.Request{Sources: []string{h + "/team/app"}}},
		{"tags", "team/app:1.0 team/app:1.1", scan.Request{Sources: []string{h + "/team/app:1.*"}}},
		{"a rule for tags", "team/app:1.0 team/app:latest", scan.Request{Sources: []string{h + "/team/app"}, Rules: rules("{1.0,l*}", 0, "")}},
		{"an image", "team/app:dev", scan.Request{Sources: []string{h + "/team/app:dev"}}},
		{"the newest", "team/app:1.1 team/app:latest", scan.Request{Sources: []string{h + "/team/app"}, Rules: rules("", 1, "")}},
		{"the two newest of each", "other/deep/er:1 team/app:1.1 team/app:dev team/app:latest team/db:1.0 team/db:1.0", scan.Request{Sources: []string{h}, Rules: rules("", 2, "")}},
		{"a platform", "team/db:1.0", scan.Request{Sources: []string{h + "/team/db"}, Rules: rules("", 0, "linux/arm64")}},
		{"a platform that some lack", "team/db:1.0", scan.Request{Sources: []string{h}, Rules: rules("", 0, "linux/arm64")}},
		{"all platforms", "team/db:1.0 team/db:1.0", scan.Request{Sources: []string{h + "/team/db"}, Rules: rules("", 0, "all")}},
		{"the store", "docker.io/library/mine:1", scan.Request{Sources: []string{"mine:1"}}},
		{"names of the store", "docker.io/library/mine:1", scan.Request{Sources: []string{"mi*"}}},
		{"twice", "team/app:dev", scan.Request{Sources: []string{h + "/team/app:dev", h + "/team/app:dev"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := w.plan(c.q)
			if err != nil {
				t.Fatal(err)
			}
			if got := w.names(p); got != c.want {
				t.Errorf("%s\n%s", got, unreadable(p))
			}
			if u := unreadable(p); c.want != "" && u != "" || c.want == "" && !strings.Contains(u, "no repository of the catalogue matches") {
				t.Error(u)
			}
			again, err := w.plan(c.q)
			if err != nil {
				t.Fatal(err)
			}
			a, _ := p.Encode()
			b, _ := again.Encode()
			if string(a) != string(b) {
				t.Error("the same question has two plans")
			}
		})
	}
	if n := w.reg.Gets(platform(t, 1, "amd64", 1).LayerDigests(t)[0].String()); n > 0 {
		t.Errorf("a layer was read %d times", n)
	}
}

func rules(tags string, newest int, platform string) (r scanRules) {
	r.Tags, r.Newest, r.Platform = tags, newest, platform
	return r
}

// What cannot be read is listed with the reason, and so is what is no image if it was named; what a repository lists beside images is counted.
func TestWhatCannotBeReadIsSaid(t *testing.T) {
	w := newWorld(t)
	w.push("team/good", "1", testkit.Numbered(t, 1, 100))
	w.push("team/private", "1", testkit.Numbered(t, 2, 100))
	w.push("team/moving", "1", testkit.Numbered(t, 3, 100))
	w.push("team/moving", "2", testkit.Numbered(t, 4, 100))
	chart := testkit.Image(t, testkit.Options{Layers: [][]byte{testkit.Numbered(t, 5, 100)}})
	chart = retyped(t, chart, "application/vnd.cncf.helm.config.v1+json")
	w.reg.Push(t, "team/chart", "1", chart)
	w.reg.Push(t, "team/good", "sha256-"+strings.Repeat("0", 64)+".sig", chart)
	w.reg.Fault(func(rw http.ResponseWriter, r *http.Request) bool {
		switch {
		case strings.HasPrefix(r.URL.Path, "/v2/team/private/"):
			rw.Header().Set("WWW-Authenticate", `Basic realm="x"`)
			rw.WriteHeader(http.StatusUnauthorized)
		case strings.HasSuffix(r.URL.Path, "/team/moving/manifests/2"):
			http.NotFound(rw, r)
		default:
			return false
		}
		return true
	})
	p, skipped, err := scan.Gather(t.Context(), w.session(), scan.Request{Sources: []string{w.reg.Host}})
	if err != nil {
		t.Fatal(err)
	}
	if got := w.names(p); got != "team/good:1 team/moving:1" {
		t.Error(got)
	}
	u := unreadable(p)
	for _, want := range []string{w.reg.Host + "/team/private: access denied", w.reg.Host + "/team/moving:2: not found"} {
		if !strings.Contains(u, want) {
			t.Errorf("no %q in %s", want, u)
		}
	}
	if len(p.Unreadable) != 2 || skipped["not an image: a Helm chart"] != 1 || skipped["attached to an image"] != 1 {
		t.Errorf("%s, %v", u, skipped)
	}
	// By name.
	p = w.mustPlan(w.reg.Host+"/team/chart:1", w.reg.Host+"/team/none:1", w.reg.Host+"/team/good:1", "no-such-host.invalid/a:1")
	u = unreadable(p)
	for _, want := range []string{"team/chart:1: ", "a Helm chart", "team/none:1: not found", "no-such-host.invalid/a:1: cannot reach"} {
		if !strings.Contains(u, want) {
			t.Errorf("no %q in %s", want, u)
		}
	}
	// And a scan of it says so, and reads the rest.
	o := w.mustRun(scan.Request{Sources: []string{w.reg.Host}, Out: t.TempDir()})
	if o.Complete() || len(o.Unreadable) != 2 || o.Read.Layers != 2 {
		t.Errorf("%+v", o)
	}
}

// A registry without a catalogue says what to do instead.
func TestRegistriesWithoutACatalogue(t *testing.T) {
	for name, c := range map[string]struct {
		answer func(w http.ResponseWriter)
		want   string
	}{
		"not found":   {func(w http.ResponseWriter) { w.WriteHeader(http.StatusNotFound) }, "has no catalogue"},
		"not allowed": {func(w http.ResponseWriter) { w.WriteHeader(http.StatusMethodNotAllowed) }, "has no catalogue"},
		"a page":      {func(w http.ResponseWriter) { _, _ = w.Write([]byte("<html>")) }, "has no catalogue"},
		"forbidden":   {func(w http.ResponseWriter) { w.WriteHeader(http.StatusForbidden) }, "does not list its repositories to you"},
		"unauthorized": {func(w http.ResponseWriter) {
			w.Header().Set("WWW-Authenticate", `Basic realm="x"`)
			w.WriteHeader(http.StatusUnauthorized)
		}, "does not list its repositories to you"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.push("team/good", "1", testkit.Numbered(t, 1, 100))
			w.reg.Fault(func(rw http.ResponseWriter, r *http.Request) bool {
				if strings.HasSuffix(r.URL.Path, "/_catalog") {
					c.answer(rw)
					return true
				}
				return false
			})
			for _, word := range []string{w.reg.Host, w.reg.Host + "/team/*"} {
				if _, err := w.plan(scan.Request{Sources: []string{word}}); err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "give a list of images") {
					t.Errorf("%v", err)
				}
			}
			p := w.mustPlan(w.reg.Host, w.reg.Host+"/team/good:1")
			if w.names(p) != "team/good:1" || !strings.Contains(unreadable(p), c.want) {
				t.Errorf("%s", unreadable(p))
			}
		})
	}
}

// pages serves lists in pages, as real registries do: with a Link, or cut without a word.
func pages(inner http.Handler, catalogue, tags []string, link bool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		list, key := tags, "tags"
		switch {
		case strings.HasSuffix(r.URL.Path, "/_catalog"):
			list, key = catalogue, "repositories"
		case !strings.HasSuffix(r.URL.Path, "/tags/list"):
			inner.ServeHTTP(w, r)
			return
		}
		n, _ := strconv.Atoi(r.URL.Query().Get("n"))
		at, found := slices.BinarySearch(list, r.URL.Query().Get("last"))
		if found {
			at++
		}
		page := list[at:min(at+n, len(list))]
		if link && at+n < len(list) {
			w.Header().Set("Link", fmt.Sprintf(`<%s?last=%s&n=%d>; rel="next"`, r.URL.Path, page[len(page)-1], n))
		}
		_ = json.NewEncoder(w).Encode(map[string]any{key: page})
	}
}

// 100,000 tags of one image are listed page by page, and each is looked at.
func TestManyTags(t *testing.T) {
	w := newWorld(t)
	b := w.push("a", "x", testkit.Numbered(t, 1, 100))
	var tags []string
	for n := range 100_000 {
		tags = append(tags, fmt.Sprintf("t%06d", n))
	}
	for _, link := range []bool{true, false} {
		asked := 0
		s := httptest.NewServer(pages(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			if strings.Contains(r.URL.Path, "/manifests/") {
				r.URL.Path = "/v2/a/manifests/x"
			}
			asked++
			w.reg.ServeHTTP(rw, r)
		}), nil, tags, link))
		host := strings.TrimPrefix(s.URL, "http://")
		p := w.mustPlan(host + "/a:t0999*")
		if len(p.Images) != 1 || len(p.Images[0].Names) != 100 || p.Images[0].Digest != b.Target.Digest {
			t.Errorf("%d images", len(p.Images))
		}
		s.Close()
	}
}

// A catalogue of several pages is read to its end.
func TestLongCatalogues(t *testing.T) {
	w := newWorld(t)
	w.push("r", "1", testkit.Numbered(t, 1, 100))
	var repos []string
	for n := range 2500 {
		repos = append(repos, fmt.Sprintf("r%04d", n))
	}
	for _, link := range []bool{true, false} {
		s := httptest.NewServer(pages(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			parts := strings.SplitN(r.URL.Path, "/", 4) // "", v2, rNNNN, …
			if len(parts) == 4 {
				r.URL.Path = "/v2/r/" + parts[3]
			}
			w.reg.ServeHTTP(rw, r)
		}), repos, []string{"1"}, link))
		host := strings.TrimPrefix(s.URL, "http://")
		p := w.mustPlan(host + "/r2*")
		if len(p.Images) != 1 || len(p.Images[0].Names) != 500 {
			t.Errorf("%d images, %s", len(p.Images), unreadable(p))
		}
		s.Close()
	}
}

// Pods say which node has which image; of an image for several platforms a node has one.
func TestClusters(t *testing.T) {
	w := newWorld(t)
	amd, arm := platform(t, 4, "amd64", 1), platform(t, 5, "arm64", 1)
	x := testkit.Index(t, amd, arm)
	w.reg.Push(t, "team/db", "1.0", x)
	one := w.push("team/app", "1", testkit.Numbered(t, 1, 100))
	pod := func(node, selector string, ids ...string) string {
		var c []string
		for _, id := range ids {
			c = append(c, fmt.Sprintf(`{"name":"c","image":"team/x:1","imageID":%q}`, id))
		}
		return fmt.Sprintf(`{"kind":"Pod","metadata":{"namespace":"n","name":"p"},"spec":{"nodeName":%q,"nodeSelector":{%s}},"status":{"containerStatuses":[%s]}}`, node, selector, strings.Join(c, ","))
	}
	db, app := w.reg.Host+"/team/db@"+x.Target.Digest.String(), w.reg.Host+"/team/app@"+one.Target.Digest.String()
	w.stdin = `{"kind":"List","items":[` + strings.Join([]string{
		pod("n2", "", "docker-pullable://"+app, db), pod("n1", `"kubernetes.io/arch":"arm64"`, db), pod("n1", "", app, "sha256:0123"), pod("", "", ""),
		pod("n3", "", w.reg.Host+"/team/gone@"+one.Target.Digest.String()),
	}, ",") + `]}`
	p := w.mustPlan("-")
	if len(p.Images) != 3 || len(p.Rules.Lists) != 1 {
		t.Errorf("%s", w.names(p))
	}
	got := ""
	for _, n := range p.Nodes {
		got += n.Name + ":"
		for _, d := range n.Images {
			got += " " + map[string]string{string(amd.Target.Digest): "amd64", string(arm.Target.Digest): "arm64", string(one.Target.Digest): "app"}[string(d)]
		}
		got += "\n"
	}
	for _, want := range []string{"n1: ", "n2: ", "n3:\n"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in %s", want, got)
		}
	}
	n1, n2, _ := strings.Cut(got, "\n")
	if !strings.Contains(n1, "arm64") || strings.Contains(n1, "amd64") || !strings.Contains(n1, "app") || !strings.Contains(n2, "amd64") || strings.Contains(n2, "arm64") {
		t.Error(got)
	}
	u := unreadable(p)
	for _, want := range []string{"pod n/p/c: team/x:1: the node names only the image's ID", "has not started", "team/gone@"} {
		if !strings.Contains(u, want) {
			t.Errorf("no %q in %s", want, u)
		}
	}
	// The same in a file.
	file := filepath.Join(t.TempDir(), "pods.json")
	if err := os.WriteFile(file, []byte(w.stdin), 0o600); err != nil {
		t.Fatal(err)
	}
	q := w.mustPlan(file)
	if len(q.Nodes) != 3 || q.Rules.Lists[0] != p.Rules.Lists[0] {
		t.Errorf("%+v", q.Nodes)
	}
}

func TestBadRequests(t *testing.T) {
	w := newWorld(t)
	dir := t.TempDir()
	bad := filepath.Join(dir, "plan.json")
	if err := os.WriteFile(bad, []byte(`{"schema":"tare.fleet-plan/v2"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	empty := filepath.Join(dir, "empty")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(dir, "out")
	if _, err := w.run(scan.Request{Out: out, Sources: []string{w.reg.Host + "/none:1"}}); err == nil || !strings.Contains(err.Error(), "of 1 name that cannot be read") {
		t.Error(err)
	}
	for want, q := range map[string]scan.Request{
		"nothing to scan":              {Out: out},
		"names no image":               {Out: out, Sources: []string{empty}},
		"standard input can be read":   {Out: out, Sources: []string{"-", "-"}},
		"--out DIR":                    {Sources: []string{w.reg.Host}},
		"are kept in":                  {Sources: []string{w.reg.Host}, Out: "s3://bucket"},
		"without a tag":                {Sources: []string{w.reg.Host}, Out: "oci://registry.example/a:1"},
		"want oci://":                  {Sources: []string{w.reg.Host}, Out: "oci://"},
		"leave":                        {Out: out, Plan: bad, Sources: []string{w.reg.Host}},
		"settled":                      {Out: out, Plan: bad, Rules: rules("x", 0, "")},
		"reads tare.fleet-plan/v1":     {Out: out, Plan: bad},
		"is a directory":               {Out: out, Plan: dir},
		"no such file":                 {Out: out, Plan: filepath.Join(dir, "none")},
		"count from 1":                 {Out: out, Sources: []string{w.reg.Host}, Shard: "0/4"},
		"--parallel":                   {Out: out, Sources: []string{w.reg.Host}, Parallel: -1},
		"want OS/ARCH":                 {Out: out, Sources: []string{w.reg.Host}, Rules: rules("", 0, "a/b/c/d")},
		"the pattern cannot be":        {Out: out, Sources: []string{w.reg.Host}, Rules: rules("[", 0, "")},
		"newest -1":                    {Out: out, Sources: []string{w.reg.Host}, Rules: rules("", -1, "")},
		"is no list of images: line 1": {Out: out, Sources: []string{binary(t)}},
	} {
		if _, err := w.run(q); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q: %v", want, err)
		}
	}
	if _, err := os.Stat(out); err == nil {
		t.Error("something was written")
	}
}

func binary(t *testing.T) string {
	t.Helper()
	p := filepath.Join(t.TempDir(), "x.tar")
	if err := os.WriteFile(p, testkit.Tar(t, testkit.File("a", "b")), 0o600); err != nil {
		t.Fatal(err)
	}
	return p
}

// The engine that started the process says which shard it is, and a flag wins.
func TestShardsOfEngines(t *testing.T) {
	w := newWorld(t)
	w.fill(3)
	w.env["JOB_COMPLETION_INDEX"], w.env["TARE_SHARDS"] = "1", "2"
	o := w.mustRun(scan.Request{Sources: []string{w.reg.Host}, Out: t.TempDir()})
	if o.Shard != 2 || o.Shards != 2 || !slices.Contains(w.notes, "shard 2 of 2 (JOB_COMPLETION_INDEX)") {
		t.Errorf("%+v %v", o, w.notes)
	}
	o = w.mustRun(scan.Request{Sources: []string{w.reg.Host}, Out: t.TempDir(), Shard: "1/1"})
	if o.Shards != 1 {
		t.Errorf("%+v", o)
	}
}
