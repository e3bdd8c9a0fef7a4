package compare

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tare/internal/image"
	"tare/internal/weigh"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// imageBy is an image whose layers were made by these instructions.
func imageBy(by ...string) *image.Image {
	img := &image.Image{Layers: make([]image.Layer, len(by))}
	for k, s := range by {
		img.History = append(img.History, image.Step{History: ocispec.History{CreatedBy: s}, Layer: k})
	}
	return img
}

// without is the image whose step k made no layer, which the layers above it move down for.
func without(k int, img *image.Image) *image.Image {
	img.Layers = img.Layers[1:]
	img.History[k].Layer = -1
	for n := k + 1; n < len(img.History); n++ {
		img.History[n].Layer--
	}
	return img
}

// What is below the lowest layer of a line is the base image's, unless an instruction
// before that line may have made it.
func TestMatch(t *testing.T) {
	from := Line{"FROM python:slim", 1}
	for _, c := range []struct {
		name  string
		lines []Line
		img   *image.Image
		base  int
		image string
		line  map[int]int
	}{
		{"all", []Line{from, {"RUN a", 2}, {"ENV x=y", 3}, {"COPY . .", 4}}, imageBy("# debian", "RUN b", "RUN a", "COPY . ."), 2, "python:slim", map[int]int{2: 2, 3: 4}},
		{"the first is there twice", []Line{from, {"RUN a", 2}, {"RUN a", 3}, {"COPY . .", 4}}, imageBy("# debian", "RUN a", "RUN a", "COPY . ."), 1, "python:slim", map[int]int{1: 2, 2: 3, 3: 4}},
		{"more instructions than layers", []Line{from, {"WORKDIR /x", 2}, {"RUN b", 3}, {"COPY . .", 4}}, imageBy("COPY . ."), 0, "", map[int]int{0: 4}},
		{"a variable", []Line{{"FROM $BASE", 1}, {"RUN a", 2}}, imageBy("x", "RUN a"), 1, "", map[int]int{1: 2}},
		{"arguments, flags and here-documents", []Line{from, {"RUN --mount=type=cache,target=/c a b", 2}, {"COPY --from=x --link /y /z", 3}, {"RUN <<EOT set -e c d EOT", 4}, {"COPY $A /b", 9}}, imageBy("x", "RUN |2 V=1 W=x y /bin/sh -c a b", "COPY /y /z", "RUN set -e c d", "COPY a.txt /b"), 1, "python:slim", map[int]int{1: 2, 2: 3, 3: 4, 4: 9}},
		{"the base begins likewise", []Line{from, {"WORKDIR /", 2}, {"RUN a", 3}}, imageBy("WORKDIR /app", "RUN a", "RUN b", "WORKDIR /", "RUN a"), 3, "python:slim", map[int]int{3: 2, 4: 3}},
		{"a line whose step is not told", []Line{from, {"WORKDIR /x", 2}, {"COPY . .", 3}}, imageBy("# debian", "?", "COPY . ."), 1, "python:slim", map[int]int{2: 3}},
		{"a line that made no layer", []Line{from, {"WORKDIR /x", 2}, {"COPY . .", 3}}, without(1, imageBy("# debian", "WORKDIR /x", "COPY . .")), 1, "python:slim", map[int]int{1: 3}},
		{"no line made a layer", []Line{from, {"WORKDIR /x", 2}, {"CMD x", 3}}, without(1, imageBy("# debian", "CMD x")), 1, "python:slim", nil},
		{"without a FROM", []Line{{"RUN a", 2}}, imageBy("x", "RUN a"), 1, "", map[int]int{1: 2}},
	} {
		d := Match("Dockerfile", c.lines, c.img)
		if d == nil || d.Base != c.base || d.From != c.image || d.Name != "Dockerfile" {
			t.Errorf("%s: %+v", c.name, d)
			continue
		}
		for k, i := range d.Steps {
			if at := slices.IndexFunc(c.lines, func(l Line) bool { return l.Line == i }); at < 0 || likeness(c.lines[at].Text, c.img.History[k].Instruction()) == 0 {
				t.Errorf("%s: step %d is line %d", c.name, k, i)
			}
		}
		if len(d.Steps) < len(c.line) || len(d.Steps) == 0 {
			t.Errorf("%s: steps %v", c.name, d.Steps)
		}
		for k := range c.img.Layers {
			if d.Lines[k] != c.line[k] {
				t.Errorf("%s: layer %d is line %d, want %d", c.name, k, d.Lines[k], c.line[k])
			}
		}
	}
	for _, lines := range [][]Line{nil, {from, {"RUN other", 2}}} {
		if d := Match("Dockerfile", lines, imageBy("x", "RUN a")); d != nil {
			t.Errorf("%+v: %+v", lines, d)
		}
	}
}

// Histories that differ at both ends are aligned between them, until the table for it would
// have more than a million cells.
func TestLongHistories(t *testing.T) {
	steps := func(name string, n int) *weigh.Facts {
		by := []string{name + " first"}
		for i := range n - 2 {
			by = append(by, fmt.Sprint("RUN ", i))
		}
		return &weigh.Facts{Image: imageBy(append(by, name+" last")...)}
	}
	for n, want := range map[int]int{1024: 4, 1025: 2050} {
		d := new(Diff)
		if d.history(steps("a", n), steps("b", n)); len(d.History) != want {
			t.Errorf("%d steps: %d differ, want %d", n, len(d.History), want)
		}
	}
}

// Two histories are told apart by as few steps as can be, and these lead from one to the
// other.
func TestShortestHistory(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var common func(x, y []int) int
	common = func(x, y []int) int {
		switch {
		case len(x) == 0 || len(y) == 0:
			return 0
		case x[0] == y[0]:
			return 1 + common(x[1:], y[1:])
		}
		return max(common(x[1:], y), common(x, y[1:]))
	}
	facts := func(list []int) *weigh.Facts {
		var by []string
		for _, n := range list {
			by = append(by, strconv.Itoa(n))
		}
		return &weigh.Facts{Image: imageBy(by...)}
	}
	draw := func() (list []int) {
		for range r.IntN(8) {
			list = append(list, r.IntN(3))
		}
		return list
	}
	for range 300 {
		x, y := draw(), draw()
		d := new(Diff)
		d.history(facts(x), facts(y))
		if want := len(x) + len(y) - 2*common(x, y); len(d.History) != want {
			t.Fatalf("%v to %v: %d steps, want %d: %+v", x, y, len(d.History), want, d.History)
		}
		left, added := map[int]bool{}, map[int]bool{}
		for _, h := range d.History {
			list, gone := y, added
			if h.Change == "removed" {
				list, gone = x, left
			}
			if strconv.Itoa(list[h.Layer-1]) != h.Step || gone[h.Layer] {
				t.Fatalf("%v to %v: %+v", x, y, h)
			}
			gone[h.Layer] = true
		}
		var same [2][]int
		for n, list := range [][]int{x, y} {
			for i, step := range list {
				if !(n == 0 && left[i+1] || n == 1 && added[i+1]) {
					same[n] = append(same[n], step)
				}
			}
		}
		if !slices.Equal(same[0], same[1]) {
			t.Fatalf("%v to %v: %v is not %v", x, y, same[0], same[1])
		}
	}
}

// Every setting has a name of its own; what is empty is none.
func TestSettings(t *testing.T) {
	img := &image.Image{Raw: []byte(`{"config": {"StopTimeout": 7, "Tty": false, "Hostname": "h", "Cmd": ["c"]}}`)}
	img.Config.Platform = ocispec.Platform{OS: "windows", Architecture: "arm64", Variant: "v8", OSVersion: "10.0", OSFeatures: []string{"win32k"}}
	img.Config.Config = image.RunConfig{Shell: []string{"sh"}, OnBuild: []string{"RUN x"}, Healthcheck: []byte(`{ "Test": ["CMD"] }`), ImageConfig: ocispec.ImageConfig{
		Env: []string{"A=1=2", "B=", "C"}, Labels: map[string]string{"l": "", "m": "1"}, Cmd: []string{"c", "d"}, Entrypoint: []string{"e"}, User: "u", WorkingDir: "/w", StopSignal: "SIGINT",
		ExposedPorts: map[string]struct{}{"80/tcp": {}}, Volumes: map[string]struct{}{"/v": {}}}}
	for _, c := range []struct {
		img  *image.Image
		want map[string]string
	}{
		{img, map[string]string{"platform": "windows/arm64/v8", "os version": "10.0", "os features": `["win32k"]`, "env A": "1=2", "env B": `""`, "env C": `""`, "label l": `""`, "label m": "1",
			"cmd": `["c","d"]`, "entrypoint": `["e"]`, "user": "u", "workdir": "/w", "stop signal": "SIGINT", "shell": `["sh"]`, "onbuild": `["RUN x"]`, "healthcheck": `{"Test":["CMD"]}`,
			"port 80/tcp": "exposed", "volume /v": "declared", "config StopTimeout": "7"}},
		{&image.Image{Config: image.Config{Image: ocispec.Image{Platform: ocispec.Platform{OS: "linux", Architecture: "amd64"}}}}, map[string]string{"platform": "linux/amd64"}},
	} {
		if d := cmp.Diff(c.want, settings(c.img)); d != "" {
			t.Error(d)
		}
	}
}

// Which COPY takes files of the build context is known where the Dockerfile says it.
func TestHost(t *testing.T) {
	for text, want := range map[string]bool{
		"COPY . .": true, "COPY --chown=1 a b /x/": true, "ADD x.tar /": true, "COPY --from=build /a /b": false, "COPY --from=img --chown=1 a b": false,
		"COPY $SRC /": true, "COPY git@x /": true, "COPY a://b /": true, "ADD https://x.example/y /": false, "ADD git@x.example:a/b.git /": false, "ADD $URL /": false, "COPY <<EOF /x": false, "RUN x y z": false, "COPY": false, "": false,
	} {
		if host(text) != want {
			t.Errorf("%q: not %v", text, want)
		}
	}
	d := Match("Dockerfile", []Line{{"FROM x", 1}, {"COPY . .", 2}, {"RUN a", 3}}, imageBy("base", "COPY . .", "RUN a", "COPY /y /z"))
	if !d.Host[1] || d.Host[0] || d.Host[2] || d.Host[3] {
		t.Errorf("%+v", d)
	}
}

// Steps of a history have the lines that made them, also of settings that it writes
// otherwise; those of a base image have none.
func TestSteps(t *testing.T) {
	lines := []Line{{"FROM base", 1}, {"ENV TOKEN abc", 2}, {"ENV A=1 B=2", 3}, {"RUN x", 4}, {"LABEL \"k\"=\"v\"", 5}, {"ENV C=$A", 6}, {"RUN y", 8}, {"RUN y", 9}}
	img := &image.Image{}
	for _, by := range []string{"ENV TOKEN=old", "RUN z", "ENV TOKEN=abc", "ENV A=1 B=2", "RUN x", "LABEL k=v", "ENV C=1", "RUN |1 P=x /bin/sh -c y", "RUN y", "CMD x=y"} {
		img.History = append(img.History, image.Step{History: ocispec.History{CreatedBy: by}})
	}
	want := map[int]int{2: 2, 3: 3, 4: 4, 5: 5, 6: 6, 7: 8, 8: 9}
	if got := Steps(lines, img); !maps.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if got := Steps([]Line{{"RUN a", 7}}, imageBy("RUN a")); got[0] != 7 {
		t.Errorf("without a FROM: %v", got)
	}
	if got := Steps(lines, imageBy("RUN of something else", "COPY a b")); len(got) > 0 {
		t.Errorf("another file's: %v", got)
	}
}
