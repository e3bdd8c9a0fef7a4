package gate_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/opencontainers/go-digest"

	"tare/internal/engine"
	"tare/internal/gate"
	"tare/internal/image"
	"tare/internal/profile"
	"tare/internal/units"
)

// part is a layer of an image to try things with, and the line that made it.
type part struct {
	text    string // of the instruction
	content string // decides the DiffID
	bytes   int64
	pkgs    []string // NAME VERSION BYTES
	entries map[string]int64
	hidden  map[int]int64
	takes   []string
	needs   []int // besides the line below
	line    int   // default its place
	images  []string
	sum     string // of the contents of entries, besides their size
}

func amounts(n int64) gate.Amounts {
	return gate.Amounts{Tar: 2 * n, Transfer: units.Known(3 * n), Live: n}
}

// made is an image of parts, the first being the base's FROM.
func made(files map[string]string, parts ...part) *gate.Subject {
	s := &gate.Subject{Name: "app", Platform: "linux/amd64", Metadata: 100, Sizes: image.Sizes{Transfer: units.Known(100)}}
	src := &gate.Source{Dockerfile: "app/Dockerfile", Context: "app", Stages: []string{"0"}, Known: true, Files: map[string]profile.File{}}
	for name, body := range files {
		src.Files[name] = profile.File{Mode: 0o644, Size: int64(len(body)), Sum: body}
	}
	src.Read = func(name string) ([]byte, bool) { b, ok := files[name]; return []byte(b), ok }
	for n, p := range parts {
		word, _, _ := strings.Cut(p.text, " ")
		l := gate.Line{Line: n + 1, Keyword: word, Text: p.text, Code: p.text, Below: n - 1, Needs: p.needs, Images: p.images}
		if p.line > 0 {
			l.Line = p.line
		}
		for _, t := range p.takes {
			l.Takes = append(l.Takes, engine.Take{Source: "/" + t, Wildcard: true})
		}
		s.Steps = append(s.Steps, gate.Step{Instruction: p.text, Layer: -1})
		if p.content != "" {
			k := gate.Layer{DiffID: digest.FromString(p.content), Blob: digest.FromString("blob " + p.content), Amounts: amounts(p.bytes), Hidden: p.hidden}
			for _, h := range p.hidden {
				k.Live -= h
			}
			for _, text := range p.pkgs {
				f := strings.Fields(text)
				var bytes int64
				_, _ = fmt.Sscan(f[2], &bytes)
				k.Packages = append(k.Packages, gate.Share{Package: "apk " + f[0], Version: f[1], Amounts: amounts(bytes)})
			}
			for name, bytes := range p.entries {
				if k.Entries == nil {
					k.Entries = map[string]gate.Entry{}
				}
				k.Entries[name] = gate.Entry{Amounts: amounts(bytes), Sum: fmt.Sprint(p.sum, bytes)}
			}
			l.Layers = []int{len(s.Layers)}
			s.Steps[n].Layer = len(s.Layers)
			s.Layers = append(s.Layers, k)
			s.Sizes.Tar += k.Tar
			s.Sizes.Live += k.Live
			s.Sizes.Transfer = s.Sizes.Transfer.Plus(k.Transfer)
		}
		src.Lines = append(src.Lines, l)
	}
	s.Source = src
	return s
}

// live are the causes with the bytes of live that they have.
func live(t *testing.T, before, after *gate.Subject) (out []string) {
	t.Helper()
	d, causes, err := gate.Divide(before, after)
	if err != nil {
		t.Fatal(err)
	}
	var sum int64
	for _, c := range causes {
		at := c.File
		if c.Line != nil {
			at += fmt.Sprintf(":%d", *c.Line)
		}
		out = append(out, fmt.Sprintf("%s %d %s %s", c.Part, c.Live, at, c.Text))
		sum += c.Live
	}
	if sum != d.Total.Live {
		t.Errorf("the causes are %d of %d", sum, d.Total.Live)
	}
	return out
}

var base = part{text: "FROM alpine", content: "base", bytes: 1000}

func run(content string, bytes int64) part {
	return part{text: "RUN make", content: content, bytes: bytes}
}

func copied(content string, file string, bytes int64) part {
	return part{text: "COPY " + file + " /srv/", content: content, bytes: bytes, entries: map[string]int64{"srv/" + file: bytes}, takes: []string{file}}
}

func install(content string, bytes int64, pkgs ...string) part {
	return part{text: "RUN apk add curl", content: content, bytes: bytes, pkgs: pkgs}
}

// Each part of a difference has cases in which it is blamed, and the same with what is
// blamed instead.
func TestDivide(t *testing.T) {
	conf := func(body string) map[string]string { return map[string]string{"gen.conf": body} }
	moved := part{text: "FROM alpine", content: "base 2", bytes: 1500}
	for name, c := range map[string]struct {
		before, after *gate.Subject
		want          []string
	}{
		"nothing": {made(nil, base, run("a", 10)), made(nil, base, run("a", 10)), nil},
		"a file grows": {made(conf("1"), base, copied("a", "gen.conf", 10)), made(conf("2"), base, copied("b", "gen.conf", 30)),
			[]string{"yours 20 app/gen.conf changed"}},
		"a file is copied again with other times": {made(conf("1"), base, copied("a", "gen.conf", 10)), made(conf("1"), base, copied("b", "gen.conf", 11)),
			[]string{"noise 1 app/Dockerfile:2 COPY gen.conf /srv/"}},
		"what an unchanged line makes of a changed file": {made(conf("1"), base, copied("a", "gen.conf", 1), run("x", 10)), made(conf("2"), base, copied("b", "gen.conf", 1), run("y", 500)),
			[]string{"yours 490 app/gen.conf changed; line 3 (RUN make) makes something else of it"}},
		"an unchanged line of which nothing changed": {made(conf("1"), base, copied("a", "gen.conf", 1), run("x", 10)), made(conf("1"), base, copied("a", "gen.conf", 1), run("y", 500)),
			[]string{"noise 490 app/Dockerfile:3 RUN make"}},
		"the base moved": {made(nil, base, run("x", 10)), made(nil, moved, run("y", 12)),
			[]string{"base 500 app/Dockerfile:1 FROM alpine has other layers", "base 2 app/Dockerfile:2 RUN make"}},
		"another base": {made(nil, base, run("x", 10)), made(nil, part{text: "FROM debian", content: "d", bytes: 3000}, run("x", 10)),
			[]string{`yours 2000 app/Dockerfile:1 FROM debian (was "FROM alpine")`}},
		"packages moved": {made(nil, base, install("a", 100, "curl 1 80")), made(nil, base, install("b", 150, "curl 2 120")),
			[]string{"packages 40 app/Dockerfile:2 apk curl 1 → 2", "packages 10 app/Dockerfile:2 what the package manager writes besides, of RUN apk add curl"}},
		"packages that did not move": {made(nil, base, install("a", 100, "curl 1 80")), made(nil, base, install("b", 150, "curl 1 80")),
			[]string{"noise 50 app/Dockerfile:2 RUN apk add curl"}},
		"a changed line that installs packages": {made(nil, base, install("a", 100, "curl 1 80")),
			made(nil, base, part{text: "RUN apk add curl git", content: "b", bytes: 300, pkgs: []string{"curl 2 90", "git 1 190"}}),
			[]string{`yours 200 app/Dockerfile:2 RUN apk add curl git (was "RUN apk add curl")`}},
		"packages and a file": {made(conf("1"), base, copied("a", "gen.conf", 1), install("a", 100, "curl 1 80")), made(conf("2"), base, copied("b", "gen.conf", 1), install("b", 400, "curl 2 120")),
			[]string{"yours 260 app/gen.conf changed; line 3 (RUN apk add curl) makes something else of it", "packages 40 app/Dockerfile:3 apk curl 1 → 2"}},
		"a file that pins": {made(conf("curl=1"), base, copied("a", "gen.conf", 1), install("a", 100, "curl 1 80")), made(conf("curl=2"), base, copied("b", "gen.conf", 1), install("b", 100, "curl 2 120")),
			[]string{"yours 40 app/gen.conf changed", "yours -40 app/gen.conf changed; line 3 (RUN apk add curl) makes something else of it"}},
		"a new line": {made(nil, base, run("x", 10)), made(nil, base, part{text: "RUN more", content: "m", bytes: 70}, run("x", 10)),
			[]string{"yours 70 app/Dockerfile:2 RUN more"}},
		"a line is gone": {made(nil, base, part{text: "RUN more", content: "m", bytes: 70}, run("x", 10)), made(nil, base, run("x", 10)),
			[]string{"yours -70 app/Dockerfile:1 removed: RUN more"}},
		"a deletion is the line's that deletes": {made(nil, base, run("x", 100), part{text: "RUN true", content: "n", bytes: 0}), made(nil, base, part{text: "RUN make", content: "x", bytes: 100, hidden: map[int]int64{2: 60}}, part{text: "RUN rm /x", content: "rm", bytes: 0}),
			[]string{`yours -60 app/Dockerfile:3 RUN rm /x (was "RUN true")`}},
		"a deletion that is gone": {made(nil, base, part{text: "RUN make", content: "x", bytes: 100, hidden: map[int]int64{2: 60}}, part{text: "RUN rm /x", content: "rm", bytes: 0}), made(nil, base, run("x", 100)),
			[]string{"yours 60 app/Dockerfile:2 removed: RUN rm /x"}},
		"a setting": {made(nil, base, part{text: "ENV N=1"}, run("x", 10)), made(nil, base, part{text: "ENV N=2"}, run("y", 90)),
			[]string{`yours 80 app/Dockerfile:2 ENV N=2 (was "ENV N=1"); line 3 (RUN make) makes something else of it`}},
		"a label": {made(nil, base, part{text: "LABEL n=1"}, run("x", 10)), made(nil, base, part{text: "LABEL n=2"}, run("y", 90)),
			[]string{"noise 80 app/Dockerfile:3 RUN make"}},
		"the repository itself": {made(map[string]string{".git/index": "1"}, base, copied("a", ".git/index", 10)), made(map[string]string{".git/index": "2"}, base, copied("b", ".git/index", 30)),
			[]string{"noise 20 app/Dockerfile:2 copies the repository itself (.git), which every commit changes"}},
	} {
		if d := cmp.Diff(c.want, live(t, c.before, c.after)); d != "" {
			t.Errorf("%s (-want +got)\n%s", name, d)
		}
	}
}

// Of several files that changed the one is blamed that the line names; else the line.
func TestSeveralFiles(t *testing.T) {
	files := func(a, b string) map[string]string { return map[string]string{"a.conf": a, "b.conf": b} }
	all := func(content string) part {
		return part{text: "COPY . /srv/", content: content, bytes: 2, entries: map[string]int64{"srv/a.conf": 1, "srv/b.conf": 1}, takes: []string{""}}
	}
	reads := func(text, content string, n int64) part { return part{text: text, content: content, bytes: n} }
	got := live(t, made(files("1", "1"), base, all("x"), reads("RUN make", "x1", 10)), made(files("2", "2"), base, all("y"), reads("RUN make", "y1", 90)))
	if d := cmp.Diff([]string{"yours 80 app/Dockerfile:3 RUN make, for which these changed: app/a.conf, app/b.conf"}, got); d != "" {
		t.Error(d)
	}
	got = live(t, made(files("1", "1"), base, all("x"), reads("RUN make b.conf", "x1", 10)), made(files("2", "2"), base, all("y"), reads("RUN make b.conf", "y1", 90)))
	if d := cmp.Diff([]string{"yours 80 app/b.conf changed; line 3 (RUN make b.conf) makes something else of it"}, got); d != "" {
		t.Error(d)
	}
}

// Where nothing is known of how before was built, its history tells what it can; the rest is
// unknown.
func TestHistoryAlone(t *testing.T) {
	alone := func(s *gate.Subject) *gate.Subject { s.Source = nil; return s }
	got := live(t, alone(made(nil, base, run("x", 10))), made(nil, base, run("y", 30)))
	if d := cmp.Diff([]string{"noise 20 app/Dockerfile:2 RUN make"}, got); d != "" {
		t.Error(d)
	}
	got = live(t, alone(made(nil, part{text: "", content: "other", bytes: 700}, run("x", 10))), made(nil, base, run("x", 10)))
	if d := cmp.Diff([]string{"unknown 300 app/Dockerfile:1 FROM alpine has other layers"}, got); d != "" {
		t.Error(d)
	}
	got = live(t, alone(made(nil, part{text: "", content: "other", bytes: 700})), made(nil, base, run("x", 10)))
	if d := cmp.Diff([]string{"unknown 310 app/Dockerfile layers that no line of a Dockerfile is known of"}, got); d != "" {
		t.Error(d)
	}
	// A builder that made one layer of several lines: nothing of it is a line's.
	flat := alone(made(map[string]string{"f": "1"}, base, copied("a", "f", 10), run("x", 10)))
	flat.Steps[1].Layer = -1
	got = live(t, flat, made(map[string]string{"f": "1"}, base, copied("a", "f", 10), run("y", 30)))
	if d := cmp.Diff([]string{"unknown 20 app/Dockerfile layers that no line of a Dockerfile is known of"}, got); d != "" {
		t.Error(d)
	}
	a, b := alone(made(nil, base)), alone(made(nil, base, run("x", 10)))
	if d := cmp.Diff([]string{"unknown 10  layers that no line of a Dockerfile is known of"}, live(t, a, b)); d != "" {
		t.Error(d)
	}
}

// What a file says that somebody wrote in is refused, not believed.
func TestCheck(t *testing.T) {
	good := made(nil, base, run("x", 10))
	if err := good.Check(); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*gate.Subject){
		"a layer that is not there": func(s *gate.Subject) { s.Source.Lines[1].Layers = []int{7} },
		"a layer of two lines":      func(s *gate.Subject) { s.Source.Lines[1].Layers = []int{0} },
		"a line that is not there":  func(s *gate.Subject) { s.Source.Lines[1].Needs = []int{9} },
		"below nothing":             func(s *gate.Subject) { s.Source.Lines[1].Below = -5 },
		"hidden by nothing":         func(s *gate.Subject) { s.Layers[0].Hidden = map[int]int64{9: 1} },
		"another size":              func(s *gate.Subject) { s.Sizes.Live++ },
		"a step of no layer":        func(s *gate.Subject) { s.Steps[0].Layer = 8 },
	} {
		s := made(nil, base, run("x", 10))
		spoil(s)
		if s.Check() == nil {
			t.Errorf("%s is believed", name)
		}
	}
}

// Without before's files those are blamed that have another content in the layer.
func TestFilesOfWhichOnlyTheLayerIsKnown(t *testing.T) {
	alone := func(s *gate.Subject) *gate.Subject { s.Source = nil; return s }
	conf := map[string]string{"gen.conf": "curl=2"}
	before := alone(made(conf, base, copied("a", "gen.conf", 10), install("x", 100, "curl 1 80")))
	got := live(t, before, made(conf, base, copied("b", "gen.conf", 11), install("y", 500, "curl 2 480")))
	if d := cmp.Diff([]string{"yours 401 app/gen.conf changed"}, got); d != "" {
		t.Error(d)
	}
	digit := copied("b", "gen.conf", 10)
	digit.sum = "as long"
	made1 := alone(made(conf, base, copied("a", "gen.conf", 10), run("x", 100)))
	got = live(t, made1, made(conf, base, digit, run("y", 500)))
	if d := cmp.Diff([]string{"yours 400 app/gen.conf changed; line 3 (RUN make) makes something else of it"}, got); d != "" {
		t.Error(d)
	}
	got = live(t, before, made(conf, base, copied("b", "gen.conf", 10), install("y", 500, "curl 2 480"))) // other times
	if d := cmp.Diff([]string{"packages 400 app/Dockerfile:3 apk curl 1 → 2"}, got); d != "" {
		t.Error(d)
	}
}
