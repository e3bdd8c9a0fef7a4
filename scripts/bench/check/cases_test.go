package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// attempt is a change with what must come out of it.
type attempt struct {
	name          string
	before, after string            // Dockerfiles; after is before where it is ""
	then, now     map[string]string // files of the context; now is added to then, and "-" removes
	args          []string          // of the check, today only
	world         func(w *world)    // what moves meanwhile
	on            string            // baselines: f(ile), g(it), l(abel), i(mage)
	yours         [2]int64          // bounds of live
	blame         []string          // places of which one is that of the largest cause of yours
	drift         string            // the part that has the drift, of 100 kB or more; "" for none
}

func tool(args ...string) string { return `RUN ["/tool", "` + strings.Join(args, `", "`) + "\"]\n" }

func big(n int, seed string) string { return string(random(n, seed)) }

var mb = [2]int64{1_400_000, 1_600_000}

// attempts are cases that the pull requests of the benchmark do not have.
func attempts(url string) []attempt {
	own := url + "/cases"
	gen := tool("generate", "/etc/gen.conf", "/var/gen")
	conf := func(n int) string { return fmt.Sprintf("# how much\nbytes %d\n", n) }
	write, rm := tool("write", "/opt/tmp", "1500000", "tmp"), tool("remove", "/opt/tmp")
	return []attempt{
		{name: "a deletion moves above what it deletes", before: "FROM base:now\n" + write + rm, after: "FROM base:now\n" + rm + write, on: "fgl", yours: mb, blame: []string{"Dockerfile:2", "Dockerfile:3"}},
		{name: "a deletion deletes something else", before: "FROM base:now\n" + write + rm, after: "FROM base:now\n" + write + tool("remove", "/opt/none"), on: "fgli", yours: mb, blame: []string{"Dockerfile:3"}},
		{name: "a deletion is taken out", before: "FROM base:now\n" + write + rm, after: "FROM base:now\n" + write, on: "fgli", yours: mb, blame: []string{"Dockerfile:2"}},
		{name: "a deletion comes in", before: "FROM base:now\n" + write, after: "FROM base:now\n" + write + rm, on: "fgl", yours: [2]int64{-1_600_000, -1_400_000}, blame: []string{"Dockerfile:3"}},
		{name: "a line that a later one read is gone", before: "FROM base:now\nCOPY big /etc/gen.conf\nCOPY small /etc/gen.conf\n" + gen, after: "FROM base:now\nCOPY big /etc/gen.conf\n" + gen,
			then: map[string]string{"big": conf(1_501_000), "small": conf(1000)}, on: "fgl", yours: mb, blame: []string{"Dockerfile:2"}},
		{name: "an argument that the flag gives", before: "FROM base:now\nARG CURL=1.2\n" + tool("install", own, "curl=$CURL"), args: []string{"--build-arg", "CURL=2.7"}, on: "f", yours: mb, blame: []string{"Dockerfile:2"}},
		{name: "a variable", before: "FROM base:now\nENV CURL=1.2\n" + tool("install", own, "curl=$CURL"), after: "FROM base:now\nENV CURL=2.7\n" + tool("install", own, "curl=$CURL"), on: "fgli", yours: mb, blame: []string{"Dockerfile:2"}},
		{name: "a here-document", before: "FROM base:now\nCOPY <<EOF /etc/gen.conf\n" + conf(1000) + "EOF\n" + gen, after: "FROM base:now\nCOPY <<EOF /etc/gen.conf\n" + conf(1_501_000) + "EOF\n" + gen, on: "fgl", yours: mb, blame: []string{"Dockerfile:2"}},
		{name: "a here-document uses an argument", before: "FROM base:now\nARG SIZE=1000\nCOPY <<EOF /etc/gen.conf\nbytes $SIZE\nEOF\n" + gen, after: "FROM base:now\nARG SIZE=1501000\nCOPY <<EOF /etc/gen.conf\nbytes $SIZE\nEOF\n" + gen, on: "fgl", yours: mb, blame: []string{"Dockerfile:2", "Dockerfile:3"}},
		{name: "an address serves something else", before: "FROM base:now\nADD " + own + "/feed /feed\n", world: func(w *world) { w.release("cases", "feed", release{"2", 2_500_000}) }, on: "f", drift: "packages"},
		{name: "an archive is unpacked", before: "FROM base:now\nADD x.tar /x/\n", then: map[string]string{"x.tar": tarOf("a", 1000)}, now: map[string]string{"x.tar": tarOf("a", 1_501_000)}, on: "fgl", yours: mb, blame: []string{"x.tar"}},
		{name: "files of another image", before: "FROM base:now\nCOPY --from=ext:now /lib/libbase /ext\n", world: func(w *world) { w.mustTag("base:1", "ext:now") }, on: "f", drift: "base"},
		{name: "another image to take files from", before: "FROM base:now\nCOPY --from=base:0 /lib/libbase /ext\n", after: "FROM base:now\nCOPY --from=other:0 /lib/libbase /ext\n", on: "fgl", yours: [2]int64{1_500_000, 1_700_000}, blame: []string{"Dockerfile:2"}},
		{name: "a line of an inner stage", before: "FROM base:now AS build\n" + tool("write", "/out", "1000", "x") + "FROM base:now\nCOPY --from=build /out /out\n", after: "FROM base:now AS build\n" + tool("write", "/out", "1501000", "x") + "FROM base:now\nCOPY --from=build /out /out\n", on: "fgl", yours: mb, blame: []string{"Dockerfile:2"}},
		{name: "the base of an inner stage", before: "FROM base:0 AS build\nFROM base:now\nCOPY --from=build /lib/libbase /out\n", after: "FROM other:0 AS build\nFROM base:now\nCOPY --from=build /lib/libbase /out\n", on: "fgl", yours: [2]int64{1_500_000, 1_700_000}, blame: []string{"Dockerfile:1"}},
		{name: "a stage without a name comes first", before: "FROM base:now\n" + tool("write", "/opt/a", "1000", "x"), after: "FROM base:0\n" + tool("write", "/out", "1500000", "y") + "FROM base:now\nCOPY --from=0 /out /out\n" + tool("write", "/opt/a", "1000", "x"), world: func(w *world) { w.mustTag("base:1", "base:now") }, on: "f", yours: mb, blame: []string{"Dockerfile:4", "Dockerfile:2"}, drift: "base"},
		{name: "a stage gets a name, and the base moves", before: "FROM base:now\n" + tool("write", "/opt/a", "1000", "x"), after: "FROM base:now AS app\n" + tool("write", "/opt/a", "1000", "x"), world: func(w *world) { w.mustTag("base:1", "base:now") }, on: "fl", drift: "base"},
		{name: "a file that is mounted", before: "FROM base:now\nRUN --mount=type=bind,source=gen.conf,target=/etc/gen.conf [\"/tool\", \"generate\", \"/etc/gen.conf\", \"/var/gen\"]\n", then: map[string]string{"gen.conf": conf(1000)}, now: map[string]string{"gen.conf": conf(1_501_000)}, on: "fgl", yours: mb, blame: []string{"gen.conf"}},
		{name: "lines are folded and commented", before: "FROM base:now\n" + write + "LABEL a=b\n", after: "# new\n\nFROM base:now\n# why\nRUN [\"/tool\", \\\n  # a comment\n  \"write\", \"/opt/tmp\", \"1500000\", \"tmp\"]\nLABEL a=b\n", on: "fgl"},
		{name: "lines that only move", before: "FROM base:now\n" + tool("write", "/a", "700000", "a") + tool("write", "/b", "900000", "b") + "COPY f /f\n", after: "FROM base:now\nCOPY f /f\n" + tool("write", "/b", "900000", "b") + tool("write", "/a", "700000", "a"), then: map[string]string{"f": "x"}, on: "fgl"},
		{name: "nothing but times", before: "FROM base:now\nCOPY f /f\n" + write, then: map[string]string{"f": "x"}, on: "fli"},
		{name: "odd names", before: "FROM base:now\nCOPY . /srv/\n", then: map[string]string{"a b/ü'$x.bin": "1"}, now: map[string]string{"a b/ü'$x.bin": big(1_500_000, "odd")}, on: "fgl", yours: mb, blame: []string{"a b/ü'$x.bin"}},
		{name: "a directory instead of a file", before: "FROM base:now\nCOPY . /srv/\n", then: map[string]string{"f": "1"}, now: map[string]string{"f": "-", "f/g": big(1_500_000, "g")}, on: "fg", yours: mb, blame: []string{"f/g"}},
		{name: "what a trigger of the base copies", before: "FROM trigger:0\n", then: map[string]string{"f": "1"}, now: map[string]string{"f": big(1_500_000, "trigger")}, on: "fg", yours: mb, blame: []string{"f"}},
		{name: "the working directory", before: "FROM base:now\nWORKDIR /a\nCOPY f lib/libbase\n", after: "FROM base:now\nWORKDIR /\nCOPY f lib/libbase\n", then: map[string]string{"f": big(1_000_000, "f")}, on: "f", yours: [2]int64{-1_100_000, -900_000}, blame: []string{"Dockerfile:2"}},
		{name: "packages move, and a file", before: "FROM base:now\nCOPY f /f\n" + tool("install", own, "zlib"), then: map[string]string{"f": "x"}, now: map[string]string{"f": big(1_500_000, "p")}, world: func(w *world) { w.release("cases", "zlib", release{"1.1", 2_900_000}) }, on: "fl", yours: mb, blame: []string{"f"}, drift: "packages"},
		{name: "the argument of a base", before: "ARG BASE=base:now\nFROM $BASE\n" + tool("write", "/a", "1000", "a"), after: "ARG BASE=other:0\nFROM $BASE\n" + tool("write", "/a", "1000", "a"), on: "fgl", yours: [2]int64{1_500_000, 1_700_000}, blame: []string{"Dockerfile:1", "Dockerfile:2"}},
		{name: "an argument before the first FROM", before: "ARG CURL=1.2\nFROM base:now\nARG CURL\n" + tool("install", own, "curl=$CURL"), after: "ARG CURL=2.7\nFROM base:now\nARG CURL\n" + tool("install", own, "curl=$CURL"), on: "fgl", yours: mb, blame: []string{"Dockerfile:1", "Dockerfile:3"}},
		{name: "a pin, and another package moves", before: "FROM base:now\n" + tool("install", own, "curl=1.2", "zlib"), after: "FROM base:now\n" + tool("install", own, "curl=2.7", "zlib"), on: "fg", yours: mb, blame: []string{"Dockerfile:2"}},
		{name: "a file that is pinned, and another package moves", before: "FROM base:now\nCOPY p /p\n" + tool("install-from", own, "/p"), then: map[string]string{"p": "curl=1.2\nzlib\n"}, now: map[string]string{"p": "curl=2.7\nzlib\n"}, world: func(w *world) { w.release("cases", "zlib", release{"1.1", 2_900_000}) }, on: "fl", yours: mb, blame: []string{"p"}, drift: "packages"},
		{name: "the same line twice", before: "FROM base:now\n" + tool("write", "/a", "1000", "a") + tool("write", "/a", "1000", "a"), after: "FROM base:now\n" + tool("write", "/a", "1000", "a") + tool("write", "/a", "1500000", "a") + tool("write", "/a", "1000", "a") + tool("write", "/b", "1500000", "a"), on: "fg", yours: mb, blame: []string{"Dockerfile:3", "Dockerfile:5"}},
		{name: "a stage that is not needed", before: "FROM base:now AS test\nCOPY f /f\nFROM base:now\n" + tool("write", "/a", "1000", "a"), now: map[string]string{"f": big(1_500_000, "t")}, then: map[string]string{"f": "1"}, on: "fgl"},
		{name: "stages change places", before: "FROM base:now AS a\n" + tool("write", "/o", "1000", "a") + "FROM base:now AS b\n" + tool("write", "/o", "2000", "b") + "FROM base:now\nCOPY --from=a /o /a\nCOPY --from=b /o /b\n", after: "FROM base:now AS b\n" + tool("write", "/o", "1502000", "b") + "FROM base:now AS a\n" + tool("write", "/o", "1000", "a") + "FROM base:now\nCOPY --from=a /o /a\nCOPY --from=b /o /b\n", on: "fgl", yours: mb, blame: []string{"Dockerfile:2"}},
		{name: "a stage on a stage", before: "FROM base:now AS a\n" + tool("write", "/o", "1000", "a") + "FROM a\n" + tool("write", "/p", "1000", "a"), after: "FROM base:now AS a\n" + tool("write", "/o", "1501000", "a") + "FROM a\n" + tool("write", "/p", "1000", "a"), on: "fgl", yours: mb, blame: []string{"Dockerfile:2"}},
		{name: "a mode", before: "FROM base:now\nCOPY --chmod=644 f /f\n", after: "FROM base:now\nCOPY --chmod=755 f /f\n", then: map[string]string{"f": big(1_500_000, "m")}, on: "fgl"},
		{name: "commands and labels", before: "FROM base:now\nCMD [\"/a\"]\n", after: "FROM base:now\nLABEL a=b\nHEALTHCHECK CMD x\nCMD [\"/b\"]\n", on: "fgli"},
		{name: "everything at once", before: "FROM base:now\nCOPY f /f\n" + tool("install", own, "zlib") + tool("write", "/a", "1000", "a"), after: "FROM base:now\nCOPY f /f\n" + tool("install", own, "zlib") + tool("write", "/a", "801000", "a"), then: map[string]string{"f": "1"}, now: map[string]string{"f": big(700_000, "e")}, world: func(w *world) { w.release("cases", "zlib", release{"1.1", 2_900_000}) }, on: "fl", yours: mb, blame: []string{"Dockerfile:4"}, drift: "packages"},
		{name: "what stands on packages that moved", before: "FROM base:now\n" + tool("install", own, "zlib") + tool("noise", "/var/noise.log"), world: func(w *world) { w.release("cases", "zlib", release{"1.1", 2_900_000}) }, on: "fl", drift: "packages"},
	}
}

func tarOf(name string, n int) string {
	head := make([]byte, 512)
	copy(head, name)
	copy(head[100:], "0000644\x000000000\x000000000\x00")
	copy(head[124:], fmt.Sprintf("%011o\x0000000000000\x00        0", n))
	sum := 0
	for _, b := range head {
		sum += int(b)
	}
	copy(head[148:], fmt.Sprintf("%06o\x00 ", sum))
	body := make([]byte, (n+511)/512*512+1024)
	copy(body, random(n, name))
	return string(head) + string(body)
}

func (w *world) mustTag(from, to string) {
	if _, _, err := w.run(context.Background(), today, w.dir, "tag", from, to); err != nil {
		panic(err)
	}
}

// Each attempt is built on yesterday's machine and on today's, against each kind of baseline that
// can tell it (TARE_TEST_CHECKS=all, as make bench-check has it), else against one of them.
func TestAttempts(t *testing.T) {
	tare := program(t)
	w, done, err := newWorld(t.Context(), tare, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	trigger := filepath.Join(w.dir, "trigger")
	if err := os.MkdirAll(trigger, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(trigger, "Dockerfile"), []byte("FROM base:0\nONBUILD COPY . /srv/\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, m := range []string{yesterday, today} {
		if _, _, err := w.run(t.Context(), m, trigger, "build", "-q", "-t", "trigger:0", "."); err != nil {
			t.Fatal(err)
		}
	}
	for n, a := range attempts(w.url) {
		if os.Getenv("TARE_TEST_CHECKS") != "all" {
			at := n % len(a.on)
			a.on = a.on[at : at+1]
		}
		for _, kind := range a.on {
			t.Run(a.name+" "+string(kind), func(t *testing.T) { a.run(t, w, kind) })
		}
	}
}

func (a *attempt) run(t *testing.T, w *world, kind rune) {
	for _, m := range []string{yesterday, today} {
		for _, to := range []string{"base:now", "ext:now"} {
			if _, _, err := w.run(t.Context(), m, w.dir, "tag", "base:0", to); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, p := range []string{"curl", "zlib", "feed"} {
		w.release("cases", p, release{"1.0", 800_000})
	}
	before := &project{name: "cases", dir: ".", file: "Dockerfile", lines: strings.Split(strings.TrimSuffix(a.before, "\n"), "\n"), files: map[string][]byte{".dockerignore": []byte("Dockerfile\n.git\n")}}
	for name, body := range a.then {
		before.files[name] = []byte(body)
	}
	after := before.clone()
	if a.after != "" {
		after.lines = strings.Split(strings.TrimSuffix(a.after, "\n"), "\n")
	}
	for name, body := range a.now {
		if after.files[name] = []byte(body); body == "-" {
			delete(after.files, name)
		}
	}
	root := filepath.Join(t.TempDir(), "repo")
	if err := os.MkdirAll(root, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"init", "-q", "-b", "main"}} {
		if _, err := git(t.Context(), root, args...); err != nil {
			t.Fatal(err)
		}
	}
	if err := before.write(root); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"add", "-A"}, {"commit", "-qm", "main"}} {
		if _, err := git(t.Context(), root, args...); err != nil {
			t.Fatal(err)
		}
	}
	u := &pull{before: before, after: after, baseline: map[rune]string{'f': "file", 'g': "git", 'l': "label", 'i': "image"}[kind]}
	baseline, err := w.baseline(t.Context(), u, root)
	if err != nil {
		t.Fatal(err)
	}
	if a.world != nil {
		a.world(w)
	}
	if err := after.write(root); err != nil {
		t.Fatal(err)
	}
	out, _, err := w.run(t.Context(), today, root, append([]string{"check", "--format", "json", "--baseline", baseline, "."}, a.args...)...)
	if err != nil {
		t.Fatal(err)
	}
	r, err := decode(out)
	if err != nil {
		t.Fatal(err)
	}
	a.judge(t, u, r)
}

// judge holds what came out against what must.
func (a *attempt) judge(t *testing.T, u *pull, r *checked) {
	if text := exact(r, u); text != "" {
		t.Error(text)
	}
	i := r.Images[0]
	say := func() string {
		var b strings.Builder
		for _, c := range i.Causes {
			at := c.File
			if c.Line != nil {
				at += fmt.Sprintf(":%d", *c.Line)
			}
			fmt.Fprintf(&b, "\n  %-9s %s %.120s %+v", c.Part, at, c.Text, c.amounts)
		}
		return b.String()
	}
	if n := i.Delta["yours"].Live; n < a.yours[0] || n > a.yours[1] {
		t.Errorf("yours is %d of live, not %v%s", n, a.yours, say())
	}
	for _, part := range []string{"base", "packages", "noise", "unknown"} {
		n := i.Delta[part].Live
		if large := max(n, -n) >= 100_000; large != (part == a.drift) && !(part == "noise" && strings.Contains(a.before, "noise")) {
			t.Errorf("%s is %d of live%s", part, n, say())
		}
	}
	if a.blame == nil {
		return
	}
	for _, c := range i.Causes { // the largest first
		if c.Part != "yours" {
			continue
		}
		at := c.File
		if c.Line != nil {
			at += fmt.Sprintf(":%d", *c.Line)
		}
		if !slices.Contains(a.blame, at) {
			t.Errorf("%s is blamed, not %v%s", at, a.blame, say())
		}
		return
	}
}

// program is tare, built for a test that builds images; the test is skipped where it cannot.
func program(t *testing.T) string {
	if testing.Short() || runtime.GOOS != "linux" {
		t.Skip("it builds images")
	}
	for _, program := range []string{"git", "runc"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skip(program + " is not installed")
		}
	}
	tare := filepath.Join(t.TempDir(), "tare")
	build := exec.Command("go", "build", "-o", tare, "./cmd/tare")
	build.Dir = filepath.Join(here(), "../../..")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if out, err := exec.Command(tare, "doctor").CombinedOutput(); err != nil {
		t.Skipf("images cannot be built here: %s", out[:min(len(out), 500)])
	}
	return tare
}
