package report

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"tare/internal/profile"
)

// longFile is how many lines of a Dockerfile the first screen shows.
const longFile = 22

// listings are the Dockerfile with its margin: a long one also without the lines that
// cost nothing, for the first screen.
func listings(r *profile.Result, z sizes) Document {
	n := len(sourceLines(r))
	if n <= longFile {
		return in("listing", Always, listing(r, z, nil))
	}
	return append(in("listing", Brief, listing(r, z, telling(r))), in("listing", Full, listing(r, z, nil))...)
}

func sourceLines(r *profile.Result) []string {
	return strings.Split(strings.TrimRight(r.Source, "\n"), "\n")
}

// telling are the first lines of the instructions that cost most, at most longFile of
// them: bytes, seconds, what can be saved, what failed, and where stages begin.
func telling(r *profile.Result) map[int]bool {
	type weighty struct {
		line int
		much float64
	}
	var list []weighty
	for i := range r.Lines {
		l := &r.Lines[i]
		w := weighty{line: l.Lines[0]}
		if r.Total.Tar > 0 {
			w.much = float64(l.Bytes.Tar+l.Bytes.Caused) / float64(r.Total.Tar)
		}
		if r.Seconds > 0 {
			w.much += l.Seconds / r.Seconds
		}
		switch {
		case l.Error != "":
			w.much += 100
		case l.Keyword == "FROM":
			w.much += 10
		case slices.Contains(r.Savings.Lines, l.Lines[0]):
			w.much += 5
		}
		if w.much > 0 {
			list = append(list, w)
		}
	}
	slices.SortStableFunc(list, func(a, b weighty) int {
		switch {
		case a.much > b.much:
			return -1
		case a.much < b.much:
			return 1
		}
		return 0
	})
	out := map[int]bool{}
	for _, w := range list[:min(longFile*2/3, len(list))] {
		out[w.line] = true
	}
	return out
}

// listing is the Dockerfile, each line with what its instruction costs. If only names
// lines, the others are left out.
func listing(r *profile.Result, z sizes, only map[int]bool) Block {
	t := Table{Title: Safe(r.Dockerfile),
		Columns: []Column{number("").as("line").key(), number("S"), number("COLD").spare(6), number("+TAR"), number("TRANSFER").spare(3), number("LIVE").spare(2), number("WASTE"), number("HIDES").spare(4), number("FILES").spare(5), text("CACHE"), text("DOCKERFILE").cut(End)}}
	most := 0.0
	at := map[int]*profile.Line{}
	for i := range r.Lines {
		at[r.Lines[i].Lines[0]] = &r.Lines[i]
		most = math.Max(most, cost(r, &r.Lines[i]))
	}
	sums := func(b profile.Bytes) []Cell {
		return []Cell{z.unless0(b.Tar), z.unless0(b.Transfer), z.unless0(b.Live), z.unless0(b.Waste), z.unless0(b.Caused)}
	}
	row := func(line, s, cold Cell, b profile.Bytes, files, cache Cell, text string) *Row {
		return t.add(append(append([]Cell{line, s, cold}, sums(b)...), files, cache, words(text))...)
	}
	plain := func(line Cell, text string) {
		cells := make([]Cell, len(t.Columns))
		cells[0], cells[len(cells)-1] = line, words(text)
		t.add(cells...)
	}
	skipped := 0
	for n, text := range sourceLines(r) {
		if only != nil && !only[n+1] {
			skipped++
			continue
		}
		if skipped > 0 {
			plain(words("…"), lineRange(n+1-skipped, n))
			skipped = 0
		}
		text = strings.ReplaceAll(Safe(strings.ReplaceAll(text, "\t", "    ")), "\r", "")
		l := at[n+1]
		if l == nil {
			plain(count(n+1), text)
			continue
		}
		cold, files := none(), none()
		if l.Cold != nil {
			cold = clock(*l.Cold, true)
		}
		if l.Bytes.Entries > 0 {
			files = count(l.Bytes.Entries)
		}
		added := row(count(n+1), clock(l.Seconds, l.Ran && !l.Cached), cold, l.Bytes, files, words(state(r, l)), text)
		if most > 0 {
			added.Bar = cost(r, l) / most
		}
	}
	if skipped > 0 {
		n := len(sourceLines(r))
		plain(words("…"), lineRange(n-skipped+1, n))
	}
	if r.Failed == "" {
		if r.Rest != (profile.Bytes{}) {
			row(words(""), words(""), words(""), r.Rest, none(), words(""), "manifest, config, layers not matched to a line")
		}
		row(words(""), clock(r.Seconds, r.Seconds > 0), words(""), r.Total, count(r.Total.Entries), words(""), "the image: the sum of its stages' lines").Total = true
	}
	return t
}

func lineRange(from, to int) string {
	if from == to {
		return fmt.Sprintf("(line %d)", from)
	}
	return fmt.Sprintf("(lines %d-%d)", from, to)
}

// cost is what the bar of a line shows: seconds, or bytes where nothing was built.
func cost(r *profile.Result, l *profile.Line) float64 {
	s := l.Seconds
	if l.Cold != nil {
		s = math.Max(s, *l.Cold)
	}
	if r.Seconds == 0 {
		s = float64(l.Bytes.Tar)
	}
	if l.SameAs > 0 || l.Keyword == "FROM" {
		s = 0
	}
	return s
}
