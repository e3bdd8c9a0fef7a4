package gatereport

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"tare/internal/gate"
	"tare/internal/report"
	"tare/internal/units"
)

// partTitles are the words for the parts of a change.
var partTitles = map[string]string{
	gate.Yours:    "your change",
	gate.Base:     "base moved",
	gate.Packages: "packages moved",
	gate.Noise:    "noise",
	gate.Unknown:  "unknown",
}

func partTitle(part string) string { return cmp.Or(partTitles[part], report.Safe(part)) }

// safe makes a stranger's text one line, which no log takes for a command: GitHub's runner
// looks for "::" at the beginning of lines, where wrapping can put any word, and for "##["
// everywhere.
func safe(s string) string {
	s = strings.Join(strings.Fields(report.Safe(s)), " ")
	s = strings.ReplaceAll(s, "##[", "## [")
	if strings.HasPrefix(s, "::") {
		s = `\` + s
	}
	return strings.ReplaceAll(s, " ::", ` \::`)
}

// brief is a stranger's text of at most n characters.
func brief(s string, n int) string {
	r := []rune(safe(s))
	if len(r) <= n {
		return string(r)
	}
	return strings.TrimRight(string(r[:n-1]), " ") + "…"
}

// place is where a cause or violation is: "Dockerfile:12"; "" where nothing is to blame.
func place(file string, line *int) string {
	if file == "" || line == nil {
		return safe(file)
	}
	return safe(file) + ":" + strconv.Itoa(*line)
}

func (o Options) size(n int64) string {
	if o.Exact {
		return units.Exact(n)
	}
	return units.Bytes(n)
}

// delta is a difference with its sign.
func (o Options) delta(n int64) string {
	switch {
	case o.Exact && n > 0:
		return "+" + units.Exact(n)
	case o.Exact:
		return units.Exact(n)
	}
	return units.Delta(n)
}

// bytesOf tells the measures that count bytes from the others, of which Violation.Limit is
// a number of its own unit.
func bytesOf(measure string) bool {
	switch measure {
	case "layers", "packages", "findings":
		return false
	}
	return !strings.Contains(measure, "seconds")
}

// amount is the value or limit of a budget, in its unit.
func (o Options) amount(measure string, v float64) string {
	switch {
	case bytesOf(measure):
		return o.size(int64(math.Round(v)))
	case strings.Contains(measure, "seconds"):
		return strconv.FormatFloat(v, 'g', 3, 64) + " s"
	}
	n := int64(math.Round(v))
	if word := strings.TrimSuffix(measure, "s"); word != "" && word != measure {
		return units.Plural(n, safe(word))
	}
	return strconv.FormatInt(n, 10)
}

// sentence says what is broken.
func (o Options) sentence(v *gate.Violation) string {
	if v.Text != "" {
		return safe(v.Text)
	}
	return fmt.Sprintf("%s is %s; the budget is %s", safe(v.Measure), o.amount(v.Measure, v.Value), o.amount(v.Measure, v.Limit))
}

// imageName names an image, with its platform where the check has more than one.
func imageName(r *gate.Result, i *gate.Image) string {
	for n := range r.Images {
		if r.Images[n].Platform != r.Images[0].Platform {
			return strings.TrimSpace(i.Name + " " + i.Platform)
		}
	}
	return i.Name
}

// violator names the image of a violation, as imageName does.
func violator(r *gate.Result, v *gate.Violation) string {
	return imageName(r, &gate.Image{Name: v.Image, Platform: v.Platform})
}

// cause is a cause of one image or several: the variants and platforms of one Dockerfile
// have the same line to blame.
type cause struct {
	gate.Cause
	images []string
	guilty bool // a violation names it
}

type causeKey struct {
	part, file, text string
	line             int
}

func keyOf(c *gate.Cause) causeKey {
	k := causeKey{c.Part, c.File, c.Text, 0}
	if c.Line != nil {
		k.line = *c.Line
	}
	return k
}

// weight is how much a cause matters: the largest of its measures, grown or shrunk.
func weight(a gate.Amounts) int64 {
	abs := func(n int64) int64 { return max(n, -n) }
	return max(abs(a.Tar), abs(a.Transfer.Or(0)), abs(a.Live))
}

// causesOf are the causes of all images, each once with the amounts of the image that it
// matters most for: what broke a budget first, then yours, then drift, the largest first.
func causesOf(r *gate.Result) []cause {
	at := map[causeKey]int{}
	var out []cause
	add := func(c *gate.Cause, image string, guilty bool) {
		k := keyOf(c)
		i, ok := at[k]
		if !ok {
			i = len(out)
			at[k] = i
			out = append(out, cause{Cause: *c})
		}
		if weight(c.Amounts) > weight(out[i].Amounts) {
			out[i].Amounts = c.Amounts
		}
		if !slices.Contains(out[i].images, image) {
			out[i].images = append(out[i].images, image)
		}
		out[i].guilty = out[i].guilty || guilty
	}
	for n := range r.Images {
		img := &r.Images[n]
		for c := range img.Causes {
			add(&img.Causes[c], imageName(r, img), false)
		}
	}
	for n := range r.Violations {
		v := &r.Violations[n]
		for c := range v.Causes {
			if _, known := at[keyOf(&v.Causes[c])]; known {
				out[at[keyOf(&v.Causes[c])]].guilty = true
				continue
			}
			add(&v.Causes[c], v.Image, true)
		}
	}
	rank := func(c cause) int {
		switch {
		case c.guilty:
			return 0
		case c.Part == gate.Yours:
			return 1
		}
		return 2
	}
	out = slices.DeleteFunc(out, func(c cause) bool { return weight(c.Amounts) == 0 && c.Transfer.Known() && !c.guilty })
	slices.SortStableFunc(out, func(a, b cause) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(weight(b.Amounts), weight(a.Amounts)))
	})
	return out
}

// largest are the first causes that matter beside the very first one, at most firstCauses of
// them, and what all others come to.
func largest(all []cause) (shown []cause, rest gate.Amounts) {
	for n, c := range all {
		if n < firstCauses && len(shown) == n && (n == 0 || weight(c.Amounts) >= min(units.Threshold.Bytes, weight(all[0].Amounts)/100)) {
			shown = append(shown, c)
			continue
		}
		rest = gate.Amounts{Tar: rest.Tar + c.Tar, Live: rest.Live + c.Live, Transfer: rest.Transfer.Plus(c.Transfer)}
	}
	return shown, rest
}

// touched tells whether anything of yours changed the bytes of an image, or whether that
// is not known since there is no baseline, or none whose parts can be told apart.
func touched(r *gate.Result) bool {
	for n := range r.Images {
		d := r.Images[n].Delta
		if d == nil || !none(d.Yours) || !none(d.Unknown) {
			return true
		}
		for _, c := range r.Images[n].Causes { // what grew here may have shrunk there
			if c.Part == gate.Yours && !none(c.Amounts) {
				return true
			}
		}
	}
	return false
}

// none tells whether an amount is 0 on every measure that is known.
func none(a gate.Amounts) bool { return weight(a) == 0 }
