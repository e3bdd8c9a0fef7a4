package main

import (
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
)

// result is what came of one input.
type result struct {
	name    string
	suite   string
	verdict verdict
	failure string       // the message of a failure that both have
	list    []difference // what differs
	dropped int          // differences at places where BuildKit differs from itself
	why     string       // the cause of what differs
	madeUp  int
	took    time.Duration
	tally   tally
}

type verdict string

const (
	sameSuccess verdict = "same success"
	sameFailure verdict = "same failure"
	explained   verdict = "different, with a cause"
	unexplained verdict = "different, without a cause"
	broken      verdict = "could not be compared"
	notReached  verdict = "not reached in time"
)

var verdicts = []verdict{sameSuccess, sameFailure, explained, unexplained, broken, notReached}

// bad is a verdict that makes the whole fail.
func (v verdict) bad() bool { return v == unexplained || v == broken || v == notReached }

// report is the whole run.
type report struct {
	tare, buildkit, buildah, bases string
	began                          time.Time
	took                           time.Duration
	results                        []result
	left                           []leftOut
	twice                          int // inputs that ask for the same as another
}

func (r *report) count(suite string, v verdict) int {
	n := 0
	for _, x := range r.results {
		if (suite == "" || x.suite == suite) && x.verdict == v {
			n++
		}
	}
	return n
}

// kinds sorts failures, so that the page says how far the builds came.
var kinds = []struct {
	what string
	re   *regexp.Regexp
}{
	{"a step ran and failed", regexp.MustCompile(`did not complete successfully`)},
	{"the Dockerfile does not parse or is not valid", regexp.MustCompile(`dockerfile parse error|parse error|unknown (flag|instruction)|no build stage|file with no instructions|invalid|circular|must|cannot|requires?|not (allowed|supported)|base name|failed to (parse|process)|unsupported|missing|should|duplicate|unexpected|can't`)},
	{"a base image or a stage is not to be had", regexp.MustCompile(`failed to resolve source metadata|pull access denied|no match for platform|not found: manifest|target stage|failed to load .*config`)},
	{"a file that is copied is not in the context", regexp.MustCompile(`failed to calculate checksum|not found|no such file`)},
	{"a file or repository of the internet is not to be had", regexp.MustCompile(`http|git|dial`)},
	{"it took longer than a build may", regexp.MustCompile(timedOut)},
}

func kindOf(msg string) string {
	for _, k := range kinds {
		if k.re.MatchString(msg) {
			return k.what
		}
	}
	return "other"
}

// write prints docs/conformance.md.
func (r *report) write(w io.Writer) error {
	var b strings.Builder
	p := func(format string, args ...any) { fmt.Fprintf(&b, format, args...) }
	p("# Conformance\n\n")
	p("The Dockerfiles that buildah and BuildKit test themselves with, each built by tare (the engine inside it) and by a\nplain buildkitd of the same version, which is compiled from its module and driven by BuildKit's own client. `make conformance`\nrepeats it and writes this page; `make conformance CONFORMANCE=copy` builds those whose name holds `copy` and writes nothing.\nNothing of either project is kept here: the inputs are read out of the Go modules, at pinned versions whose sums are checked.\n\n")
	p("Last run %s, in %s: tare %s, BuildKit %s, buildah's tests of %s. Base images: %s.\n\n", r.began.UTC().Format("2006-01-02"), r.took.Round(time.Second), r.tare, r.buildkit, r.buildah, r.bases)
	p("| | buildah | BuildKit | together |\n| --- | ---: | ---: | ---: |\n")
	row := func(what string, f func(suite string) int) {
		p("| %s | %d | %d | %d |\n", what, f("buildah"), f("buildkit"), f(""))
	}
	row("builds compared", func(s string) int {
		n := 0
		for _, v := range verdicts {
			n += r.count(s, v)
		}
		return n
	})
	for _, v := range verdicts {
		row(string(v), func(s string) int { return r.count(s, v) })
	}
	var t tally
	dropped, made := 0, 0
	failures := map[string]int{}
	for _, x := range r.results {
		t.images += x.tally.images
		t.layers += x.tally.layers
		t.identical += x.tally.identical
		t.entries += x.tally.entries
		t.values += x.tally.values
		if x.dropped > 0 {
			dropped++
		}
		if x.madeUp > 0 {
			made++
		}
		if x.verdict == sameFailure {
			failures[kindOf(x.failure)]++
		}
	}
	p("\nCompared were %d images: %d values of their configs and histories, %d layers, of which %d are the same to the byte and\nthe others were held against each other entry by entry (%d entries: kind, mode, owner, link, device, extended attributes,\ncontent, whiteouts, and the time where it is not that of the build). Of a failure, the message and the lines of the\nDockerfile that it names are compared, without names of snapshots and folders. ", t.images, t.values, t.layers, t.identical, t.entries)
	p("In %d builds something differs that\nalso differs between two builds by buildkitd itself (a random name, a time in a file); those places do not count.\n", dropped)
	p("\nThere is no internet in this run, for either builder: steps that need it fail, and count as failures that are alike. How far\nthe builds came that fail alike:\n\n| both fail because | builds |\n| --- | ---: |\n")
	for _, k := range slices.Backward(sortedByCount(failures)) {
		p("| %s | %d |\n", k, failures[k])
	}
	p("\n## Differences\n\n")
	if r.count("", sameSuccess)+r.count("", sameFailure) == len(r.results) {
		p("None.\n")
	}
	causes := map[string][]string{}
	for _, x := range r.results {
		switch x.verdict {
		case explained:
			causes[x.why] = append(causes[x.why], "`"+x.name+"`")
		case unexplained, broken, notReached:
			p("- `%s`: %s", x.name, x.verdict)
			for _, d := range firstOf(x.list, 5) {
				p("\n  - %s", oneLine(d.String()))
			}
			p("\n")
		}
	}
	for _, why := range sortedKeys(causes) {
		p("- %s Builds: %s.\n", why, strings.Join(causes[why], ", "))
	}
	p("\n## What is left out\n\n%d inputs ask for the same as another and are built once; in %d contexts the harness made up files that the tests make\nwith code of theirs. Both builders take the frontend that is built in, whatever `# syntax=` says. Left out:\n\n", r.twice, made)
	reasons := map[string]int{}
	for _, l := range r.left {
		reasons[l.why]++
	}
	p("| reason | inputs |\n| --- | ---: |\n")
	for _, why := range slices.Backward(sortedByCount(reasons)) {
		p("| %s | %d |\n", strings.ReplaceAll(oneLine(why), "|", "\\|"), reasons[why])
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func sortedByCount(m map[string]int) []string {
	return slices.SortedFunc(maps.Keys(m), func(a, b string) int {
		if m[a] != m[b] {
			return m[a] - m[b]
		}
		return strings.Compare(b, a)
	})
}

func firstOf[T any](list []T, n int) []T { return list[:min(n, len(list))] }

func oneLine(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > 400 {
		s = s[:400] + "…"
	}
	return s
}
