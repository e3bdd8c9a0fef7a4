package lab_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/perf/benchfmt"

	"tare/internal/compare"
	"tare/internal/exercise"
	"tare/internal/experiment"
	"tare/internal/lab"
)

func TestRuns(t *testing.T) {
	runs := lab.Runs{Dir: t.TempDir()}
	if _, err := runs.Find("last"); err == nil || !strings.Contains(err.Error(), "no results") {
		t.Error(err)
	}
	for n, id := range []string{"20260101T000000.000", "20260102T000000.000", "20260103T000000.000"} {
		now := time.Now()
		rec := &experiment.Record{Schema: experiment.Schema, ID: id, Name: "x"}
		if n < 2 {
			rec.Finished = &now
		}
		if err := runs.Save(rec); err != nil {
			t.Fatal(err)
		}
	}
	for which, want := range map[string]string{"last": "20260103", "last~1": "20260102", "x/last~2": "20260101", "20260102": "20260102"} {
		p, err := runs.Find(which)
		if err != nil || !strings.HasPrefix(filepath.Base(p), want) {
			t.Errorf("%s: %s, %v", which, p, err)
		}
	}
	for which, want := range map[string]string{"last~3": "only 3", "last~x": "want last", "2026": "3 results begin", "nothing": "no results"} {
		if _, err := runs.Find(which); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", which, err)
		}
	}
	rec, err := runs.Unfinished(&experiment.Record{Name: "x"})
	if err != nil || rec == nil || rec.ID != "20260103T000000.000" {
		t.Errorf("unfinished: %+v, %v", rec, err)
	}
	if rec, err := runs.Unfinished(&experiment.Record{Name: "x", FileDigest: "other"}); rec != nil || err != nil {
		t.Errorf("a run of another file is gone on with: %+v, %v", rec, err)
	}
}

// last~1 and last are of one experiment: that of the other word, else that of the directory
// here, else that of the last run of all.
func TestPair(t *testing.T) {
	runs := lab.Runs{Dir: t.TempDir()}
	if _, _, err := runs.Pair("last~1", "last", "."); err == nil || !strings.Contains(err.Error(), "no results") {
		t.Error(err)
	}
	save := func(name, id string) {
		if err := runs.Save(&experiment.Record{Schema: experiment.Schema, ID: id, Name: name}); err != nil {
			t.Fatal(err)
		}
	}
	for n, name := range []string{"x", "x", "y", "y", "x", "z"} {
		save(name, "2026010"+string(rune('1'+n))+"T000000.000")
	}
	dir := func(name string) string {
		d := filepath.Join(t.TempDir(), name)
		if err := os.MkdirAll(d, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(d, "tare.yaml"), []byte("version: 1\nvariants: [{image: a}]\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		return d
	}
	for _, c := range []struct{ from, to, here, want string }{
		{"last~1", "last", dir("y"), "y 3 y 4"}, {"last~1", "last", dir("x"), "x 2 x 5"}, {"last", "last", dir("unknown"), "z 6 z 6"}, {"last", "last", t.TempDir(), "z 6 z 6"},
		{"x/last~2", "last", dir("y"), "x 1 x 5"}, {"last~1", "y/last", dir("x"), "y 3 y 4"}, {"20260102", "last", dir("y"), "x 2 x 5"}, {"20260102", "20260103", dir("z"), "x 2 y 3"},
		{"last~1", filepath.Join(runs.Dir, "x", "20260101T000000.000.json"), dir("y"), "x 2 x 1"},
	} {
		a, b, err := runs.Pair(c.from, c.to, c.here)
		if err != nil {
			t.Errorf("%+v: %v", c, err)
			continue
		}
		if got := a.Name + " " + a.ID[7:8] + " " + b.Name + " " + b.ID[7:8]; got != c.want {
			t.Errorf("%s %s in %s: %s, want %s", c.from, c.to, filepath.Base(c.here), got, c.want)
		}
	}
	for _, c := range []struct{ from, to, want string }{{"last~1", "last", "only 1 results"}, {"last", "nothing", "no results"}, {"last~x", "last", "want last"}} {
		if _, _, err := runs.Pair(c.from, c.to, dir("z")); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

// What the course asks is shown with its answers only.
func TestShown(t *testing.T) {
	rec := &experiment.Record{Comparison: &compare.Result{Course: []compare.Sentence{{Text: "x"}}, Sentences: []compare.Sentence{{Text: "y"}}}}
	if got := lab.Shown(rec, false); len(got.Comparison.Course) > 0 || len(got.Comparison.Sentences) != 1 || len(rec.Comparison.Course) != 1 {
		t.Errorf("%+v", got.Comparison)
	}
	if got := lab.Shown(rec, true); len(got.Comparison.Course) != 1 {
		t.Errorf("%+v", got.Comparison)
	}
	if got := lab.Shown(&experiment.Record{}, false); got.Comparison != nil {
		t.Errorf("%+v", got)
	}
}

func TestDecode(t *testing.T) {
	for in, want := range map[string]string{
		``: "no results", `[]`: "no results", `{"schema":"tare.weigh/v1"}`: `"tare.weigh/v1"`, `{"schema":"tare.lab/v2"}`: "a newer tare",
		`{"schema":"tare.lab/v1"}`: "without a proper name", `{"schema":"tare.lab/v1","name":"../x","id":"1"}`: "without a proper name",
		`{"schema":"tare.lab/v1","name":"x","id":"1","variants":3}`: "results of an experiment",
	} {
		if _, err := experiment.Decode([]byte(in)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", in, err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"schema":"tare.lab/v1","name":"x","id":"1","variants":[{"name":"a","measures":[{"name":"m","kind":"measured","samples":[1,2]}]}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		rec, err := experiment.Decode(b)
		if err != nil {
			return
		}
		_ = experiment.Compare(rec, rec)
		_ = rec.WriteBenchmarks(&bytes.Buffer{})
		_, _, _ = exercise.Fill([]byte("|a|size|\n|-|-|\n|a|XX MB|\n"), rec)
	})
}

const page = "# Sizes\n\n| **Image** | **Size** | transfer | Layers |\r\n|---|---|---|:-:|\r\n| `a` | XX MB | XX.X kB| XX |\r\n| `nobody` | XX MB | | |\r\n| b\\|c | XX MB | | |\n|**b**|XX|XXX kB | X\n\nXX MB stays. | a | XX MB |\n\n```\n| a | size |\n|---|---|\n| a | XX MB |\n```\n"

func TestFill(t *testing.T) {
	r, rec := runner(t, &fakeBench{output: "hi"}, theFile)
	if err := r.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	out, n, err := exercise.Fill([]byte(page), rec)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.NewReplacer("| `a` | XX MB | XX.X kB| XX |", "| `a` | 64.1 MB | 1 kB| 2 |", "|**b**|XX|XXX kB | X\n", "|**b**|128MB|2 kB | X\n").Replace(page)
	if string(out) != want || n != 5 {
		t.Errorf("%d filled:\n%q\nwant\n%q", n, out, want)
	}
}

// The Go benchmark format is read by the library that benchstat uses.
func TestBenchmarks(t *testing.T) {
	r, rec := runner(t, &fakeBench{output: "hi"}, strings.Replace(theFile, "name: b,", "name: 'b b',", 1))
	if err := r.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := rec.WriteBenchmarks(&b); err != nil {
		t.Fatal(err)
	}
	got := map[string]int{}
	read := benchfmt.NewReader(&b, "x")
	for read.Scan() {
		res, ok := read.Result().(*benchfmt.Result)
		if !ok {
			t.Fatalf("%v", read.Result())
		}
		got[string(res.Name)]++
		if v, ok := res.Value("sec/op"); ok && v <= 0 {
			t.Errorf("%s: %v", res.Name, v)
		}
	}
	if err := read.Err(); err != nil {
		t.Fatal(err)
	}
	if got["BuildCold/b_b"] != 3 || got["Image/a"] != 1 || got["StartExit/a"] != 3 || got["RepullSrc/c"] != 1 {
		t.Errorf("%v", got)
	}
}

// An edit changes its file and no other, and nothing outside the context.
func TestEditsStayInside(t *testing.T) {
	b := &fakeBench{output: "hi"}
	r, rec := runner(t, b, theFile)
	outside := filepath.Join(t.TempDir(), "outside.py")
	if err := os.WriteFile(outside, []byte("print(2)\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(r.Dir, "absent.py")); err != nil {
		t.Fatal(err)
	}
	if err := r.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	if got, _ := os.ReadFile(outside); string(got) != "print(2)\n" {
		t.Errorf("a file outside was changed: %q", got)
	}
	if got, _ := os.ReadFile(filepath.Join(r.Dir, "app.py")); string(got) != "print(1)\n" {
		t.Errorf("the original was changed: %q", got)
	}
	if e := rec.Variant("b").Edits[1]; e.Skipped == "" {
		t.Errorf("a link to the outside was followed: %+v", e)
	}
}

// Without a name, the runs of all experiments are listed, in the order of time.
func TestListOfAll(t *testing.T) {
	runs := lab.Runs{Dir: t.TempDir()}
	for n, name := range []string{"b", "a [x]", "b"} {
		rec := &experiment.Record{Schema: experiment.Schema, Name: name, ID: lab.NewID(time.Unix(int64(1e9+n), 0))}
		if err := runs.Save(rec); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]int{"": 3, "b": 2, "a [x]": 1, "*": 0} {
		list, err := runs.List(name)
		if err != nil || len(list) != want {
			t.Errorf("%q: %v %v", name, list, err)
		}
		if name == "" && !strings.Contains(list[1], "a [x]") {
			t.Errorf("not in the order of time: %v", list)
		}
	}
}
