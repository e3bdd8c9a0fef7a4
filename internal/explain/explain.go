// Package explain says in plain sentences what a comparison shows. Each sentence
// names the numbers that it rests on; none is said without one.
package explain

import (
	"fmt"
	"slices"
	"strings"

	"tare/internal/compare"
	"tare/internal/suggest"
	"tare/internal/units"
)

// Sentences are what the numbers of a comparison say: first of the whole set, then of
// each pair. What is about fewer bytes than m is not among them.
func Sentences(r *compare.Result, m Material) []compare.Sentence {
	return (&writer{r: r, m: m}).all()
}

// Course are the sentences that answer the questions of the course and that its beliefs
// can be held against, whether or not what they are about is material.
func Course(r *compare.Result, m Material) []compare.Sentence {
	return (&writer{r: r, m: m, course: true}).all()
}

// Kinds of sentences that a belief of the course can be held against.
const (
	Smallest   = "smallest"
	Largest    = "largest"
	BuildTools = "build-tools"
	MoreTools  = "more-tools"
	Stages     = "stages"
)

type writer struct {
	r      *compare.Result
	m      Material
	course bool // for the course: also what is not material
	out    []compare.Sentence
	topic  string
}

func (w *writer) all() []compare.Sentence {
	several := len(w.r.Images) > 1
	if several {
		w.topic = "ranking"
		w.ranking()
	}
	w.topic = "difference"
	for i := range w.r.Differences {
		if d := &w.r.Differences[i]; d.Measure == "live" {
			w.pair(d)
		}
	}
	if several {
		w.topic = "layers"
		w.layers()
		if w.course {
			w.topic = "packages"
			w.lacks()
		}
		w.topic = "tools"
		w.installers()
	}
	w.topic = "stages"
	w.stages()
	w.topic = "waste"
	w.waste()
	if several {
		w.topic = "sharing"
		w.sharing()
	}
	return w.out
}

// material tells whether so many bytes of a whole are worth a sentence.
func (w *writer) material(n, whole int64) bool { return w.course || w.m.Of(n, whole) }

func (w *writer) say(s compare.Sentence) {
	s.Topic = w.topic
	w.out = append(w.out, s)
}

// ranking names the smallest and the largest image, on which measures. Images of
// the same size share a place.
func (w *writer) ranking() {
	type place struct{ names, on []string }
	var best, worst []*place
	put := func(to *[]*place, names []string, measure string) {
		for _, p := range *to {
			if slices.Equal(p.names, names) {
				p.on = append(p.on, measure)
				return
			}
		}
		*to = append(*to, &place{names, []string{measure}})
	}
	var evidence []compare.Evidence
	ranked := []string{"transfer", "tar", "files", "live", "docker"}
	measures, every := w.measured(ranked...), "every measure"
	if len(measures) < len(ranked) {
		every = "every measure that is known of all"
	}
	for _, m := range compare.Measures {
		if !slices.Contains(measures, m.Name) {
			continue
		}
		var values []int64
		for i := range w.r.Images {
			v := m.Value(&w.r.Images[i].Sizes).Or(0)
			values = append(values, v)
			evidence = append(evidence, compare.Evidence{What: m.Name, Image: w.r.Images[i].Name, Measure: m.Name, Value: v})
		}
		lo, hi := slices.Min(values), slices.Max(values)
		if lo == hi {
			continue
		}
		put(&best, w.named(values, lo), m.Name)
		put(&worst, w.named(values, hi), m.Name)
	}
	if len(best) == 0 {
		w.say(compare.Sentence{Text: fmt.Sprintf("%s the same size on %s.", all(len(w.r.Images)), inWords(measures)), Evidence: evidence})
		return
	}
	say := func(places []*place, kind string) {
		for _, p := range places {
			verb := "is"
			if len(p.names) > 1 {
				verb = "are equal and"
			}
			text := fmt.Sprintf("%s %s the %s on %s (%s).", inWords(p.names), verb, kind, every, inWords(measures))
			if len(p.on) < len(measures) {
				verb = strings.NewReplacer("is", "has", "are equal and", "have").Replace(verb)
				text = fmt.Sprintf("%s %s the %s %s.", inWords(p.names), verb, kind, inWords(p.on))
			}
			s := compare.Sentence{Text: text, Evidence: of(evidence, p.names)}
			if len(p.names) == 1 {
				s.Kind = kind
			}
			w.say(s)
		}
	}
	say(best, Smallest)
	if len(w.r.Images) > 2 {
		say(worst, Largest)
	}
}

// measured are those of the measures that are known of all images.
func (w *writer) measured(names ...string) (out []string) {
	for _, m := range compare.Measures {
		known := slices.Contains(names, m.Name)
		for i := range w.r.Images {
			known = known && m.Value(&w.r.Images[i].Sizes).Known()
		}
		if known {
			out = append(out, m.Name)
		}
	}
	return out
}

// named are the images whose value is v.
func (w *writer) named(values []int64, v int64) (names []string) {
	for i := range values {
		if values[i] == v {
			names = append(names, w.r.Images[i].Name)
		}
	}
	return names
}

func of(all []compare.Evidence, images []string) []compare.Evidence {
	var out []compare.Evidence
	for _, e := range all {
		if slices.Contains(images, e.Image) {
			out = append(out, e)
		}
	}
	return out
}

// inWords joins words as a sentence does.
func inWords(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}

// layers compares how many layers there are.
func (w *writer) layers() {
	var parts []string
	var evidence []compare.Evidence
	same := true
	for i := range w.r.Images {
		im := &w.r.Images[i]
		parts = append(parts, fmt.Sprintf("%s has %s", im.Name, units.Plural(im.Layers, "layer")))
		same = same && im.Layers == w.r.Images[0].Layers
		evidence = append(evidence, compare.Evidence{What: "layers", Image: im.Name, Value: int64(im.Layers)})
	}
	n := units.Plural(w.r.Images[0].Layers, "layer")
	switch {
	case same && len(parts) == 2:
		w.say(compare.Sentence{Text: fmt.Sprintf("Both have %s.", n), Evidence: evidence})
	case same:
		w.say(compare.Sentence{Text: fmt.Sprintf("All have %s.", n), Evidence: evidence})
	default:
		w.say(compare.Sentence{Text: inWords(parts) + ".", Evidence: evidence})
	}
}

// waste names images that carry bytes nobody can see, where they matter.
func (w *writer) waste() {
	for i := range w.r.Images {
		im := &w.r.Images[i]
		if im.Sizes.Waste == 0 || !w.material(im.Sizes.Waste, im.Sizes.Files) {
			continue
		}
		more := ""
		if len(im.Target) > 0 {
			more = fmt.Sprintf(" (%s shows which layers wrote and hid it)", suggest.Command("weigh", im.Target...))
		}
		worst, most := "", int64(-1)
		for class, n := range im.Waste {
			if n > most || n == most && class < worst {
				worst, most = class, n
			}
		}
		w.say(compare.Sentence{
			Text: fmt.Sprintf("%s has %s that no container can see, %s of it %s%s.",
				im.Name, units.Bytes(im.Sizes.Waste), units.Bytes(most), worst, more),
			Evidence: []compare.Evidence{{What: "waste", Image: im.Name, Measure: "waste", Value: im.Sizes.Waste},
				{What: worst, Image: im.Name, Measure: "waste", Kind: "waste", Subject: worst, Value: most}},
		})
	}
}

// sharing says what a host that has all of them stores and pulls once.
func (w *writer) sharing() {
	b, c := w.r.Sharing.Blob, w.r.Sharing.Content
	what, measure, said := "blobs", "transfer", "Pulling all of them onto one host transfers %s of layers instead of %s, because they share layers"
	if !b.Separately.Known() { // whichever blobs they come in, layers are shared
		b, what, measure, said = w.r.Sharing.DiffID, "layers", "tar", "Unpacked, all of them together have %s of layers (tar) instead of %s, because they share layers"
	}
	together, separately := b.Together.Or(0), b.Separately.Or(0)
	evidence := []compare.Evidence{{What: what + " together", Measure: measure, Value: together}, {What: what + " separately", Measure: measure, Value: separately}}
	text := fmt.Sprintf("They share no layer (0B of %s)", units.Bytes(separately))
	if together < separately {
		now, was := units.Pair(together, separately)
		text = fmt.Sprintf(said, now, was)
	}
	if n := w.r.Sharing.Apart; w.m.Of(n, c.Separately.Or(0)) {
		text += fmt.Sprintf("; %s are equal files in layers that they do not share", units.Bytes(n))
		evidence = append(evidence, compare.Evidence{What: "equal files in layers that only one has", Measure: "live", Value: n})
	}
	w.say(compare.Sentence{Text: text + ".", Evidence: evidence})
}
