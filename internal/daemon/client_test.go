package daemon_test

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"

	"tare/internal/daemon"
	"tare/internal/image"
	"tare/internal/layer"
	"tare/internal/logs"
	"tare/internal/testkit"
)

// served is a daemon that the docker command would find.
func served(t *testing.T, api *testkit.DockerAPI) *daemon.Daemon {
	t.Helper()
	api.Serve(t)
	t.Setenv("DOCKER_HOST", api.Host)
	t.Setenv("DOCKER_TLS_VERIFY", "")
	e, err := daemon.DockerEndpoint()
	if err != nil {
		t.Fatal(err)
	}
	d, err := daemon.Connect(e)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	return d
}

// kept counts what is kept of layers.
type kept struct{ m map[string][]byte }

func (k *kept) Get(string, digest.Digest, any) bool { return false }
func (k *kept) Keep(string, digest.Digest, any)     {}
func (k *kept) GetBytes(kind string, d digest.Digest) ([]byte, bool) {
	b, ok := k.m[kind+d.String()]
	return b, ok
}
func (k *kept) KeepBytes(kind string, d digest.Digest, b []byte) { k.m[kind+d.String()] = b }

// saved is what docker save writes of an image of three layers, two of them the same:
// the older format, with links. list is the name of its list, and second what its second
// layer is; "" is what it should be.
func saved(t *testing.T, list, second string) (archive []byte, id digest.Digest, diffs []digest.Digest) {
	t.Helper()
	one, two := testkit.Numbered(t, 1, 200_000), testkit.Numbered(t, 2, 3000)
	diffs = []digest.Digest{digest.FromBytes(one), digest.FromBytes(two), digest.FromBytes(one)}
	cfg := `{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":["` + diffs[0].String() + `","` + diffs[1].String() + `","` + diffs[2].String() + `"]}}`
	if second == "" {
		second = string(two)
	}
	return testkit.Tar(t,
		testkit.File("aa/VERSION", "1.0"), testkit.File("aa/json", "{}"), testkit.File("aa/layer.tar", string(one)),
		testkit.File("bb/layer.tar", second), testkit.Symlink("cc/layer.tar", "../aa/layer.tar"),
		testkit.File(digest.FromString(cfg).Encoded()+".json", cfg), testkit.File("repositories", "{}"),
		testkit.File(cmp.Or(list, "manifest.json"), `[{"Config":"`+digest.FromString(cfg).Encoded()+`.json","RepoTags":["app:1"],"Layers":["aa/layer.tar","bb/layer.tar","cc/layer.tar"]}]`)), digest.FromString(cfg), diffs
}

// An archive goes by once, and its layers are known; nothing else is kept.
func TestRead(t *testing.T) {
	archive, _, diffs := saved(t, "", "")
	d := served(t, &testkit.DockerAPI{Images: map[string][]byte{"app:1": archive}})
	i, err := d.Inspect(t.Context(), "app:1")
	if err != nil {
		t.Fatal(err)
	}
	if len(i.DiffIDs) != 3 || i.DiffIDs[1] != diffs[1] || i.Platform.Architecture != "amd64" {
		t.Errorf("%+v", i)
	}
	r, err := d.Save(t.Context(), i.ID.String())
	if err != nil {
		t.Fatal(err)
	}
	s, err := daemon.Read(t.Context(), r, i, image.Measurer{})
	if err != nil || r.Close() != nil {
		t.Fatal(err)
	}
	img, err := image.Load(t.Context(), s, s.Target, nil)
	if err != nil {
		t.Fatal(err)
	}
	img.Give(s.Indexes)
	for n, l := range img.Layers {
		if l.DiffID != diffs[n] || l.Index == nil || l.Index.DiffID != diffs[n] || l.Digest != diffs[n] {
			t.Errorf("layer %d: %+v", n, l)
		}
	}
	if img.ID() != i.ID || !s.MadeUp || len(s.Indexes) != 2 {
		t.Errorf("%s, %v, %d indexes", img.ID(), s.MadeUp, len(s.Indexes))
	}
}

// Whatever is wrong with an archive is said, and no index is kept of a layer that did not
// come whole.
func TestReadBroken(t *testing.T) {
	archive, id, _ := saved(t, "", "")
	unlisted, _, _ := saved(t, "other.json", "")
	other, _, _ := saved(t, "", string(testkit.Numbered(t, 3, 3000)))
	text, _, _ := saved(t, "", "{ no layer")
	for _, c := range []struct {
		name    string
		archive []byte
		id      digest.Digest
		want    string
	}{
		{"nothing", testkit.Tar(t), id, "empty archive"},
		{"no archive", []byte("text"), id, "not a tar archive"},
		{"another image", archive, digest.FromString("another"), "was asked for"},
		{"no list", unlisted, id, "manifest.json is not in the archive"},
		{"another layer", other, id, "layer 2: DiffID"},
		{"no layer", text, id, "layer 2: "},
		{"cut short", archive[:len(archive)/3], id, "unexpected EOF"},
	} {
		k := &kept{m: map[string][]byte{}}
		_, err := daemon.Read(t.Context(), bytes.NewReader(c.archive), &daemon.Image{ID: c.id}, image.Measurer{Cache: k})
		if err == nil || !strings.Contains(strings.ReplaceAll(err.Error(), `"`, ""), c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
		if c.name == "cut short" && len(k.m) > 0 {
			t.Errorf("half a layer is kept: %d", len(k.m))
		}
		for name, b := range k.m {
			if _, err := layer.Decode(b); strings.HasPrefix(name, "index") && err != nil {
				t.Errorf("%s: kept %s: %v", c.name, name, err)
			}
		}
		if c.name == "another image" && len(k.m) == 0 {
			t.Error("nothing of whole layers is kept")
		}
	}
}

func TestDaemonErrors(t *testing.T) {
	archive, _, _ := saved(t, "", "")
	images := map[string][]byte{"app:1": archive}
	t.Run("no such image", func(t *testing.T) {
		d := served(t, &testkit.DockerAPI{Images: images})
		if _, err := d.Inspect(t.Context(), "other"); !errors.Is(err, daemon.ErrNoImage) {
			t.Errorf("%v", err)
		}
	})
	t.Run("too old", func(t *testing.T) {
		d := served(t, &testkit.DockerAPI{Images: images, Version: "1.24"})
		if _, err := d.Inspect(t.Context(), "app:1"); err == nil || !strings.Contains(err.Error(), "docker save into tare weigh -") {
			t.Errorf("%v", err)
		}
	})
	t.Run("hangs", func(t *testing.T) {
		d := served(t, &testkit.DockerAPI{Images: images, Hang: "/json"})
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		if _, err := d.Inspect(ctx, "app:1"); err == nil || !strings.Contains(err.Error(), "is it hung?") {
			t.Errorf("%v", err)
		}
	})
	t.Run("interrupted", func(t *testing.T) {
		d := served(t, &testkit.DockerAPI{Images: images, Hang: "/json"})
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(100*time.Millisecond, cancel)
		if _, err := d.Inspect(ctx, "app:1"); !errors.Is(err, context.Canceled) {
			t.Errorf("%v", err)
		}
	})
	t.Run("breaks off", func(t *testing.T) {
		d := served(t, &testkit.DockerAPI{Images: images, Break: 100_000})
		i, err := d.Inspect(t.Context(), "app:1")
		if err != nil {
			t.Fatal(err)
		}
		r, err := d.Save(t.Context(), i.ID.String())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = r.Close() }()
		if _, err = daemon.Read(t.Context(), r, i, image.Measurer{}); err == nil || !strings.Contains(err.Error(), "broke off after 100000 bytes") {
			t.Errorf("%v", err)
		}
	})
	t.Run("may not be used", func(t *testing.T) {
		if os.Geteuid() == 0 {
			t.Skip("root may use every socket")
		}
		api := &testkit.DockerAPI{Images: images}
		d := served(t, api)
		if err := os.Chmod(strings.TrimPrefix(api.Host, "unix://"), 0); err != nil {
			t.Fatal(err)
		}
		if _, err := d.Inspect(t.Context(), "app:1"); !errors.Is(err, os.ErrPermission) || !strings.Contains(err.Error(), "group docker") {
			t.Errorf("%v", err)
		}
	})
	t.Run("is not there", func(t *testing.T) {
		api := &testkit.DockerAPI{Images: images}
		d := served(t, api)
		if err := os.Remove(strings.TrimPrefix(api.Host, "unix://")); err != nil {
			t.Fatal(err)
		}
		if _, err := d.Inspect(t.Context(), "app:1"); !errors.Is(err, daemon.ErrNotRunning) || !strings.Contains(err.Error(), "no Docker daemon at unix://") {
			t.Errorf("%v", err)
		}
	})
}

// With --verbose every request is told, also one that nobody answers, and without what is
// secret in an address.
func TestRequestsAreTold(t *testing.T) {
	archive, _, _ := saved(t, "", "")
	said := new(bytes.Buffer)
	ask := func(api *testkit.DockerAPI, name string) {
		d := served(t, api)
		i, err := d.Inspect(t.Context(), name)
		if err != nil {
			return
		}
		r, err := d.Save(t.Context(), i.ID.String())
		if err != nil {
			t.Fatal(err)
		}
		_ = r.Close()
	}
	logs.Start(said, logs.Verbose)
	t.Cleanup(func() { logs.Start(nil, logs.Off) })
	ask(&testkit.DockerAPI{Images: map[string][]byte{"app:1": archive}}, "app:1")
	ask(&testkit.DockerAPI{}, "none")
	t.Setenv("DOCKER_HOST", "tcp://somebody:hunter2@127.0.0.1:1")
	e, err := daemon.DockerEndpoint()
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := daemon.Ask(t.Context(), e, "app:1"); err == nil {
		t.Fatal("who answered?")
	}
	for _, want := range []string{"/_ping", "/images/app:1/json", "/images/get?(hidden)", "status=200", "status=404", "took=", "to=\"Docker at unix://", `no answer" to="Docker at tcp://`} {
		if !strings.Contains(said.String(), want) {
			t.Errorf("%s is not in\n%s", want, said)
		}
	}
	if strings.Contains(said.String(), "hunter2") {
		t.Errorf("a password: %s", said)
	}
	logs.Start(nil, logs.Off)
	said.Reset()
	ask(&testkit.DockerAPI{Images: map[string][]byte{"app:1": archive}}, "app:1")
	if said.Len() > 0 {
		t.Errorf("nobody asked: %s", said)
	}
}

// A daemon behind TLS is spoken to with the keys that the docker command takes.
func TestTLS(t *testing.T) {
	archive, _, _ := saved(t, "", "")
	s := httptest.NewUnstartedServer(&testkit.DockerAPI{Images: map[string][]byte{"app:1": archive}})
	dir := t.TempDir()
	pair := testkit.Keys(t, dir)
	s.TLS = &tls.Config{Certificates: []tls.Certificate{pair}}
	s.StartTLS()
	t.Cleanup(s.Close)
	t.Setenv("DOCKER_HOST", "tcp://"+s.Listener.Addr().String())
	t.Setenv("DOCKER_TLS_VERIFY", "1")
	ask := func() error {
		e, err := daemon.DockerEndpoint()
		if err != nil {
			return err
		}
		d, err := daemon.Connect(e)
		if err != nil {
			return err
		}
		defer func() { _ = d.Close() }()
		_, err = d.Inspect(t.Context(), "app:1")
		return err
	}
	t.Setenv("DOCKER_CERT_PATH", dir)
	if err := ask(); err != nil {
		t.Error(err)
	}
	other := filepath.Join(dir, "other")
	if err := os.Mkdir(other, 0o700); err != nil {
		t.Fatal(err)
	}
	testkit.Keys(t, other)
	t.Setenv("DOCKER_CERT_PATH", other)
	if err := ask(); err == nil {
		t.Error("a certificate of a stranger is taken")
	}
}
