package target_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tare/internal/engine"
	"tare/internal/progress"
	"tare/internal/request"
	"tare/internal/source"
	"tare/internal/store"
	"tare/internal/target"
	"tare/internal/testkit"
)

// finder finds in a store; pulled are the names that were pulled.
func finder(t *testing.T, st *store.Store, pull func(name string) error) *target.Finder {
	return &target.Finder{
		Store:    func() (*store.Store, error) { return st, nil },
		Registry: func() (*source.Registry, error) { return &source.Registry{}, nil },
		Pull:     func(_ context.Context, name, _ string, _ io.Writer) error { return pull(name) },
		Build: func(context.Context, string, string) (*engine.Built, error) {
			img := testkit.Image(t, testkit.Options{Layers: [][]byte{testkit.Numbered(t, 9, 100)}})
			testkit.Put(t, st, "built:here", store.Built, img)
			return &engine.Built{Target: img.Target, Executed: 1}, nil
		},
		Note:  func(string) {},
		Watch: func() (progress.Func, func()) { return nil, func() {} },
	}
}

func nothingToPull(t *testing.T) func(string) error {
	return func(name string) error {
		t.Errorf("%s was pulled", name)
		return errors.New("unreachable")
	}
}

func TestOpen(t *testing.T) {
	st := testkit.Store(t)
	t.Chdir(t.TempDir())
	if err := os.WriteFile("Dockerfile", []byte("FROM scratch\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	testkit.Put(t, st, "app:1", store.Pulled, testkit.Image(t, testkit.Options{Layers: [][]byte{testkit.Tar(t, testkit.Dir("etc"), testkit.File("etc/name", "app\n"), testkit.Symlink("etc/link", "name"))}}))
	testkit.Layout(t, "layout", "v1", testkit.Image(t, testkit.Options{Layers: [][]byte{testkit.Numbered(t, 2, 100)}}))
	set, err := finder(t, st, nothingToPull(t)).Open(t.Context(), []string{"app:1", ".", "oci-dir://layout:v1", "app:1"}, target.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	var names []string
	for _, i := range set.Images {
		names = append(names, i.Name)
	}
	if got := strings.Join(names, " "); got != "app:1 . oci-dir://layout:v1 app:1#2" {
		t.Errorf("names: %s", got)
	}
	if set.Images[1].Built == nil || set.Images[0].Built != nil || !set.Images[2].Remote || set.Images[0].Remote {
		t.Errorf("%+v", set.Images)
	}
	// What is written is what was typed, so that it can be pasted.
	if set.Images[3].Word != "app:1" || set.Index("app:1", "") != 0 || set.Index(".", "") != 1 || set.Index("nowhere", "") != -1 {
		t.Errorf("words and their places: %d %d", set.Index("app:1", ""), set.Index(".", ""))
	}
	facts, err := set.Facts(t.Context())
	if err != nil || len(facts) != 4 || facts[0] != facts[3] {
		t.Errorf("one image is weighed once: %v", err)
	}
	for path, want := range map[string]string{"etc/name": "app\n", "etc/link": "app\n"} {
		if b, ok, err := set.ReadFile(t.Context(), 0, path, 1<<20); err != nil || !ok || string(b) != want {
			t.Errorf("%s: %q %v %v", path, b, ok, err)
		}
	}
	if _, ok, err := set.ReadFile(t.Context(), 0, "etc/none", 1<<20); ok || err != nil {
		t.Errorf("a file that is not there: %v %v", ok, err)
	}
	if _, _, err := set.ReadFile(t.Context(), 0, "etc", 1<<20); err == nil {
		t.Error("a directory was read as a file")
	}
}

func TestPullsWhatIsMissing(t *testing.T) {
	st := testkit.Store(t)
	var pulled []string
	f := finder(t, st, func(name string) error {
		pulled = append(pulled, name)
		testkit.Put(t, st, name, store.Pulled, testkit.Image(t, testkit.Options{Layers: [][]byte{testkit.Numbered(t, 1, 100)}}))
		return nil
	})
	for _, names := range []target.Names{target.InStore, target.Anything, target.Anything} {
		set, err := f.Open(t.Context(), []string{"app:1"}, target.Options{Names: names})
		if names == target.InStore {
			if err == nil || len(pulled) > 0 || !strings.Contains(err.Error(), "try: tare pull app:1") {
				t.Errorf("in the store only: %v, pulled %v", err, pulled)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		set.Close()
	}
	if len(pulled) != 1 {
		t.Errorf("pulled: %v", pulled)
	}
}

// A word that can only be a path is never looked up in a registry.
func TestMissingFilesAreMissing(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.Mkdir("empty", 0o755); err != nil {
		t.Fatal(err)
	}
	f := finder(t, testkit.Store(t), nothingToPull(t))
	for word, want := range map[string]string{
		"Dockerfile":           "Dockerfile: no such file or directory",
		"dir/Dockerfile.dev":   "no such file or directory",
		"app.Dockerfile":       "no such file or directory",
		"./x":                  "./x: no such file or directory",
		"/nowhere/x.tar":       "no such file or directory",
		"image.tar":            "no such file or directory",
		"image.tar.gz":         "no such file or directory",
		"./empty":              "no Dockerfile in ./empty, and no OCI image layout",
		"..":                   "no Dockerfile in ..",
		"../app":               "no such file or directory",
		"app/":                 "no such file or directory",
		"Containerfile.dev":    "no such file or directory",
		"app.tar.xz":           "no such file or directory",
		"tare.yaml":            "no such file or directory",
		"oci-dir://nowhere":    "no such directory",
		"nothing://x":          "unknown scheme",
		"archive://nowhere.gz": "no such file",
	} {
		_, err := f.Open(t.Context(), []string{word}, target.Options{})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v does not say %q", word, err, want)
		}
	}
}

// A name of an image is looked up, even where it looks a little like a file; a directory
// of that name is mentioned when there is no such image.
func TestNamesAreLookedUp(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.Mkdir("plain", 0o755); err != nil {
		t.Fatal(err)
	}
	for word, directory := range map[string]bool{"python:slim": false, "plain": true, "team/tar": false, "x.tar:1.0": false, "registry.example.com/dockerfile:1": false} {
		pulled := ""
		f := finder(t, testkit.Store(t), func(name string) error {
			pulled = name
			return errors.New("no such image")
		})
		_, err := f.Open(t.Context(), []string{word}, target.Options{})
		if pulled != word || err == nil || strings.Contains(err.Error(), "directory of that name") != directory {
			t.Errorf("%s: pulled %q, %v", word, pulled, err)
		}
	}
}

func TestNeedsBuild(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, dir := range []string{"app", "plain", "layout"} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, file := range []string{"app/Dockerfile", "Other", "layout/Dockerfile"} {
		if err := os.WriteFile(file, []byte("FROM x\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	testkit.Layout(t, "oci", "v1", testkit.Image(t, testkit.Options{Layers: [][]byte{testkit.Numbered(t, 1, 10)}}))
	if err := os.WriteFile("image.tgz", testkit.Gzip(t, testkit.Tar(t, testkit.File("x", "y"))), 0o644); err != nil {
		t.Fatal(err)
	}
	for word, want := range map[string]bool{
		"app": true, "./app": true, "Other": true, "app/Dockerfile": true,
		"plain": false, "python:slim": false, "-": false, "registry://app": false, "oci": false, "image.tgz": false, "oci:app": false, "docker://x": false,
	} {
		if got := target.NeedsBuild([]string{"alpine", word}); got != want {
			t.Errorf("%s: %v", word, got)
		}
	}
}

func TestPlatform(t *testing.T) {
	if p, err := target.Platform(""); p != nil || err != nil {
		t.Errorf("none: %v %v", p, err)
	}
	var bad request.Error
	if _, err := target.Platform("a/b/c/d/e"); !errors.As(err, &bad) {
		t.Errorf("%v is not the request's fault", err)
	}
	st := testkit.Store(t)
	testkit.Put(t, st, "app:1", store.Pulled, testkit.Image(t, testkit.Options{Layers: [][]byte{testkit.Numbered(t, 1, 10)}}))
	arm, err := target.Platform("linux/arm64")
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := target.Local(t.Context(), st, "app:1", arm); !target.Missing(err) {
		t.Errorf("an image for amd64 stands for arm64: %v", err)
	}
}

func TestToRun(t *testing.T) {
	st := testkit.Store(t)
	f := finder(t, st, nothingToPull(t))
	var fetched []bool
	fetch := func(missing bool) error {
		fetched = append(fetched, missing)
		testkit.Put(t, st, "app:1", store.Pulled, testkit.Image(t, testkit.Options{Layers: [][]byte{testkit.Numbered(t, 1, 10)}}))
		return nil
	}
	if _, err := f.ToRun(t.Context(), "app:1", target.RunOptions{Pull: target.PullNever, Fetch: fetch}); err == nil || len(fetched) > 0 {
		t.Errorf("never: %v %v", err, fetched)
	}
	for _, pull := range []target.Pull{target.PullMissing, target.PullMissing, target.PullAlways} {
		if _, err := f.ToRun(t.Context(), "app:1", target.RunOptions{Pull: pull, Fetch: fetch}); err != nil {
			t.Fatal(err)
		}
	}
	if len(fetched) != 2 || !fetched[0] || fetched[1] {
		t.Errorf("fetched: %v", fetched)
	}
	var bad request.Error
	if _, err := f.ToRun(t.Context(), "A B", target.RunOptions{Fetch: fetch}); !errors.As(err, &bad) {
		t.Errorf("%v", err)
	}
}

// What was summed up once is not worked out again, and is the same.
func TestReportIsKept(t *testing.T) {
	st := testkit.Store(t)
	f := finder(t, st, nothingToPull(t))
	testkit.Put(t, st, "app:1", store.Pulled, testkit.Image(t, testkit.Options{Layers: [][]byte{testkit.Numbered(t, 1, 5000)}}))
	var tars []int64
	for range 2 {
		set, err := f.Open(t.Context(), []string{"app:1"}, target.Options{})
		if err != nil {
			t.Fatal(err)
		}
		r, err := set.Report(t.Context(), 0, 10, nil)
		set.Close()
		if err != nil || r.Name != "app:1" {
			t.Fatalf("%v %v", r, err)
		}
		tars = append(tars, r.Sizes.Tar)
		if kept, _ := filepath.Glob(filepath.Join(st.Root(), "cache", "report-*", "*")); len(kept) != 1 {
			t.Errorf("kept: %v", kept)
		}
	}
	if tars[0] != tars[1] || tars[0] == 0 {
		t.Errorf("%v", tars)
	}
}
