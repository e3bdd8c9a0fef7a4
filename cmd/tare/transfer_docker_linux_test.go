package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"tare/internal/testkit"
	"tare/internal/units"
	"tare/internal/weigh"
)

// What a real Docker daemon's image transfers is not known; --compress works out what a
// push sends, to the byte; and after Docker pushed it, its blobs in the registry tell.
func TestTransferOfADaemonsImage(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a Docker daemon")
	}
	docker, socket := dockerAt(t)
	reg := testkit.NewRegistry(t)
	ref := reg.Host + "/team/app:1"
	must := func(out string, err error) string {
		t.Helper()
		if err != nil {
			t.Fatal(err, out)
		}
		return out
	}
	here := func() *home {
		h := newHome(t)
		h.set("DOCKER_HOST", "unix://"+socket)
		return h
	}
	h := here()
	dir := h.write(t, "c/big", strings.Repeat("all work and no play\n", 20_000))
	h.write(t, "c/Dockerfile", "FROM probe\nCOPY big /\n")
	must(docker("load", "-q", "-i", mustWorld(t).archive))
	must(docker("build", "--network", "host", "-t", ref, dir))
	weighed := func(h *home, args ...string) *weigh.Result {
		t.Helper()
		r := new(weigh.Result)
		if err := json.Unmarshal([]byte(h.tare(t, append([]string{"weigh", "--format", "json"}, args...)...)), r); err != nil {
			t.Fatal(err)
		}
		return r
	}
	r := weighed(h, "daemon://"+ref)
	if r.Sizes.Transfer.Known() || r.Sizes.Stored < r.Sizes.Tar || r.Sizes.Tar < 400_000 || r.Layers[0].Transfer.Known() {
		t.Errorf("%+v\n%+v", r.Sizes, r.Layers)
	}
	if text := h.tare(t, "weigh", "daemon://"+ref); !strings.Contains(text, "transfer not known") || !strings.Contains(text, " – ") || strings.Contains(text, "to pull") {
		t.Errorf("%s", text)
	}
	packed := weighed(h, "--compress", "daemon://"+ref)
	sum := packed.Sizes.Transfer.Or(0)
	if sum == 0 || sum > r.Sizes.Tar*9/10 {
		t.Errorf("compressed: %+v", packed.Sizes)
	}
	// It is what tare pushes of it.
	archive := filepath.Join(t.TempDir(), "app.tar")
	must(docker("save", "-o", archive, ref))
	other, there := here(), testkit.NewRegistry(t)
	other.tare(t, "load", "-i", archive)
	other.tare(t, "tag", ref, there.Host+"/app:1")
	other.tare(t, "push", there.Host+"/app:1")
	i, err := remote.Image(mustParse(t, there.Host+"/app:1"))
	if err != nil {
		t.Fatal(err)
	}
	m, _ := i.Manifest()
	sent, _ := i.Size()
	sent += m.Config.Size
	for _, l := range m.Layers {
		sent += l.Size
	}
	if sum != sent {
		t.Errorf("--compress says %d, a push sends %d", sum, sent)
	}
	// What Docker pushed is known by its DiffIDs where somebody has seen it.
	must(docker("push", "-q", ref))
	fresh := here()
	if r := weighed(fresh, "daemon://"+ref); r.Sizes.Transfer.Known() {
		t.Errorf("%v, and nobody has looked into the registry", r.Sizes.Transfer)
	}
	pushed := weighed(fresh, "registry://"+ref)
	r = weighed(fresh, "daemon://"+ref)
	for n, l := range r.Layers {
		if l.Transfer != pushed.Layers[n].Transfer || l.TransferFrom != "registry" || l.Transfer == units.Known(0) {
			t.Errorf("layer %d: %v from %s; the registry has %v", n+1, l.Transfer, l.TransferFrom, pushed.Layers[n].Transfer)
		}
	}
	if !r.Sizes.Transfer.Known() {
		t.Error("all layers are known, and the image is not")
	}
}

func mustParse(t *testing.T, ref string) name.Reference {
	t.Helper()
	r, err := name.ParseReference(ref, name.Insecure)
	if err != nil {
		t.Fatal(err)
	}
	return r
}
