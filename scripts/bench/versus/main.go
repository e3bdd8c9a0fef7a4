//go:build unix

// Command versus holds two builds of tare against each other, for `make bench-compare`: both do the same work in turn,
// round by round, so that a slow minute of the machine hits both. What is printed are medians with their intervals and
// whether the difference is one at all (Mann-Whitney U test, as benchstat does it).
//
//	versus [-rounds N] [-worse PERCENT] [-table FILE -commit HASH] OLD NEW IMAGE.tar…
//
// It exits with 1 if something is worse by more than the percentage, and surely so. With -table the new figures are written
// there, as the ones that the next release is held against.
package main

import (
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"golang.org/x/perf/benchmath"
)

// work is what both do. A look is the second one where the home is kept.
type work struct {
	name string
	args []string
	keep bool // the home of the work before
}

// measures are what is taken of each run, and their units.
var measures = []struct{ name, unit string }{{"processor", "ms"}, {"peak memory", "MB"}, {"wall", "ms"}}

func main() {
	log.SetFlags(0)
	log.SetPrefix("versus: ")
	rounds := flag.Int("rounds", 11, "how often each does everything")
	worse := flag.Float64("worse", 5, "`percent` by which something may be worse")
	table := flag.String("table", "", "`file` to write the new figures to")
	commit := flag.String("commit", "", "`hash` that the new ones are of")
	flag.Parse()
	if flag.NArg() < 2 {
		log.Fatal("versus [-rounds N] [-worse PERCENT] [-table FILE -commit HASH] OLD NEW IMAGE.tar…")
	}
	bins := [2]string{flag.Arg(0), flag.Arg(1)}
	list := works(flag.Args()[2:])
	taken, err := run(bins, list, *rounds)
	if err != nil {
		log.Fatal(err)
	}
	text, bad := judge(list, taken, *worse)
	fmt.Print(text)
	if *table != "" {
		head := fmt.Sprintf("commit %s\n\n%s/%s, %d processors, medians of %d rounds in turn with the one before\n\n", *commit, runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), *rounds)
		if err := os.WriteFile(*table, []byte(head+text), 0o644); err != nil {
			log.Fatal(err)
		}
	}
	if bad > 0 {
		log.Fatalf("%d figures are worse by more than %.0f %%", bad, *worse)
	}
}

func works(images []string) []work {
	out := []work{{name: "version", args: []string{"version"}}}
	for _, path := range images {
		name := strings.TrimSuffix(filepath.Base(path), ".tar")
		out = append(out, work{name: "weigh " + name + ", first look", args: []string{"weigh", "archive://" + path}},
			work{name: "weigh " + name + ", second look", args: []string{"weigh", "archive://" + path}, keep: true},
			work{name: "compare " + name + " with itself", args: []string{"compare", "archive://" + path, "archive://" + path}, keep: true})
	}
	return out
}

// samples are the values of a measure of a work, of the old one and of the new one.
type samples [2][]float64

// run does all works, and returns them by work and measure.
func run(bins [2]string, list []work, rounds int) ([][]samples, error) {
	homes, err := os.MkdirTemp("", "versus-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(homes) }()
	out := make([][]samples, len(list))
	for i := range out {
		out[i] = make([]samples, len(measures))
	}
	for round := range rounds {
		for i, w := range list {
			for turn := range bins {
				k := (turn + round) % len(bins) // neither is always the first
				home := filepath.Join(homes, fmt.Sprint(k))
				if !w.keep {
					if err := os.RemoveAll(home); err != nil {
						return nil, err
					}
				}
				values, err := once(bins[k], w.args, home)
				if err != nil {
					return nil, fmt.Errorf("%s: %s: %w", bins[k], w.name, err)
				}
				for m, v := range values {
					out[i][m][k] = append(out[i][m][k], v)
				}
			}
		}
	}
	return out, nil
}

// once is one run: processor time, peak memory, wall time.
func once(bin string, args []string, home string) ([]float64, error) {
	c := exec.Command(bin, args...)
	c.Env = append(os.Environ(), "TARE_HOME="+home)
	var said strings.Builder
	c.Stdout, c.Stderr = io.Discard, &said
	begin := time.Now()
	if err := c.Run(); err != nil {
		return nil, fmt.Errorf("%w: %.500s", err, said.String())
	}
	wall := time.Since(begin)
	s := c.ProcessState
	kb := s.SysUsage().(*syscall.Rusage).Maxrss
	return []float64{(s.UserTime() + s.SystemTime()).Seconds() * 1e3, float64(kb) * 1024 / 1e6, wall.Seconds() * 1e3}, nil
}

// judge writes the table, and counts what is worse by more than a percentage.
func judge(list []work, taken [][]samples, worse float64) (text string, bad int) {
	var b strings.Builder
	b.WriteString("| work | | before | now | ratio | |\n| --- | --- | --- | --- | --- | --- |\n")
	for i, w := range list {
		for m, what := range measures {
			row, slower := compare(taken[i][m], worse)
			if slower && what.name != "wall" { // the machine may be busy with something else
				bad++
			}
			fmt.Fprintf(&b, "| %s | %s, %s | %s |\n", w.name, what.name, what.unit, row)
		}
	}
	return b.String(), bad
}

// compare puts two samples side by side.
func compare(s samples, worse float64) (row string, slower bool) {
	var sum [2]benchmath.Summary
	var of [2]*benchmath.Sample
	for k := range s {
		of[k] = benchmath.NewSample(s[k], &benchmath.DefaultThresholds)
		sum[k] = benchmath.AssumeNothing.Summary(of[k], 0.95)
	}
	c := benchmath.AssumeNothing.Compare(of[0], of[1])
	ratio, said := sum[1].Center/sum[0].Center, "the same, as far as can be told"
	if c.P < c.Alpha {
		said = fmt.Sprintf("p = %.3f", c.P)
		if slower = ratio > 1+worse/100; slower {
			said += ", **worse**"
		}
	}
	show := func(s benchmath.Summary) string { return fmt.Sprintf("%.1f (%.1f–%.1f)", s.Center, s.Lo, s.Hi) }
	return fmt.Sprintf("%s | %s | %.2f | %s", show(sum[0]), show(sum[1]), ratio, said), slower
}
