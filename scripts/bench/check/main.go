// Command check measures tare check with pull requests that it makes up from a seed: git
// repositories whose images are built before, on yesterday's machine, and after, on today's,
// where bases and packages may have moved. It counts false alarms, regressions that were not
// caught, wrong blame, and sums that are not exact.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

func main() {
	log.SetFlags(0)
	tare := flag.String("tare", "bin/tare", "the tare to measure")
	n := flag.Int("n", 200, "pull requests")
	seed := flag.Uint64("seed", 1, "that they follow from")
	only := flag.Int("only", -1, "only this one, and show what came out")
	keep := flag.String("dir", "", "directory to work in; default a temporary one")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	s, err := measure(ctx, *tare, *keep, *n, *seed, *only, os.Stdout)
	if err != nil {
		log.Fatal("check: ", err)
	}
	s.print(os.Stdout)
	if !s.good() {
		os.Exit(1)
	}
}

// here is the directory of this program's source.
func here() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Dir(file)
}

// score is what was counted.
type score struct {
	pulls, drift, harmless, regressions        int
	falseAlarms, alarms, missed, wrong, broken int
	failed                                     []string
	seconds                                    float64
}

func (s *score) good() bool { return len(s.failed) == 0 }

func (s *score) print(w *os.File) {
	_, _ = fmt.Fprintf(w, "%d pull requests in %.0f s\n", s.pulls, s.seconds)
	_, _ = fmt.Fprintf(w, "%d without a change of their own (drift of bases, of packages, noise): %d false alarms\n", s.drift, s.falseAlarms)
	_, _ = fmt.Fprintf(w, "%d with a change under 10 kB: %d alarms\n", s.harmless, s.alarms)
	_, _ = fmt.Fprintf(w, "%d regressions of 1 MB or more: %d missed, %d blamed on something else\n", s.regressions, s.missed, s.wrong)
	_, _ = fmt.Fprintf(w, "sums that are not exact, or unknown: %d\n", s.broken)
}

// measure makes pull requests and checks each.
func measure(ctx context.Context, tare, dir string, n int, seed uint64, only int, out *os.File) (*score, error) {
	tare, err := filepath.Abs(tare)
	if err != nil {
		return nil, err
	}
	if dir == "" {
		if dir, err = os.MkdirTemp("", "tare-check-"); err != nil {
			return nil, err
		}
		defer func() { _ = os.RemoveAll(dir) }()
	}
	w, done, err := newWorld(ctx, tare, dir)
	if err != nil {
		return nil, err
	}
	defer done()
	s := new(score)
	begin := time.Now()
	for i := range n {
		u := newPull(rand.New(rand.NewPCG(seed, uint64(i))), i, w.url)
		if only >= 0 && i != only {
			continue
		}
		r, code, err := w.pull(ctx, u, i)
		if ctx.Err() != nil {
			return s, ctx.Err()
		}
		was := len(s.failed)
		if err != nil {
			s.failed = append(s.failed, fmt.Sprintf("%d (%s; baseline: %s): %v", i, u.kind, u.baseline, err))
		} else {
			s.count(i, u, r, code)
		}
		for _, f := range s.failed[was:] {
			_, _ = fmt.Fprintln(out, "FAIL", f)
		}
		if only >= 0 {
			show(out, u, r)
		}
	}
	s.seconds = time.Since(begin).Seconds()
	return s, nil
}

// budgets are those of all projects.
var budgets = []string{"--budget", "growth.live=500kB", "--budget", "growth.transfer=500kB", "--budget", "growth.tar=500kB"}

// pull builds a pull request's image before and after, and checks.
func (w *world) pull(ctx context.Context, u *pull, n int) (*checked, int, error) {
	root := filepath.Join(w.dir, "repo")
	if err := os.RemoveAll(root); err != nil {
		return nil, 0, err
	}
	if err := os.MkdirAll(root, 0o755); err != nil {
		return nil, 0, err
	}
	if _, err := git(ctx, root, "init", "-q", "-b", "main"); err != nil {
		return nil, 0, err
	}
	name := u.before.name
	for _, p := range []string{"curl", "zlib", "jq", "gawk"} {
		w.release(name, p, release{"1.0", 800_000})
	}
	if err := u.before.write(root); err != nil {
		return nil, 0, err
	}
	if _, err := git(ctx, root, "add", "-A"); err != nil {
		return nil, 0, err
	}
	if _, err := git(ctx, root, "commit", "-qm", "main"); err != nil {
		return nil, 0, err
	}
	baseline, err := w.baseline(ctx, u, root)
	if err != nil {
		return nil, 0, err
	}
	if u.packages {
		for _, p := range []string{"zlib"} {
			w.release(name, p, release{"1.1", 2_900_000})
		}
	}
	if _, _, err := w.run(ctx, today, root, "tag", u.base, "base:now"); err != nil {
		return nil, 0, err
	}
	if err := u.after.write(root); err != nil {
		return nil, 0, err
	}
	args := append([]string{"check", "--format", "json", "--baseline", baseline, "-f", filepath.Join(u.after.dir, u.after.file)}, budgets...)
	out, code, err := w.run(ctx, today, root, append(args, u.after.dir)...)
	if err != nil {
		return nil, 0, err
	}
	r, err := decode(out)
	return r, code, err
}

// baseline is what yesterday's machine left of main.
func (w *world) baseline(ctx context.Context, u *pull, root string) (string, error) {
	file := filepath.Join(u.before.dir, u.before.file)
	if _, _, err := w.run(ctx, yesterday, root, "tag", "base:0", "base:now"); err != nil {
		return "", err
	}
	switch u.baseline {
	case "git":
		return "git:HEAD", nil
	case "file":
		name := filepath.Join(w.dir, "baseline.json")
		_, _, err := w.run(ctx, yesterday, root, "check", "--save", name, "-f", file, u.before.dir)
		return name, err
	}
	args := []string{"build", "-q", "-t", "main:" + u.before.name, "-f", file}
	if u.baseline == "label" {
		commit, err := git(ctx, root, "rev-parse", "HEAD")
		if err != nil {
			return "", err
		}
		args = append(args, "--label", "org.opencontainers.image.revision="+commit)
	}
	if _, _, err := w.run(ctx, yesterday, root, append(args, u.before.dir)...); err != nil {
		return "", err
	}
	archive := filepath.Join(w.dir, "main.tar")
	if _, _, err := w.run(ctx, yesterday, root, "save", "-o", archive, "main:"+u.before.name); err != nil {
		return "", err
	}
	_, _, err := w.run(ctx, today, root, "load", "-q", "-i", archive)
	return "main:" + u.before.name, err
}

// count holds what came out against what was planted.
func (s *score) count(n int, u *pull, r *checked, code int) {
	fail := func(format string, a ...any) {
		s.failed = append(s.failed, fmt.Sprintf("%d (%s; baseline: %s): ", n, u.kind, u.baseline)+fmt.Sprintf(format, a...))
	}
	s.pulls++
	alarm := r.Verdict == "violated"
	if alarm != (code == 3) {
		fail("%s with exit code %d", r.Verdict, code)
	}
	if text := exact(r, u); text != "" {
		s.broken++
		fail("%s", text)
	}
	switch {
	case u.big:
		s.regressions++
		if !alarm {
			s.missed++
			fail("missed")
			return
		}
		for _, v := range r.Violations {
			at := v.File
			if v.Line != nil {
				at += fmt.Sprintf(":%d", *v.Line)
			}
			if !slices.Contains(u.blame, at) {
				s.wrong++
				fail("%s is blamed on %s, not on %s", v.Rule, at, strings.Join(u.blame, " or "))
				return
			}
		}
	case u.blame != nil || strings.Contains(u.kind, changes[n%len(changes)].name):
		s.harmless++
		if alarm {
			s.alarms++
			fail("alarm: %+v", r.Violations)
		}
	default:
		s.drift++
		if alarm {
			s.falseAlarms++
			fail("false alarm: %+v", r.Violations)
		}
	}
}

// exact says which sum is not: parts of total, total of sizes, causes of parts.
func exact(r *checked, u *pull) string {
	for _, i := range r.Images {
		size := func(m map[string]any, name string) int64 { n, _ := m[name].(float64); return int64(n) }
		for _, side := range []map[string]any{i.Before.Sizes, i.After.Sizes} {
			if side["transfer"] == nil { // not known, as of an archive that is not compressed
				i.Before.Sizes["transfer"], i.After.Sizes["transfer"] = 0.0, 0.0
			}
		}
		total := amounts{size(i.After.Sizes, "tar") - size(i.Before.Sizes, "tar"), size(i.After.Sizes, "transfer") - size(i.Before.Sizes, "transfer"), size(i.After.Sizes, "live") - size(i.Before.Sizes, "live")}
		if total != i.Delta["total"] {
			return fmt.Sprintf("total is %+v, not %+v", i.Delta["total"], total)
		}
		var parts amounts
		for name, a := range i.Delta {
			if name == "total" {
				continue
			}
			parts.add(a)
			var sum amounts
			for _, c := range i.Causes {
				if c.Part == name {
					sum.add(c.amounts)
				}
			}
			if sum != a {
				return fmt.Sprintf("the causes of %s are %+v, not %+v", name, sum, a)
			}
		}
		if parts != total {
			return fmt.Sprintf("the parts are %+v, not %+v", parts, total)
		}
		if u.baseline != "image" && i.Delta["unknown"] != (amounts{}) {
			return fmt.Sprintf("unknown is %+v", i.Delta["unknown"])
		}
		if u.baseline == "git" && (i.Delta["base"] != amounts{} || i.Delta["packages"] != amounts{}) {
			return fmt.Sprintf("against a commit the base is %+v, packages are %+v", i.Delta["base"], i.Delta["packages"])
		}
	}
	return ""
}

func (a *amounts) add(b amounts) {
	a.Tar, a.Transfer, a.Live = a.Tar+b.Tar, a.Transfer+b.Transfer, a.Live+b.Live
}

func show(w *os.File, u *pull, r *checked) {
	_, _ = fmt.Fprintf(w, "%s; baseline: %s; blame %v\n%s\n", u.kind, u.baseline, u.blame, strings.Join(u.after.lines, "\n"))
	for _, i := range r.Images {
		for _, p := range []string{"total", "yours", "base", "packages", "noise", "unknown"} {
			_, _ = fmt.Fprintf(w, "%-9s %+v\n", p, i.Delta[p])
		}
		for _, c := range i.Causes {
			line := 0
			if c.Line != nil {
				line = *c.Line
			}
			_, _ = fmt.Fprintf(w, "  %-9s %s:%d %.100s %+v\n", c.Part, c.File, line, c.Text, c.amounts)
		}
	}
	_, _ = fmt.Fprintln(w, r.Verdict, r.Notes)
}
