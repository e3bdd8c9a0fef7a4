package profiler_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tare/internal/profile"
	"tare/internal/profiler"
)

// spanWith is when a step was at work, by a part of its name, and whether it is on the critical
// path.
func spanWith(t *testing.T, r *profile.Result, name string) profile.Span {
	t.Helper()
	for _, s := range r.Spans {
		if strings.Contains(s.Name, name) {
			return s
		}
	}
	t.Fatalf("no step %q in %+v", name, r.Spans)
	return profile.Span{}
}

// The upload of a large context is on the critical path, and a RUN that takes nothing of it
// is not: neither one that runs beside it, nor one that is in the cache.
func TestCriticalPathOfALargeContext(t *testing.T) {
	w := needWorld(t)
	w.base(t, "path-base", "critical path")
	dir := t.TempDir()
	write(t, filepath.Join(dir, "Dockerfile"), "FROM path-base\nRUN probe write /a 1\nCOPY blob /blob\n")
	blob := filepath.Join(dir, "blob")
	for n, how := range []string{"cold", "edited"} {
		write(t, blob, fmt.Sprint("version ", n))
		if err := os.Truncate(blob, 48e6); err != nil { // a hole: as many bytes to send
			t.Fatal(err)
		}
		at := time.Unix(1e9+int64(n), 0)
		if err := os.Chtimes(blob, at, at); err != nil {
			t.Fatal(err)
		}
		res, _, err := w.profile(t, profiler.Request{Target: dir, NoChecks: true})
		if err != nil {
			t.Fatal(err)
		}
		r := res.Result
		upload, run, last := spanWith(t, r, "load build context"), spanWith(t, r, "RUN probe write"), spanWith(t, r, "COPY blob")
		sum, words, lines := 0.0, "", map[int]bool{}
		for _, p := range r.Path {
			sum += p.Wait + p.Seconds
			lines[p.Line] = true
			if strings.HasPrefix(p.Name, "load build context: ") {
				words = p.Name
			}
		}
		if diff := sum - r.Seconds; diff > 0.01 || diff < -0.01 {
			t.Errorf("%s: the path sums up to %.2f s of %.2f s", how, sum, r.Seconds)
		}
		// Whatever the machine did meanwhile: what ended last is what the COPY waited for.
		waited := upload.End > run.End || run.Cached
		if upload.Critical != waited || run.Critical == waited || lines[2] == waited || !last.Critical {
			t.Errorf("%s: upload %+v, run %+v: %+v", how, upload, run, r.Path)
		}
		if waited && words != "load build context: 48MB sent" {
			t.Errorf("%s: it is called %q", how, words)
		}
		if run.Cached != (how == "edited") {
			t.Errorf("%s: %+v", how, run)
		}
	}
}
