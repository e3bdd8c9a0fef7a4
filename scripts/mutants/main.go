// Command mutants asks whether a package's tests would notice if its code were wrong.
//
//	go run ./scripts/mutants [flags] ./internal/tree ./internal/weigh
//
// It plants small faults ("mutants"), one at a time: a comparison turned round or moved by
// one, half of a condition dropped, a sum that is a difference, a statement or an early
// return left out. A mutant that no test notices has survived: there is a test to write,
// or the fault changes nothing that can be seen.
//
// All mutants of a package are compiled into one test binary, each behind a switch, and
// the binary is run once for each; the sources are handed to the compiler as an overlay
// and are not touched.
package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

type options struct {
	run, skip, files string
	slow             time.Duration
	workers          int
}

func main() {
	var o options
	flag.StringVar(&o.run, "run", ".", "run only these tests (a regular expression, as go test's -run)")
	flag.StringVar(&o.skip, "skip", "", "do not run these tests")
	flag.StringVar(&o.files, "files", "", "plant only in files whose name matches this")
	flag.DurationVar(&o.slow, "slow", 20*time.Second, "do not run tests that take longer than this")
	flag.IntVar(&o.workers, "workers", 2, "so many mutants at once")
	flag.Parse()
	// A mutant may never end: it goes when this does.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	bad := 0
	for _, pkg := range flag.Args() {
		n, err := check(ctx, pkg, o)
		if err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", pkg, err)
			os.Exit(2)
		}
		bad += n
	}
	if bad > 0 {
		os.Exit(1)
	}
}

// check plants mutants in one package, prints those that survive, and counts them.
func check(ctx context.Context, pkg string, o options) (int, error) {
	p, err := list(pkg)
	if err != nil {
		return 0, err
	}
	known, err := readKnown("scripts/mutants/equivalent.txt")
	if err != nil {
		return 0, err
	}
	tmp, err := os.MkdirTemp(memory(), "mutants")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(tmp)
	match, err := regexp.Compile(o.files)
	if err != nil {
		return 0, err
	}
	bin := filepath.Join(tmp, "test")
	mutants, err := compile(p, match, tmp, bin)
	if err != nil {
		return 0, err
	}
	tests, err := survey(ctx, p.Dir, bin, tmp, o)
	if err != nil {
		return 0, err
	}
	fate := make([]string, len(mutants))
	var g sync.WaitGroup
	next := make(chan int)
	for range o.workers {
		g.Go(func() {
			for i := range next {
				m := &mutants[i]
				f := try(ctx, p.Dir, bin, m.id, tests)
				if lives := f == "survived" || f == "not reached"; known[m.key()] != "" && lives {
					f = "equivalent"
				} else if known[m.key()] != "" && f == "killed" {
					f = "not equivalent"
				}
				if fate[i] = f; f != "killed" && f != "equivalent" && ctx.Err() == nil {
					fmt.Printf("%-14s %s:%d %s\n", f, m.file, m.line, m.key())
				}
			}
		})
	}
	for i := range mutants {
		next <- i
	}
	close(next)
	g.Wait()
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	count := map[string]int{}
	for i, m := range mutants {
		count[fate[i]]++
		delete(known, m.key())
	}
	stale := 0
	for key := range known {
		if strings.HasPrefix(key, p.Name+"/") && o.files == "" {
			fmt.Printf("no longer planted: %s\n", key)
			stale++
		}
	}
	fmt.Printf("%s: %d mutants, %d killed, %d timed out, %d equivalent, %d not reached, %d survived\n",
		pkg, len(mutants), count["killed"], count["timed out"], count["equivalent"], count["not reached"], count["survived"])
	return count["survived"] + count["not reached"] + count["not equivalent"] + stale, nil
}

// memory is a directory in memory, where there is one: tests that make images there take a
// quarter of the time.
func memory() string {
	const shm = "/dev/shm"
	if f, err := os.Stat(shm); err == nil && f.IsDir() && os.Getenv("TMPDIR") == "" {
		return shm
	}
	return ""
}

// timed is a test, how long it takes, and the mutants whose code it runs.
type timed struct {
	name    string
	took    time.Duration
	reached map[int]bool
}

// survey runs each test once without a mutant.
func survey(ctx context.Context, dir, bin, tmp string, o options) ([]timed, error) {
	cmd := exec.Command(bin, "-test.list", o.run)
	cmd.Dir = dir
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("-test.list: %w", err)
	}
	skip := regexp.MustCompile("^$")
	if o.skip != "" {
		if skip, err = regexp.Compile(o.skip); err != nil {
			return nil, err
		}
	}
	var tests []timed
	for _, name := range strings.Fields(string(out)) {
		if strings.HasPrefix(name, "Benchmark") || skip.MatchString(name) {
			continue
		}
		reached := filepath.Join(tmp, "reached."+name)
		begin := time.Now()
		out, err := test(ctx, dir, bin, []string{name}, 4*o.slow, "MUTANTS_REACHED="+reached)
		took := time.Since(begin)
		if took > o.slow {
			fmt.Printf("left out: %s takes %v\n", name, took.Round(time.Second))
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("%s fails without a mutant: %w\n%s", name, err, out)
		}
		seen, err := readReached(reached)
		if err != nil {
			return nil, err
		}
		tests = append(tests, timed{name, took, seen})
	}
	slices.SortFunc(tests, func(a, b timed) int { return cmp.Compare(a.took, b.took) })
	return tests, nil
}

// try runs the tests that reach a mutant: the quick ones together, the slower ones in turn.
func try(ctx context.Context, dir, bin string, id int, tests []timed) string {
	var groups [][]string
	var limits []time.Duration
	for _, t := range tests {
		if !t.reached[id] {
			continue
		}
		if len(groups) == 0 || t.took > time.Second/2 {
			groups, limits = append(groups, nil), append(limits, 2*time.Second)
		}
		last := len(groups) - 1
		groups[last] = append(groups[last], t.name)
		limits[last] += 3 * t.took
	}
	if len(groups) == 0 {
		return "not reached"
	}
	for i, g := range groups {
		_, err := test(ctx, dir, bin, g, limits[i], "MUTANTS_ACTIVE="+strconv.Itoa(id))
		if errors.Is(err, context.DeadlineExceeded) {
			return "timed out"
		} else if err != nil {
			return "killed"
		}
	}
	return "survived"
}

// test runs tests of the binary in the package's directory, as go test does. The limit is
// of the processor's time, so that it is the same where others keep the machine busy; what
// waits for nothing is given up much later.
func test(ctx context.Context, dir, bin string, names []string, limit time.Duration, env string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*limit+time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "sh", "-c", `ulimit -t "$0" && exec "$@"`, strconv.Itoa(int(limit.Seconds())+1), bin,
		"-test.short", "-test.failfast", "-test.run", "^("+strings.Join(names, "|")+")$")
	// What tests leave behind that a mutant has stopped goes with the binary.
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env, "TMPDIR="+filepath.Dir(bin))
	out, err := cmd.CombinedOutput()
	if ctx.Err() != nil {
		return out, ctx.Err()
	}
	if err != nil && bytes.Contains(out, []byte("SIGXCPU")) {
		return out, context.DeadlineExceeded
	}
	return out, err
}

// listed is what go list says about a package.
type listed struct {
	Dir, Name string
	GoFiles   []string
}

func list(pkg string) (listed, error) {
	var p listed
	out, err := exec.Command("go", "list", "-json=Dir,Name,GoFiles", pkg).Output()
	if err != nil {
		return p, fmt.Errorf("go list: %w", err)
	}
	return p, json.Unmarshal(out, &p)
}

// compile builds the test binary. What does not compile behind a switch (a sum of
// constants, say) is left out, line by line, and tried again.
func compile(p listed, match *regexp.Regexp, tmp, bin string) ([]mutant, error) {
	bad := map[string]bool{} // file:line
	for range 20 {
		overlay := map[string]string{}
		var all []mutant
		for _, name := range p.GoFiles {
			if !match.MatchString(name) {
				continue
			}
			file := filepath.Join(p.Dir, name)
			src, err := os.ReadFile(file)
			if err != nil {
				return nil, err
			}
			text, found, err := plant(p.Name+"/"+name, src, len(all), func(line int) bool { return bad[fmt.Sprint(name, ":", line)] })
			if err != nil {
				return nil, err
			}
			all = append(all, found...)
			overlay[file] = filepath.Join(tmp, name)
			if err := os.WriteFile(overlay[file], text, 0o644); err != nil {
				return nil, err
			}
		}
		if len(all) == 0 {
			return nil, errors.New("nothing to mutate")
		}
		overlay[filepath.Join(p.Dir, "zz_mutants.go")] = filepath.Join(tmp, "zz_mutants.go")
		if err := os.WriteFile(filepath.Join(tmp, "zz_mutants.go"), []byte("package "+p.Name+"\n"+switches), 0o644); err != nil {
			return nil, err
		}
		b, err := json.Marshal(map[string]any{"Replace": overlay})
		if err != nil {
			return nil, err
		}
		if err := os.WriteFile(filepath.Join(tmp, "overlay.json"), b, 0o644); err != nil {
			return nil, err
		}
		out, err := exec.Command("go", "test", "-c", "-vet=off", "-gcflags=-e", "-overlay", filepath.Join(tmp, "overlay.json"), "-o", bin, p.Dir).CombinedOutput()
		if err == nil {
			seen := map[string]int{}
			for i := range all {
				seen[all[i].key()]++
				all[i].nth = seen[all[i].key()]
			}
			return all, nil
		}
		before := len(bad)
		for _, m := range complaint.FindAllStringSubmatch(string(out), -1) {
			bad[m[1]] = true
		}
		if len(bad) == before {
			return nil, fmt.Errorf("go test -c: %w\n%s", err, out)
		}
	}
	return nil, errors.New("it does not compile, whatever is left out")
}

// complaint is the compiler's file and line.
var complaint = regexp.MustCompile(`(?m)^\S*?([^/\s]+\.go:\d+):\d+: `)

func readReached(name string) (map[int]bool, error) {
	b, err := os.ReadFile(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) { // a test that runs none of the package's code
		return nil, err
	}
	seen := map[int]bool{}
	for _, f := range strings.Fields(string(b)) {
		n, err := strconv.Atoi(f)
		if err != nil {
			return nil, err
		}
		seen[n] = true
	}
	return seen, nil
}

// readKnown reads the mutants that change nothing that can be seen, each with its reason:
// lines of a mutant's key, " = " and why.
func readKnown(name string) (map[string]string, error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	known := map[string]string{}
	for i, line := range strings.Split(string(b), "\n") {
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		key, why, ok := strings.Cut(line, "  = ")
		if !ok || why == "" {
			return nil, fmt.Errorf("%s:%d: no reason", name, i+1)
		}
		known[key] = why
	}
	return known, nil
}
