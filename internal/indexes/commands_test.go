package indexes_test

import (
	"bytes"
	"net/http"
	"strings"
	"testing"

	"github.com/docker/cli/cli/config/configfile"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/indexes"
	"tare/internal/report"
	"tare/internal/source"
	"tare/internal/store"
	"tare/internal/testkit"
)

// text is what a command prints.
func text(t *testing.T, r *indexes.Result) string {
	t.Helper()
	var b bytes.Buffer
	if err := r.Document(false).WriteText(&b, report.Style{}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// An image that tare built is pushed compressed. Its index is attached at once, and to work it out nothing is fetched again.
func TestPushBeside(t *testing.T) {
	p := pass(t, testkit.NewRegistry(t).Host)
	name := p.host + "/team/built:1"
	m := newMachine(t)
	b := testkit.Image(t, testkit.Options{Compression: "none", Layers: [][]byte{testkit.Numbered(t, 1, 60_000), testkit.Numbered(t, 2, 60_000)}})
	testkit.Put(t, m.st, name, store.Built, b)
	if err := indexes.Prepare(t.Context(), m.finder, name, ""); err != nil {
		t.Fatal(err)
	}
	pushed, err := (&source.Registry{DockerConfig: configfile.New("")}).Push(t.Context(), m.st, name, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	p.take()
	var said []string
	if err := indexes.Beside(t.Context(), m.finder, []string{name}, func(s string) { said = append(said, s) }); err != nil {
		t.Fatal(err)
	}
	if len(said) != 1 || !strings.Contains(said[0], "index of 2 layers, ") || !strings.Contains(said[0], ", pushed: sha256:") {
		t.Errorf("%q", said)
	}
	if sum, _ := p.take(); sum > 5000 {
		t.Errorf("%d bytes were fetched", sum)
	}
	r, err := indexes.Verify(t.Context(), newMachine(t).finder, indexes.Request{Words: []string{name}})
	if err != nil || r.Images[0].Manifest != pushed.Target.Digest || r.Images[0].Indexes[0].State != indexes.Verified || !strings.Contains(text(t, r), "verified") {
		t.Errorf("%+v, %v", r, err)
	}
	// What is not there is for the push to say.
	if err := indexes.Prepare(t.Context(), m.finder, p.host+"/nothing:1", ""); err != nil {
		t.Error(err)
	}
	if err := indexes.Prepare(t.Context(), m.finder, name, "nonsense/"); err == nil {
		t.Error("a platform that is none")
	}
}

// Every platform has an index of its own.
func TestPlatforms(t *testing.T) {
	reg := testkit.NewReferrersRegistry(t)
	arm := testkit.Image(t, testkit.Options{Layers: [][]byte{testkit.Numbered(t, 2, 9000)}, Platform: ocispec.Platform{OS: "linux", Architecture: "arm64"}})
	both := testkit.Index(t, testkit.Image(t, testkit.Options{Layers: [][]byte{testkit.Numbered(t, 1, 9000)}}), arm)
	reg.Push(t, "team/app", "1", both)
	m, name := newMachine(t), reg.Host+"/team/app:1"
	if r, err := indexes.Push(t.Context(), m.finder, indexes.Request{Words: []string{name}, Platform: "linux/arm64"}); err != nil || len(r.Images) != 1 || r.Images[0].Manifest != arm.Target.Digest || r.Images[0].Platform != "linux/arm64" {
		t.Errorf("%+v, %v", r, err)
	}
	r, err := indexes.Push(t.Context(), m.finder, indexes.Request{Words: []string{name}, AllPlatforms: true})
	if err != nil || len(r.Images) != 2 || r.Images[0].Indexes[0].State != indexes.Pushed || r.Images[1].Indexes[0].State != indexes.Present {
		t.Fatalf("%+v, %v", r, err)
	}
	if out := text(t, r); !strings.Contains(out, "(linux/amd64): index of 1 layer, ") || !strings.Contains(out, "(linux/arm64): index of 1 layer, ") || !strings.Contains(out, "already there: ") {
		t.Error(out)
	}
	if _, err := indexes.Push(t.Context(), m.finder, indexes.Request{Words: []string{name}, Platform: "linux/s390x"}); err == nil || !strings.Contains(err.Error(), "no image for this platform") {
		t.Error(err)
	}
}

// A lie is found by reading the layers, and only by that.
func TestVerifyFindsLies(t *testing.T) {
	reg := testkit.NewRegistry(t)
	word := "registry://" + reg.Host + "/team/app:1"
	m := newMachine(t)
	m.pushed(reg.Host+"/team/app:1", some(t, "gzip"))
	a := made(t, m, word)
	set, err := m.finder.Open(t.Context(), []string{word}, none)
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	if _, err := set.Facts(t.Context()); err != nil {
		t.Fatal(err)
	}
	list := indexesOf(set.Images[0].Image)
	lie := *list[1]
	lie.List = append(lie.List[:0:0], lie.List...)
	lie.List[0].Sum[0] ^= 1 // another content of the same length
	list[1], list[3] = &lie, &lie
	if a, err = indexes.Artifact(set.Images[0].Image, list); err != nil {
		t.Fatal(err)
	}
	attach(t, word, a)
	if r, err := indexes.List(t.Context(), m.finder, indexes.Request{Words: []string{word}}); err != nil || r.Images[0].Indexes[0].State != indexes.Usable {
		t.Errorf("%+v, %v", r, err)
	}
	r, err := indexes.Verify(t.Context(), newMachine(t).finder, indexes.Request{Words: []string{word}})
	if err == nil || !strings.Contains(err.Error(), "1 of 1 in the registry cannot be relied upon") || r.Images[0].Indexes[0].State != indexes.Wrong || !strings.Contains(text(t, r), "layer 2 holds something else") {
		t.Errorf("%+v, %v", r, err)
	}
	// The same image beside it, from the store, is weighed by its own layers.
	both := newMachine(t, "**")
	testkit.Put(t, both.st, "mine:1", store.Pulled, some(t, "gzip"))
	two, err := both.finder.Open(t.Context(), []string{word, "mine:1"}, none)
	if err != nil {
		t.Fatal(err)
	}
	defer two.Close()
	facts, err := two.Facts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if facts[0] == facts[1] {
		t.Error("what the registry says is taken for what the store has")
	}
	// Nobody who does not trust it hears of it, also after somebody else on the machine has.
	trusting := newMachine(t, "**")
	lied := trusting.weigh(word)
	trusting.finder.Indexes = nil
	if honest := newMachine(t).weigh(word); trusting.weigh(word) != honest {
		t.Error("what a lie said is still believed")
	} else if lied == "" {
		t.Error("nothing was weighed")
	}
}

func TestWhatGoesWrong(t *testing.T) {
	reg := testkit.NewRegistry(t)
	name := reg.Host + "/team/app:1"
	b := some(t, "gzip")
	reg.Push(t, "team/app", "1", b)
	m := newMachine(t)
	testkit.Put(t, m.st, reg.Host+"/team/only:1", store.Built, b)
	refuse := func(method, part string, code int) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method != method || !strings.Contains(r.URL.Path, part) {
				return false
			}
			w.WriteHeader(code)
			return true
		}
	}
	for _, c := range []struct {
		word  string
		fault func(http.ResponseWriter, *http.Request) bool
		want  string
	}{
		{reg.Host + "/team/only:1", nil, "tare push --index " + reg.Host + "/team/only:1 sends it with its index"},
		{reg.Host + "/team/nothing:1", nil, "not found on " + reg.Host},
		{"archive://x.tar", nil, "want the name of an image in a registry"},
		{"-", nil, "want the name of an image in a registry"},
		{"Not A Name", nil, "invalid reference format"},
		{name, refuse(http.MethodPost, "/blobs/uploads", http.StatusForbidden), "access denied"},
		{name, refuse(http.MethodPost, "/blobs/uploads", http.StatusUnauthorized), "tare login"},
		{name, refuse(http.MethodPut, "/manifests/", http.StatusBadRequest), "refuses what is not an image (400 Bad Request)"},
		{name, refuse(http.MethodPut, "/manifests/", http.StatusUnsupportedMediaType), "refuses what is not an image (415"},
		{name, refuse(http.MethodPut, "/manifests/sha256-", http.StatusMethodNotAllowed), "refuses what is not an image (405"},
		{name, refuse(http.MethodGet, "/referrers/", http.StatusInternalServerError), "fault of its own (500"},
	} {
		reg.Fault(c.fault)
		_, err := indexes.Push(t.Context(), m.finder, indexes.Request{Words: []string{c.word}})
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "index push "+c.word+": ") && c.fault != nil {
			t.Errorf("%s: %v, want %q", c.word, err, c.want)
		}
	}
	// The image of a push is there, whatever becomes of its index.
	reg.Fault(refuse(http.MethodPut, "/manifests/", http.StatusBadRequest))
	if err := indexes.Beside(t.Context(), m.finder, []string{name}, func(string) { t.Error("something was said") }); err == nil || !strings.HasPrefix(err.Error(), "the image is pushed, an index of its layers is not: "+name+": ") {
		t.Error(err)
	}
	// Of several, those before the error are done, and said.
	reg.Fault(nil)
	r, err := indexes.Push(t.Context(), m.finder, indexes.Request{Words: []string{name, reg.Host + "/team/nothing:1"}})
	if err == nil || len(r.Images) != 1 || !strings.Contains(text(t, r), "pushed: sha256:") {
		t.Errorf("%+v, %v", r, err)
	}
}

// A registry that cannot be asked is no reason not to weigh an image: its layers are read.
func TestReferrersFail(t *testing.T) {
	reg := testkit.NewReferrersRegistry(t)
	name := reg.Host + "/team/app:1"
	m := newMachine(t)
	m.pushed(name, some(t, "gzip"))
	if _, err := indexes.Push(t.Context(), m.finder, indexes.Request{Words: []string{name}}); err != nil {
		t.Fatal(err)
	}
	want := m.weigh("registry://" + name)
	for what, answer := range map[string]http.HandlerFunc{
		"a fault":   func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) },
		"no rights": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) },
		"not JSON": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", ocispec.MediaTypeImageIndex)
			_, _ = w.Write([]byte("<html>"))
		},
		"a page": func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) },
		"an endless list": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", ocispec.MediaTypeImageIndex)
			w.Header().Set("Link", "<"+r.URL.Path+"?n="+digest.FromString(r.URL.RawQuery).Encoded()+`>; rel="next"`)
			_, _ = w.Write([]byte(`{"schemaVersion":2,"manifests":[]}`))
		},
		"a large list": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", ocispec.MediaTypeImageIndex)
			_, _ = w.Write([]byte(`{"schemaVersion":2,"manifests":[` + strings.Repeat(`{},`, 3<<20)))
		},
		"many that are nothing": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", ocispec.MediaTypeImageIndex)
			_, _ = w.Write([]byte(`{"schemaVersion":2,"manifests":[` + strings.TrimSuffix(strings.Repeat(`{"mediaType":"`+ocispec.MediaTypeImageManifest+`","digest":"sha256:`+strings.Repeat("0", 64)+`","size":1},`, 4000), ",") + `]}`))
		},
	} {
		t.Run(what, func(t *testing.T) {
			reg.Fault(testkit.Times(1000, "/referrers/", answer))
			fresh := newMachine(t, "**")
			if got := fresh.weigh("registry://" + name); got != want {
				t.Error("another result")
			}
			if fresh.told("the index in the registry is not used: "); len(*fresh.notes) == 1 && strings.Count((*fresh.notes)[0], "\n") > 0 {
				t.Errorf("more than a line: %q", *fresh.notes)
			}
		})
	}
}

// An image without layers has an index, too: that there are none.
func TestNoLayers(t *testing.T) {
	reg := testkit.NewReferrersRegistry(t)
	name := reg.Host + "/team/empty:1"
	m := newMachine(t)
	m.pushed(name, testkit.Image(t, testkit.Options{}))
	r, err := indexes.Push(t.Context(), m.finder, indexes.Request{Words: []string{name}})
	if err != nil || !strings.Contains(text(t, r), "index of 0 layers, ") {
		t.Fatalf("%+v, %v", r, err)
	}
	fresh := newMachine(t, "**")
	if fresh.weigh("registry://"+name) != m.weigh("registry://"+name) {
		t.Error("another result")
	}
	fresh.told("")
	if r, err := indexes.Verify(t.Context(), fresh.finder, indexes.Request{Words: []string{name}}); err != nil || r.Images[0].Indexes[0].State != indexes.Verified {
		t.Errorf("%+v, %v", r, err)
	}
}
