package profile

import "strings"

// layers gives the layers of an image to the lines of its stages. What is left over is
// returned.
func (m *matcher) layers(chain []int, w *Weighed, final bool) Bytes {
	var lines []*Line
	for _, stage := range chain {
		for i := range m.r.Lines {
			if m.r.Lines[i].Stage == stage {
				lines = append(lines, &m.r.Lines[i])
			}
		}
	}
	layers := make([]Bytes, len(w.Report.Layers))
	var rest Bytes
	rest.Transfer = w.Report.Sizes.Transfer
	for k, l := range w.Report.Layers {
		layers[k] = Bytes{Tar: l.Tar, Transfer: l.Transfer, Files: l.Files, Live: l.Live, Waste: l.Waste, Entries: l.Entries}
		rest.Transfer = rest.Transfer.Minus(l.Transfer)
	}
	for _, x := range w.Report.Wasted {
		layers[x.Destroyer-1].Caused += x.Files
	}
	if len(lines) == 0 { // a named context stands in its place
		for _, b := range layers {
			rest.add(b)
		}
		return rest
	}
	// Of an image that stays behind only its last stage's own lines: those of stages
	// below are counted with the images of these.
	mine := func(l *Line) bool { return final || l.Stage == chain[len(chain)-1] }
	owner, unsure := align(lines[1:], w.History)
	first := len(layers) // the lowest layer that a line made: below it is the base
	of := make([]*Line, len(layers))
	for h, l := range owner {
		if k := w.History[h].Layer; k >= 0 && l != nil {
			of[k] = l
			first = min(first, k)
			if mine(l) {
				l.Layer, l.Unsure = k+1, unsure[h]
			}
		}
	}
	for k := range layers {
		if k < first {
			of[k] = lines[0]
		}
		switch {
		case of[k] == nil:
			rest.add(layers[k])
		case mine(of[k]):
			of[k].Bytes.add(layers[k])
		}
	}
	for _, p := range w.Report.Packages {
		if len(p.Layers) == 0 {
			continue
		}
		if l := of[p.Layers[0]-1]; l != nil && mine(l) && l.Keyword != "FROM" {
			l.Packages = append(l.Packages, strings.TrimSpace(p.Name+" "+p.Version))
		}
	}
	return rest
}
