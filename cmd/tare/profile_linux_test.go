package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

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
	for _, c := range []struct {
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
		{"the text of a RUN", replace("/text one", "/text two"), nil, "text", 13, ""},
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
			// The name makes the contents differ from those of the other cases.
			for name, body := range map[string]string{"Dockerfile": strings.ReplaceAll(planted, "/text", "/text"+fmt.Sprint(len(c.name))), "a.txt": c.name, "b.txt": c.name + "b", "dir/one": c.name, "dir/two": c.name, "mounted/file": c.name, "src/main": c.name} {
				put(t, filepath.Join(dir, name), body)
			}
			put(t, filepath.Join(dir, "Dockerfile"), planted)
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
			r := profileOf(t, h, append(a, dir)...)
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
			sum := 0.0
			for _, p := range r.Path {
				sum += p.Wait + p.Seconds
			}
			if sum < 0.95*r.Seconds || sum > 1.05*r.Seconds {
				t.Errorf("%s: the critical path takes %f s of %f s", name, sum, r.Seconds)
			}
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
