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

// A line is named only if the Dockerfile has that instruction once.
func TestLine(t *testing.T) {
	s := Subject{Lines: []Line{{"RUN  apk add  python3", 4}, {"RUN true", 5}, {"RUN true", 6}}}
	for instruction, want := range map[string]int{"RUN |2 A=x y B= /bin/sh -c apk add python3": 4, "RUN |1 A=1 /bin/sh -c x -c apk add python3": 0, "RUN |1 A=1 /bin/sh -c true": 0, "RUN |1 A=1 /bin/sh -c apk add python": 0, "RUN |": 0, "RUN | apk add python3": 0, "RUN apk add python3": 4, "RUN true": 0, "RUN false": 0, "": 0} {
		if got := s.line(instruction); got != want {
			t.Errorf("%q is in line %d, want %d", instruction, got, want)
		}
	}
}

// Build arguments before a command are passed over, and nothing that only looks like them.
func TestSame(t *testing.T) {
	for _, c := range []struct {
		line, instruction string
		want              bool
	}{
		{"RUN make", "RUN |1 V=1 /bin/sh -c make", true}, {"RUN  make all", "RUN |1 V=1 /bin/sh -c make all", true},
		{"COPY make", "RUN |1 V=1 /bin/sh -c make", false}, {"RUN make", "CMD |1 V=1 /bin/sh -c make", false}, {"RUN make", "RUN V=1 /bin/sh -c make", false},
		{"RUN", "RUN |1 A /bin/sh -c", false}, {"RUN RUN |x y", "RUN |x y", false},
	} {
		if got := same(c.line, c.instruction); got != c.want {
			t.Errorf("%q, %q: %v", c.line, c.instruction, got)
		}
	}
}

// A setting is the line that sets what it sets, if one does.
func TestSetting(t *testing.T) {
	for _, c := range []struct {
		line, instruction string
		want              int
	}{
		{"ENV A=1", "ENV A=2", 7}, {"ARG A=1", "ARG A=2", 7}, {"LABEL A=1", "LABEL A=2", 7}, {"env A=1", "ENV A=2", 7},
		{"ENV A=1", "ENV A", 0}, {"RUN A=1 y", "RUN A=1 x", 0}, {"LABEL A=1", "ENV A=2", 0}, {"ENV AB=1", "ENV A=2", 0},
	} {
		if got := setting([]Line{{c.line, 7}}, c.instruction); got != c.want {
			t.Errorf("%q, %q: line %d", c.line, c.instruction, got)
		}
	}
	if got := Steps([]Line{{"RUN x", 4}}, imageBy("RUN x")); got[0] != 4 {
		t.Errorf("%v", got)
	}
}

// imageBy is an image whose layers were made by these instructions.
func imageBy(by ...string) *image.Image {
	img := &image.Image{Layers: make([]image.Layer, len(by))}
	for k, s := range by {
		img.History = append(img.History, image.Step{History: ocispec.History{CreatedBy: s}, Layer: k})
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
		{"the first is there twice", []Line{from, {"RUN a", 2}, {"RUN a", 3}, {"COPY . .", 4}}, imageBy("# debian", "RUN a", "RUN a", "COPY . ."), 1, "python:slim", map[int]int{3: 4}},
		{"more instructions than layers", []Line{from, {"WORKDIR /x", 2}, {"RUN b", 3}, {"COPY . .", 4}}, imageBy("COPY . ."), 0, "", map[int]int{0: 4}},
		{"a variable", []Line{{"FROM $BASE", 1}, {"RUN a", 2}}, imageBy("x", "RUN a"), 1, "", map[int]int{1: 2}},
		{"without a FROM", []Line{{"RUN a", 2}}, imageBy("x", "RUN a"), 1, "", map[int]int{1: 2}},
	} {
		d := Match("Dockerfile", c.lines, c.img)
		if d == nil || d.Base != c.base || d.From != c.image || d.Name != "Dockerfile" {
			t.Errorf("%s: %+v", c.name, d)
			continue
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
	lines := []Line{{"FROM base", 1}, {"ENV TOKEN abc", 2}, {"ENV A=1 B=2", 3}, {"RUN x", 4}, {"LABEL \"k\"=\"v\"", 5}, {"ENV C=1", 6}, {"ENV C=2", 7}, {"RUN y", 8}, {"RUN y", 9}}
	img := &image.Image{}
	for _, by := range []string{"ENV TOKEN=old", "RUN z", "ENV TOKEN=abc", "ENV A=1 B=2", "RUN x", "LABEL k=v", "ENV C=3", "RUN y", "CMD x=y", "ENV TOKENS=1"} {
		img.History = append(img.History, image.Step{History: ocispec.History{CreatedBy: by}})
	}
	want := map[int]int{2: 2, 3: 3, 4: 4, 5: 5}
	if got := Steps(lines, img); !maps.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}
