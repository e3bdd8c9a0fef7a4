// Command conformance builds the Dockerfiles of buildah's and BuildKit's own tests with
// tare and with a plain buildkitd of the same version, compares what comes out, and
// writes docs/conformance.md. It fails where something differs and causes.txt has no
// cause. It needs root, runc and the Go modules; nothing of them is kept.
package main

import (
	"bytes"
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
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/containerd/log"

	"tare/internal/testkit"
)

// buildah's module, and what it must be: its sum as go.sum would hold it.
const (
	buildahModule  = "github.com/containers/buildah"
	buildahVersion = "v1.41.5"
	buildahSum     = "h1:tdxtsb+SctAQ0/vdAJg5AMArVypeN2DmIjHV1bkoMO4="
)

func main() {
	match := flag.String("run", "", "build only inputs whose name matches this regular expression, and write no page")
	page := flag.String("o", "", "write the page to this file")
	tare := flag.String("tare", "bin/tare", "the program to test")
	buildkitd := flag.String("buildkitd", "bin/buildkitd", "where to compile buildkitd to")
	parallel := flag.Int("parallel", 2, "pairs of builders at once")
	limit := flag.Duration("timeout", 30*time.Minute, "begin no build after this time")
	list := flag.Bool("list", false, "only list the inputs")
	keep := flag.Bool("keep", false, "leave the inputs where they are and say where")
	flag.Parse()
	_ = log.SetLevel("error") // the layouts of BuildKit's client warn of what does not matter here
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	h := &harness{tare: *tare, buildkitd: *buildkitd, parallel: *parallel, limit: *limit, page: *page, list: *list, keep: *keep}
	var err error
	if h.match, err = regexp.Compile("(?i)" + *match); err == nil {
		h.all = *match == ""
		err = h.run(ctx)
	}
	var skip skipped
	switch {
	case errors.As(err, &skip):
		fmt.Println("make conformance: skipped:", skip)
	case err != nil:
		fmt.Fprintln(os.Stderr, "make conformance:", err)
		os.Exit(1)
	}
}

// skipped says what this machine lacks.
type skipped string

func (s skipped) Error() string { return string(s) }

type harness struct {
	tare, buildkitd, page string
	parallel              int
	limit                 time.Duration
	match                 *regexp.Regexp
	all, list, keep       bool
}

func (h *harness) run(ctx context.Context) (err error) {
	if os.Getuid() != 0 {
		return skipped("buildkitd needs root")
	}
	if _, err := exec.LookPath("runc"); err != nil {
		return skipped("runc is not installed (apt-get install runc)")
	}
	work, err := os.MkdirTemp("", "tare-conformance-")
	if err != nil {
		return err
	}
	defer func() {
		if h.keep {
			fmt.Println("inputs:", work)
			return
		}
		err = errors.Join(err, os.RemoveAll(work))
	}()
	r := &report{began: time.Now(), buildah: buildahVersion}
	inputs, err := h.inputs(work, r)
	if err != nil {
		return err
	}
	if h.list {
		for _, in := range inputs {
			fmt.Println(in.name)
		}
		return nil
	}
	if h.tare, err = filepath.Abs(h.tare); err != nil {
		return err
	}
	if h.buildkitd, err = filepath.Abs(h.buildkitd); err != nil {
		return err
	}
	out, err := exec.CommandContext(ctx, h.tare, "--version").Output()
	if err != nil {
		return fmt.Errorf("%s: %w", h.tare, err)
	}
	r.tare = strings.TrimPrefix(strings.TrimSpace(string(out)), "tare version ")
	fmt.Fprintln(os.Stderr, "compiling buildkitd from its module …")
	if err := testkit.CompileBuildkitd(work, h.buildkitd); err != nil {
		return err
	}
	b, err := startBases()
	if err != nil {
		return err
	}
	defer b.Close()
	r.bases = b.what
	if err := h.build(ctx, work, b, inputs, r); err != nil {
		return err
	}
	return h.finish(r)
}

// inputs finds all inputs that are asked for.
func (h *harness) inputs(work string, r *report) ([]input, error) {
	buildah, err := downloadBuildah(work)
	if err != nil {
		return nil, err
	}
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}} {{.Version}}", "github.com/moby/buildkit").Output()
	if err != nil {
		return nil, fmt.Errorf("find BuildKit's module: %w", err)
	}
	dir, version, _ := strings.Cut(strings.TrimSpace(string(out)), " ")
	r.buildkit = version
	list, left, err := buildahInputs(buildah, filepath.Join(work, "in"))
	if err != nil {
		return nil, err
	}
	more, left2, err := buildkitInputs(dir, filepath.Join(work, "in"))
	if err != nil {
		return nil, err
	}
	r.left = append(left, left2...)
	all, twice, err := distinct(append(list, more...))
	r.twice = twice
	var chosen []input
	for _, in := range all {
		if h.match.MatchString(in.name) {
			chosen = append(chosen, in)
		}
	}
	return chosen, err
}

// downloadBuildah has the go command fetch the module, outside tare's own requirements.
func downloadBuildah(work string) (string, error) {
	dir := filepath.Join(work, "module")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module conformance\n"), 0o644); err != nil {
		return "", err
	}
	c := exec.Command("go", "mod", "download", "-json", buildahModule+"@"+buildahVersion)
	c.Dir, c.Env = dir, append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off")
	out, err := c.Output()
	var got struct{ Dir, Sum, Error string }
	if jerr := json.Unmarshal(out, &got); jerr != nil || got.Error != "" || err != nil {
		return "", skipped(fmt.Sprintf("the go command cannot download %s@%s: %s", buildahModule, buildahVersion, strings.TrimSpace(got.Error)))
	}
	if got.Sum != buildahSum {
		return "", fmt.Errorf("%s@%s has the sum %s, want %s", buildahModule, buildahVersion, got.Sum, buildahSum)
	}
	return got.Dir, nil
}

// build lets every pair of builders take inputs until none is left.
func (h *harness) build(ctx context.Context, work string, b *bases, inputs []input, r *report) error {
	hosts := registries(inputs)
	results := make([]result, len(inputs))
	next := make(chan int)
	errs := make([]error, h.parallel)
	var wg sync.WaitGroup
	for i := range h.parallel {
		wg.Add(1)
		go func() {
			defer wg.Done()
			p, err := startPair(ctx, h.tare, h.buildkitd, filepath.Join(work, fmt.Sprintf("pair%d", i)), fmt.Sprintf("%d-%d", os.Getpid(), i), b, hosts)
			if err != nil {
				errs[i] = err
				for range next { //nolint:revive // the others go on; the error is reported
				}
				return
			}
			defer p.stop()
			for n := range next {
				in := &inputs[n]
				results[n] = result{name: in.name, suite: in.suite, madeUp: len(in.madeUp), verdict: notReached}
				if ctx.Err() == nil && time.Since(r.began) < h.limit {
					p.compare(ctx, in, &results[n])
				}
				if ctx.Err() == nil {
					h.say(n, len(inputs), &results[n])
				}
			}
		}()
	}
	for n := range inputs {
		next <- n
	}
	close(next)
	wg.Wait()
	r.results, r.took = results, time.Since(r.began)
	return errors.Join(append(errs, ctx.Err())...)
}

func (h *harness) say(n, of int, x *result) {
	if h.all && !x.verdict.bad() && n%50 != 0 {
		return
	}
	fmt.Fprintf(os.Stderr, "%d/%d %s: %s (%s)\n", n+1, of, x.name, x.verdict, x.took.Round(time.Millisecond))
	for _, d := range firstOf(x.list, 8) {
		fmt.Fprintf(os.Stderr, "    %s\n", d)
	}
	if !h.all && x.failure != "" {
		fmt.Fprintf(os.Stderr, "    both: %s\n", x.failure)
	}
}

// compare builds an input with both, and once more with BuildKit where they differ.
func (p *pair) compare(ctx context.Context, in *input, x *result) {
	begin := time.Now()
	defer func() { x.took = time.Since(begin) }()
	fail := func(what string, err error) {
		x.verdict, x.list = broken, []difference{{what, err.Error(), ""}}
	}
	mine, err := p.byTare(ctx, in)
	if err != nil {
		fail("build with tare", err)
		return
	}
	ref, err := p.byBuildkit(ctx, in, false)
	if err != nil {
		fail("build with BuildKit", err)
		return
	}
	c := comparison{since: p.began}
	if in.attrs["build-arg:SOURCE_DATE_EPOCH"] != "" {
		c.since = longAgo.Add(-time.Hour * 24 * 36500) // then all times are to be the same
	}
	if err := c.outcomes(mine, ref); err != nil {
		fail("read the images", err)
		return
	}
	x.tally = c.tally
	if mine.err != "" && ref.err != "" && len(c.list) > 0 {
		same, err := p.sameInOtherTries(ctx, in, mine, ref)
		if err != nil {
			fail("build again", err)
			return
		}
		if same {
			x.dropped, c.list = len(c.list), nil
		}
	}
	if len(c.list) > 0 {
		again, err := p.byBuildkit(ctx, in, true)
		own := comparison{since: c.since}
		if err == nil {
			err = own.outcomes(again, ref)
		}
		if err != nil {
			fail("build with BuildKit again", err)
			return
		}
		all := len(c.list)
		c.list = without(c.list, own.list)
		x.dropped = all - len(c.list)
	}
	x.list = c.list
	switch {
	case len(c.list) > 0:
		x.verdict = unexplained
		if x.why = explain(p.causes, in.name, c.list); x.why != "" {
			x.verdict = explained
		}
	case mine.err != "":
		x.verdict, x.failure = sameFailure, mine.err
	default:
		x.verdict = sameSuccess
	}
}

// sameInOtherTries builds what fails differently some times more. Where two things are
// wrong, stages that are worked on at once decide by chance which of them is said.
func (p *pair) sameInOtherTries(ctx context.Context, in *input, mine, ref outcome) (bool, error) {
	mines, refs := []outcome{mine}, []outcome{ref}
	for range 4 {
		a, err := p.byTare(ctx, in)
		if err != nil {
			return false, err
		}
		b, err := p.byBuildkit(ctx, in, true)
		if err != nil {
			return false, err
		}
		mines, refs = append(mines, a), append(refs, b)
		if meet(mines, refs) {
			return true, nil
		}
	}
	return false, nil
}

// meet says whether any two failures of two builders are alike.
func meet(a, b []outcome) bool {
	for _, x := range a {
		for _, y := range b {
			var c comparison
			if x.err != "" && c.outcomes(x, y) == nil && len(c.list) == 0 {
				return true
			}
		}
	}
	return false
}

// finish prints the counts, writes the page, and says whether all is well.
func (h *harness) finish(r *report) error {
	bad := 0
	for _, v := range verdicts {
		n := r.count("", v)
		fmt.Printf("%-28s %4d\n", v, n)
		if v.bad() {
			bad += n
		}
	}
	fmt.Printf("%-28s %4d\n", "left out", len(r.left))
	if h.all && h.page != "" {
		var page bytes.Buffer
		if err := r.write(&page); err != nil {
			return err
		}
		if err := os.WriteFile(h.page, page.Bytes(), fs.FileMode(0o644)); err != nil {
			return err
		}
	}
	if bad > 0 {
		return fmt.Errorf("%d of %d builds differ without a cause in scripts/conformance/causes.txt", bad, len(r.results))
	}
	return nil
}
