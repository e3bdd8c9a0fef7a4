package compare

import (
	"maps"
	"testing"

	"tare/internal/image"

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

// Which COPY takes files of the build context is known where the Dockerfile says it.
func TestHost(t *testing.T) {
	for text, want := range map[string]bool{
		"COPY . .": true, "COPY --chown=1 a b /x/": true, "ADD x.tar /": true, "COPY --from=build /a /b": false, "COPY --from=img --chown=1 a b": false,
		"ADD https://x.example/y /": false, "ADD git@x.example:a/b.git /": false, "ADD $URL /": false, "COPY <<EOF /x": false, "RUN x y z": false, "COPY": false, "": false,
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
