package gate

import (
	"strings"

	"tare/internal/experiment"
	"tare/internal/units"
	"tare/internal/weigh"
)

// ClassesOf are the bytes of an image that a container sees, by class.
func ClassesOf(f *weigh.Facts) map[weigh.Class]int64 {
	out := map[weigh.Class]int64{}
	for _, c := range f.LiveClasses() {
		out[c.Class] = c.Live
	}
	return out
}

// class judges what the files of a class take of live.
func (j *judge) class(r experiment.Rule, c weigh.Class) {
	if j.facts.Classes == nil {
		j.note("%s: %s is not judged: no layer was read", j.img.Name, r.Name)
		return
	}
	value := j.facts.Classes[c]
	most, ok := limit(r, j.img.After.Sizes.Live)
	if !ok || value <= most {
		return
	}
	said := units.Bytes(most)
	if strings.HasSuffix(r.Value, "%") {
		said += " (" + r.Value + " of live)"
	}
	j.violate(r, "live", float64(most), float64(value), 0, nil, "%s (%s) is %s, %s over the budget of %s", r.Name, c.Title(), units.Bytes(value), units.Bytes(value-most), said)
}
