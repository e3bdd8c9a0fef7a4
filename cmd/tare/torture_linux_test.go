package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
)

// Each part of the torture has a number of its own; `make torture` raises them, and
// what is measured goes into the table of docs/reliability.md.
func times(t testing.TB, env string, usual int) int {
	t.Helper()
	v := os.Getenv(env)
	if v == "" {
		return usual
	}
	n, err := strconv.Atoi(v)
	if err != nil || n < 1 {
		t.Fatalf("%s=%s: want a number", env, v)
	}
	return n
}

// seed is that of all random moments: TARE_TORTURE_SEED to repeat a run.
func seed(t testing.TB) uint64 {
	t.Helper()
	if v := os.Getenv("TARE_TORTURE_SEED"); v != "" {
		n, err := strconv.ParseUint(v, 10, 64)
		if err != nil {
			t.Fatalf("TARE_TORTURE_SEED=%s: %v", v, err)
		}
		return n
	}
	return uint64(time.Now().UnixNano())
}

// checked is what the torture reads of `tare fsck --format json`.
type checked struct {
	Clean    bool
	Blobs    int
	Problems []struct {
		Kind, Image, Text, Remedy string
		Repaired                  bool
	}
}

// fsck checks a store and says what it found; it must work whatever it finds.
func (h *home) fsck(t testing.TB, args ...string) checked {
	t.Helper()
	p := h.start(t, append([]string{"fsck", "--format", "json"}, args...)...)
	code := p.wait()
	var c checked
	if err := json.Unmarshal([]byte(p.out.String()), &c); err != nil || code == 0 != c.Clean {
		t.Fatalf("fsck: exit code %d, %v\n%s%s", code, err, p.out.String(), p.err.String())
	}
	return c
}

// pushRandom puts an image that nobody else has into the registry.
func pushRandom(t testing.TB, n int) string {
	t.Helper()
	s := mustWorld(t)
	layer, err := random.Layer(300_000, "application/vnd.docker.image.rootfs.diff.tar.gzip")
	if err != nil {
		t.Fatal(err)
	}
	img, err := mutate.AppendLayers(s.image, layer)
	if err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("%s/random:%d", host(s.registry), n)
	if err := push(img, name); err != nil {
		t.Fatal(err)
	}
	return name
}

// victim is a command that is ended, and for how long it is let live at most.
type victim struct {
	name  string
	args  func(n int) []string
	limit time.Duration
	// after looks at what is left, beside what is looked at after every command.
	after func(n, code int)
}

// killers are the signals that commands are ended with.
var killers = []syscall.Signal{syscall.SIGKILL, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP}

// TestTortureKill ends commands with signals at random moments, while two other tares
// work on the same store. Whatever is left must be clean or repairable, every image
// that was finished must be there and work, and nothing may be mounted or running.
func TestTortureKill(t *testing.T) {
	needEngine(t)
	h := newHome(t)
	s := mustWorld(t)
	begin := time.Now()
	h.tare(t, "load", "-i", s.archive)
	kept := h.write(t, "kept/Dockerfile", "FROM probe\nRUN probe write /kept yes\nCMD [\"probe\", \"cat\", \"/kept\"]\n")
	h.tare(t, "build", "-t", "kept", kept)
	h.tare(t, "pull", host(s.registry)+"/probe")
	other := h.write(t, "other/Dockerfile", "FROM probe\nRUN probe write /n other\n")
	plain := []struct {
		name  string
		args  func(n int) []string
		limit time.Duration
	}{
		{"pull", func(n int) []string { return []string{"pull", pushRandom(t, n)} }, 150 * time.Millisecond},
		{"build", func(n int) []string {
			return []string{"build", "-t", "victim", h.write(t, fmt.Sprintf("v%d/Dockerfile", n), fmt.Sprintf("FROM probe\nRUN probe write /n %d && probe lines 3 mark-torture\n", n))}
		}, 700 * time.Millisecond},
		{"run", func(int) []string { return []string{"run", "probe", "probe", "lines", "4", "mark-torture"} }, 500 * time.Millisecond},
		{"weigh", func(int) []string { return []string{"weigh", "kept"} }, 120 * time.Millisecond},
		{"compare", func(int) []string { return []string{"compare", "probe", "kept", other} }, 500 * time.Millisecond},
		{"profile", func(n int) []string {
			return []string{"profile", h.write(t, fmt.Sprintf("p%d/Dockerfile", n), fmt.Sprintf("FROM probe\nRUN probe write /n %d && probe lines 3 mark-torture\n", n))}
		}, 700 * time.Millisecond},
		{"lab", func(n int) []string {
			h.write(t, fmt.Sprintf("l%d/Dockerfile", n), fmt.Sprintf("FROM probe\nRUN probe write /n %d\nCMD [\"probe\", \"lines\", \"2\", \"mark-torture\"]\n", n))
			return []string{"lab", h.write(t, fmt.Sprintf("l%d/tare.yaml", n), "version: 1\nvariants: [{name: a, dockerfile: Dockerfile}, {name: b, image: probe, check: {skip: true}}]\ncheck: {exit: 0}\nmeasure: {repeat: 2}\n")}
		}, 1500 * time.Millisecond},
		{"prune", func(int) []string { return []string{"system", "prune", "-af"} }, 300 * time.Millisecond},
		{"builder prune", func(int) []string { return []string{"builder", "prune", "-f"} }, 200 * time.Millisecond},
		{"image prune", func(int) []string { return []string{"image", "prune", "-f"} }, 60 * time.Millisecond},
		{"fsck --repair", func(int) []string { return []string{"fsck", "--repair"} }, 150 * time.Millisecond},
	}
	victims := more(t, h)
	for _, v := range plain {
		victims = append(victims, victim{v.name, v.args, v.limit, nil})
	}
	first := seed(t)
	t.Logf("TARE_TORTURE_SEED=%d", first)
	rnd := rand.New(rand.NewPCG(first, 1))
	// So that a short run is of other commands every time.
	rnd.Shuffle(len(victims), func(i, j int) { victims[i], victims[j] = victims[j], victims[i] })
	clean, kinds, finished := 0, map[string]int{}, []string{"kept", "probe"}
	total := times(t, "TARE_TORTURE", 8)
	for n := range total {
		v := victims[n%len(victims)]
		args := v.args(n)
		if v.name == "weigh" || v.name == "compare" { // else there is little left to do
			if err := os.RemoveAll(filepath.Join(h.store(), "cache")); err != nil {
				t.Fatal(err)
			}
		}
		beside := []*process{h.start(t, "run", "kept"), h.start(t, "build", "-q", "-t", "beside", other)}
		time.Sleep(time.Duration(rnd.Int64N(int64(200 * time.Millisecond))))
		p := h.start(t, args...)
		d := time.Duration(rnd.Int64N(int64(v.limit)))
		ending := killers[rnd.IntN(len(killers))]
		time.Sleep(d)
		h.noteRuns()
		if err := p.cmd.Process.Signal(ending); err != nil && !errors.Is(err, os.ErrProcessDone) {
			t.Fatal(err)
		}
		p.wait()
		for _, b := range beside {
			b.wait() // it may have been a client of the killed one: then it fails, but ends
		}
		if v.name == "pull" && p.code == 0 {
			finished = append(finished, args[1])
		}
		where := fmt.Sprintf("kill %d: %s with %v after %v (seed %d)", n, v.name, ending, d, first)
		if c := h.fsck(t); c.Clean {
			clean++
		} else {
			for _, p := range c.Problems {
				kinds[p.Kind]++
				if p.Kind == "blob" || p.Kind == "image" || p.Kind == "index" || p.Kind == "build cache" {
					t.Errorf("%s: damage: %s", where, p.Text)
				}
			}
			if c := h.fsck(t, "--repair"); !c.Clean {
				t.Errorf("%s: not repaired: %+v", where, c.Problems)
			}
		}
		names := strings.Fields(h.tare(t, "images", "--format", "{{.Repository}}:{{.Tag}}"))
		for _, f := range finished {
			if !slices.Contains(names, f) && !slices.Contains(names, f+":latest") {
				t.Errorf("%s: the image %s is lost: %v", where, f, names)
			}
		}
		if got := h.tare(t, "run", "kept"); got != "yes\n" {
			t.Errorf("%s: run: %q", where, got)
		}
		h.clean(t, "mark-torture")
		if v.after != nil {
			v.after(n, p.code)
		}
		if t.Failed() {
			t.Log(where)
			t.FailNow()
		}
	}
	for _, f := range finished {
		h.tare(t, "weigh", f)
	}
	var left []string
	for k, n := range kinds {
		left = append(left, fmt.Sprintf("%s %d", k, n))
	}
	slices.Sort(left)
	measured(t, "KILL, INT, TERM and HUP at random moments of 17 commands, with two other tares at work", fmt.Sprint(total),
		fmt.Sprintf("%d times clean, %d times repaired (left over: %s); 0 images lost, 0 damaged, 0 mounts, 0 processes left", clean, total-clean, strings.Join(left, ", ")), begin)
}

// measured adds a line to the table of docs/reliability.md, if that is wished.
func measured(t testing.TB, what, often, result string, begin time.Time) {
	t.Helper()
	line := fmt.Sprintf("| %s | %s | %s | %s |", what, often, result, time.Since(begin).Round(time.Second))
	t.Log(line)
	file := os.Getenv("TARE_TORTURE_REPORT")
	if file == "" || t.Failed() {
		return
	}
	page, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	found := false
	for l := range strings.Lines(string(page)) {
		l = strings.TrimSuffix(l, "\n")
		if strings.HasPrefix(l, "| "+what+" |") {
			l, found = line, true
		}
		if l == "<!-- end of the table -->" && !found {
			out = append(out, line)
		}
		out = append(out, l)
	}
	tmp := filepath.Join(filepath.Dir(file), "."+filepath.Base(file))
	if err := os.WriteFile(tmp, []byte(strings.Join(out, "\n")+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(tmp, file); err != nil {
		t.Fatal(err)
	}
}
