package scan_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"tare/internal/fleet"
	"tare/internal/scan"
	"tare/internal/testkit"
)

// A repository keeps the same results as a directory, and the same rules hold.
func TestResultsInARegistry(t *testing.T) {
	w := newWorld(t)
	w.fill(5)
	dir, out := t.TempDir(), "oci://"+w.reg.Host+"/results/fleet"
	w.mustRun(scan.Request{Sources: []string{w.reg.Host + "/team/*"}, Out: dir})
	for i := range 2 {
		o := w.mustRun(scan.Request{Sources: []string{w.reg.Host + "/team/*"}, Out: out, Shard: fmt.Sprintf("%d/2", i+1)})
		if o.Read != o.Own {
			t.Errorf("%+v", o)
		}
	}
	k, err := scan.At(t.Context(), w.session(), out)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for name := range results(t, dir) {
		f, err := k.Open(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(f)
		if err != nil {
			t.Fatal(err)
		}
		got[name] = string(b)
	}
	same(t, "in the registry", got, results(t, dir))
	r, err := fleet.OpenResults(t.Context(), k)
	if err != nil {
		t.Fatal(err)
	}
	if missing, err := r.Missing(t.Context()); err != nil || len(missing) > 0 {
		t.Errorf("%v, %v", missing, err)
	}
	if x, err := r.Layer(t.Context(), r.Plan().Blobs()[0].Digest); err != nil || x.Blob != r.Plan().Blobs()[0].Digest {
		t.Errorf("%v", err)
	}
	// Again: nothing is read. Another number, another plan: refused.
	if o := w.mustRun(scan.Request{Out: out, Shard: "2/2"}); o.There != o.Own {
		t.Errorf("%+v", o)
	}
	if _, err := w.run(scan.Request{Out: out, Shard: "1/3"}); err == nil || !strings.Contains(err.Error(), "divided into 2 shards") {
		t.Error(err)
	}
	if _, err := w.run(scan.Request{Out: out, Sources: []string{w.reg.Host + "/team/app1"}, Shard: "1/2"}); err == nil || !strings.Contains(err.Error(), "another plan") {
		t.Error(err)
	}
	// A scan of the registry does not take its results for images.
	_, skipped, err := scan.Gather(t.Context(), w.session(), scan.Request{Sources: []string{w.reg.Host}})
	if err != nil || skipped["result of tare fleet scan"] != 9 {
		t.Errorf("%v, %v", skipped, err)
	}
}

// Tags that are somebody else's are left alone, and a registry that takes nothing says so.
func TestRegistriesThatCannotKeepResults(t *testing.T) {
	w := newWorld(t)
	w.push("team/app", "1", testkit.Numbered(t, 1, 100))
	w.push("results/taken", "plan.json", testkit.Numbered(t, 2, 100))
	if _, err := w.run(scan.Request{Sources: []string{w.reg.Host + "/team/app"}, Out: "oci://" + w.reg.Host + "/results/taken"}); err == nil || !strings.Contains(err.Error(), "not an artifact") {
		t.Error(err)
	}
	w.reg.Fault(func(rw http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodPost || r.Method == http.MethodPut {
			rw.WriteHeader(http.StatusForbidden)
			return true
		}
		return false
	})
	if _, err := w.run(scan.Request{Sources: []string{w.reg.Host + "/team/app"}, Out: "oci://" + w.reg.Host + "/results/new"}); err == nil || !strings.Contains(err.Error(), "access denied") {
		t.Error(err)
	}
}
