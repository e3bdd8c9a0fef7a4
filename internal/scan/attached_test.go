package scan_test

import (
	"strings"
	"testing"

	"github.com/distribution/reference"

	"tare/internal/artifact"
	"tare/internal/indexes"
	"tare/internal/progress"
	"tare/internal/scan"
	"tare/internal/store"
	"tare/internal/target"
	"tare/internal/testkit"
)

// keepIndexes puts the indexes of an image's layers into the registry, as tare index push does.
func (w *world) keepIndexes(name string) {
	w.t.Helper()
	st := testkit.Store(w.t)
	f := &target.Finder{Store: func() (*store.Store, error) { return st, nil }, Registry: w.session().Registry, Note: func(string) {},
		Watch: func() (progress.Func, func()) { return nil, func() {} }}
	if _, err := indexes.Push(w.t.Context(), f, indexes.Request{Words: []string{w.reg.Host + "/" + name}}); err != nil {
		w.t.Fatal(err)
	}
}

// Where a registry is trusted, its indexes are taken for the layers, which come out as the same bytes; a stranger's are not.
func TestIndexesOfRegistries(t *testing.T) {
	w := newWorld(t)
	w.fill(4)
	plain := t.TempDir()
	w.mustRun(scan.Request{Sources: []string{w.reg.Host + "/team/*"}, Out: plain})
	for _, n := range []string{"team/app0:1", "team/app1:1", "team/app2:1"} {
		w.keepIndexes(n)
	}
	run := func(trust string) *scan.Outcome {
		t.Helper()
		s := w.session()
		if err := s.Trust.Set(trust); err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		o, err := scan.Run(t.Context(), s, scan.Request{Sources: []string{w.reg.Host + "/team/*"}, Out: dir})
		if err != nil {
			t.Fatal(err)
		}
		same(t, trust, results(t, dir), results(t, plain))
		return o
	}
	// app3 has no index, and one layer that no other image has.
	if o := run("**"); o.Indexed.Layers != o.All.Layers-1 || o.Read.Layers != 1 || o.There.Layers != 0 || !o.Complete() {
		t.Errorf("%+v", o)
	}
	if o := run(w.reg.Host + "/other/**"); o.Indexed.Layers != 0 || o.Read != o.All {
		t.Errorf("%+v", o)
	}
	if len(w.notes) > 0 {
		t.Error(w.notes)
	}
}

// An artifact that is none of tare's indexes, or a damaged one, is not used, and that is said.
func TestForeignIndexes(t *testing.T) {
	w := newWorld(t)
	b := w.push("team/app", "1", testkit.Numbered(t, 1, 3000))
	reg, err := w.session().Registry()
	if err != nil {
		t.Fatal(err)
	}
	named, err := reference.ParseNormalizedNamed(w.reg.Host + "/team/app")
	if err != nil {
		t.Fatal(err)
	}
	repo, err := artifact.Open(t.Context(), reg, named)
	if err != nil {
		t.Fatal(err)
	}
	subject := b.Target
	if _, err := repo.Attach(t.Context(), &artifact.Artifact{Type: indexes.ArtifactType, Subject: &subject, Blobs: []artifact.Blob{{MediaType: indexes.BlobType, Data: []byte("poison")}}}); err != nil {
		t.Fatal(err)
	}
	s := w.session()
	if err := s.Trust.Set("**"); err != nil {
		t.Fatal(err)
	}
	o, err := scan.Run(t.Context(), s, scan.Request{Sources: []string{w.reg.Host + "/team/app:1"}, Out: t.TempDir()})
	if err != nil || o.Read.Layers != 1 || !o.Complete() {
		t.Errorf("%+v, %v", o, err)
	}
	if !strings.Contains(strings.Join(w.notes, "\n"), "the index in the registry is not used") {
		t.Error(w.notes)
	}
}
