package profile

import (
	"fmt"
	"io/fs"
	"math"
	"strings"
	"testing"

	"tare/internal/engine"
)

func step(digest, name string, from, to float64, inputs ...string) engine.Step {
	return engine.Step{Digest: digest, Name: name, Start: from, End: to, Busy: to - from, Inputs: inputs}
}

func TestRoles(t *testing.T) {
	names := []string{"work", "source", "ask", "export"}
	for _, c := range []struct {
		name, inputs, want string
	}{
		{"[2/3] RUN x", "a", "work"}, {"[1/3] FROM a", "", "source"}, {"[internal] load build context", "", "source"}, {"https://h/x", "", "source"},
		{"exporting to image", "a", "export"}, {"sending tarball", "", "export"}, {"pushing layers", "", "export"}, {"merging (a, b)", "a", "export"},
		{"[internal] load build definition from Dockerfile", "", "ask"}, {"[internal] load metadata for a", "", "ask"}, {"[internal] load .dockerignore", "", "ask"}, {"[context x] load .dockerignore", "", "ask"},
		{"resolve image config for docker-image://x", "", "ask"}, {"docker-image://x", "", "ask"}, {"[auth] x", "", "ask"},
	} {
		s := step("d", c.name, 0, 1, strings.Fields(c.inputs)...)
		if got := names[roleOf(&s)]; got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// What ended last, what a step waited for, and what only looks like it.
func TestGraph(t *testing.T) {
	name := func(s *engine.Step) string {
		if s == nil {
			return "–"
		}
		return s.Digest
	}
	cached := step("cached", "[3/4] RUN c", 5, 5, "run")
	cached.Cached = true
	slow := step("slow", "[3/4] RUN s", 2, 2.002, "from")
	slow.Cached = true
	steps := []engine.Step{
		step("ask", "[internal] load metadata for a", 0, 1),
		step("from", "[1/4] FROM a", 1.1, 2),
		step("run", "[2/4] RUN r", 2, 5, "from"),
		cached,
		slow,
		step("copy", "[4/4] COPY f /", 5.1, 6, "cached", "context"),
		step("context", "[internal] load build context", 1.1, 3),
		step("never", "[4/4] RUN n", 0, 0, "run"),
		step("late", "[4/4] RUN l", 3, 4, "copy", "context"), // it ended before what it is said to stand on
		step("export", "exporting to image", 6, 7, "copy"),
		step("alone", "[5/5] RUN alone", 1.5, 2, "unknown"),
		step("equal", "[5/5] RUN equal", 6, 7, "copy"),
	}
	g := newGraph(steps)
	if got := name(g.last()); got != "export" {
		t.Errorf("%s ended last", got)
	}
	if got := name(newGraph([]engine.Step{steps[9], steps[11]}).last()); got != "export" {
		t.Errorf("%s ended last", got)
	}
	if got := name(newGraph([]engine.Step{steps[11], steps[9]}).last()); got != "export" {
		t.Errorf("%s ended last", got)
	}
	if got := name(newGraph([]engine.Step{steps[7]}).last()); got != "–" {
		t.Errorf("%s ended, though it never began", got)
	}
	if got := name(newGraph([]engine.Step{steps[2], steps[5], steps[1]}).last()); got != "copy" {
		t.Errorf("%s ended last", got)
	}
	for of, want := range map[string]string{"ask": "–", "from": "ask", "context": "ask", "run": "from", "copy": "run", "late": "context", "export": "copy", "alone": "ask", "slow": "from"} {
		if got := name(g.before(g.by[of])); got != want {
			t.Errorf("%s waited for %s, not %s", of, got, want)
		}
	}
	for of, want := range map[string]bool{"cached": true, "never": true, "slow": false, "run": false} {
		if got := idle(g.by[of]); got != want {
			t.Errorf("%s is idle: %t", of, got)
		}
	}
	// The longest chain, not the sum: ask, then from-run-copy (0.9 + 3 + 0.9), then the export.
	if got := newGraph(steps[:10]).ideal(); math.Abs(got-(1+0.9+3+0.9+1+1)) > 1e-9 { // "late" stands on copy
		t.Errorf("ideal %f", got)
	}
	circle := newGraph([]engine.Step{step("a", "[1/2] RUN a", 0, 1, "b"), step("b", "[2/2] RUN b", 1, 2, "a")})
	if got := circle.ideal(); got < 2 || math.IsInf(got, 0) {
		t.Errorf("a circle: %f", got)
	}
}

// What was done in less than a thousandth of a second was done, unless it came from the
// cache; of two that ended together the first counts, and no step waits for itself.
func TestGraphAtTheEdges(t *testing.T) {
	kept := func(s engine.Step) *engine.Step { s.Cached = true; return &s }
	ran := func(s engine.Step) *engine.Step { return &s }
	for _, c := range []struct {
		s    *engine.Step
		want bool
	}{
		{ran(step("a", "[1/2] RUN a", 0, 0.0005)), false}, {kept(step("a", "[1/2] RUN a", 0, 0.0005)), true}, {kept(step("a", "[1/2] RUN a", 0, 0.001)), false}, {ran(step("a", "[1/2] RUN a", 0, 0)), true},
	} {
		if got := idle(c.s); got != c.want {
			t.Errorf("%+v is idle: %v", c.s, got)
		}
	}
	early := newGraph([]engine.Step{step("copy", "[2/2] COPY f /", 1, 9), step("merge", "merging x", 2, 3, "copy")})
	if got := early.last().Digest; got != "copy" {
		t.Errorf("%s ended last", got)
	}
	g := newGraph([]engine.Step{
		step("one", "[1/3] RUN one", 0, 2), step("two", "[2/3] RUN two", 0, 2), step("beside", "[2/3] RUN beside", 1, 4),
		step("short", "[3/3] RUN short", 4, 4.0005, "one", "two"), step("then", "[3/3] RUN then", 4, 5, "beside"), step("later", "exporting to image", 4.0008, 6),
	})
	for of, want := range map[string]string{"short": "one", "then": "beside"} {
		if got := g.below(g.by[of]).Digest; got != want {
			t.Errorf("%s stands on %s, want %s", of, got, want)
		}
	}
	for of, want := range map[string]string{"later": "short", "short": "beside"} { // clocks differ by as much
		if got := g.ended(g.by[of], work, source).Digest; got != want {
			t.Errorf("before %s ended %s, want %s", of, got, want)
		}
	}
	twins := newGraph([]engine.Step{step("one", "[1/3] RUN one", 0, 2), step("two", "[2/3] RUN two", 0, 2), step("just", "[2/3] RUN x", 0, 3.001), step("s", "exporting to image", 3, 4)})
	if got := twins.ended(twins.by["s"], source).Digest; got != "just" {
		t.Errorf("%s ended before it", got)
	}
	twins.steps = append(twins.steps[:2], twins.steps[3])
	if got := twins.ended(twins.by["s"], source).Digest; got != "one" {
		t.Errorf("%s ended before it", got)
	}
}

// Which files of a context a step takes.
func TestTaken(t *testing.T) {
	files := map[string]File{}
	for _, p := range strings.Fields("a a/x a/y.md a/sub/z b.txt c.txt dir/f") {
		files[p] = File{Mode: 0o644}
	}
	for _, d := range []string{"a", "a/sub", "dir"} {
		files[d] = File{Mode: uint32(fs.ModeDir | 0o755)}
	}
	files["link"] = File{Mode: uint32(fs.ModeSymlink), Link: "a"}
	files["abs"] = File{Mode: uint32(fs.ModeSymlink), Link: "/dir"}
	files["dir/up"] = File{Mode: uint32(fs.ModeSymlink), Link: "../b.txt"}
	files["out"] = File{Mode: uint32(fs.ModeSymlink), Link: "../../b.txt"}
	files["loop"] = File{Mode: uint32(fs.ModeSymlink), Link: "loop"}
	files["dir/root"] = File{Mode: uint32(fs.ModeSymlink), Link: "/a"}
	files["w*"] = File{Mode: uint32(fs.ModeSymlink), Link: "a"}
	for _, c := range []struct {
		take engine.Take
		want string
	}{
		{engine.Take{Source: "/b.txt"}, "b.txt"},
		{engine.Take{Source: "b.txt"}, "b.txt"},
		{engine.Take{Source: "./a/"}, "a a/sub a/sub/z a/x a/y.md"},
		{engine.Take{Source: "/nowhere"}, ""},
		{engine.Take{Source: "/a/x/deeper"}, ""},
		{engine.Take{Source: "/*.txt", Wildcard: true}, "b.txt c.txt"},
		{engine.Take{Source: "/*.txt"}, ""},
		{engine.Take{Source: "/[b.txt", Wildcard: true}, ""},
		{engine.Take{Source: "/a/*", Wildcard: true}, "a/sub a/sub/z a/x a/y.md"},
		{engine.Take{Source: "/a", Exclude: []string{"*.md"}}, "a a/sub a/sub/z a/x"},
		{engine.Take{Source: "/a", Include: []string{"sub"}}, "a a/sub a/sub/z"},
		{engine.Take{Source: "/a", Include: []string{"*"}, Exclude: []string{"sub"}}, "a a/x a/y.md"},
		{engine.Take{Source: "/a", Exclude: []string{"["}}, "a"},
		{engine.Take{Source: "/link", Follow: true}, "a a/sub a/sub/z a/x a/y.md link"},
		{engine.Take{Source: "/link"}, "link"},
		{engine.Take{Source: "/link/x", Follow: true}, "a/x link"},
		{engine.Take{Source: "/link/x"}, ""},
		{engine.Take{Source: "/abs/f", Follow: true}, "abs dir/f"},
		{engine.Take{Source: "/dir/up", Follow: true}, "b.txt dir/up"},
		{engine.Take{Source: "/out", Follow: true}, "b.txt out"},
		{engine.Take{Source: "/loop", Follow: true}, "loop"},
		{engine.Take{Source: "/l*k", Follow: true, Wildcard: true}, "link"},
		{engine.Take{Source: "/link", Follow: true, Wildcard: true}, "a a/sub a/sub/z a/x a/y.md link"},
		{engine.Take{Source: "/link/*.md", Follow: true, Wildcard: true}, ""},             // BuildKit does not follow it
		{engine.Take{Source: "/a", Include: []string{"["}}, "a a/sub a/sub/z a/x a/y.md"}, // what cannot be read is taken for all
		{engine.Take{Source: "/dir/root/x", Follow: true}, "a/x dir/root"},
		{engine.Take{Source: "/w*", Follow: true}, "a a/sub a/sub/z a/x a/y.md w*"},
	} {
		if got := strings.Join(Taken(c.take, files), " "); got != c.want {
			t.Errorf("%+v: %s, want %s", c.take, got, c.want)
		}
	}
	if got := Taken(engine.Take{Source: "/"}, files); len(got) != len(files) {
		t.Errorf("%v", got)
	}
}

// A file is named before a directory, and the first of several.
func TestChanged(t *testing.T) {
	dir := func(mode uint32) File { return File{Mode: uint32(fs.ModeDir) | mode} }
	for _, c := range []struct {
		name      string
		then, now map[string]File
		want      string
	}{
		{"nothing", map[string]File{"d": dir(0o755)}, map[string]File{"d": dir(0o755)}, ": "},
		{"a directory's mode", map[string]File{"d": dir(0o755)}, map[string]File{"d": dir(0o700)}, "d: its mode was 755 and is 700"},
		{"the first directory", map[string]File{"d": dir(0o755), "e": dir(0o755)}, map[string]File{"d": dir(0o700), "e": dir(0o700)}, "d: its mode was 755 and is 700"},
		{"a file in it", map[string]File{"d": dir(0o755), "d/f": {Sum: "1"}}, map[string]File{"d": dir(0o700), "d/f": {Sum: "2"}}, "d/f: its content changed"},
		{"a directory that is new, and its file", map[string]File{}, map[string]File{"d": dir(0o755), "d/f": {Sum: "1"}}, "d/f: it is new"},
		{"an empty directory that is new", map[string]File{}, map[string]File{"d": dir(0o755)}, "d: it is new"},
		{"an empty directory that is gone", map[string]File{"d": dir(0o755)}, map[string]File{}, "d: it is gone"},
		{"a directory in place of a file", map[string]File{"f": {}}, map[string]File{"f": dir(0o755)}, "f: it was a file and is a directory"},
		{"the size alone", map[string]File{"f": {Size: 1}}, map[string]File{"f": {Size: 2}}, "f: its content changed"},
		{"the time alone", map[string]File{"f": {Time: 1, Changed: 1, Inode: 1}}, map[string]File{"f": {Time: 2, Changed: 2, Inode: 2}}, ": "},
		{"a pipe", map[string]File{"f": {}}, map[string]File{"f": {Mode: uint32(fs.ModeNamedPipe)}}, "f: it was a file and is a special file"},
	} {
		p, what := changed(engine.Take{Source: "/"}, c.then, c.now)
		if got := p + ": " + what; got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// What a line is whose steps are counted at an earlier one.
func TestInherit(t *testing.T) {
	ran := &engine.Step{Digest: "r", Start: 1, End: 2}
	hit := &engine.Step{Digest: "h", Cached: true}
	never := &engine.Step{Digest: "n"}
	cold := 5.0
	one := &Line{Lines: [2]int{2, 2}, steps: []string{"r"}, Ran: true, Seconds: 1, Cold: &cold}
	two := &Line{Lines: [2]int{3, 3}, steps: []string{"h", "x"}, Ran: true, Cached: true}
	sharing := &Line{Lines: [2]int{4, 4}, steps: []string{"h"}, shared: []share{{one, ran}}, Ran: true, Cached: true}
	for _, c := range []struct {
		name string
		l    Line
		want string // same as, ran, cached, seconds
	}{
		{"nothing is shared", Line{}, "0 false false 0"},
		{"it has a step of its own", Line{steps: []string{"x"}, shared: []share{{one, ran}}}, "0 false false 0"},
		{"all is one line's", Line{shared: []share{{one, ran}}}, "2 true false 1"},
		{"a part of a line's", Line{shared: []share{{two, hit}}}, "0 true true 0"},
		{"of two lines, one ran", Line{shared: []share{{one, ran}, {two, hit}}}, "0 true false 0"},
		{"of two lines, both from the cache", Line{shared: []share{{two, hit}, {sharing, hit}}}, "0 true true 0"},
		{"as many, but of two lines", Line{shared: []share{{two, hit}, {one, ran}}}, "0 true false 0"},
		{"of a line that shares itself", Line{shared: []share{{sharing, hit}}}, "0 true true 0"},
		{"it never began", Line{shared: []share{{two, never}}}, "0 false false 0"},
		{"one began", Line{shared: []share{{two, ran}, {one, never}}}, "0 true false 0"},
	} {
		c.l.inherit()
		if got := fmt.Sprint(c.l.SameAs, " ", c.l.Ran, " ", c.l.Cached, " ", c.l.Seconds); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
	for _, c := range []struct {
		s    engine.Step
		want bool
	}{{*ran, true}, {*hit, false}, {*never, false}, {engine.Step{Error: "x"}, true}, {engine.Step{End: 1, Cached: true}, false}} {
		if got := Executed(&c.s); got != c.want {
			t.Errorf("%+v: %t", c.s, got)
		}
	}
}

// What was sent in vain is held against the first line that takes files of the context.
func TestContextOfFindings(t *testing.T) {
	ops := []engine.Op{{Digest: "c", Kind: "local", Source: "context"}, {Digest: "o", Kind: "local", Source: "other"},
		{Digest: "1", Lines: [][2]int{{2, 2}}, Takes: []engine.Take{{Input: "o"}}}, {Digest: "2", Lines: [][2]int{{7, 7}}, Takes: []engine.Take{{Input: "c"}}}, {Digest: "3", Lines: [][2]int{{5, 6}}, Takes: []engine.Take{{Input: "o"}, {Input: "c"}}}, {Digest: "4", Takes: []engine.Take{{Input: "c"}}}}
	idle := &Idle{Bytes: 52, Files: 3, Top: []string{"docs"}}
	if c := (&Result{}).context(Input{Ops: ops, Now: &Build{Idle: idle}}); c.Unused != 52 || c.Files != 3 || len(c.Paths) != 1 || c.Line != 5 {
		t.Errorf("%+v", c)
	}
	for _, in := range []Input{{Ops: ops}, {Ops: ops, Now: &Build{}}} {
		if c := (&Result{}).context(in); c.Unused != 0 || c.Files != 0 || c.Line != 0 {
			t.Errorf("%+v", c)
		}
	}
}
