package profiler_test

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/bench"
	"tare/internal/engine"
	"tare/internal/profile"
	"tare/internal/profiler"
	"tare/internal/testkit"
)

var (
	begins  = regexp.MustCompile(`(?m)^RUN (.*)$`)
	command = regexp.MustCompile(`\b(put|del|gone|fail) ([^\s;]+) ?([^\s;]*)`)
)

// runs makes images of Dockerfiles whose RUN lines say "put PATH TEXT" and "del PATH", as a
// builder would: a layer for each RUN. "fail" fails when it is carried out by itself, and
// "gone" if what the part before it left is missing.
type runs struct {
	t     *testing.T
	n     int               // builds
	warm  bool              // parts come from the cache the first time
	shell []string          // of the base
	vary  map[string]string // by path what is written there by each way of building
}

func (w *runs) make(r engine.Build) (*testkit.Built, []engine.Step, error) {
	b, err := os.ReadFile(r.Dockerfile)
	if err != nil {
		return nil, nil, err
	}
	w.n++
	src := string(b)
	opt := testkit.Options{Layers: [][]byte{testkit.Tar(w.t, testkit.File("base", "base"))}, Shell: w.shell, History: []ocispec.History{{CreatedBy: "base"}}}
	lower := map[string]bool{"base": true}
	var steps []engine.Step
	at := begins.FindAllStringSubmatchIndex(src, -1)
	for n, m := range at {
		end := len(src)
		if n+1 < len(at) {
			end = at[n+1][0]
		}
		text := src[m[0]:end]
		s := engine.Step{Digest: digest.FromString(text).String(), Name: fmt.Sprintf("[%d/%d] RUN %s", n+2, len(at)+1, src[m[2]:m[3]]), Start: float64(n), End: float64(n) + 0.5, Busy: 0.5}
		s.Cached = w.warm && strings.Contains(text, "TARE_PART_") && !strings.Contains(text, "# ")
		list := command.FindAllStringSubmatch(text, -1)
		files, hidden := map[string]string{}, map[string]bool{}
		for _, c := range list {
			switch {
			case c[1] == "put":
				body := c[3]
				if v := w.vary[c[2]]; v != "" {
					body = fmt.Sprintf("%s%d", v, w.n)
					if v == "parts" {
						body = fmt.Sprint(strings.Contains(src, "TARE_PART_2_"))
					}
				}
				files[c[2]] = body
			case c[1] == "del":
				delete(files, c[2])
				hidden[c[2]] = lower[c[2]]
			case c[1] == "fail" && len(list) == 1 || c[1] == "gone" && !strings.Contains(text, "# ") && strings.Contains(text, "TARE_PART"):
				s.Error = map[string]string{"fail": "process \"sh\" did not complete successfully: exit code: 1", "gone": "process \"sh\" did not complete successfully: exit code: 97"}[c[1]]
				return nil, append(steps, s), &engine.BuildError{Err: errors.New(s.Error)}
			}
		}
		var entries []testkit.Entry
		for p, body := range files {
			lower[p] = true
			entries = append(entries, testkit.File(p, body))
		}
		for p, yes := range hidden {
			if yes {
				entries = append(entries, testkit.File(".wh."+p, ""))
			}
		}
		slices.SortFunc(entries, func(a, b testkit.Entry) int { return cmp.Compare(a.Name, b.Name) })
		opt.Layers = append(opt.Layers, testkit.Tar(w.t, entries...))
		opt.History = append(opt.History, ocispec.History{CreatedBy: "RUN " + src[m[2]:m[3]]})
		steps = append(steps, s)
	}
	return testkit.Image(w.t, opt), steps, nil
}

// splitOf is what --split says of a Dockerfile with these lines.
func splitOf(t *testing.T, w *runs, lines string) (*profile.Result, *testkit.Engine) {
	t.Helper()
	b, e, dir := setUp(t)
	w.t = t
	e.Make = w.make
	write(t, dir+"/Dockerfile", "FROM base\n"+lines+"\n")
	r := splitAgain(t, b, dir)
	if r.Failed != "" {
		t.Fatal(r.Failed)
	}
	return r, e
}

func splitAgain(t *testing.T, b *bench.Bench, dir string) *profile.Result {
	t.Helper()
	r, err := profiler.Run(t.Context(), b, profiler.Request{Target: dir, NoChecks: true, Split: true})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestSplit(t *testing.T) {
	w := &runs{}
	r, e := splitOf(t, w, "RUN put kept 12345 && put download 0123456789 && del download && del base")
	if len(r.Splits) != 1 || r.Splits[0].Line != 2 || r.Splits[0].Skipped != "" {
		t.Fatalf("%+v", r.Splits)
	}
	s := r.Splits[0]
	if len(s.Commands) != 4 || s.Commands[1].Text != "put download 0123456789" || s.Commands[1].Bytes.Files != 10 || s.Commands[1].Bytes.Waste != 10 || s.Commands[0].Bytes.Live != 5 || s.Commands[0].Seconds != 0.5 {
		t.Errorf("%+v", s.Commands)
	}
	if s.Removed.Files != 10 || s.Removed.Waste != 10 || s.Removed.Caused != 10 || s.Removed.Tar != 1024 || s.Removed.Entries != 1 || s.Layers.Files != 0 || s.Layers.Live != 0 || s.Layers.Tar <= 0 {
		t.Errorf("removed %+v, layers %+v", s.Removed, s.Layers)
	}
	if s.Bytes.Files != 5 || s.Bytes.Live != 5 || s.Bytes.Caused != 4 || s.Bytes.Tar != r.Lines[1].Bytes.Tar {
		t.Errorf("the line: %+v", s.Bytes)
	}
	if last := e.Builds[len(e.Builds)-1]; !last.Unlisted || last.Target != "" || strings.Contains(filepath.Base(filepath.Dir(last.Dockerfile)), "tare-profile") {
		t.Errorf("%+v", last)
	}
	if w.n != 3 {
		t.Errorf("%d builds for a line that comes out the same", w.n)
	}
	for _, c := range s.Commands {
		if c.Whole != "" || c.State {
			t.Errorf("%+v", c)
		}
	}
}

// The commands' bytes, less what is removed and what layers cost, are the line's.
func TestSplitSums(t *testing.T) {
	for _, line := range []string{"RUN put a 1 && put b 2", "RUN put a 1; put a 22; put a 333; del base", "RUN put a 1 && del a && put a 2", "RUN cd /x && put a 1; umask 7; put b 2; cd /"} {
		r, _ := splitOf(t, &runs{}, line)
		if len(r.Splits) != 1 || len(r.Splits[0].Commands) < 2 {
			t.Fatalf("%s: %+v %v", line, r.Splits, r.Notes)
		}
		s := r.Splits[0]
		for name, get := range map[string]func(profile.Bytes) int64{"tar": func(b profile.Bytes) int64 { return b.Tar }, "transfer": func(b profile.Bytes) int64 { return b.Transfer.Or(-1) }, "files": func(b profile.Bytes) int64 { return b.Files },
			"live": func(b profile.Bytes) int64 { return b.Live }, "waste": func(b profile.Bytes) int64 { return b.Waste }, "caused": func(b profile.Bytes) int64 { return b.Caused }, "entries": func(b profile.Bytes) int64 { return b.Entries }} {
			sum := -get(s.Removed) - get(s.Layers)
			for _, c := range s.Commands {
				sum += get(c.Bytes)
			}
			if sum != get(s.Bytes) {
				t.Errorf("%s: %s sums up to %d, not %d", line, name, sum, get(s.Bytes))
			}
		}
		if s.Layers.Files != 0 || s.Layers.Live != 0 || s.Layers.Waste != 0 || s.Layers.Caused != 0 {
			t.Errorf("%s: layers of their own cost files: %+v", line, s.Layers)
		}
	}
}

// What sets the shell's state has a row, and no bytes or seconds.
func TestSplitState(t *testing.T) {
	r, _ := splitOf(t, &runs{}, "RUN set -e; cd /x && put a 1; put b 2")
	s := r.Splits[0]
	var got []string
	for _, c := range s.Commands {
		got = append(got, fmt.Sprintf("%s %v %v", c.Text, c.State, c.Seconds > 0))
	}
	if strings.Join(got, "|") != "set -e true false|cd /x true false|put a 1 false true|put b 2 false true" {
		t.Errorf("%q", got)
	}
}

func TestWhatIsNotSplit(t *testing.T) {
	for line, want := range map[string]string{
		"RUN put a 1":                                                     "-",
		"RUN cd /x && put a 1":                                            "-",
		"RUN [\"put\", \"a\", \"&&\", \"b\"]":                             "-",
		"RUN if put a 1; then put b 2; fi":                                "an if stays whole",
		"RUN put a 1 & put b 2":                                           "background",
		"RUN <<EOF\n#!/usr/bin/python\nput a 1\nput b 2\nEOF":             "a program of its own (#!)",
		"RUN put a $$ && put b 1":                                         "number of its own process",
		"RUN --mount=type=tmpfs,target=/tmp put a 1 && put b 2":           "tmpfs mount",
		"RUN --mount=target=/src,rw put a 1 && put b 2":                   "writable bind mount",
		"RUN --mount=type=bind,readonly=false,target=/s put a 1 && put b": "writable bind mount",
		"RUN put a 1 && fail x && put b 2":                                "part 2 of 3 fails when it is built by itself",
		"RUN put TARE_PART_1_ 1 && put b 2":                               "a word that tare itself needs",
	} {
		r, _ := splitOf(t, &runs{}, line)
		if want == "-" {
			if len(r.Splits) > 0 || !strings.Contains(strings.Join(r.Notes, " "), "no RUN has several commands") {
				t.Errorf("%s: %+v %v", line, r.Splits, r.Notes)
			}
			continue
		}
		if len(r.Splits) != 1 || !strings.Contains(r.Splits[0].Skipped, want) || len(r.Splits[0].Commands) > 0 || r.Splits[0].Bytes != (profile.Bytes{}) {
			t.Errorf("%s: %+v does not say %q", line, r.Splits, want)
		}
		if n := r.Splits[0].Notes(); len(n) != 1 || !strings.HasPrefix(n[0], "Line 2 was not split: ") {
			t.Errorf("%q", n)
		}
	}
	for shell, want := range map[string]string{"python3 -c": "its SHELL is python3 -c", "/bin/bash -o pipefail -c": ""} {
		r, _ := splitOf(t, &runs{shell: strings.Fields(shell)}, "RUN put a 1 && put b 2")
		if got := r.Splits[0].Skipped; !strings.Contains(got, want) || want == "" && got != "" {
			t.Errorf("%s: %q", shell, got)
		}
	}
	if r, _ := splitOf(t, &runs{shell: []string{"python3", "-c"}}, "RUN print('a'); print(("); !strings.Contains(r.Splits[0].Skipped, "its SHELL is python3 -c: only sh and bash are taken apart") {
		t.Errorf("%+v", r.Splits)
	}
}

// The parts' result is compared with the line's; what differs between two runs of the line
// itself proves nothing, anything else that its state was lost.
func TestSplitsAreChecked(t *testing.T) {
	r, _ := splitOf(t, &runs{vary: map[string]string{"log": "run"}}, "RUN put a 1 && put log x")
	s := r.Splits[0]
	if s.Skipped != "" || len(s.Varying) != 1 || s.Varying[0] != "/log" {
		t.Errorf("%+v", s)
	}
	if n := s.Notes(); len(n) != 1 || n[0] != "Line 2: 1 file changes with each run of the whole line, too, and could not be compared: /log" {
		t.Errorf("%q", n)
	}
	r, _ = splitOf(t, &runs{vary: map[string]string{"a": "parts"}}, "RUN put a 1 && put b 2")
	if got := r.Splits[0].Skipped; !strings.Contains(got, "built command by command its result is not the line's: /a has another content") {
		t.Errorf("%q", got)
	}
	// A line that changes what is below it, and a part that finds it gone.
	r, _ = splitOf(t, &runs{}, "RUN put a 1\nRUN put b 2 && put a 3\nRUN del a && put c 4")
	if len(r.Splits) != 2 || r.Splits[0].Line != 3 || r.Splits[1].Commands[0].Bytes.Caused != 1 || r.Splits[1].Removed.Files != 0 {
		t.Errorf("%+v", r.Splits)
	}
}

// If the build cache has lost what a part left for the next, all are carried out again.
func TestSplitStateThatIsGone(t *testing.T) {
	w := &runs{}
	r, _ := splitOf(t, w, "RUN put a 1; gone x; put b 2")
	if len(r.Splits) != 1 || r.Splits[0].Skipped != "" || len(r.Splits[0].Commands) != 3 {
		t.Errorf("%+v", r.Splits)
	}
	if w.n != 4 {
		t.Errorf("%d builds", w.n)
	}
}

// Parts that are in the cache, of which nobody knows how long they took, are timed.
func TestSplitsAreTimed(t *testing.T) {
	for _, line := range []string{"RUN put a 1 && put b 2", "RUN cd /; put a 1; put b 2"} {
		w := &runs{warm: true}
		r, _ := splitOf(t, w, line)
		if c := r.Splits[0].Commands; w.n != 4 || c[len(c)-1].Seconds != 0.5 {
			t.Errorf("%s: %d builds: %+v", line, w.n, c)
		}
	}
}

// Lines of stages that stay behind are split, too; those of stages that nothing needs are
// not.
func TestSplitStages(t *testing.T) {
	r, _ := splitOf(t, &runs{}, "RUN put a 1 && put b 2\nFROM base AS unused\nRUN put u 1 && put v 2\nFROM base AS last\nRUN put c 3 && put d 4\nCOPY --from=0 /a /")
	var lines []int
	for _, s := range r.Splits {
		lines = append(lines, s.Line)
	}
	if !slices.Equal(lines, []int{2, 6}) {
		t.Errorf("%v", lines)
	}
}
