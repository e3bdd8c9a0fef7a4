package gate

import (
	"cmp"
	"fmt"
	"math"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"tare/internal/compare"
	"tare/internal/experiment"
	"tare/internal/image"
	"tare/internal/units"
	"tare/internal/weigh"
)

// Facts are what budgets are held against, besides sizes.
type Facts struct {
	Dockerfile string // its path; "" if it is not known
	Layers     int
	// Packages are those that are installed in the end.
	Packages []Installed
	Findings []weigh.Finding
	// Classes are the bytes of live by class; nil where no layer was read.
	Classes map[weigh.Class]int64
	// Times are what tare lab measured of this very image; Untimed says why there is nothing.
	Times   []experiment.Measurement
	Untimed string
	// Unread says that no layer was read: of sizes only transfer is known.
	Unread bool
}

// Installed is a package, and the line that installed it; 0 if that is not known.
type Installed struct {
	Name string
	Line int
}

// Budget are the limits of one image.
type Budget struct {
	// Rules: of several for one name the last holds.
	Rules []experiment.Rule
	// File is the path of the tare.yaml; Line finds a place of it.
	File string
	Line func(at string) int
}

// judge judges one image.
type judge struct {
	img   *Image
	facts Facts
	b     Budget
	of    string // what growth is of
	out   []Violation
	notes []string
}

// Judge holds an image against its budget. notes say what was not judged, and why.
func Judge(img *Image, facts Facts, b Budget) (out []Violation, notes []string) {
	j := &judge{img: img, facts: facts, b: b, of: "yours"}
	var names []string
	last := map[string]experiment.Rule{}
	for _, r := range b.Rules {
		if _, again := last[r.Name]; !again {
			names = append(names, r.Name)
		}
		last[r.Name] = r
	}
	if r, ok := last["growth.of"]; ok {
		j.of = r.Value
	}
	for _, name := range names {
		r := last[name]
		kind, rest, _ := strings.Cut(name, ".")
		switch {
		case name == "growth.of":
		case kind == "growth":
			j.growth(r, rest)
		case name == "layers":
			j.count(r, "layers", j.facts.Layers, units.Plural(j.facts.Layers, "layer"))
		case name == "packages.max":
			n := len(j.facts.Packages)
			j.count(r, "packages", n, units.Plural(n, "package"))
		case kind == "packages":
			j.forbidden(r, rest)
		case kind == "classes":
			j.class(r, weigh.Class(rest))
		case kind == "findings":
			j.findings(r, rest, last)
		case kind == "seconds":
			j.seconds(r, rest)
		default:
			j.size(r)
		}
	}
	return j.out, j.notes
}

func (j *judge) note(format string, a ...any) {
	text := fmt.Sprintf(format, a...)
	if !slices.Contains(j.notes, text) {
		j.notes = append(j.notes, text)
	}
}

// violate adds a violation at its first cause, at a line of the Dockerfile, or at the limit
// in the file that set it.
func (j *judge) violate(r experiment.Rule, measure string, limit, value float64, line int, causes []Cause, format string, a ...any) {
	v := Violation{Image: j.img.Name, Platform: j.img.Platform, Rule: r.Name, Measure: measure, Limit: limit, Value: value, Causes: causes, Text: fmt.Sprintf(format, a...)}
	if v.Causes == nil {
		v.Causes = []Cause{}
	}
	switch {
	case len(causes) > 0 && causes[0].File != "":
		v.File, v.Line = causes[0].File, causes[0].Line
	case line > 0 && j.facts.Dockerfile != "":
		v.File, v.Line = j.facts.Dockerfile, &line
	case r.At != "" && j.b.File != "":
		v.File = j.b.File
		if n := j.b.Line(r.At); n > 0 {
			v.Line = &n
		}
	default:
		v.File = j.facts.Dockerfile
	}
	j.out = append(j.out, v)
}

// amount is a size of an image by its name.
func amount(z *image.Sizes, measure string) units.Amount {
	for i := range compare.Measures {
		if m := &compare.Measures[i]; m.Name == measure {
			return m.Value(z)
		}
	}
	return units.Unknown()
}

// limit is a limit in bytes: of a percentage that part of whole.
func limit(r experiment.Rule, whole int64) (int64, bool) {
	bytes, percent, err := r.Size()
	if err != nil {
		return 0, false
	}
	if percent >= 0 {
		return int64(math.Floor(float64(whole) * percent / 100)), true
	}
	return bytes, true
}

// size judges a measure of the image.
func (j *judge) size(r experiment.Rule) {
	value, ok := amount(&j.img.After.Sizes, r.Name).Int()
	if !ok {
		j.note("%s: transfer is not judged: what a push of its layers sends is not known", j.img.Name)
		return
	}
	var whole int64
	if m := experiment.Whole(r.Name); m != "" {
		whole = amount(&j.img.After.Sizes, m).Or(0)
	}
	most, ok := limit(r, whole)
	if !ok || value <= most {
		return
	}
	said := units.Bytes(most)
	if strings.HasSuffix(r.Value, "%") {
		said += " (" + r.Value + " of " + experiment.Whole(r.Name) + ")"
	}
	j.violate(r, r.Name, float64(most), float64(value), 0, j.causes(r.Name, ""), "%s is %s, %s over the budget of %s", r.Name, units.Bytes(value), units.Bytes(value-most), said)
}

// growth judges what was added.
func (j *judge) growth(r experiment.Rule, measure string) {
	if j.img.Delta == nil {
		j.note("%s: growth is not judged: there is no baseline (--baseline)", j.img.Name)
		return
	}
	of, part := j.img.Delta.Yours, Yours
	if j.of == "total" {
		of, part = j.img.Delta.Total, ""
	}
	value, ok := of.Of(measure).Int()
	if !ok {
		j.note("%s: growth of transfer is not judged: what a push of its layers sends is not known", j.img.Name)
		return
	}
	before := amount(&j.img.Before.Sizes, measure).Or(0)
	most, ok := limit(r, before)
	if !ok {
		return
	}
	if unknown, ok := j.img.Delta.Unknown.Of(measure).Int(); ok && part == Yours && value <= most && unknown > most {
		j.note("%s: %s of the growth of %s cannot be told apart: whether it is yours is not known", j.img.Name, units.Bytes(unknown), measure)
	}
	if value <= most {
		return
	}
	said := units.Bytes(most)
	if strings.HasSuffix(r.Value, "%") {
		said += " (" + r.Value + " of " + units.Bytes(before) + ")"
	}
	who := "your change adds"
	if part == "" {
		who = "since the baseline it has"
	}
	j.violate(r, measure, float64(most), float64(value), 0, j.causes(measure, part), "%s %s of %s, %s over the budget of %s", who, units.Bytes(value), measure, units.Bytes(value-most), said)
}

// causes are those that add to a measure, the largest first; of a part, or of all.
func (j *judge) causes(measure, part string) (out []Cause) {
	if !slices.Contains([]string{"tar", "transfer", "live"}, measure) {
		return nil
	}
	for _, c := range j.img.Causes {
		if (part == "" || c.Part == part) && c.Of(measure).Or(0) > 0 {
			out = append(out, c)
		}
	}
	slices.SortStableFunc(out, func(a, b Cause) int { return cmp.Compare(b.Of(measure).Or(0), a.Of(measure).Or(0)) })
	return out
}

// count judges a number.
func (j *judge) count(r experiment.Rule, measure string, n int, said string) {
	most, err := strconv.Atoi(r.Value)
	if err != nil || n <= most {
		return
	}
	j.violate(r, measure, float64(most), float64(n), 0, nil, "it has %s, the budget is %d", said, most)
}

// forbidden judges packages of a name.
func (j *judge) forbidden(r experiment.Rule, pattern string) {
	var names []string
	line := 0
	for _, p := range j.facts.Packages {
		if ok, err := path.Match(pattern, p.Name); (err == nil && ok || p.Name == pattern) && !slices.Contains(names, p.Name) {
			if names = append(names, p.Name); line == 0 {
				line = p.Line
			}
		}
	}
	if len(names) == 0 {
		return
	}
	shown := strings.Join(names[:min(5, len(names))], ", ")
	if more := len(names) - 5; more > 0 {
		shown += fmt.Sprintf(" and %d more", more)
	}
	j.violate(r, "packages", 0, float64(len(names)), line, nil, "%s must not be installed: %s", pattern, shown)
}

// findings judges what was found by a rule; * stands for all rules without a limit of their
// own.
func (j *judge) findings(r experiment.Rule, rule string, all map[string]experiment.Rule) {
	n, line, text := 0, 0, ""
	for _, f := range j.facts.Findings {
		_, own := all["findings."+f.Rule]
		if f.Rule != rule && (rule != "*" || own) {
			continue
		}
		if n++; n == 1 {
			line, text = f.Line, f.Text
		}
	}
	most, err := strconv.Atoi(r.Value)
	if err != nil || n <= most {
		return
	}
	what := "of " + rule
	if rule == "*" {
		what = "of all other rules"
	}
	j.violate(r, "findings", float64(most), float64(n), line, nil, "%s %s, the budget is %d: %s", units.Plural(n, "finding"), what, most, text)
}

// seconds judges a time by its confidence interval: a single run proves nothing.
func (j *judge) seconds(r experiment.Rule, what string) {
	most, err := strconv.ParseFloat(r.Value, 64)
	if err != nil {
		return
	}
	asked := false
	for i := range j.facts.Times {
		m := &j.facts.Times[i]
		if !timed(m.Name, what) || m.Unit != "seconds" || m.Kind != experiment.Measured {
			continue
		}
		asked = true
		if m.Low == nil || m.High == nil {
			j.note("%s: %s is not judged: %d runs are too few for an interval (tare lab --repeat 6)", j.img.Name, m.Name, len(m.Samples))
			continue
		}
		if *m.Low <= most {
			continue
		}
		rule := r
		if what == "rebuild" {
			rule.Name += "." + strings.TrimPrefix(m.Name, experiment.Rebuild)
		}
		j.violate(rule, "seconds", most, m.Value, 0, nil, "%s takes %s (95%% interval %s to %s, n=%d), the budget is %s", experiment.Title(m.Name), seconds(m.Value), seconds(*m.Low), seconds(*m.High), len(m.Samples), seconds(most))
	}
	if !asked {
		why := j.facts.Untimed
		if why == "" {
			why = "tare lab has not measured it"
		}
		j.note("%s: seconds.%s is not judged: %s", j.img.Name, what, why)
	}
}

// timed tells whether a measurement of the lab is one of a kind of times.
func timed(name, what string) bool {
	switch what {
	case "start":
		return name == experiment.StartExit || name == experiment.StartReady
	case "build":
		return name == experiment.BuildCold
	}
	return strings.HasPrefix(name, experiment.Rebuild)
}

func seconds(s float64) string { return units.Seconds(time.Duration(s * float64(time.Second))) }
