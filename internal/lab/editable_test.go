package lab_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tare/internal/experiment"
	"tare/internal/lab"
)

// conduct runs an experiment whose edits are these lines, and returns what was asked of
// the bench.
func conduct(t *testing.T, variants, edits string) (rec *experiment.Record, asked []string, err error) {
	t.Helper()
	dir := t.TempDir()
	for name, body := range map[string]string{"app.py": "print(1)\n", "notes": "", ".dockerignore": "notes\n", "Dockerfile": "FROM a\nCOPY . /\n", "other/Dockerfile": "FROM a\n", "other/main.go": "x",
		"tare.yaml": "version: 1\nvariants:\n" + variants + "measure: {repeat: 1, warmup: 0, what: [edit]}\nedit:\n" + edits} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(body), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("app.py", filepath.Join(dir, "link.py")); err != nil {
		t.Skip(err)
	}
	b := &fakeBench{}
	rec, err = lab.Conduct(t.Context(), lab.Request{At: dir, Bench: func(map[string]string) lab.Bench { return b }, Runs: lab.Runs{Dir: t.TempDir()}})
	if err != nil {
		err = shortened{err, strings.NewReplacer(dir+string(filepath.Separator), "", dir, "DIR")}
	}
	return rec, b.log, err
}

type shortened struct {
	error
	r *strings.Replacer
}

func (s shortened) Error() string { return s.r.Replace(s.error.Error()) }

// An edit that can be made in no variant's context is an error before anything is built,
// with the place in the file. One that can be made in some is none.
func TestEditsThatCannotBeMade(t *testing.T) {
	const one, two = "  - {name: a, context: .}\n", "  - {name: a, context: .}\n  - {name: b, context: other}\n"
	for _, c := range []struct{ variants, edit, want string }{
		{one, "  - {name: x, touch: absent.py}\n", `tare.yaml:6:22: edit "x": absent.py: the build context DIR has no such file: there is`},
		{one, "  - name: y\n    touch: ap.py\n", `tare.yaml:7:12: edit "y": ap.py: the build context DIR has no such file: did you mean app.py?`},
		{two, "  - {name: x, touch: app.py}\n  - {name: y, touch: absent}\n", `tare.yaml:8:22: edit "y": absent: the build context`},
		{one, "  - {name: x, append: {file: other, text: y}}\n", `tare.yaml:6:30: edit "x": other: it is a directory: name a file: there is other/Dockerfile, other/main.go`},
		{one, "  - {name: x, replace: {file: gone.py, old: print, new: y}}\n", `tare.yaml:6:31: edit "x": gone.py: the build context`},
		{one, "  - {name: x, replace: {file: app.py, old: show, new: y}}\n", `tare.yaml:6:44: edit "x": app.py: "show" does not occur in it`},
		{one, "  - {name: x, touch: notes}\n", `tare.yaml:6:22: edit "x": notes: it is excluded from the build context by .dockerignore line 1 (notes)`},
		{one, "  - {name: x, touch: link.py}\n", `tare.yaml:6:22: edit "x": link.py: it is a symbolic link: name the file that it leads to, app.py`},
	} {
		rec, asked, err := conduct(t, c.variants, c.edit)
		if err == nil || !strings.HasPrefix(err.Error(), c.want) || rec != nil || len(asked) > 0 {
			t.Errorf("%s: %v\nwant %s; %d builds", c.edit, err, c.want, len(asked))
		}
	}
	for _, c := range []struct{ variants, edit string }{
		{one, "  - {name: x, touch: app.py}\n"},
		{one, "  - {name: x, replace: {file: app.py, old: print, new: y}}\n"},
		{one, "  - {name: x, base: bump}\n"},
		{two, "  - {name: x, touch: app.py}\n"},
		{two, "  - {name: x, touch: main.go}\n"},
		{"  - {name: a, image: a}\n", "  - {name: x, touch: absent.py}\n"},         // nothing is built
		{"  - {name: a, context: nowhere}\n", "  - {name: x, touch: absent.py}\n"}, // the build says so
		{one, "  - {name: x, touch: Dockerfile}\n  - {name: y, touch: ./app.py}\n"},
	} {
		if rec, _, err := conduct(t, c.variants, c.edit); err != nil || rec == nil {
			t.Errorf("%s %s: %v", c.variants, c.edit, err)
		}
	}
	// The variant whose context lacks the file has a cell that says so.
	rec, _, err := conduct(t, two, "  - {name: x, touch: main.go}\n")
	if err != nil || rec.Variant("a").Edits[0].Skipped != "the context has no such file" || strings.Contains(rec.Variant("b").Edits[0].Skipped, "the context has no") {
		t.Errorf("%v %+v", err, rec)
	}
}
