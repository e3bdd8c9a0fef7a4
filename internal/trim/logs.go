package trim

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"tare/internal/draft"
	"tare/internal/layer"
)

func init() {
	register(Rule{ID: "logs", Kind: Lossless, Title: "logs that a RUN leaves", Find: logs})
	register(Rule{ID: "temp-files", Kind: Checked, Title: "temporary files that a RUN leaves", Find: temporary})
}

// logs removes what a RUN wrote below /var/log, by name: what the base image has there
// stays where it is, since to hide it would save nothing.
func logs(p *Project) []Candidate {
	return p.leftovers([]string{"var/log"}, "remove the logs that it writes in the same RUN", true)
}

// temporary removes what a RUN forgot in directories for temporary files.
func temporary(p *Project) []Candidate {
	return p.leftovers([]string{"tmp", "var/tmp"}, "remove the temporary files that it writes in the same RUN", false)
}

// leftovers offers to remove what RUNs wrote into directories, by the names directly in them.
func (p *Project) leftovers(dirs []string, what string, exact bool) []Candidate {
	var out []Candidate
	for _, i := range p.runs() {
		var tops, gone []string
		for _, r := range p.written(i, func(string, *layer.Entry) bool { return true }) {
			e := p.Facts.Tree.Entry(r)
			for _, d := range dirs {
				rest, ok := strings.CutPrefix(e.Path, d+"/")
				if !ok || !p.alive(r) {
					continue
				}
				name, _, _ := strings.Cut(rest, "/")
				gone = append(gone, e.Path)
				if top := path.Join(d, name); !slices.Contains(tops, top) {
					tops = append(tops, top)
				}
			}
		}
		k, ok := p.layer(i)
		if len(tops) == 0 || len(tops) > 20 || !ok {
			continue
		}
		command := "rm -rf"
		for _, t := range tops {
			command += " " + quoted("/"+t)
		}
		edit, ok := p.File.Append(i, command)
		if !ok {
			continue
		}
		c := Candidate{Line: i.Lines[0], What: what, Edits: []draft.Edit{edit}, Predicted: p.model().remove(k, tops...).saves(), Exact: exact, Gone: gone}
		if line := p.appends(k, tops); line > 0 {
			c.unknown(fmt.Sprintf("line %d writes to the same files: what it adds to is not known before it is built", line))
		}
		out = append(out, c)
	}
	return out
}

// appends is the line of a later RUN that writes files again which are in some directories,
// or are these; 0 for none.
func (p *Project) appends(k int32, tops []string) int {
	for _, j := range p.runs() {
		n, ok := p.layer(j)
		if !ok || n <= k {
			continue
		}
		if len(p.written(j, func(file string, _ *layer.Entry) bool {
			return slices.ContainsFunc(tops, func(top string) bool { return under(file, top) }) && p.before(k+1, file)
		})) > 0 {
			return j.Lines[0]
		}
	}
	return 0
}
