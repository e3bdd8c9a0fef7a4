package profile

import (
	"io/fs"
	"slices"
	"strings"
	"testing"

	"tare/internal/dockerfile"
	"tare/internal/engine"
)

// installsOf are the commands that a Dockerfile runs behind a COPY that brings their
// manifest with other files. Copies take what the lines say.
func installsOf(t *testing.T, src string, takes map[int][]engine.Take, files ...string) (out []string) {
	t.Helper()
	f, err := dockerfile.Parse([]byte(src))
	if err != nil {
		t.Fatal(err)
	}
	in := Input{Source: []byte(src), Dockerfile: []byte(src), File: f, Ops: []engine.Op{{Digest: "c", Kind: "local", Source: "context"}, {Digest: "other", Kind: "local", Source: "other"}},
		Now: &Build{Files: map[string]map[string]File{"context": {}}}}
	for _, p := range files {
		in.Now.Files["context"][strings.TrimSuffix(p, "/")] = File{Mode: map[bool]uint32{false: 0o644, true: uint32(fs.ModeDir | 0o755)}[strings.HasSuffix(p, "/")]}
	}
	for line, list := range takes {
		for i := range list {
			if list[i].Input == "" {
				list[i].Input = "c"
			}
		}
		in.Ops = append(in.Ops, engine.Op{Digest: src, Kind: "file", Lines: [][2]int{{line, line}}, Takes: list})
	}
	r := &Result{}
	for range f.Stages {
		r.Stages = append(r.Stages, Stage{Needed: true})
	}
	cold := 3.5
	for _, s := range f.Stages {
		for _, i := range s.Instructions {
			r.Lines = append(r.Lines, Line{Lines: i.Lines, Cold: &cold})
		}
	}
	for _, i := range r.installs(in) {
		if i.Seconds != 3.5 || i.Others < 1 || len(i.Manifests) == 0 || !slices.IsSorted(i.Manifests) || i.Copy >= i.Line {
			t.Errorf("%+v", i)
		}
		out = append(out, i.Command)
	}
	return out
}

func TestInstalls(t *testing.T) {
	all := []engine.Take{{Source: "/"}}
	web := []string{"package.json", "package-lock.json", "src/a.js", "requirements.txt", "go.mod", "main.go"}
	for command, want := range map[string]string{
		"npm ci": "npm ci", "npm ci && npm run build": "npm ci", "cd /app && NODE_ENV=production npm install --omit=dev; true": "npm install --omit=dev", "yarn": "", "go mod download": "go mod download",
		"pip install -r requirements.txt": "pip install -r requirements.txt", "pip install --no-cache-dir -r ./requirements.txt": "pip install --no-cache-dir -r ./requirements.txt", "python3 -m pip install -r requirements.txt": "python3 -m pip install -r requirements.txt",
		// They take the source itself, or name what they install.
		"pip install .": "", "pip install -r requirements.txt -e .": "", "pip install -e . -r requirements.txt": "", "pip install -r requirements.txt .": "", "npm install express": "", "npm run ci": "", "echo npm ci": "", "pip install -r dev.txt": "", "composer install": "", "poetry install": "",
		"yarn build": "", "go mod download-x": "",
	} {
		if command == "yarn" {
			want = "yarn"
		}
		got := installsOf(t, "FROM node\nCOPY . /app\nRUN "+command+"\n", map[int][]engine.Take{2: all}, web...)
		if len(got) > 1 || want == "" && len(got) > 0 || want != "" && (len(got) != 1 || got[0] != want) {
			t.Errorf("%s: %q, want %q", command, got, want)
		}
	}
	first := []engine.Take{{Source: "/package.json"}, {Source: "/package-lock.json"}}
	for name, c := range map[string]struct {
		src   string
		takes map[int][]engine.Take
		files []string
		want  int
	}{
		"the manifest first":         {"FROM node\nCOPY package*.json /app/\nRUN npm ci\nCOPY . /app\n", map[int][]engine.Take{2: first, 4: all}, web, 0},
		"and again behind":           {"FROM node\nCOPY package*.json /app/\nRUN npm ci\nCOPY . /app\nRUN npm ci\n", map[int][]engine.Take{2: first, 4: all}, web, 0},
		"the manifest, then all":     {"FROM node\nCOPY package*.json /app/\nCOPY . /app\nRUN npm ci\n", map[int][]engine.Take{2: first, 3: all}, web, 0},
		"another stage's":            {"FROM node AS a\nCOPY . /app\nFROM node\nRUN npm ci\n", map[int][]engine.Take{2: all}, web, 0},
		"of a stage":                 {"FROM node\nCOPY --from=x . /app\nRUN npm ci\n", nil, web, 0},
		"of another context":         {"FROM node\nCOPY --from=other . /app\nRUN npm ci\n", map[int][]engine.Take{2: {{Input: "other", Source: "/"}}}, web, 0},
		"without a manifest":         {"FROM node\nCOPY . /app\nRUN npm ci\n", map[int][]engine.Take{2: all}, []string{"src/a.js"}, 0},
		"nothing but the manifest":   {"FROM node\nCOPY . /app\nRUN npm ci\n", map[int][]engine.Take{2: all}, []string{"package.json"}, 0},
		"a directory without files":  {"FROM node\nCOPY . /app\nRUN npm ci\n", map[int][]engine.Take{2: all}, []string{"package.json", "src/"}, 0},
		"two projects":               {"FROM node\nCOPY . /app\nRUN npm ci\n", map[int][]engine.Take{2: all}, []string{"a/package.json", "b/package.json", "c"}, 0},
		"a bind mount":               {"FROM node\nCOPY . /app\nRUN --mount=type=bind,target=/x npm ci\n", map[int][]engine.Take{2: all}, web, 0},
		"a here-document":            {"FROM node\nCOPY . /app\nRUN <<E\nset -e\nnpm ci\nE\n", map[int][]engine.Take{2: all}, web, 1},
		"in a directory":             {"FROM node\nCOPY web /app\nRUN npm ci\n", map[int][]engine.Take{2: {{Source: "/web"}}}, []string{"web/package.json", "web/x.js"}, 1},
		"without --exclude of it":    {"FROM node\nCOPY . /app\nRUN npm ci\n", map[int][]engine.Take{2: {{Source: "/", Exclude: []string{"src", "main.go"}}}}, []string{"package.json", "src/a.js", "main.go"}, 0},
		"a stage that is not needed": {"FROM node\nRUN npm ci\n", nil, web, 0},
	} {
		if got := installsOf(t, c.src, c.takes, c.files...); len(got) != c.want {
			t.Errorf("%s: %q, want %d", name, got, c.want)
		}
	}
}

// Nothing is said of files that are not known, of a file that was not built, of a stage that
// is not needed; and of one command once.
func TestNoInstalls(t *testing.T) {
	src := "FROM a\nCOPY . /x\nRUN npm ci\nRUN npm ci\n"
	f, err := dockerfile.Parse([]byte(src))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]File{"package.json": {}, "package-lock.json": {}, "x.js": {}}
	for _, c := range []struct {
		name   string
		change func(*Input, *Result)
		want   int
	}{
		{"as it is", func(*Input, *Result) {}, 1},
		{"no record", func(in *Input, _ *Result) { in.Now = nil }, 0},
		{"no files", func(in *Input, _ *Result) { in.Now.Files = nil }, 0},
		{"another text was built", func(in *Input, _ *Result) { in.Dockerfile = []byte("FROM b\n") }, 0},
		{"its stage is not needed", func(_ *Input, r *Result) { r.Stages[0].Needed = false }, 0},
		{"a mount brought them", func(in *Input, _ *Result) { in.Ops[1].Kind = "exec" }, 0},
		{"another context", func(in *Input, _ *Result) { in.Ops[0].Source = "other" }, 0},
		{"no context", func(in *Input, _ *Result) { in.Ops[0].Kind = "image" }, 0},
	} {
		in := Input{Source: []byte(src), Dockerfile: []byte(src), File: f, Now: &Build{Files: map[string]map[string]File{"context": files}}, Ops: []engine.Op{{Digest: "c", Kind: "local", Source: "context"},
			{Digest: "copy", Kind: "file", Lines: [][2]int{{2, 2}}, Takes: []engine.Take{{Input: "c", Source: "/"}}}}}
		r := &Result{Stages: []Stage{{Needed: true}}}
		c.change(&in, r)
		for range 60 { // the files of a context are in no order
			if got := r.installs(in); c.want > 0 && !slices.Equal(got[0].Manifests, []string{"package-lock.json", "package.json"}) {
				t.Fatalf("%s: %+v", c.name, got)
			}
		}
		if got := r.installs(in); len(got) != c.want || c.want > 0 && (got[0].Line != 3 || got[0].Others != 1) {
			t.Errorf("%s: %+v", c.name, got)
		}
		if n := len(hostLines(in.Ops)); (n == 0) != (c.name == "another context" || c.name == "no context") {
			t.Errorf("%s: %d operations take files of the context", c.name, n)
		}
	}
}

func TestSecondsAt(t *testing.T) {
	cold := 2.5
	r := &Result{Lines: []Line{{Lines: [2]int{2, 2}, Seconds: 1}, {Lines: [2]int{3, 4}, Seconds: 9, Cold: &cold}}}
	for line, want := range map[int]float64{2: 1, 3: 2.5, 4: 0} {
		if got := r.secondsAt(line); got != want {
			t.Errorf("line %d: %v, want %v", line, got, want)
		}
	}
}
