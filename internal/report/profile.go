package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"tare/internal/profile"
	"tare/internal/units"
)

// ProfileOptions choose what of a profile is shown.
type ProfileOptions struct {
	Exact   bool // all bytes instead of three digits
	WhyOnly bool // only why lines were not in the cache
}

// ProfileParts are the parts of a Profile.
var ProfileParts = []string{"verdict", "listing", "stages", "path", "cache", "edits", "splits", "findings", "checks", "notes"}

// Profile lays a profile out: the Dockerfile with a margin, and what it says.
func Profile(r *profile.Result, o ProfileOptions) Document {
	z := sizes{o.Exact}
	var d Document
	if r.Failed != "" {
		text := "The build failed"
		if r.FailedLine > 0 {
			text += fmt.Sprintf(" at line %d", r.FailedLine)
		}
		d = in("verdict", Always, Para{Text: text + ": " + Safe(firstOf(r.Failed))})
	}
	if o.WhyOnly {
		return append(d, whyCache(r)...)
	}
	if r.Failed == "" && r.Savings != nil {
		d = append(d, in("verdict", Always, saveLine(r.Findings, r.Savings, r.Total.Tar, r.Total.Transfer, z)...)...)
	}
	d = append(d, listings(r, z)...)
	d = append(d, findingBlocks(r.Name, r.Findings, r.Savings, z)...)
	d = append(d, stages(r, z)...)
	d = append(d, criticalPath(r)...)
	if r.Seconds > 0 {
		d = append(d, whyCache(r)...)
	}
	d = append(d, edits(r, z)...)
	d = append(d, splits(r, z)...)
	for _, c := range r.Checks {
		d = append(d, in("checks", Always, Item{Text: "BuildKit's check: " + Safe(c)})...)
	}
	for _, n := range r.Notes {
		d = append(d, in("notes", Always, Item{Text: Safe(n)})...)
	}
	return append(d, more([]string{"stages", "path", "findings"}))
}

// stages are the stages, on the first screen where they say something: that one stays
// behind, or is not needed.
func stages(r *profile.Result, z sizes) Document {
	w := Full
	if len(r.Stages) > 1 {
		w = Always
	}
	d := in("stages", w, stageTable(r, z))
	for _, s := range r.Stages {
		if !s.Needed {
			d = append(d, in("stages", Always, Item{Text: fmt.Sprintf("Stage %s (lines %d-%d) contributes nothing to the result, and is not built.", Safe(s.Name), s.Lines[0], s.Lines[1])})...)
		}
	}
	return d
}

func firstOf(s string) string {
	l, _, _ := strings.Cut(s, "\n")
	return l
}

// longFile and firstLines are from how many lines on the first screen has only the lines of
// a Dockerfile that say most, and how many.
const (
	longFile   = 18
	firstLines = 12
)

// listings are the Dockerfile with its margin; of a long one the first screen has a part.
func listings(r *profile.Result, z sizes) Document {
	if len(sourceLines(r)) <= longFile {
		return Document{listing(r, z, nil)}
	}
	return append(in("listing", Brief, listing(r, z, r.Telling(firstLines))), in("listing", Full, listing(r, z, nil))...)
}

func sourceLines(r *profile.Result) []string {
	return strings.Split(strings.TrimRight(r.Source, "\n"), "\n")
}

// listing is the Dockerfile, each line with what its instruction costs. If only names
// lines, the others are left out.
func listing(r *profile.Result, z sizes, only map[int]bool) Block {
	t := Table{Place: Place{Part: "listing"}, Title: Safe(r.Dockerfile),
		Columns: []Column{number("").as("line").key(), number("S"), number("COLD").spare(6), number("+TAR"), number("TRANSFER").spare(3), number("LIVE").spare(2), number("WASTE"), number("HIDES").spare(4), number("FILES").spare(5), text("CACHE"), text("DOCKERFILE").cut(End)}}
	most := 0.0
	weight := func(l *profile.Line) float64 {
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
	at := map[int]*profile.Line{}
	for i := range r.Lines {
		at[r.Lines[i].Lines[0]] = &r.Lines[i]
		most = math.Max(most, weight(&r.Lines[i]))
	}
	sums := func(b profile.Bytes) []Cell {
		return []Cell{z.unless0(b.Tar), z.sent(b.Transfer), z.unless0(b.Live), z.unless0(b.Waste), z.unless0(b.Caused)}
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
	for n, text := range append(sourceLines(r), "") {
		end := n == len(sourceLines(r))
		if only != nil && !only[n+1] && !end {
			skipped++
			continue
		}
		if skipped > 0 {
			plain(words("…"), units.Plural(skipped, "line"))
			skipped = 0
		}
		if end {
			break
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
			added.Bar = weight(l) / most
		}
	}
	if r.Failed == "" {
		if r.Rest != (profile.Bytes{}) {
			row(words(""), words(""), words(""), r.Rest, none(), words(""), "manifest, config, layers not matched to a line")
		}
		row(words(""), clock(r.Seconds, r.Seconds > 0), words(""), r.Total, count(r.Total.Entries), words(""), "the image: its stages' lines sum up to it, to the byte").Total = true
	}
	return t
}

func state(r *profile.Result, l *profile.Line) string {
	switch {
	case l.Error != "":
		return "FAILED"
	case l.SameAs > 0 && l.Ran:
		return "=" + strconv.Itoa(l.SameAs)
	case !l.Needed:
		return "unused"
	case l.Unknown && !l.Ran:
		return "unknown"
	case l.Ran && l.Cached:
		return "hit"
	case l.Ran && l.Keyword != "FROM":
		return "miss"
	}
	return "–"
}

// clock is a cell of seconds for a margin; "–" for what did not work.
func clock(s float64, worked bool) Cell {
	c := Cell{Number: secondsOf(s)}
	switch {
	case !worked:
		return none()
	case s < 10:
		c.Text = strconv.FormatFloat(s, 'f', 2, 64)
	default:
		c.Text = strconv.FormatFloat(s, 'f', 1, 64)
	}
	return c
}

func stageTable(r *profile.Result, z sizes) Block {
	t := Table{Place: Place{Part: "stages"}, Title: "STAGES", Columns: []Column{number("S"), number("COLD"), number("TAR"), number("TRANSFER"), number("LIVE"), number("LINES"), text("STAGE")}}
	for _, s := range r.Stages {
		name := Safe(s.Name)
		switch {
		case !s.Needed:
			name += ": not needed"
		case !s.Final:
			name += ": stays behind"
		}
		tar, transfer, live := z.of(s.Bytes.Tar), z.amount(s.Bytes.Transfer), z.of(s.Bytes.Live)
		if !s.Weighed {
			tar, transfer, live = none(), none(), none()
		}
		t.add(clock(s.Seconds, s.Weighed || s.Seconds > 0), clock(s.Cold, s.Weighed || s.Cold > 0), tar, transfer, live, words(fmt.Sprintf("%d-%d", s.Lines[0], s.Lines[1])), words(name))
	}
	return t
}

func criticalPath(r *profile.Result) Document {
	if len(r.Path) == 0 {
		return nil
	}
	t := Table{Place: Place{"path", Full}, Title: "CRITICAL PATH: what the build waited for", Columns: []Column{number("WAIT"), number("S"), number("LINE"), text("STEP").cut(End)}}
	sum := 0.0
	for _, p := range r.Path {
		line := words("")
		if p.Line > 0 {
			line = count(p.Line)
		}
		sum += p.Wait + p.Seconds
		if p.Wait+p.Seconds < 0.005 {
			continue
		}
		t.add(clock(p.Wait, p.Wait >= 0.005), clock(p.Seconds, true), line, words(Safe(p.Name))).Bar = p.Seconds / math.Max(r.Seconds, 1e-9)
	}
	t.Note = fmt.Sprintf("It sums up to %s s of the build's %s s.", clock(sum, true).Text, clock(r.Seconds, true).Text)
	if gain := r.Seconds - r.Ideal; gain > 0.05*r.Seconds && gain > 0.05 {
		t.Note += fmt.Sprintf(" With every step begun as soon as its inputs are there it would take about %s s: more parallelism could gain %s s at most (estimate).", clock(r.Ideal, true).Text, clock(gain, true).Text)
		if gain > 0.5 && gain > 0.1*r.Seconds { // else it says nothing that one could act on
			t.Weight = Always
		}
	} else {
		t.Note += " " + r.NoGain()
	}
	return Document{t}
}

// whyCache says why lines were not in the cache.
func whyCache(r *profile.Result) Document {
	var d Document
	for _, u := range r.Stale {
		d = append(d, Item{Severity: Warning, Text: Safe(u.String()) + "."})
	}
	if len(r.Misses) == 0 {
		if cached(r) {
			d = append(d, Item{Text: "Everything came from the build cache."})
		}
		return in("cache", Always, d...)
	}
	var follow []string
	for _, m := range r.Misses {
		if m.Kind == "follows" {
			follow = append(follow, strconv.Itoa(m.Line))
			continue
		}
		d = append(d, Item{Mark: No, Text: fmt.Sprintf("Line %d was not in the cache: %s.", m.Line, Safe(m.Cause))})
	}
	if len(follow) > 0 {
		d = append(d, Item{Text: "Invalidated as a result: " + units.Word(len(follow), "line") + " " + strings.Join(follow, ", ") + "."})
	}
	return in("cache", Always, d...)
}

// cached tells whether all that the builder had to do came from the cache, so far as is
// known of every line.
func cached(r *profile.Result) bool {
	some := false
	for i := range r.Lines {
		l := &r.Lines[i]
		if l.Unknown || l.Ran && !l.Cached && l.Keyword != "FROM" {
			return false
		}
		some = some || l.Ran
	}
	return some && r.Failed == ""
}

func edits(r *profile.Result, z sizes) Document {
	if len(r.Edits) == 0 {
		return nil
	}
	t := Table{Title: "AFTER AN EDIT", Columns: []Column{number("REBUILD"), number("PUSH"), number("RE-PULL"), number("LAYERS"), number("LINES"), text("EDIT")}}
	var left Document // in full: a cell would cut the reason
	for _, e := range r.Edits {
		if e.Skipped != "" {
			t.add(none(), none(), none(), none(), none(), words(Safe(e.Name)))
			left = append(left, Item{Text: Safe(e.Name) + " was left out: " + Safe(e.Skipped) + "."})
			continue
		}
		var lines []string
		for _, n := range e.Rebuilt {
			lines = append(lines, strconv.Itoa(n))
		}
		took := clock(e.Seconds, true)
		took.Text += " s"
		t.add(took, z.of(e.Pushed), z.of(e.Repull), count(e.Layers), words(strings.Join(lines, ",")), words(Safe(e.Name)))
	}
	return in("edits", Always, append(Document{t}, left...)...)
}

func splits(r *profile.Result, z sizes) Document {
	var d Document
	row := func(t *Table, s Cell, b profile.Bytes, text string) *Row {
		return t.add(s, z.of(b.Tar), z.amount(b.Transfer), z.of(b.Files), z.of(b.Live), z.of(b.Waste), z.of(b.Caused), words(Safe(text)))
	}
	for _, s := range r.Splits {
		if len(s.Commands) > 0 {
			t := Table{Place: Place{Part: "splits"}, Title: fmt.Sprintf("LINE %d, COMMAND BY COMMAND (seconds are an estimate: each was built as a line of its own)", s.Line), Subject: fmt.Sprintf("line %d", s.Line),
				Columns: []Column{number("S"), number("TAR"), number("TRANSFER").spare(3), number("FILES").spare(4), number("LIVE"), number("WASTE").spare(2), number("HIDES").spare(1), text("COMMAND").cut(End)}}
			for _, c := range s.Commands {
				row(&t, clock(c.Seconds, !c.State), c.Bytes, c.Text)
			}
			for _, l := range s.Less() {
				row(&t, none(), l.Bytes, l.Text)
			}
			row(&t, none(), s.Bytes, fmt.Sprintf("line %d: its commands sum up to it, to the byte", s.Line)).Total = true
			d = append(d, t)
		}
		for _, n := range s.Notes() {
			d = append(d, in("splits", Always, Item{Text: Safe(n) + "."})...)
		}
	}
	return d
}
