package chart

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"

	"tare/internal/compare"
	"tare/internal/profile"
	"tare/internal/units"
	"tare/internal/weigh"
)

// shape is a rectangle or a circle of a drawing, with what its tip says.
type shape struct {
	kind, fill, class, tip string
	x, y, w, h             float64
}

// drawn reads a picture back: it must be well-formed, and nothing may stick out of it.
func drawn(t *testing.T, p Picture) (shapes []shape, texts []string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(p.SVG))
	var open []string
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("%v\n%s", err, p.SVG)
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			open = append(open, tok.Name.Local)
			if tok.Name.Local != "rect" && tok.Name.Local != "circle" {
				continue
			}
			s := shape{kind: tok.Name.Local}
			for _, a := range tok.Attr {
				n, _ := strconv.ParseFloat(a.Value, 64)
				switch a.Name.Local {
				case "fill":
					s.fill = a.Value
				case "class":
					s.class = a.Value
				case "x", "cx":
					s.x = n
				case "y", "cy":
					s.y = n
				case "width", "r":
					s.w = n
				case "height":
					s.h = n
				}
			}
			if s.x < 0 || s.y < 0 || s.x+s.w > p.W+0.01 || s.y+s.h > p.H+0.01 {
				t.Errorf("it sticks out of %.0f × %.0f: %+v", p.W, p.H, s)
			}
			shapes = append(shapes, s)
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			switch open[len(open)-1] {
			case "title":
				shapes[len(shapes)-1].tip = string(tok)
			case "text":
				texts = append(texts, string(tok))
			}
		}
	}
	return shapes, texts
}

func has(texts []string, want string) bool {
	for _, s := range texts {
		if s == want {
			return true
		}
	}
	return false
}

// A layer that two images share has one colour in both; the others are grey. Heights are
// to scale.
func TestLayers(t *testing.T) {
	sum := func(name string, tar int64) compare.LayerSum {
		return compare.LayerSum{DiffID: digest.FromString(name), Instruction: name, Tar: tar}
	}
	var r compare.Result
	for _, name := range []string{"one", "two"} {
		img := compare.Image{Name: name, Stack: []compare.LayerSum{sum("base", 600), sum("only "+name, 200)}}
		img.Sizes.Tar = 800
		r.Images = append(r.Images, img)
	}
	r.Images[1].Stack[1].Tar, r.Images[1].Sizes.Tar = 400, 1000
	shapes, texts := drawn(t, Layers(&r))
	fills, heights := map[string]string{}, map[string]float64{}
	for _, s := range shapes {
		fills[s.tip], heights[s.tip] = s.fill, s.h
	}
	shared, grey := fills["one, layer 1: 600B, shared by 2 images: base"], fills["one, layer 2: 200B: only one"]
	if shared == "" || shared != fills["two, layer 1: 600B, shared by 2 images: base"] || shared != fills["shared layer"] || shared == grey || grey != fills["two, layer 2: 400B: only two"] {
		t.Errorf("%v", fills)
	}
	for tip, want := range map[string]float64{"one, layer 1: 600B, shared by 2 images: base": 192, "one, layer 2: 200B: only one": 64, "two, layer 2: 400B: only two": 128} {
		if h := heights[tip]; h < want-0.01 || h > want+0.01 {
			t.Errorf("%s: %f high, not %f", tip, h, want)
		}
	}
	for _, want := range []string{"one", "two", "800B", "1kB", "base"} {
		if !has(texts, want) {
			t.Errorf("no %q in %q", want, texts)
		}
	}
}

// The bars lead from one image to the other, and what is not drawn is one bar.
func TestWaterfall(t *testing.T) {
	cause := func(name string, n int64) compare.Cause {
		return compare.Cause{Kind: "package", Subject: "deb " + name, Bytes: n, To: max(n, 0), From: max(-n, 0), Change: map[bool]string{true: "added", false: "removed"}[n > 0]}
	}
	d := &compare.Difference{From: "a", To: "b", Measure: "live", Total: units.Known(300), Causes: []compare.Cause{cause("big", 500), cause("less", -250), cause("c", 40), cause("d", 10)}}
	shapes, texts := drawn(t, Waterfall(d, 900, 1200, 2))
	var bars []string
	for _, s := range shapes {
		bars = append(bars, s.class+" "+s.tip)
	}
	if got := strings.Join(bars, "\n"); len(bars) != 5 || !strings.HasPrefix(bars[0], "tot a: 900 bytes") || !strings.HasPrefix(bars[1], "pos ") || !strings.Contains(bars[1], "big") || !strings.HasSuffix(bars[1], ": 500 bytes") ||
		!strings.HasPrefix(bars[2], "neg ") || !strings.HasSuffix(bars[2], ": −250 bytes") || bars[3] != "pos 2 smaller causes: 50 bytes" || bars[4] != "tot b: 1,200 bytes" {
		t.Errorf("%s", got)
	}
	// Each bar begins where the one before it ended.
	end := shapes[0].x + shapes[0].w
	for _, s := range shapes[1:4] {
		from, to := s.x, s.x+s.w
		if s.class == "neg" {
			from, to = to, from
		}
		if from < end-0.02 || from > end+0.02 {
			t.Errorf("%s begins at %f, not at %f", s.tip, from, end)
		}
		end = to
	}
	if last := shapes[4]; last.x+last.w < end-0.02 || last.x+last.w > end+0.02 {
		t.Errorf("%s ends at %f, not at %f", last.tip, last.x+last.w, end)
	}
	for _, s := range texts {
		if strings.HasPrefix(s, "the axis begins") {
			t.Error(s)
		}
	}
	// A small difference of large images is seen: the axis does not begin at 0, and says so.
	_, texts = drawn(t, Waterfall(d, 1_000_000, 1_000_300, 9))
	if !strings.Contains(strings.Join(texts, "\n"), "the axis begins at 1MB") {
		t.Errorf("%q", texts)
	}
	// Nothing at all is a drawing, too.
	if shapes, _ := drawn(t, Waterfall(&compare.Difference{From: "a", To: "b", Measure: "live"}, 0, 0, 3)); len(shapes) != 2 {
		t.Errorf("%+v", shapes)
	}
}

// What no other point beats in both is marked, and joined with a line.
func TestPareto(t *testing.T) {
	text := func(v float64) string { return fmt.Sprint(v) }
	points := []Point{{Name: "cheap", X: 1, Y: 10}, {Name: "quick", X: 10, Y: 1}, {Name: "worse", X: 10, Y: 10}, {Name: "middle", X: 5, Y: 5}, {Name: "equal", X: 5, Y: 5}}
	p := Pareto(points, "bytes", "time", text, text)
	shapes, _ := drawn(t, p)
	large := map[string]bool{}
	for _, s := range shapes {
		name, _, _ := strings.Cut(s.tip, ":")
		large[name] = s.w == 7
	}
	for name, want := range map[string]bool{"cheap": true, "quick": true, "middle": true, "equal": true, "worse": false} {
		if got, ok := large[name]; !ok || got != want {
			t.Errorf("%s: marked %t", name, got)
		}
	}
	if !strings.Contains(p.SVG, "stroke-dasharray") {
		t.Error("the front is not drawn")
	}
	if one := Pareto(points[:1], "bytes", "time", text, text); strings.Contains(one.SVG, "stroke-dasharray") {
		t.Error("a front of one point is drawn as a line")
	}
	if none := Pareto([]Point{{Name: "x", X: 0, Y: 5}}, "bytes", "time", text, text); none.SVG != "" {
		t.Errorf("nothing was measured, and drawn: %s", none.SVG)
	}
}

func TestTreemap(t *testing.T) {
	n := weigh.Node{Name: "image", Bytes: 1000, Parts: []weigh.Node{
		{Name: "layer 1", Bytes: 900, Parts: []weigh.Node{{Name: "usr", Bytes: 600}, {Name: "bin", Bytes: 300}}},
		{Name: "layer 2", Bytes: 100},
	}}
	area := func(depth int) map[string]float64 {
		out := map[string]float64{}
		shapes, _ := drawn(t, Treemap(n, depth))
		for _, s := range shapes {
			out[s.tip] = s.w * s.h
		}
		return out
	}
	if a := area(1); len(a) != 2 || a["image/layer 1: 900B"] < 8*a["image/layer 2: 100B"] || a["image/layer 2: 100B"] <= 0 {
		t.Errorf("depth 1: %v", a)
	}
	if a := area(2); len(a) != 3 || a["image/layer 1/usr: 600B"] < 1.8*a["image/layer 1/bin: 300B"] || a["image/layer 2: 100B"] <= 0 {
		t.Errorf("depth 2: %v", a)
	}
	if a := area(0); len(a) != 1 || a["image: 1kB"] != 760*420 {
		t.Errorf("depth 0: %v", a)
	}
}

// Steps stand where their time was; those of no time are left out.
func TestGantt(t *testing.T) {
	r := &profile.Result{Seconds: 10, Spans: []profile.Span{{Name: "RUN a", Line: 3, Start: 0, End: 5, Critical: true}, {Name: "load", Start: 2, End: 4}, {Name: "cached", Start: 5, End: 5}}}
	shapes, texts := drawn(t, Gantt(r))
	if len(shapes) != 2 || shapes[0].class != "pos" || shapes[1].class != "tot" || shapes[0].w != 280 || shapes[1].x != 300+112 || shapes[1].w != 112 || shapes[1].tip != "load: 2.000 s to 4.000 s" {
		t.Errorf("%+v", shapes)
	}
	if !has(texts, "3: RUN a") || !has(texts, "load") || has(texts, "cached") {
		t.Errorf("%q", texts)
	}
	if p := Gantt(&profile.Result{Spans: []profile.Span{{Name: "cached"}}}); p.SVG != "" {
		t.Errorf("nothing was at work, and drawn: %s", p.SVG)
	}
}

// Names of strangers stay text.
func TestNamesAreText(t *testing.T) {
	evil := "</title><script>\x1b[31m\"'"
	for _, p := range []Picture{
		Treemap(weigh.Node{Name: evil, Bytes: 10}, 1),
		Gantt(&profile.Result{Seconds: 1, Spans: []profile.Span{{Name: evil, End: 1}}}),
		Pareto([]Point{{Name: evil, X: 1, Y: 1}}, evil, evil, func(float64) string { return evil }, func(float64) string { return evil }),
		Waterfall(&compare.Difference{From: evil, To: evil, Measure: evil, Causes: []compare.Cause{{Kind: "app", Subject: evil, Bytes: 1}}}, 0, 1, 5),
	} {
		drawn(t, p)
		if strings.Contains(p.SVG, "<script") || strings.Contains(p.SVG, "\x1b") {
			t.Errorf("%s: %s", p.ID, p.SVG)
		}
	}
}

func TestSelect(t *testing.T) {
	list := []Picture{{ID: "layers", Title: "1"}, {ID: "waterfall", Title: "2"}, {ID: "waterfall", Title: "3"}}
	for name, want := range map[string]string{"": "123", "layers": "1", "waterfall": "23"} {
		got, err := Select(list, "compare", name)
		titles := ""
		for _, p := range got {
			titles += p.Title
		}
		if err != nil || titles != want {
			t.Errorf("%q: %s, %v", name, titles, err)
		}
	}
	if _, err := Select(list, "compare", "gantt"); err == nil || err.Error() != "--chart gantt: compare has only: layers, waterfall" {
		t.Error(err)
	}
	if _, err := Select(nil, "compare", ""); err == nil || err.Error() != "there is no chart of this: one needs several images, files or measured times" {
		t.Error(err)
	}
	if Name("strata") != "layers" || Name("gantt") != "gantt" {
		t.Error("a chart's earlier name is not known, or a name of today is")
	}
}

// One picture is a file as it is, several stand one below the other.
func TestWriteSVG(t *testing.T) {
	one := Picture{ID: "a", Title: "first", SVG: `<svg viewBox="0 0 100 50"><rect/></svg>`, W: 100, H: 50}
	two := Picture{ID: "b", Title: "second & last", SVG: `<svg viewBox="0 0 300 70"><circle/></svg>`, W: 300, H: 70}
	var b strings.Builder
	if err := WriteSVG(&b, []Picture{one}); err != nil || b.String() != one.Alone() || !strings.Contains(b.String(), "<style>") {
		t.Errorf("%v: %s", err, b.String())
	}
	b.Reset()
	if err := WriteSVG(&b, []Picture{one, two}); err != nil {
		t.Fatal(err)
	}
	if got := regexp.MustCompile(` (y|height|width)="(\d+)"`).FindAllString(b.String(), -1); strings.Join(got, "") != ` width="300" height="220" y="18" y="26" y="118" y="126"` {
		t.Errorf("%q", got)
	}
	if !strings.Contains(b.String(), "second &amp; last") {
		t.Error(b.String())
	}
}
