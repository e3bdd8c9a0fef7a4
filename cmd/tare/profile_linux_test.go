package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tare/internal/profile"
	"tare/internal/units"
)

// planted is a Dockerfile in which edits are planted; every kind of thing that a cache
// depends on is in it.
const planted = `FROM probe AS build
ARG V=1
COPY src /src
RUN probe write /made $V

FROM probe
ENV E=1
USER 0
COPY a.txt b.txt /
COPY dir /dir
RUN --mount=type=bind,source=mounted,target=/m probe cat /m/file
WORKDIR /w
RUN probe write /text one
COPY --from=build /made /made
CMD ["probe"]
`

// TestWhyCache plants an edit, and asks why the cache missed.
func TestWhyCache(t *testing.T) {
	needEngine(t)
	h := newHome(t)
	h.tare(t, "load", "-i", mustWorld(t).archive)
	replace := func(old, new string) func(t *testing.T, dir string) {
		return func(t *testing.T, dir string) {
			f := filepath.Join(dir, "Dockerfile")
			b, err := os.ReadFile(f)
			if err != nil || !strings.Contains(string(b), old) {
				t.Fatalf("%v: no %q to replace", err, old)
			}
			put(t, f, strings.Replace(string(b), old, new, 1))
		}
	}
	write := func(name, body string) func(t *testing.T, dir string) {
		return func(t *testing.T, dir string) { put(t, filepath.Join(dir, name), body) }
	}
	put(t, filepath.Join(h.dir, "newer", "Dockerfile"), "FROM probe\nRUN probe write /newer 1\n")
	h.tare(t, "build", "-q", "-t", "probe2", filepath.Join(h.dir, "newer"))
	right, first := 0, 0
	for n, c := range []struct {
		name   string
		edit   func(t *testing.T, dir string)
		args   []string
		kind   string
		line   int
		detail string
	}{
		{"a file's content", write("a.txt", "changed"), nil, "file", 9, "a.txt"},
		{"another file's content", write("b.txt", "changed"), nil, "file", 9, "b.txt"},
		{"a file's mode", func(t *testing.T, dir string) {
			if err := os.Chmod(filepath.Join(dir, "a.txt"), 0o755); err != nil {
				t.Fatal(err)
			}
		}, nil, "file", 9, "a.txt"},
		{"a new file", write("dir/new", "x"), nil, "file", 10, "dir/new"},
		{"a file that is gone", func(t *testing.T, dir string) {
			if err := os.Remove(filepath.Join(dir, "dir/one")); err != nil {
				t.Fatal(err)
			}
		}, nil, "file", 10, "dir/one"},
		{"a link's target", func(t *testing.T, dir string) {
			if err := os.Remove(filepath.Join(dir, "dir/link")); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink("two", filepath.Join(dir, "dir/link")); err != nil {
				t.Fatal(err)
			}
		}, nil, "file", 10, "dir/link"},
		{"a mounted file", write("mounted/file", "changed"), nil, "file", 11, "mounted/file"},
		{"a file of an earlier stage", write("src/main", "changed"), nil, "file", 3, "src/main"},
		{"the text of a RUN", replace(" one\nCOPY", " two\nCOPY"), nil, "text", 13, ""},
		{"a flag of a COPY", replace("COPY a.txt", "COPY --chmod=600 a.txt"), nil, "text", 9, ""},
		{"where a COPY goes", replace("dir /dir", "dir /elsewhere"), nil, "text", 10, ""},
		{"what COPY --from takes", replace("/made /made", "/made /other"), nil, "text", 14, ""},
		{"the working directory", replace("WORKDIR /w", "WORKDIR /v"), nil, "text", 12, ""},
		{"a setting", replace("ENV E=1", "ENV E=2"), nil, "setting", 11, "ENV E=2"},
		{"the user", replace("USER 0", "USER 0:0"), nil, "setting", 11, "USER 0:0"},
		{"a build argument", nil, []string{"--build-arg", "V=7"}, "arg", 4, "V"},
		{"an argument's default", replace("ARG V=1", "ARG V=3"), nil, "setting", 4, "ARG V=3"},
		{"the base", replace("FROM probe\n", "FROM probe2\n"), nil, "base", 9, ""},
		{"a line more", replace("WORKDIR /w", "RUN probe mkdir /more\nWORKDIR /w"), nil, "text", 12, ""},
		{"no cache", nil, []string{"--cold"}, "no-cache", 3, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := filepath.Join(h.dir, strings.ReplaceAll(c.name, " ", "-"))
			// The number makes the steps differ from those of the other cases.
			own := strings.ReplaceAll(strings.ReplaceAll(planted, "/text ", fmt.Sprintf("/text%d ", n)), "/made $V", fmt.Sprintf("/made $V%d", n))
			for name, body := range map[string]string{"Dockerfile": own, "a.txt": c.name, "b.txt": c.name + "b", "dir/one": c.name, "dir/two": c.name, "mounted/file": c.name, "src/main": c.name} {
				put(t, filepath.Join(dir, name), body)
			}
			if err := os.Symlink("one", filepath.Join(dir, "dir/link")); err != nil {
				t.Fatal(err)
			}
			h.tare(t, "build", "-q", dir)
			if c.edit != nil {
				c.edit(t, dir)
			}
			r := profileOf(t, h, append(append([]string{"--why-cache"}, c.args...), dir)...)
			var kinds []string
			for _, m := range r.Misses {
				kinds = append(kinds, fmt.Sprintf("%d %s %s", m.Line, m.Kind, m.Detail))
			}
			if len(r.Misses) == 0 || r.Misses[0].Kind != c.kind || r.Misses[0].Line != c.line || c.detail != "" && r.Misses[0].Detail != c.detail {
				t.Errorf("want %d %s %s first: %v", c.line, c.kind, c.detail, kinds)
				return
			}
			first++
			for _, m := range r.Misses[1:] {
				if m.Kind != "follows" && c.kind != "no-cache" {
					t.Errorf("a second cause: %v", kinds)
				}
			}
		})
		right++
	}
	if first < right {
		t.Fail()
	}
	t.Logf("%d of %d planted causes were named first", first, right)
}

func put(t *testing.T, name, body string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(body), 0o644); err != nil {
		t.Fatal(err)
	}
}

func profileOf(t *testing.T, h *home, args ...string) *profile.Result {
	t.Helper()
	out := h.tare(t, append([]string{"profile", "--format", "json"}, args...)...)
	r := new(profile.Result)
	if err := json.Unmarshal([]byte(out), r); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return r
}

// forms are Dockerfiles in many forms, like those of the docker-library images.
var forms = map[string]string{
	"one stage":      "FROM probe\nRUN probe write /a 1\nCOPY f /f\nCMD [\"probe\"]\n",
	"argument":       "ARG BASE=probe\nFROM $BASE\nARG X=1\nENV Y=$X\nRUN probe write /a $Y\n",
	"stages":         "FROM probe AS one\nRUN probe write /a 1\nFROM one AS two\nCOPY f /f\nFROM probe\nCOPY --from=two /a /f /\n",
	"equal stages":   "FROM probe AS b\nRUN probe write /a 1\nWORKDIR /w\nFROM probe\nRUN probe write /a 1\nWORKDIR /w\nCOPY --from=b /a /b\n",
	"link":           "FROM probe\nCOPY --link f /f\nCOPY --link --chmod=600 f /g\n",
	"mounts":         "FROM probe\nRUN --mount=type=bind,source=f,target=/m --mount=type=cache,target=/c probe write /a 1\n",
	"waste":          "FROM probe\nCOPY f /f\nRUN probe append /f more\nRUN probe rm /f\nRUN probe write /g 1\n",
	"nothing":        "FROM probe\nENV A=b\nLABEL c=d\n",
	"scratch":        "FROM probe AS b\nFROM scratch\nCOPY --from=b /bin/probe /bin/probe\n",
	"unused stage":   "FROM probe AS unused\nRUN probe write /u 1\nFROM probe\nRUN probe write /a 1\n",
	"comments":       "# syntax=docker/dockerfile:1\n\n# about\nFROM probe\n\n# more\nRUN probe \\\n  # inside\n  write /a 1\n",
	"same text":      "FROM probe\nRUN probe append /a x\nRUN probe append /a x\nRUN probe append /a x\n",
	"heredoc":        "FROM probe\nCOPY <<EOF /h\ntext\nEOF\nRUN probe write /a 1\n",
	"named contexts": "FROM probe\nCOPY --from=extra f /x\n",
}

// paths are lines of these files that wait for one another, and so stand on the critical
// path of a build without a cache, in this order: all else is done meanwhile, or is nothing.
var paths = map[string]string{
	"one stage": "3", "argument": "5", "equal stages": "7", "link": "", "mounts": "2", "waste": "2 3 4 5", "nothing": "", "scratch": "3",
	"stages": "6", "unused stage": "4", "comments": "7", "same text": "2 3 4", "heredoc": "2 5", "named contexts": "2",
}

// checkPath holds a critical path against what the other records say: it ends with the
// build, each of its steps ends when the span of that name does, and it goes through the
// lines that wait for one another.
func checkPath(t *testing.T, name string, r *profile.Result, took float64, cold bool) {
	t.Helper()
	if r.Seconds <= 0 || r.Seconds > took || len(r.Path) == 0 {
		t.Errorf("%s: %f s of a command that took %f, and %d steps", name, r.Seconds, took, len(r.Path))
	}
	ends := map[string][]float64{}
	for _, s := range r.Spans {
		if s.Critical {
			ends[s.Name] = append(ends[s.Name], min(s.End, r.Seconds))
		}
	}
	at, lines := 0.0, " "
	for _, p := range r.Path {
		if p.Wait < 0 || p.Seconds < 0 {
			t.Errorf("%s: %+v", name, p)
		}
		if at += p.Wait + p.Seconds; p.Step != "" && !slices.ContainsFunc(ends[p.Step], func(end float64) bool { return math.Abs(end-at) < 0.01 || p.Seconds == 0 && end < at }) {
			t.Errorf("%s: on the path %q ends at %f s, in the build at %v", name, p.Step, at, ends[p.Step])
		}
		if p.Line > 0 {
			lines += fmt.Sprint(p.Line, " ")
		}
	}
	if math.Abs(at-r.Seconds) > 0.001 {
		t.Errorf("%s: the critical path takes %f s of %f s", name, at, r.Seconds)
	}
	form := strings.TrimSuffix(name, "--cold")
	if want, ok := paths[form]; !ok || cold && want != "" && !strings.Contains(lines, " "+want+" ") {
		t.Errorf("%s: the path goes through lines%s, not %s", name, lines, want)
	}
}

// TestProfileSums holds every form to the identities: lines sum up to the image, the
// critical path to the time.
func TestProfileSums(t *testing.T) {
	needEngine(t)
	h := newHome(t)
	h.tare(t, "load", "-i", mustWorld(t).archive)
	for name, file := range forms {
		dir := filepath.Join(h.dir, strings.ReplaceAll(name, " ", "-"))
		put(t, filepath.Join(dir, "Dockerfile"), file)
		put(t, filepath.Join(dir, "f"), strings.Repeat("file ", 1000))
		args := []string{"--no-checks", "-t", "formed"}
		if name == "named contexts" {
			args = append(args, "--build-context", "extra="+dir)
		}
		for _, how := range []string{"", "--cold"} {
			a := args
			if how != "" {
				a = append(a, how)
			}
			begin := time.Now()
			r := profileOf(t, h, append(a, dir)...)
			took := time.Since(begin).Seconds()
			if err := r.Check(); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			var w struct {
				Sizes struct {
					Tar, Files int64
					Transfer   units.Amount
				}
			}
			if err := json.Unmarshal([]byte(h.tare(t, "weigh", "--format", "json", "formed")), &w); err != nil {
				t.Fatal(err)
			}
			if r.Total.Tar != w.Sizes.Tar || r.Total.Transfer != w.Sizes.Transfer || r.Total.Files != w.Sizes.Files {
				t.Errorf("%s: %+v, weighed %+v", name, r.Total, w.Sizes)
			}
			if r.Rest.Tar != 0 {
				t.Errorf("%s: %d bytes belong to no line", name, r.Rest.Tar)
			}
			checkPath(t, name+how, r, took, how == "--cold")
			for _, l := range r.Lines {
				works := l.Keyword == "RUN" || l.Keyword == "COPY"
				if works && l.Needed && !l.Ran {
					t.Errorf("%s %s: no step was found for line %d (%s)", name, how, l.Lines[0], l.Text)
				}
				if works && l.Needed && r.Stages[l.Stage].Final && l.Layer == 0 {
					t.Errorf("%s %s: no layer was found for line %d (%s)", name, how, l.Lines[0], l.Text)
				}
				if how == "--cold" && works && l.Needed && l.Cached {
					t.Errorf("%s: line %d came from the cache of a build without one", name, l.Lines[0])
				}
			}
		}
	}
}
