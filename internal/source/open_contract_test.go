package source_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/containerd/platforms"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/image"
	"tare/internal/source"
	"tare/internal/store"
	"tare/internal/testkit"
)

// linked is an archive as Docker before 25 saves it: plain layers, each in a folder
// of its own, and those that come twice as a link to the first.
func linked(t testing.TB, name string, layers ...[]byte) (archive []byte, config digest.Digest) {
	t.Helper()
	b := testkit.Image(t, testkit.Options{Layers: layers, Compression: "none"})
	var m ocispec.Manifest
	if err := json.Unmarshal(b.Blobs[b.Target.Digest], &m); err != nil {
		t.Fatal(err)
	}
	var entries []testkit.Entry
	var files []string
	first := map[digest.Digest]string{}
	for i, l := range m.Layers {
		dir := digest.FromString(fmt.Sprint("v1 id ", i)).Encoded()
		entries = append(entries, testkit.Dir(dir+"/"), testkit.File(dir+"/VERSION", "1.0"), testkit.File(dir+"/json", "{}"))
		if to, twice := first[l.Digest]; twice {
			entries = append(entries, testkit.Symlink(dir+"/layer.tar", "../"+to+"/layer.tar"))
		} else {
			entries = append(entries, testkit.File(dir+"/layer.tar", string(b.Blobs[l.Digest])))
			first[l.Digest] = dir
		}
		files = append(files, dir+"/layer.tar")
	}
	list, err := json.Marshal([]map[string]any{{"Config": m.Config.Digest.Encoded() + ".json", "RepoTags": []string{name}, "Layers": files}})
	if err != nil {
		t.Fatal(err)
	}
	entries = append(entries, testkit.File(m.Config.Digest.Encoded()+".json", string(b.Blobs[m.Config.Digest])), testkit.File("manifest.json", string(list)), testkit.File("repositories", "{}"))
	return testkit.Tar(t, entries...), m.Config.Digest
}

// stranger is b in go-containerregistry's hands.
func stranger(t testing.TB, b *testkit.Built) v1.Image {
	t.Helper()
	dir := t.TempDir()
	testkit.Layout(t, dir, "1", b)
	x, err := layout.ImageIndexFromPath(dir)
	if err != nil {
		t.Fatal(err)
	}
	i, err := x.Image(v1.Hash{Algorithm: "sha256", Hex: b.Target.Digest.Encoded()})
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func skopeo(t testing.TB, from, to string) {
	t.Helper()
	if _, err := exec.LookPath("skopeo"); err != nil {
		t.Skip("skopeo is not installed: what it writes is not tried")
	}
	if out, err := exec.CommandContext(ctx, "skopeo", "--insecure-policy", "copy", from, to).CombinedOutput(); err != nil {
		t.Fatalf("skopeo copy %s %s: %v\n%s", from, to, err, out)
	}
}

// daemonWith is a Docker daemon that has images under names, on a socket of its own.
func daemonWith(t testing.TB, images map[string][]byte) {
	t.Helper()
	d := &testkit.DockerAPI{Images: images}
	d.Serve(t)
	t.Setenv("DOCKER_HOST", d.Host)
	t.Setenv("DOCKER_TLS_VERIFY", "")
}

// The same image is the same wherever it is read from, whoever wrote it there.
func TestOpenTheSameEverywhere(t *testing.T) {
	for _, compression := range []string{"gzip", "zstd", "none"} {
		b := small(t, testkit.Options{Compression: compression})
		saved := savedBy(t, "app:1", b)
		oci := without(t, saved, "manifest.json")
		var m ocispec.Manifest
		if err := json.Unmarshal(b.Blobs[b.Target.Digest], &m); err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			name   string
			stdin  []byte
			madeUp bool // a format without manifests
			target func(t *testing.T) string
		}{
			{"registry", nil, false, func(t *testing.T) string {
				reg := testkit.NewRegistry(t)
				reg.Push(t, "team/app", "1", b)
				return "registry://" + reg.Host + "/team/app:1"
			}},
			{"oci-dir", nil, false, func(t *testing.T) string {
				dir := t.TempDir()
				testkit.Layout(t, dir, "1", b)
				return "oci-dir://" + dir
			}},
			{"oci", nil, false, func(t *testing.T) string {
				dir := t.TempDir()
				testkit.Layout(t, dir, "1", b)
				return "oci:" + dir + ":1"
			}},
			{"oci-dir-digest", nil, false, func(t *testing.T) string {
				dir := t.TempDir()
				testkit.Layout(t, dir, "", b)
				return "oci-dir://" + dir + "@" + b.Target.Digest.String()
			}},
			{"oci-dir-stranger", nil, false, func(t *testing.T) string {
				dir := t.TempDir()
				if _, err := layout.Write(dir, mutate.AppendManifests(empty.Index, mutate.IndexAddendum{Add: stranger(t, b)})); err != nil {
					t.Fatal(err)
				}
				return "oci-dir://" + dir
			}},
			{"oci-dir-skopeo", nil, false, func(t *testing.T) string {
				if compression == "zstd" {
					t.Skip("skopeo turns zstd into gzip")
				}
				from, to := t.TempDir(), t.TempDir()
				testkit.Layout(t, from, "1", b)
				skopeo(t, "oci:"+from+":1", "oci:"+to+"/y:2")
				if compression == "none" {
					t.Skip("skopeo compresses: the digests are others")
				}
				return "oci:" + to + "/y:2"
			}},
			{"archive", nil, false, func(t *testing.T) string { return "archive://" + file(t, "a.tar", saved) }},
			{"archive-named", nil, false, func(t *testing.T) string {
				return "docker-archive:" + file(t, "a.tar", saved) + ":app:1"
			}},
			{"archive-colon", nil, false, func(t *testing.T) string {
				if runtime.GOOS == "windows" {
					t.Skip("no such names here")
				}
				return "archive://" + file(t, "a:b.tar", saved) + ":1"
			}},
			{"archive-gzip", nil, false, func(t *testing.T) string { return "archive://" + file(t, "a", testkit.Gzip(t, saved)) }},
			{"archive-zstd", nil, false, func(t *testing.T) string { return "archive://" + file(t, "a", testkit.Zstd(t, saved)) }},
			{"oci-archive", nil, false, func(t *testing.T) string { return "oci-archive:" + file(t, "a.tar", oci) }},
			{"oci-archive-digest", nil, false, func(t *testing.T) string {
				return "archive://" + file(t, "a.tar", oci) + "@" + b.Target.Digest.String()
			}},
			{"stdin", oci, false, func(*testing.T) string { return "-" }},
			{"stdin-gzip", testkit.Gzip(t, saved), false, func(*testing.T) string { return "archive://-" }},
			{"stdin-named", saved, false, func(*testing.T) string { return "archive://-:app:1" }},
			{"docker-save", nil, true, func(t *testing.T) string {
				return "archive://" + file(t, "a.tar", without(t, saved, ocispec.ImageIndexFile))
			}},
			{"docker-archive-stranger", nil, true, func(t *testing.T) string {
				if compression == "zstd" {
					t.Skip("this writer names zstd layers .tar.gz, which is another test")
				}
				tag, _ := name.NewTag("team/app:1")
				p := filepath.Join(t.TempDir(), "a.tar")
				if err := tarball.WriteToFile(p, tag, stranger(t, b)); err != nil {
					t.Fatal(err)
				}
				return "docker-archive:" + p + ":team/app:1"
			}},
			{"docker-archive-skopeo", nil, true, func(t *testing.T) string {
				dir := t.TempDir()
				testkit.Layout(t, dir, "1", b)
				p := filepath.Join(t.TempDir(), "a.tar")
				if compression == "zstd" {
					t.Skip("skopeo of some distributions cannot copy zstd into an archive")
				}
				skopeo(t, "oci:"+dir+":1", "docker-archive:"+p+":team/app:1")
				return "docker-archive:" + p
			}},
			{"daemon", nil, false, func(t *testing.T) string {
				daemonWith(t, map[string][]byte{"team/app:1": saved})
				return "daemon://team/app:1"
			}},
			{"docker-daemon", nil, true, func(t *testing.T) string {
				daemonWith(t, map[string][]byte{"sha256:" + m.Config.Digest.Encoded(): without(t, saved, ocispec.ImageIndexFile)})
				return "docker-daemon:" + m.Config.Digest.String()
			}},
		} {
			t.Run(compression+"/"+c.name, func(t *testing.T) {
				o := opened(t, c.target(t), source.OpenOptions{Registry: registry(t, ""), Stdin: bytes.NewReader(c.stdin)})
				img := whole(t, o, nil)
				if o.MadeUp != c.madeUp {
					t.Errorf("made up: %v", o.MadeUp)
				}
				if !c.madeUp && img.Manifest.Digest != b.Target.Digest {
					t.Errorf("manifest %s, want %s", img.Manifest.Digest, b.Target.Digest)
				}
				var cfg ocispec.Image
				if err := json.Unmarshal(b.Blobs[m.Config.Digest], &cfg); err != nil {
					t.Fatal(err)
				}
				if c.name == "docker-archive-skopeo" { // which writes a configuration of its own
					if len(img.Layers) != len(cfg.RootFS.DiffIDs) {
						t.Fatalf("%d layers", len(img.Layers))
					}
				} else if img.ID() != m.Config.Digest {
					t.Errorf("ID %s, want %s", img.ID(), m.Config.Digest)
				}
				for i, l := range img.Layers {
					if l.DiffID != cfg.RootFS.DiffIDs[i] {
						t.Errorf("layer %d: diff ID %s, want %s", i, l.DiffID, cfg.RootFS.DiffIDs[i])
					}
				}
			})
		}
	}
}

// docker save before version 25 linked layers that came twice.
func TestOpenOldDockerSave(t *testing.T) {
	one, two := testkit.Numbered(t, 1, 30_000), testkit.Numbered(t, 2, 10_000)
	raw, config := linked(t, "old:1", one, two, one)
	for _, target := range []string{"", ":old:1", ":old", ":docker.io/library/old:1"} {
		if target == ":old" {
			refused(t, "archive://"+file(t, "a.tar", raw)+target, source.OpenOptions{}, "old:1")
			continue
		}
		o := opened(t, "archive://"+file(t, "a.tar", raw)+target, source.OpenOptions{})
		img := whole(t, o, nil)
		if img.ID() != config || len(img.Layers) != 3 || img.Layers[0].Digest != img.Layers[2].Digest || !o.MadeUp {
			t.Errorf("%s with %d layers, want %s with 3", img.ID(), len(img.Layers), config)
		}
		if img.Layers[0].Digest != img.Layers[0].DiffID {
			t.Errorf("a plain layer is named %s, not by its diff ID", img.Layers[0].Digest)
		}
	}
}

// Other tools put compressed layers into docker save's format: their bytes decide
// what they are, not their names.
func TestOpenDockerSaveWithCompressedLayers(t *testing.T) {
	for _, compress := range []func(testing.TB, []byte) []byte{testkit.Gzip, testkit.Zstd} {
		tarred := testkit.Numbered(t, 1, 30_000)
		cfg := testkit.Image(t, testkit.Options{Layers: [][]byte{tarred, tarred}})
		var m ocispec.Manifest
		if err := json.Unmarshal(cfg.Blobs[cfg.Target.Digest], &m); err != nil {
			t.Fatal(err)
		}
		raw := testkit.Tar(t, testkit.File("c", string(cfg.Blobs[m.Config.Digest])), testkit.File("l.tar", string(compress(t, tarred))), testkit.Link("again", "l.tar"),
			testkit.File("manifest.json", `[{"Config":"c","RepoTags":null,"Layers":["l.tar","./again"]}]`))
		if img := whole(t, opened(t, "archive://"+file(t, "a.tar", raw), source.OpenOptions{}), nil); img.ID() != m.Config.Digest {
			t.Errorf("ID %s", img.ID())
		}
	}
}

// An index is opened as it is; who loads it chooses the platform.
func TestOpenIndex(t *testing.T) {
	arm, s390 := ocispec.Platform{OS: "linux", Architecture: "arm64"}, ocispec.Platform{OS: "linux", Architecture: "s390x"}
	b := testkit.Index(t, small(t, testkit.Options{Platform: arm}), small(t, testkit.Options{Platform: s390}))
	reg, dir := testkit.NewRegistry(t), t.TempDir()
	reg.Push(t, "multi", "1", b)
	testkit.Layout(t, dir, "1", b)
	for _, target := range []string{"registry://" + reg.Host + "/multi:1", "oci-dir://" + dir} {
		o := opened(t, target, source.OpenOptions{Registry: registry(t, "")})
		for _, p := range []ocispec.Platform{arm, s390} {
			if img := whole(t, o, platforms.OnlyStrict(p)); img.Platform().Architecture != p.Architecture {
				t.Errorf("%s: %s for %s", target, platforms.Format(img.Platform()), platforms.Format(p))
			}
		}
		if _, err := image.Load(ctx, o.Provider, o.Target, platforms.OnlyStrict(ocispec.Platform{OS: "linux", Architecture: "riscv64"})); err == nil {
			t.Errorf("%s: an image for a platform that is not there", target)
		}
	}
}

func TestSchemeTable(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct{ target, scheme, rest string }{
		{"-", "archive", "-"},
		{"registry://app:1", "registry", "app:1"},
		{"registry://localhost:5000/app@sha256:00", "registry", "localhost:5000/app@sha256:00"},
		{"oci-dir://./x:1", "oci-dir", "./x:1"},
		{"oci-dir:///x", "oci-dir", "/x"},
		{"oci:./x:1", "oci-dir", "./x:1"},
		{"oci:" + dir, "oci-dir", dir},
		{"archive://a.tar", "archive", "a.tar"},
		{"archive://-", "archive", "-"},
		{"oci-archive:a.tar:1", "archive", "a.tar:1"},
		{"docker-archive:a.tar", "archive", "a.tar"},
		{"daemon://app", "daemon", "app"},
		{"docker-daemon:app:1", "daemon", "app:1"},
		{"podman://app", "podman", "app"},
		{"app", "", "app"},
		{"app:1", "", "app:1"},
		{"oci:1", "", "oci:1"}, // an image may be called so
		{"localhost:5000/app", "", "localhost:5000/app"},
		{"./dir:x", "", "./dir:x"},
		{"", "", ""},
	} {
		if scheme, rest, err := schemeOf(c.target); err != nil || scheme != c.scheme || rest != c.rest {
			t.Errorf("%q: %q, %q, %v", c.target, scheme, rest, err)
		}
	}
	for target, words := range map[string][]string{
		"docker://app:1":                  {"registry://app:1", "daemon://app:1"},
		"containers-storage:quay.io/x":    {"containers-storage", "registry://", "oci-dir://", "archive://", "daemon://"},
		"containers-storage:[a@/b+/c]x:1": {"registry://"},
		"nerdctl://app":                   {"nerdctl", "registry://", "podman://"},
		"https://example.com/x":           {"https", "registry://"},
		"registry://":                     {"nothing after"},
		"archive://":                      {"nothing after"},
	} {
		_, _, err := schemeOf(target)
		if err == nil {
			t.Errorf("%q has a scheme", target)
			continue
		}
		for _, w := range words {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("%q: the error lacks %q: %v", target, w, err)
			}
		}
	}
	refused(t, "app:1", source.OpenOptions{}, "no scheme")
}

// Several images and no word about which: the error lists them, and each can be had.
func TestOpenOneOfSeveral(t *testing.T) {
	s := testkit.Store(t)
	var recs []store.Record
	var names [][]string
	want := map[string]digest.Digest{}
	for i, n := range []string{"example.com/a:1", "example.com/b:2"} {
		r := testkit.Put(t, s, n, store.Pulled, testkit.Image(t, testkit.Options{Layers: [][]byte{testkit.Numbered(t, i, 1000)}}))
		recs, names, want[n] = append(recs, r), append(names, []string{n}), r.Target.Digest
	}
	var b bytes.Buffer
	if err := source.Save(ctx, s, &b, recs, names, nil); err != nil {
		t.Fatal(err)
	}
	oci := file(t, "oci.tar", without(t, b.Bytes(), "manifest.json"))
	docker := file(t, "docker.tar", without(t, b.Bytes(), ocispec.ImageIndexFile))
	for _, kind := range []string{oci, docker} {
		refused(t, "archive://"+kind, source.OpenOptions{}, "several", "example.com/a:1", "example.com/b:2")
		refused(t, "archive://"+kind+":example.com/c:3", source.OpenOptions{}, "example.com/c:3", "example.com/a:1", "example.com/b:2")
		for n, d := range want {
			img := whole(t, opened(t, "archive://"+kind+":"+n, source.OpenOptions{}), nil)
			if kind == oci && img.Manifest.Digest != d {
				t.Errorf("%s is %s, want %s", n, img.Manifest.Digest, d)
			}
		}
	}
	for n, d := range want {
		if o := opened(t, "archive://"+oci+"@"+d.String(), source.OpenOptions{}); o.Target.Digest != d {
			t.Errorf("%s is %s, want %s", n, o.Target.Digest, d)
		}
	}

	dir := t.TempDir()
	p, err := layout.Write(dir, empty.Index)
	if err != nil {
		t.Fatal(err)
	}
	for tag, n := range map[string]int{"1.0": 1, "2.0": 2} {
		i := stranger(t, testkit.Image(t, testkit.Options{Layers: [][]byte{testkit.Numbered(t, n, 1000)}}))
		if err := p.AppendImage(i, layout.WithAnnotations(map[string]string{ocispec.AnnotationRefName: tag})); err != nil {
			t.Fatal(err)
		}
	}
	refused(t, "oci-dir://"+dir, source.OpenOptions{}, "several", "1.0", "2.0")
	refused(t, "oci:"+dir+":3.0", source.OpenOptions{}, "3.0", "1.0", "2.0")
	whole(t, opened(t, "oci:"+dir+":2.0", source.OpenOptions{}), nil)
}

// What is opened leaves nothing behind and changes nothing.
func TestOpenWritesNothing(t *testing.T) {
	b := small(t, testkit.Options{})
	tmp, dir := t.TempDir(), t.TempDir()
	testkit.Layout(t, dir, "1", b)
	err := filepath.WalkDir(dir, func(p string, d os.DirEntry, err error) error {
		if err == nil {
			err = os.Chmod(p, map[bool]os.FileMode{true: 0o555, false: 0o444}[d.IsDir()])
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	whole(t, opened(t, "oci-dir://"+dir, source.OpenOptions{TempDir: filepath.Join(tmp, "absent")}), nil)
	plain := file(t, "a.tar", savedBy(t, "app:1", b))
	whole(t, opened(t, "archive://"+plain, source.OpenOptions{TempDir: filepath.Join(tmp, "absent")}), nil)
	o, err := source.Open(ctx, "-", source.OpenOptions{TempDir: tmp, Stdin: bytes.NewReader(testkit.Gzip(t, savedBy(t, "app:1", b)))})
	if err != nil {
		t.Fatal(err)
	}
	whole(t, o, nil)
	if err := o.Close(); err != nil {
		t.Error(err)
	}
	if left, _ := os.ReadDir(tmp); len(left) != 0 {
		t.Errorf("%v is left", left)
	}
	refused(t, "-", source.OpenOptions{TempDir: filepath.Join(tmp, "absent"), Stdin: strings.NewReader("x")}, "absent")
	gone, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := source.Open(gone, "-", source.OpenOptions{TempDir: tmp, Stdin: bytes.NewReader(savedBy(t, "app:1", b))}); err == nil {
		t.Error("read on after it was interrupted")
	}
	if left, _ := os.ReadDir(tmp); len(left) != 0 {
		t.Errorf("%v is left after an interrupt", left)
	}
}

func TestOpenDaemonErrors(t *testing.T) {
	whole := savedBy(t, "app:1", small(t, testkit.Options{Compression: "none"}))
	daemonWith(t, map[string][]byte{"broken:1": []byte("not an archive")})
	refused(t, "daemon://nothing:1", source.OpenOptions{}, "No such image: nothing:1")
	refused(t, "daemon://a/../b?c#d%2F", source.OpenOptions{}, "o such image")
	refused(t, "daemon://broken:1", source.OpenOptions{}, `has the ID ""`)
	for _, c := range []struct {
		d    *testkit.DockerAPI
		want string
	}{
		{&testkit.DockerAPI{Break: len(whole) / 2}, "broke off after"},
		{&testkit.DockerAPI{Gone: true}, "No such image"},
		{&testkit.DockerAPI{Version: "1.24"}, "too old"},
	} {
		c.d.Images = map[string][]byte{"app:1": whole}
		c.d.Serve(t)
		t.Setenv("DOCKER_HOST", c.d.Host)
		refused(t, "daemon://app:1", source.OpenOptions{}, c.want)
	}
	for host, words := range map[string][]string{
		"unix://" + filepath.Join(t.TempDir(), "none"): {"no Docker daemon at unix://", "DOCKER_HOST"},
		"tcp://127.0.0.1:1":                            {"no Docker daemon at tcp://127.0.0.1:1", "DOCKER_HOST"},
		"ssh://somebody@example.com":                   {"no Docker daemon at ssh://somebody@example.com", "DOCKER_HOST"},
		"127.0.0.1:2375":                               {"DOCKER_HOST"},
	} {
		t.Setenv("DOCKER_HOST", host)
		refused(t, "daemon://app:1", source.OpenOptions{}, words...)
	}
}

// Paths are known by what is there.
func TestRecognise(t *testing.T) {
	saved := savedBy(t, "app:1", small(t, testkit.Options{}))
	dir := t.TempDir()
	testkit.Layout(t, dir, "1", small(t, testkit.Options{}))
	for path, want := range map[string]string{
		dir: "oci-dir", t.TempDir(): "", filepath.Join(dir, "none"): "",
		file(t, "a", saved): "archive", file(t, "a.gz", testkit.Gzip(t, saved)): "archive", file(t, "a.zst", testkit.Zstd(t, saved)): "archive",
		file(t, "Dockerfile", []byte("FROM scratch\n")): "", file(t, "empty", nil): "", file(t, "long", bytes.Repeat([]byte("RUN x\n"), 200)): "",
	} {
		if got := source.Recognise(path).Scheme(); got != want {
			t.Errorf("%s: %q, want %q", filepath.Base(path), got, want)
		}
	}
}
