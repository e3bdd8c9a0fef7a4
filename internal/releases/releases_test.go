package releases_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/growth"
	"tare/internal/progress"
	"tare/internal/releases"
	"tare/internal/source"
	"tare/internal/store"
	"tare/internal/target"
	"tare/internal/testkit"
)

// hub is a registry with one repository that counts what it is asked.
type hub struct {
	*httptest.Server
	tags  map[string]*testkit.Built
	order []string
	page  int // tags of a page
	fault func(w http.ResponseWriter, r *http.Request) bool

	mu                        sync.Mutex
	lists, manifests, configs int
	layers, now, most         int
}

const repo = "/v2/team/app/"

func newHub(t *testing.T) *hub {
	t.Helper()
	h := &hub{tags: map[string]*testkit.Built{}, page: 1000}
	h.Server = httptest.NewServer(h)
	t.Cleanup(h.Close)
	return h
}

func (h *hub) put(tag string, b *testkit.Built) {
	h.tags[tag] = b
	h.order = append(h.order, tag)
}

func (h *hub) word() string {
	return "registry://" + strings.TrimPrefix(h.URL, "http://") + "/team/app"
}

func (h *hub) count(n *int) {
	h.mu.Lock()
	*n++
	h.mu.Unlock()
}

func (h *hub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	h.now++
	h.most = max(h.most, h.now)
	h.mu.Unlock()
	defer func() { h.mu.Lock(); h.now--; h.mu.Unlock() }()
	if h.fault != nil && h.fault(w, r) {
		return
	}
	rest, ok := strings.CutPrefix(r.URL.Path, repo)
	if !ok {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	what, name, _ := strings.Cut(rest, "/")
	switch what {
	case "tags":
		h.count(&h.lists)
		from := slices.Index(h.order, r.URL.Query().Get("last")) + 1
		list := h.order[from:]
		n, _ := strconv.Atoi(r.URL.Query().Get("n"))
		if n = min(n, h.page); len(list) > n {
			list = list[:n]
			w.Header().Set("Link", fmt.Sprintf(`<%stags/list?last=%s&n=%d>; rel="next"`, repo, list[n-1], n))
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"name": "team/app", "tags": list})
	case "manifests":
		h.count(&h.manifests)
		b := h.tags[name]
		d := digest.Digest(name)
		if b != nil {
			d = b.Target.Digest
		} else {
			for _, o := range h.tags {
				if o != nil && o.Manifests[d] != "" {
					b = o
				}
			}
		}
		if b == nil {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		w.Header().Set("Content-Type", b.Manifests[d])
		_, _ = w.Write(b.Blobs[d])
	case "blobs":
		for _, o := range h.tags {
			if o == nil {
				continue
			}
			if body, ok := o.Blobs[digest.Digest(name)]; ok {
				h.count(map[bool]*int{true: &h.configs, false: &h.layers}[json.Valid(body)])
				_, _ = w.Write(body)
				return
			}
		}
		w.WriteHeader(http.StatusNotFound)
	}
}

func finder(st *store.Store) *target.Finder {
	return &target.Finder{Store: func() (*store.Store, error) { return st, nil }, Registry: func() (*source.Registry, error) { return &source.Registry{Stall: 2 * time.Second}, nil },
		Watch: func() (progress.Func, func()) { return nil, func() {} }}
}

func look(t *testing.T, h *hub, q releases.Request) (*growth.Result, error) {
	t.Helper()
	q.Word = h.word()
	if err := q.Check(); err != nil {
		t.Fatal(err)
	}
	return releases.Growth(context.Background(), finder(testkit.Store(t)), q)
}

// image has a base layer and one of n kilobytes.
func image(t *testing.T, n int, o testkit.Options) *testkit.Built {
	t.Helper()
	o.Layers = [][]byte{testkit.Numbered(t, 0, 20_000), testkit.Numbered(t, n, n*1000)}
	o.Compression = "none"
	return testkit.Image(t, o)
}

func tagsOf(r *growth.Result) string {
	var out []string
	for _, l := range r.Releases {
		out = append(out, l.Tag)
	}
	return strings.Join(out, " ")
}

// Hundreds of tags are read over pages of a list, a few at a time, and no layer is.
func TestManyTags(t *testing.T) {
	h := newHub(t)
	h.page = 50
	const n = 200
	for i := n; i > 0; i-- { // registries have an order of their own
		size := i
		if i >= 123 {
			size = i + 500
		}
		h.put(fmt.Sprintf("1.%d.0", i), image(t, size, testkit.Options{}))
		if i%2 == 0 {
			h.put(fmt.Sprintf("sha256-%064x.sig", i), nil)
		}
	}
	r, err := look(t, h, releases.Request{})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d tags: %d lists, %d manifests, %d configurations, %d layers, at most %d at a time", len(h.order), h.lists, h.manifests, h.configs, h.layers, h.most)
	if h.layers != 0 || h.lists != 6 || h.manifests != n || h.configs != n || h.most > releases.Parallel {
		t.Error("not the requests that are needed")
	}
	if len(r.Releases) != n || r.Order != growth.ByVersion || r.Releases[0].Tag != "1.1.0" || r.Releases[n-1].Tag != "1.200.0" || len(r.Skipped) != n/2 {
		t.Errorf("%s %d %+v", r.Order, len(r.Releases), r.Skipped[:1])
	}
	if s := r.Step("transfer"); s == nil || s.Tag != "1.123.0" || s.From != "1.122.0" || s.After-s.Before < 500_000 {
		t.Errorf("%+v", s)
	}
	b := h.tags["1.7.0"]
	var m ocispec.Manifest
	_ = json.Unmarshal(b.Blobs[b.Target.Digest], &m)
	want := b.Target.Size + m.Config.Size + m.Layers[0].Size + m.Layers[1].Size
	if l := r.Releases[6]; l.Transfer.Or(-1) != want || l.Update.Or(-1) != want-m.Layers[0].Size || l.Layers != 2 || l.Live.Known() {
		t.Errorf("%+v, want %d", l, want)
	}
}

// Of what a repository has besides images each thing is left out with its reason.
func TestWhatIsNoRelease(t *testing.T) {
	h := newHub(t)
	h.put("1.0", image(t, 10, testkit.Options{}))
	h.put("1.1", image(t, 12, testkit.Options{}))
	h.put("latest", h.tags["1.1"])
	h.put("main", image(t, 13, testkit.Options{}))
	h.put("gone", nil)
	chart := image(t, 1, testkit.Options{})
	var m map[string]any
	_ = json.Unmarshal(chart.Blobs[chart.Target.Digest], &m)
	m["config"].(map[string]any)["mediaType"] = "application/vnd.cncf.helm.config.v1+json"
	raw, _ := json.Marshal(m)
	chart.Target.Digest = digest.FromBytes(raw)
	chart.Blobs[chart.Target.Digest], chart.Manifests[chart.Target.Digest] = raw, ocispec.MediaTypeImageManifest
	h.put("1.2-chart", chart)
	h.put("sha256-"+strings.Repeat("a", 64), nil)
	r, err := look(t, h, releases.Request{})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, s := range r.Skipped {
		got[s.Tag] = s.Reason
	}
	if tagsOf(r) != "1.0 1.1" || strings.Join(r.Releases[1].Also, " ") != "latest" || got["gone"] != "removed meanwhile" || !strings.Contains(got["1.2-chart"], "Helm chart") || got["main"] != "not a version" || got["sha256-"+strings.Repeat("a", 64)] != "attached to an image" || len(got) != 4 {
		t.Errorf("%s; %v", tagsOf(r), got)
	}
	if r, err = look(t, h, releases.Request{Tags: "1.1*"}); err != nil || tagsOf(r) != "1.1" {
		t.Errorf("%v, %v", r, err)
	}
	for pattern, want := range map[string]string{"2.*": `no tag of`, "gone": "none of the"} {
		if _, err = look(t, h, releases.Request{Tags: pattern}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", pattern, err)
		}
	}
}

// Where tags are no versions, the dates of the configurations are the order.
func TestByDate(t *testing.T) {
	h := newHub(t)
	at := func(day int) testkit.Options {
		return testkit.Options{Created: time.Date(2026, 3, day, 0, 0, 0, 0, time.UTC)}
	}
	h.put("blue", image(t, 10, at(3)))
	h.put("green", image(t, 90, at(2)))
	h.put("red", image(t, 12, at(1)))
	h.put("old", image(t, 14, testkit.Options{Created: time.Unix(0, 0)}))
	r, err := look(t, h, releases.Request{})
	if err != nil || r.Order != growth.ByDate || tagsOf(r) != "old red green blue" || r.Releases[0].Created != nil || r.Step("transfer").Tag != "blue" {
		t.Errorf("%v, %+v", err, r)
	}
}

// Of multi-platform images one platform is read; a release without it is none.
func TestPlatforms(t *testing.T) {
	h := newHub(t)
	arm := ocispec.Platform{OS: "linux", Architecture: "arm64"}
	h.put("1.0.0", testkit.Index(t, image(t, 10, testkit.Options{}), image(t, 40, testkit.Options{Platform: arm})))
	h.put("1.1.0", testkit.Index(t, image(t, 11, testkit.Options{}), image(t, 60, testkit.Options{Platform: arm})))
	h.put("1.2.0", image(t, 12, testkit.Options{}))
	r, err := look(t, h, releases.Request{Platform: "linux/arm64"})
	if err != nil || tagsOf(r) != "1.0.0 1.1.0" || r.Releases[0].Platform != "linux/arm64" || len(r.Skipped) != 1 || r.Skipped[0].Reason != "no image for this platform" {
		t.Fatalf("%v, %+v", err, r)
	}
	if h.layers != 0 || h.manifests != 5 || h.configs != 3 { // the single manifest's configuration tells its platform
		t.Errorf("%d manifests, %d configurations, %d layers", h.manifests, h.configs, h.layers)
	}
	if r, err = look(t, h, releases.Request{Platform: "linux/amd64"}); err != nil || tagsOf(r) != "1.0.0 1.1.0 1.2.0" {
		t.Errorf("%v, %+v", err, r)
	}
}

// What the store knows of layers is told, and nothing is fetched for it.
func TestWhatTheStoreKnows(t *testing.T) {
	h := newHub(t)
	known := testkit.Image(t, testkit.Options{Layers: [][]byte{testkit.Tar(t, testkit.File("a", "12345")), testkit.Tar(t, testkit.File("a", "123"))}})
	h.put("1.0.0", known)
	h.put("1.1.0", image(t, 3, testkit.Options{}))
	st := testkit.Store(t)
	testkit.Facts(t, st, testkit.Put(t, st, "other", store.Pulled, known))
	r, err := releases.Growth(context.Background(), finder(st), releases.Request{Word: h.word()})
	if err != nil || h.layers != 0 {
		t.Fatalf("%v, %d layers", err, h.layers)
	}
	if a, b := r.Releases[0], r.Releases[1]; a.Live.Or(-1) != 3 || a.Waste.Or(-1) != 5 || !a.Tar.Known() || b.Live.Known() || b.Tar.Known() {
		t.Errorf("%+v %+v", a, b)
	}
}

func TestRegistriesThatDoNotHelp(t *testing.T) {
	answer := func(code int, body string) func(w http.ResponseWriter, r *http.Request) bool {
		return func(w http.ResponseWriter, r *http.Request) bool {
			if !strings.Contains(r.URL.Path, "/tags/") {
				return false
			}
			w.WriteHeader(code)
			_, _ = w.Write([]byte(body))
			return true
		}
	}
	for name, c := range map[string]struct {
		fault func(w http.ResponseWriter, r *http.Request) bool
		want  string
	}{
		"no list":      {answer(405, ""), "does not list tags"},
		"not there":    {answer(404, "page not found"), "does not list tags: it has no answer to GET /v2/NAME/tags/list, or no such repository"},
		"unknown name": {answer(404, `{"errors":[{"code":"NAME_UNKNOWN"}]}`), "no such repository"},
		"no tags":      {answer(200, `{"tags":null}`), "has no tags"},
		"no JSON":      {answer(200, `<html>`), "no JSON"},
		"denied":       {answer(401, ``), "tare login"},
		"endless": {func(w http.ResponseWriter, r *http.Request) bool {
			w.Header().Set("Link", `</v2/team/app/tags/list?n=1000>; rel="next"`)
			_, _ = w.Write([]byte(`{"tags":["a"]}`))
			return true
		}, "twice"},
		"damaged": {func(w http.ResponseWriter, r *http.Request) bool {
			if !strings.Contains(r.URL.Path, "/blobs/") {
				return false
			}
			_, _ = w.Write([]byte(`{"os":"linux","architecture":"amd64","rootfs":{}}`))
			return true
		}, "config sha256:"},
	} {
		h := newHub(t)
		h.put("1.0.0", image(t, 3, testkit.Options{}))
		h.fault = c.fault
		if _, err := look(t, h, releases.Request{}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A list does not lead to another repository or host.
func TestListStaysWhereItIs(t *testing.T) {
	h := newHub(t)
	h.put("1.0.0", image(t, 3, testkit.Options{}))
	h.fault = func(w http.ResponseWriter, r *http.Request) bool {
		if strings.Contains(r.URL.Path, "/secret/") {
			t.Errorf("%s was asked for", r.URL)
		}
		if strings.Contains(r.URL.Path, "/tags/") && r.URL.Query().Get("last") == "" {
			w.Header().Set("Link", `<http://`+r.Host+`/v2/secret/app/tags/list?last=x>; rel="next"`)
			_, _ = w.Write([]byte(`{"tags":["1.0.0"]}`))
			return true
		}
		return false
	}
	if r, err := look(t, h, releases.Request{}); err != nil || tagsOf(r) != "1.0.0" {
		t.Errorf("%v, %v", r, err)
	}
}

func TestWords(t *testing.T) {
	for word, want := range map[string]string{"registry://app:1.0": "without a tag", "app@sha256:" + strings.Repeat("a", 64): "without a tag", "oci-dir://x": "not at oci-dir://x", "UPPER": "UPPER", "app": "", "registry://127.0.0.1:5000/a/b": ""} {
		err := (&releases.Request{Word: word}).Check()
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", word, err)
		}
	}
	if (&releases.Request{Word: "app", Tags: "["}).Check() == nil {
		t.Error("a pattern that is none")
	}
}
