package report

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"tare/internal/compare"
	"tare/internal/explain"
)

// ComparisonOptions choose what of a comparison is shown.
type ComparisonOptions struct {
	Exact   bool   // all bytes instead of three digits
	Measure string // whose differences are divided into causes
	Top     int    // causes that are shown for each
	Files   bool   // causes were asked for down to files: they stand on the first screen
}

// ComparisonParts are the parts of a Comparison, and (layers, method) of a Remote.
var ComparisonParts = []string{"verdict", "table", "measures", "pairs", "causes", "sharing", "sentences", "warnings", "layers", "method"}

// screen is how many lines the first screen has.
const screenLines = 40

// Comparison lays a comparison out: the verdict, a row for each image, why neighbours
// differ, and what else a reader should know. Everything else is there in full.
func Comparison(r *compare.Result, o ComparisonOptions) Document {
	z := sizes{o.Exact}
	d := in("verdict", Always, Para{Text: Safe(explain.Verdict(r, z.text)), Heading: true})
	d = append(d, overview("IMAGE", imageNames(r), imageSides(r, z)), measures(r, z))
	said := telling(r, 3)
	whole := causes(r, z, o)
	if o.Files { // who asks for files asks for all causes
		whole = in("causes", Always, whole...)
	} else if o.Measure != "none" {
		lines := screenLines - 3 - (len(r.Images) + 3) - 2*len(said) - 3
		d = append(d, pairs(r, z, o.Measure, lines)...)
	}
	d = append(d, whole...)
	if len(r.Images) > 1 {
		d = append(d, sharing(r, z))
	}
	d = append(d, said...)
	d = append(d, sentences(r.Sentences)...)
	d = append(d, troubles(r)...)
	return append(d, more([]string{"measures", "causes", "sharing", "sentences"}))
}

// causes are all causes of the differences on the measure that was asked for.
func causes(r *compare.Result, z sizes, o ComparisonOptions) Document {
	var d Document
	for i := range r.Differences {
		if diff := &r.Differences[i]; diff.Measure == o.Measure || o.Measure == "all" {
			d = append(d, waterfall(diff, z, o.Top))
		}
	}
	return d
}

// troubles are what is wrong with the images themselves.
func troubles(r *compare.Result) Document {
	var d Document
	for _, i := range r.Images {
		for _, p := range i.Problems {
			d = append(d, Item{Severity: Error, Text: Safe(i.Name) + ": " + Safe(p)})
		}
		for _, w := range i.Warnings {
			d = append(d, Item{Severity: Warning, Text: Safe(i.Name) + ": " + Safe(w)})
		}
	}
	return in("warnings", Always, d...)
}

// sentences are all that the numbers say.
func sentences(list []compare.Sentence) Document {
	var d Document
	for _, s := range list {
		d = append(d, Item{Text: Safe(s.Text)})
	}
	return in("sentences", Full, d...)
}

// measures are all measures of all images.
func measures(r *compare.Result, z sizes) Sides {
	base := r.BaselineIndex()
	s := Sides{Place: Place{"measures", Full}, Baseline: base}
	add := func(label string, cell func(*compare.Image) Cell) *Measure {
		row := Measure{Label: label}
		for n := range r.Images {
			row.Cells = append(row.Cells, cell(&r.Images[n]))
		}
		s.Rows = append(s.Rows, row)
		return &s.Rows[len(s.Rows)-1]
	}
	built := false
	for n, i := range r.Images {
		c := Subject{Title: Safe(i.Name)}
		if n == base && len(r.Images) > 1 {
			c.Note = "baseline"
		}
		s.Subjects = append(s.Subjects, c)
		built = built || i.BuildSeconds != nil
	}
	add("base", func(i *compare.Image) Cell { return words(Safe(i.Base)) })
	add("platform", func(i *compare.Image) Cell { return words(Safe(i.Platform)) })
	for _, m := range compare.Measures {
		was := m.Value(&r.Images[base].Sizes)
		add(m.Name, func(i *compare.Image) Cell {
			if i == &r.Images[base] {
				return z.amount(was)
			}
			return z.against(m.Value(&i.Sizes), was)
		}).Help = m.Help
	}
	row := add("layers", layerCount)
	row.NoWinner, row.Help = true, "empty steps in brackets"
	add("packages", packageCount).NoWinner = true
	if built {
		add("builds in", buildTime)
	}
	return s
}

func packageCount(i *compare.Image) Cell {
	var out []string
	sum := 0
	for _, kind := range slices.Sorted(maps.Keys(i.Packages)) {
		out = append(out, fmt.Sprintf("%d %s", i.Packages[kind], kind))
		sum += i.Packages[kind]
	}
	if len(out) == 0 {
		return words("none known")
	}
	c := count(sum)
	c.Text = strings.Join(out, " ")
	return c
}

func layerCount(i *compare.Image) Cell {
	c := count(i.Layers)
	if i.EmptyLayers > 0 {
		c.Text = fmt.Sprintf("%d (+%d)", i.Layers, i.EmptyLayers)
	}
	return c
}

func buildTime(i *compare.Image) Cell {
	if i.BuildSeconds == nil {
		return words("not built")
	}
	c := span(*i.BuildSeconds)
	if i.BuildCached {
		c.Text += " (cached)"
	}
	return c
}

func sharing(r *compare.Result, z sizes) Block {
	t := Table{Place: Place{"sharing", Full}, Title: "SHARED / UNIQUE",
		Columns: []Column{number("BLOBS").as("blobs shared"), number("UNIQUE").as("blobs unique"), number("LAYERS").as("layers shared"), number("UNIQUE").as("layers unique"), number("CONTENTS").as("contents shared"), number("UNIQUE").as("contents unique"), text("IMAGE").subject().label()}}
	s := r.Sharing
	for n, i := range r.Images {
		t.add(z.amount(s.Blob.Images[n].Shared), z.amount(s.Blob.Images[n].Unique), z.amount(s.DiffID.Images[n].Shared), z.amount(s.DiffID.Images[n].Unique),
			z.amount(s.Content.Images[n].Shared), z.amount(s.Content.Images[n].Unique), words(Safe(i.Name)))
	}
	t.add(words(""), z.amount(s.Blob.Together), words(""), z.amount(s.DiffID.Together), words(""), z.amount(s.Content.Together), words("all, deduplicated")).Total = true
	return t
}
