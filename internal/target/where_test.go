package target_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/containerd/platforms"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/request"
	"tare/internal/store"
	"tare/internal/target"
	"tare/internal/testkit"
)

// nowhere are daemons that do not run: those of the machine that runs the tests are none
// of their business.
func nowhere(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("DOCKER_HOST", "unix://"+filepath.Join(dir, "docker"))
	t.Setenv("CONTAINER_HOST", "unix://"+filepath.Join(dir, "podman"))
	t.Setenv("DOCKER_TLS_VERIFY", "")
	t.Setenv(target.SourcesVariable, "")
}

// saved is an archive as docker save writes it, and its image's ID.
func saved(t *testing.T, n int, arch string) ([]byte, string) {
	t.Helper()
	l := testkit.Numbered(t, n, 5000)
	cfg := `{"architecture":"` + arch + `","os":"linux","rootfs":{"type":"layers","diff_ids":["` + digest.FromBytes(l).String() + `"]}}`
	name := digest.FromString(cfg).Encoded()
	return testkit.Tar(t, testkit.File("a/layer.tar", string(l)), testkit.File(name+".json", cfg),
		testkit.File("manifest.json", `[{"Config":"`+name+`.json","RepoTags":["app:1"],"Layers":["a/layer.tar"]}]`)), name
}

func testkitPlatform(name string) (p ocispec.Platform) {
	if name != "" {
		p = platforms.MustParse(name)
	}
	return p
}

// A plain name is looked for in the store, then in Docker, in Podman, in the registry, or
// as TARE_SOURCES says; what is not from the store is said, and so is another image of
// the same name.
func TestWhereNamesAreLookedFor(t *testing.T) {
	inDocker, docker := saved(t, 1, "amd64")
	inPodman, podman := saved(t, 2, "amd64")
	for _, c := range []struct {
		name               string
		stored             bool
		docker, podman     []byte
		order, word        string
		platform           string
		want               string // docker, podman, store, pulled, or an error
		note, neither, err string
	}{
		{name: "Docker has it", docker: inDocker, want: docker, note: "app:1: taken from Docker at unix://"},
		{name: "Podman has it", podman: inPodman, want: podman, note: "app:1: taken from Podman at unix://"},
		{name: "both have it", docker: inDocker, podman: inPodman, want: docker, note: "taken from Docker", neither: "Podman"},
		{name: "Podman first", docker: inDocker, podman: inPodman, order: "podman,docker", want: podman, note: "taken from Podman", neither: "Docker"},
		{name: "neither has it", want: "pulled", neither: "taken"},
		{name: "the store has another", stored: true, docker: inDocker, want: "store", note: "has another of that name, " + docker[:12] + ": write daemon://app:1 for that one", neither: "taken"},
		{name: "the store has another than Podman", stored: true, podman: inPodman, want: "store", note: "write podman://app:1"},
		{name: "only the store", stored: true, want: "store", neither: "app"},
		{name: "store://, and another in Docker", stored: true, docker: inDocker, word: "store://app:1", want: "store", neither: "another"},
		{name: "store://, and it is in Docker", docker: inDocker, word: "store://app:1", err: "no such image: app:1"},
		{name: "Docker before the store", stored: true, docker: inDocker, order: "daemon,store", want: docker, note: "taken from Docker"},
		{name: "Docker is left out", docker: inDocker, order: "store,registry", want: "pulled", neither: "Docker"},
		{name: "nothing is pulled", order: "store, docker", err: "no such image in store, daemon (TARE_SOURCES)"},
		{name: "an order that is none", order: "store,dockr", err: `"dockr" is not one of store, daemon, podman, registry`},
		{name: "another platform", docker: inDocker, platform: "linux/arm64", want: "pulled", neither: "taken"},
		{name: "that platform", docker: inDocker, platform: "linux/amd64", want: docker, note: "taken from Docker"},
	} {
		t.Run(c.name, func(t *testing.T) {
			nowhere(t)
			t.Chdir(t.TempDir())
			st := testkit.Store(t)
			own := testkit.Image(t, testkit.Options{Layers: [][]byte{testkit.Numbered(t, 3, 100)}, Platform: testkitPlatform(c.platform)})
			if c.stored {
				testkit.Put(t, st, "app:1", store.Pulled, own)
			}
			for variable, b := range map[string][]byte{"DOCKER_HOST": c.docker, "CONTAINER_HOST": c.podman} {
				if b == nil {
					continue
				}
				d := &testkit.DockerAPI{Images: map[string][]byte{"app:1": b}}
				d.Serve(t)
				t.Setenv(variable, d.Host)
			}
			t.Setenv(target.SourcesVariable, c.order)
			pulled := false
			f := finder(t, st, func(name string) error {
				pulled = true
				testkit.Put(t, st, name, store.Pulled, own)
				return nil
			})
			var notes []string
			f.Note = func(s string) { notes = append(notes, s) }
			word := c.word
			if word == "" {
				word = "app:1"
			}
			set, err := f.Open(t.Context(), []string{word}, target.Options{Platform: c.platform})
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) || pulled {
					t.Errorf("%v, pulled %v", err, pulled)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer set.Close()
			if got := set.Images[0]; pulled != (c.want == "pulled") || len(c.want) == 64 && got.ID().Encoded() != c.want || got.Remote != (len(c.want) == 64) {
				t.Errorf("%s, pulled %v, remote %v", got.ID(), pulled, got.Remote)
			}
			said := strings.Join(notes, "\n")
			if !strings.Contains(said, c.note) || c.neither != "" && strings.Contains(said, c.neither) {
				t.Errorf("it says %q", said)
			}
			if facts, err := set.Facts(t.Context()); err != nil || len(facts) != 1 {
				t.Error(err)
			}
			if list, err := st.Records(); err != nil || !c.stored && !pulled && len(list) > 0 {
				t.Errorf("looking stored %v, %v", list, err)
			}
		})
	}
}

// The second look at a daemon's image exports nothing.
func TestSecondLook(t *testing.T) {
	nowhere(t)
	b, _ := saved(t, 1, "amd64")
	d := &testkit.DockerAPI{Images: map[string][]byte{"app:1": b}}
	d.Serve(t)
	t.Setenv("DOCKER_HOST", d.Host)
	f := finder(t, testkit.Store(t), nothingToPull(t))
	for n := range 3 {
		set, err := f.Open(t.Context(), []string{"daemon://app:1"}, target.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := set.Facts(t.Context()); err != nil {
			t.Error(err)
		}
		// What is in a file is in no index: that takes another export.
		if n == 2 {
			if b, ok, err := set.ReadFile(t.Context(), 0, "file-1", 1<<20); err != nil || !ok || !strings.HasPrefix(string(b), "1 ") {
				t.Errorf("%q, %v, %v", b, ok, err)
			}
		}
		set.Close()
		if got, want := d.Exports.Load(), []int32{1, 1, 2}[n]; got != want {
			t.Errorf("look %d: %d exports, not %d", n+1, got, want)
		}
	}
	if set, err := f.Open(t.Context(), []string{"daemon://app:1"}, target.Options{Platform: "linux/amd64"}); err != nil || d.Exports.Load() != 2 {
		t.Errorf("of the platform that it is for: %v, %d exports", err, d.Exports.Load())
	} else {
		set.Close()
	}
	d.Gone = true
	if set, err := f.Open(t.Context(), []string{"daemon://app:1"}, target.Options{}); err != nil {
		t.Error(err)
	} else {
		set.Close()
	}
}

// Docker's containerd store may have one platform of an image only, and calls the image by
// its index all the same. What is there is weighed, what is not is said; and what came
// later is seen, though the ID is the same.
func TestPartialImageOfDaemon(t *testing.T) {
	nowhere(t)
	one := func(n int, arch string) *testkit.Built {
		return testkit.Image(t, testkit.Options{Layers: [][]byte{testkit.Numbered(t, n, 5000)}, Platform: ocispec.Platform{OS: "linux", Architecture: arch}})
	}
	amd, arm := one(1, "amd64"), one(2, "arm64")
	whole := testkit.Index(t, amd, arm)
	// archive is what such a store exports where these images are there.
	archive := func(there ...*testkit.Built) []byte {
		blob := func(d digest.Digest, b []byte) testkit.Entry {
			return testkit.File("blobs/sha256/"+d.Encoded(), string(b))
		}
		list, err := json.Marshal(ocispec.Index{Manifests: []ocispec.Descriptor{whole.Target}})
		if err != nil {
			t.Fatal(err)
		}
		entries := []testkit.Entry{testkit.File("index.json", string(list)), blob(whole.Target.Digest, whole.Blobs[whole.Target.Digest])}
		for _, i := range there {
			for d, b := range i.Blobs {
				entries = append(entries, blob(d, b))
			}
		}
		return testkit.Tar(t, entries...)
	}
	d := &testkit.DockerAPI{Images: map[string][]byte{"app:1": archive(arm)}}
	d.Serve(t)
	t.Setenv("DOCKER_HOST", d.Host)
	t.Setenv(target.SourcesVariable, "store,daemon")
	f := finder(t, testkit.Store(t), nothingToPull(t))
	weigh := func(word, platform, want, fault string) {
		t.Helper()
		set, err := f.Open(t.Context(), []string{word}, target.Options{Platform: platform})
		if err == nil {
			defer set.Close()
			_, err = set.Facts(t.Context())
		}
		switch {
		case fault != "" && (err == nil || !strings.Contains(err.Error(), fault)):
			t.Errorf("%s for %q: %v, not %s", word, platform, err, fault)
		case fault == "" && err != nil:
			t.Errorf("%s for %q: %v", word, platform, err)
		case fault == "" && set.Images[0].Config.Architecture != want:
			t.Errorf("%s for %q is for %s", word, platform, set.Images[0].Config.Architecture)
		}
	}
	weigh("daemon://app:1", "linux/arm64", "arm64", "")
	weigh("app:1", "linux/arm64", "arm64", "")
	weigh("app:1", "linux/amd64", "", "has it for linux/arm64")
	weigh("daemon://app:1", "linux/amd64", "", "its image for linux/amd64 is not here, only the index that lists it")
	weigh("daemon://app:1", "linux/s390x", "", "no image for this platform (it has linux/amd64, linux/arm64)")
	weigh("daemon://app:1", "", "arm64", "")
	weigh("app:1", "", "arm64", "")
	d.Images["app:1"] = archive(arm, amd)
	weigh("daemon://app:1", "linux/amd64", "amd64", "")
	weigh("daemon://app:1", "linux/arm64", "arm64", "")
}

// What failed says which daemon was not asked and why, or has the image.
func TestDaemonsInErrors(t *testing.T) {
	nowhere(t)
	b, id := saved(t, 1, "amd64")
	d := &testkit.DockerAPI{Images: map[string][]byte{"app:1": b}, Version: "1.24"}
	d.Serve(t)
	t.Setenv("DOCKER_HOST", d.Host)
	no := func(context.Context, string, string, io.Writer) error { return errors.New("not found on docker.io") }
	f := finder(t, testkit.Store(t), nothingToPull(t))
	f.Pull = no
	_, err := f.Open(t.Context(), []string{"app:1"}, target.Options{})
	if err == nil || !strings.Contains(err.Error(), "not found on docker.io") || !strings.Contains(err.Error(), "is too old") {
		t.Errorf("%v", err)
	}
	d.Version = ""
	if _, err = f.Obtain(t.Context(), "app:1", "", io.Discard); err == nil || !strings.Contains(err.Error(), "has an image of that name ("+id[:12]+"): docker save app:1 | tare load") {
		t.Errorf("%v", err)
	}
	if _, err = f.Obtain(t.Context(), "other", "", io.Discard); err == nil || strings.Contains(err.Error(), "docker save") {
		t.Errorf("%v", err)
	}
	_, err = f.Open(t.Context(), []string{"app:1"}, target.Options{Platform: "linux/arm64"})
	if err == nil || !strings.Contains(err.Error(), "has it for linux/amd64") {
		t.Errorf("%v", err)
	}
	t.Setenv("DOCKER_HOST", "")
	t.Setenv("DOCKER_CONTEXT", "nowhere")
	t.Setenv("DOCKER_CONFIG", t.TempDir())
	if _, err = f.Open(t.Context(), []string{"app:1"}, target.Options{}); err == nil || !strings.Contains(err.Error(), `docker context "nowhere"`) {
		t.Errorf("%v", err)
	}
	t.Setenv(target.SourcesVariable, "nothing")
	var usage request.Error
	if _, err = f.Open(t.Context(), []string{"app:1"}, target.Options{}); !errors.As(err, &usage) {
		t.Errorf("%v", err)
	}
}

// What came through a pipe has the name that is in it.
func TestArchivesOwnName(t *testing.T) {
	nowhere(t)
	b, _ := saved(t, 1, "amd64")
	if err := os.WriteFile(filepath.Join(t.TempDir(), "app.tar"), b, 0o600); err != nil {
		t.Fatal(err)
	}
	f := finder(t, testkit.Store(t), nothingToPull(t))
	f.Stdin = strings.NewReader(string(b))
	set, err := f.Open(t.Context(), []string{"-"}, target.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	if i := set.Images[0]; i.Name != "app:1" || i.Word != "-" || i.Arguments() != nil || set.Index("-", "") != 0 {
		t.Errorf("%q of %q", i.Name, i.Word)
	}
}

// An archive is titled by its own name, with the file beside it; by the word where it has
// none. Of several images one has to be named.
func TestArchivesAreTitled(t *testing.T) {
	t.Chdir(t.TempDir())
	config := `{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":["` + digest.FromBytes(testkit.Numbered(t, 1, 100)).String() + `"]}}`
	archive := func(name, list string) {
		t.Helper()
		b := testkit.Tar(t, testkit.File("l", string(testkit.Numbered(t, 1, 100))), testkit.File("c", config), testkit.File("manifest.json", list))
		if err := os.WriteFile(name, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	archive("named.tar", `[{"Config":"c","RepoTags":["team/app:1","team/app:2"],"Layers":["l"]}]`)
	archive("nameless.tar", `[{"Config":"c","RepoTags":null,"Layers":["l"]}]`)
	archive("two.tar", `[{"Config":"c","RepoTags":["one:1"],"Layers":["l"]},{"Config":"c","RepoTags":["two:1"],"Layers":["l"]}]`)
	f := finder(t, testkit.Store(t), nothingToPull(t))
	for word, want := range map[string]string{
		"named.tar":                      "team/app:1 (named.tar)",
		"archive://./named.tar":          "team/app:1 (named.tar)",
		"docker-archive:nameless.tar":    "docker-archive:nameless.tar",
		"archive://two.tar:two:1":        "two:1 (two.tar)",
		"docker-archive:two.tar:one:1":   "one:1 (two.tar)",
		"archive://named.tar:team/app:2": "team/app:2 (named.tar)",
	} {
		set, err := f.Open(t.Context(), []string{word}, target.Options{})
		if err != nil {
			t.Errorf("%s: %v", word, err)
			continue
		}
		if i := set.Images[0]; i.Name != want || i.Word != word {
			t.Errorf("%s is titled %q, not %q", word, i.Name, want)
		}
		set.Close()
	}
	if _, err := f.Open(t.Context(), []string{"two.tar"}, target.Options{}); err == nil || !strings.Contains(err.Error(), "one:1") || !strings.Contains(err.Error(), "two:1") {
		t.Errorf("several images: %v", err)
	}
}
