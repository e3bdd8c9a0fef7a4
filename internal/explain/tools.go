package explain

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"tare/internal/compare"
	"tare/internal/packages"
	"tare/internal/tree"
	"tare/internal/units"
	"tare/internal/weigh"
)

// held is an installed package, or several of one name, with the live bytes it owns.
type held struct {
	name, version string
	live          int64
}

// installed are an image's packages by what key names them; "" leaves one out.
func installed(f *weigh.Facts, key func(*packages.Package) string) map[string]held {
	live := map[int32]int64{}
	for i := range f.Cells {
		if c := &f.Cells[i]; c.Fate == tree.Live {
			live[c.Owner] += c.Files
		}
	}
	versions := map[string][]string{}
	out := map[string]held{}
	for _, id := range f.Final {
		p := &f.Packages[id]
		k := key(p)
		if k == "" {
			continue
		}
		versions[k] = append(versions[k], p.Version)
		out[k] = held{p.Name, compare.Versions(versions[k]), out[k].live + live[id]}
		live[id] = 0 // a database may name a package twice
	}
	return out
}

// less are those of a that b lacks, the largest first, and the bytes of all.
func less(a, b map[string]held) (list []held, sum int64) {
	for k, h := range a {
		if _, ok := b[k]; !ok {
			list = append(list, h)
			sum += h.live
		}
	}
	slices.SortFunc(list, func(x, y held) int {
		return cmp.Or(cmp.Compare(y.live, x.live), cmp.Compare(x.name, y.name), cmp.Compare(x.version, y.version))
	})
	return list, sum
}

// largest names the first of a list with their bytes.
func largest(list []held, n int, name func(held) string) []string {
	var out []string
	for _, h := range list[:min(n, len(list))] {
		out = append(out, fmt.Sprintf("%s (%s)", name(h), units.Bytes(h.live)))
	}
	return out
}

// carries names what the larger image of two on different distributions has and the
// other lacks, by the names of packages.
func (w *writer) carries(d *compare.Difference) {
	a, b := d.Ends()
	if d.Bytes() > 0 {
		a, b = b, a
	}
	system := func(p *packages.Package) string {
		if !p.Type.System() {
			return ""
		}
		return p.Name
	}
	any := func(p *packages.Package) string { return p.Name }
	more, less0 := w.r.Subjects[a], w.r.Subjects[b]
	list, sum := less(installed(more.Facts, system), installed(less0.Facts, any))
	if len(list) == 0 || !w.material(sum, w.r.Images[a].Sizes.Live) {
		return
	}
	evidence := []compare.Evidence{{What: "packages that the other lacks, by name", Image: more.Name, Measure: "live", Value: sum}, {What: "their number", Image: more.Name, Value: int64(len(list))}}
	const named = 6
	for _, h := range list[:min(named, len(list))] {
		evidence = append(evidence, compare.Evidence{What: "package", Image: more.Name, Measure: "live", Kind: "package", Subject: h.name, Value: h.live})
	}
	names := largest(list, named, func(h held) string { return h.name })
	text := fmt.Sprintf("%s has %s of its distribution (%s) that %s lacks", more.Name, units.Plural(len(list), "package"), units.Bytes(sum), less0.Name)
	if len(names) == len(list) {
		text += ": " + inWords(names) + "."
	} else {
		text += ", the largest being " + inWords(names) + "."
	}
	back, lost := less(installed(less0.Facts, system), installed(more.Facts, any))
	evidence = append(evidence, compare.Evidence{What: "packages that it lacks itself, by name", Image: less0.Name, Measure: "live", Value: lost}, compare.Evidence{What: "their number", Image: less0.Name, Value: int64(len(back))})
	w.say(compare.Sentence{Text: text, Evidence: evidence, Kind: MoreTools})
}

// lacks says of each image which packages of the others it does not have.
func (w *writer) lacks() {
	var all []map[string]held
	for i := range w.r.Subjects {
		all = append(all, installed(w.r.Subjects[i].Facts, (*packages.Package).Key))
	}
	every := map[string]held{} // package; as the image has it where it is largest
	for _, have := range all {
		for k, h := range have {
			if h.live >= every[k].live {
				every[k] = h
			}
		}
	}
	for i := range w.r.Subjects {
		name := w.r.Images[i].Name
		list, sum := less(every, all[i])
		evidence := []compare.Evidence{{What: "packages that it lacks", Image: name, Value: int64(len(list))}, {What: "their bytes in the others", Image: name, Measure: "live", Value: sum}}
		if len(list) == 0 {
			w.say(compare.Sentence{Text: fmt.Sprintf("%s lacks no package that another has.", name), Evidence: evidence})
			continue
		}
		named := largest(list, 5, func(h held) string { return h.name + " " + h.version })
		w.say(compare.Sentence{Text: fmt.Sprintf("%s lacks %s that others have, the largest being %s.", name, units.Plural(len(list), "package"), inWords(named)), Evidence: evidence})
	}
}

// installers says which images can install more Python or JavaScript libraries: a
// smaller image does not help whoever needs that.
func (w *writer) installers() {
	for _, kind := range packages.Kinds() {
		name := kind.Installer
		if name == "" {
			continue
		}
		var with, without []string
		var evidence []compare.Evidence
		for _, s := range w.r.Subjects {
			have := installed(s.Facts, func(p *packages.Package) string {
				if p.Name != name || p.Type != kind.Type {
					return ""
				}
				return name
			})
			h, ok := have[name]
			if ok {
				with = append(with, s.Name+" ("+h.version+")")
			} else {
				without = append(without, s.Name)
			}
			evidence = append(evidence, compare.Evidence{What: "versions of " + name, Image: s.Name, Kind: "package", Subject: name, Value: int64(len(slices.Collect(maps.Keys(have))))})
		}
		if len(with) > 0 && len(without) > 0 {
			w.say(compare.Sentence{Text: fmt.Sprintf("%s is in %s but not in %s.", name, inWords(with), inWords(without)), Evidence: evidence})
		}
	}
}
