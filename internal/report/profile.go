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

// Profile lays a profile out: the Dockerfile with a margin, and what it says.
func Profile(r *profile.Result, o ProfileOptions) Document {
	var d Document
	if r.Failed != "" {
		text := "The build failed"
		if r.FailedLine > 0 {
			text += fmt.Sprintf(" at line %d", r.FailedLine)
		}
		d = append(d, Para{Text: text + ": " + Safe(firstOf(r.Failed))})
	}
	if o.WhyOnly {
		return append(d, whyCache(r)...)
	}
	d = append(d, listing(r, sizer(o.Exact)), stageTable(r, sizer(o.Exact)))
	for _, s := range r.Stages {
		if !s.Needed {
			d = append(d, Item{Text: fmt.Sprintf("· Stage %s (lines %d-%d) contributes nothing to the result, and is not built.", Safe(s.Name), s.Lines[0], s.Lines[1])})
		}
	}
	d = append(d, criticalPath(r)...)
	if r.Seconds > 0 {
		d = append(d, whyCache(r)...)
	}
	d = append(d, edits(r, sizer(o.Exact))...)
	d = append(d, splits(r, sizer(o.Exact))...)
	d = append(d, findings(r, sizer(o.Exact))...)
	for _, c := range r.Checks {
		d = append(d, Item{Text: "· BuildKit's check: " + Safe(c)})
	}
	for _, n := range r.Notes {
		d = append(d, Item{Text: "· " + Safe(n)})
	}
	return d
}

func firstOf(s string) string {
	l, _, _ := strings.Cut(s, "\n")
	return l
}

// listing is the Dockerfile, each line with what its instruction costs.
func listing(r *profile.Result, size func(int64) string) Block {
	g := Grid{Title: Safe(r.Dockerfile), Head: []string{"", "S", "COLD", "+TAR", "TRANSFER", "LIVE", "WASTE", "HIDES", "FILES", "CACHE", "DOCKERFILE"},
		Right: []bool{true, true, true, true, true, true, true, true, true}, Wide: []bool{false, false, true, false, true, true, false, true, true}, Cut: true}
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
	bytes := func(n int64) string {
		if n == 0 {
			return "–"
		}
		return size(n)
	}
	lines := strings.Split(strings.TrimRight(r.Source, "\n"), "\n")
	for n, text := range lines {
		row := []string{strconv.Itoa(n + 1), "", "", "", "", "", "", "", "", "", strings.ReplaceAll(Safe(strings.ReplaceAll(text, "\t", "    ")), "\r", "")}
		part := 0.0
		if l := at[n+1]; l != nil {
			b := l.Bytes
			row[1], row[2] = clock(l.Seconds, l.Ran && !l.Cached), "–"
			if l.Cold != nil {
				row[2] = clock(*l.Cold, true)
			}
			row[3], row[4], row[5], row[6], row[7], row[8] = bytes(b.Tar), bytes(b.Transfer), bytes(b.Live), bytes(b.Waste), bytes(b.Caused), "–"
			if b.Entries > 0 {
				row[8] = strconv.FormatInt(b.Entries, 10)
			}
			row[9] = state(r, l)
			if most > 0 {
				part = weight(l) / most
			}
		}
		g.Rows, g.Part = append(g.Rows, row), append(g.Part, part)
	}
	rest := []string{"", "", "", bytes(r.Rest.Tar), bytes(r.Rest.Transfer), bytes(r.Rest.Live), bytes(r.Rest.Waste), bytes(r.Rest.Caused), "–", "", "manifest, config and layers of no line"}
	total := []string{"", clock(r.Seconds, r.Seconds > 0), "", bytes(r.Total.Tar), bytes(r.Total.Transfer), bytes(r.Total.Live), bytes(r.Total.Waste), bytes(r.Total.Caused), strconv.FormatInt(r.Total.Entries, 10), "", "the image: its stages' lines sum up to it, to the byte"}
	if r.Failed == "" {
		g.Rows, g.Part = append(g.Rows, rest, total), append(g.Part, 0, 0)
	}
	return g
}

func state(r *profile.Result, l *profile.Line) string {
	switch {
	case l.Error != "":
		return "FAILED"
	case l.SameAs > 0:
		return "=" + strconv.Itoa(l.SameAs)
	case !l.Needed:
		return "unused"
	case l.Ran && l.Cached:
		return "hit"
	case l.Ran && l.Keyword != "FROM":
		return "miss"
	}
	return "–"
}

// clock prints seconds for a margin; "–" for what did not work.
func clock(s float64, worked bool) string {
	switch {
	case !worked:
		return "–"
	case s < 10:
		return strconv.FormatFloat(s, 'f', 2, 64)
	}
	return strconv.FormatFloat(s, 'f', 1, 64)
}

func stageTable(r *profile.Result, size func(int64) string) Block {
	g := Grid{Title: "STAGES", Head: []string{"S", "COLD", "TAR", "TRANSFER", "LIVE", "LINES", "STAGE"}, Right: []bool{true, true, true, true, true, true}}
	for _, s := range r.Stages {
		name := Safe(s.Name)
		switch {
		case !s.Needed:
			name += ": not needed"
		case !s.Final:
			name += ": stays behind"
		}
		g.Rows = append(g.Rows, []string{clock(s.Seconds, true), clock(s.Cold, true), size(s.Bytes.Tar), size(s.Bytes.Transfer), size(s.Bytes.Live), fmt.Sprintf("%d-%d", s.Lines[0], s.Lines[1]), name})
	}
	return g
}

func criticalPath(r *profile.Result) Document {
	if len(r.Path) == 0 {
		return nil
	}
	g := Grid{Title: "CRITICAL PATH: what the build waited for", Head: []string{"WAIT", "S", "LINE", "STEP"}, Right: []bool{true, true, true}, Cut: true}
	sum := 0.0
	for _, p := range r.Path {
		line := ""
		if p.Line > 0 {
			line = strconv.Itoa(p.Line)
		}
		sum += p.Wait + p.Seconds
		if p.Wait+p.Seconds < 0.005 {
			continue
		}
		g.Rows = append(g.Rows, []string{clock(p.Wait, p.Wait >= 0.005), clock(p.Seconds, true), line, Safe(p.Name)})
		g.Part = append(g.Part, p.Seconds/math.Max(r.Seconds, 1e-9))
	}
	g.Note = fmt.Sprintf("It sums up to %s s of the build's %s s.", clock(sum, true), clock(r.Seconds, true))
	if gain := r.Seconds - r.Ideal; gain > 0.05*r.Seconds && gain > 0.05 {
		g.Note += fmt.Sprintf(" With every step begun as soon as its inputs are there it would take about %s s: more parallelism could gain %s s at most (estimate).", clock(r.Ideal, true), clock(gain, true))
	} else {
		g.Note += " More parallelism would gain next to nothing (estimate)."
	}
	return Document{g}
}

// whyCache says why lines were not in the cache.
func whyCache(r *profile.Result) Document {
	if len(r.Misses) == 0 {
		for _, l := range r.Lines {
			if l.Ran && !l.Cached && l.Keyword != "FROM" {
				return nil
			}
		}
		return Document{Item{Text: "· Everything came from the build cache."}}
	}
	var d Document
	var follow []string
	for _, m := range r.Misses {
		if m.Kind == "follows" {
			follow = append(follow, strconv.Itoa(m.Line))
			continue
		}
		d = append(d, Item{Text: fmt.Sprintf("✗ Line %d was not in the cache: %s.", m.Line, Safe(m.Cause))})
	}
	if len(follow) > 0 {
		d = append(d, Item{Text: "· What follows from that: " + plural(len(follow), "line") + " " + strings.Join(follow, ", ") + "."})
	}
	return d
}

func plural(n int, word string) string {
	if n == 1 {
		return word
	}
	return word + "s"
}

func edits(r *profile.Result, size func(int64) string) Document {
	if len(r.Edits) == 0 {
		return nil
	}
	g := Grid{Title: "AFTER AN EDIT", Head: []string{"REBUILD", "PUSH", "RE-PULL", "LAYERS", "LINES", "EDIT"}, Right: []bool{true, true, true, true, true}}
	var left Document // in full: a cell would cut the reason
	for _, e := range r.Edits {
		if e.Skipped != "" {
			g.Rows = append(g.Rows, []string{"–", "–", "–", "–", "–", Safe(e.Name)})
			left = append(left, Item{Text: "· " + Safe(e.Name) + " was left out: " + Safe(e.Skipped) + "."})
			continue
		}
		var lines []string
		for _, n := range e.Rebuilt {
			lines = append(lines, strconv.Itoa(n))
		}
		g.Rows = append(g.Rows, []string{clock(e.Seconds, true) + " s", size(e.Pushed), size(e.Repull), strconv.Itoa(e.Layers), strings.Join(lines, ","), Safe(e.Name)})
	}
	return append(Document{g}, left...)
}

func splits(r *profile.Result, size func(int64) string) Document {
	var d Document
	for _, s := range r.Splits {
		g := Grid{Title: fmt.Sprintf("LINE %d, COMMAND BY COMMAND (estimate: each built as a line of its own)", s.Line), Head: []string{"S", "TAR", "LIVE", "WASTE", "HIDES", "COMMAND"}, Right: []bool{true, true, true, true, true}, Cut: true}
		for _, c := range s.Commands {
			g.Rows = append(g.Rows, []string{clock(c.Seconds, true), size(c.Bytes.Tar), size(c.Bytes.Live), size(c.Bytes.Waste), size(c.Bytes.Caused), Safe(c.Text)})
		}
		d = append(d, g)
	}
	return d
}

func findings(r *profile.Result, size func(int64) string) Document {
	if len(r.Findings) == 0 {
		return nil
	}
	g := Grid{Title: "FINDINGS (docs/reference/findings.md)", Head: []string{"TAR", "TRANSFER", "LINE", "RULE", "WHAT"}, Right: []bool{true, true, true}}
	var d Document
	for _, f := range r.Findings {
		tar, transfer := size(f.Tar), size(f.Transfer)
		if f.Sent > 0 {
			tar, transfer = "–", "–"
		}
		line := "–"
		if f.Line > 0 {
			line = strconv.Itoa(f.Line)
		}
		g.Rows = append(g.Rows, []string{tar, transfer, line, f.Rule, ""})
		d = append(d, Item{Text: fmt.Sprintf("· line %s, %s: %s.", line, f.Rule, Safe(f.Text))})
	}
	for i := range g.Rows {
		g.Rows[i] = g.Rows[i][:4]
	}
	g.Head, g.Right = g.Head[:4], g.Right[:3]
	return append(Document{g}, d...)
}

// Gantt draws when each step of a build was at work; the critical path is marked.
func Gantt(r *profile.Result) Picture {
	const left, width, rowH = 300.0, 560.0, 18.0
	var spans []profile.Span
	end := r.Seconds
	for _, s := range r.Spans {
		if s.End-s.Start >= 0.001 {
			spans = append(spans, s)
			end = math.Max(end, s.End)
		}
	}
	if len(spans) == 0 || end <= 0 {
		return Picture{}
	}
	c := &canvas{w: left + width + 80, h: float64(len(spans))*rowH + 40}
	x := func(s float64) float64 { return left + width*s/end }
	for k := range 5 {
		s := end * float64(k) / 4
		_, _ = fmt.Fprintf(c, `<line class="ax" x1="%.1f" y1="20" x2="%.1f" y2="%.1f"/>`, x(s), x(s), c.h-12)
		c.text(x(s), 14, "s d", "middle", units.Seconds(secondsOf(s)))
	}
	for i, s := range spans {
		y := 22 + float64(i)*rowH
		name := s.Name
		if s.Line > 0 {
			name = strconv.Itoa(s.Line) + ": " + name
		}
		class := "tot"
		if s.Critical {
			class = "pos"
		}
		c.text(left-8, y+13, "s", "end", label(name, 46))
		c.rect(x(s.Start), y+3, math.Max(1, x(s.End)-x(s.Start)), rowH-5, `class="`+class+`"`, fmt.Sprintf("%s: %.3f s to %.3f s", s.Name, s.Start, s.End))
		c.text(x(s.End)+5, y+13, "s d", "", units.Seconds(secondsOf(s.End-s.Start)))
	}
	return c.picture("gantt", "When each step was at work; the critical path is marked")
}
