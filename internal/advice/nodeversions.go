package advice

import (
	"slices"
	"strings"

	"tare/internal/layer"
	"tare/internal/packages"
	"tare/internal/tree"
	"tare/internal/weigh"
)

func init() {
	register(Rule{ID: "node-versions", Title: "Node packages in several versions", Severity: weigh.Note, Find: nodeVersions})
}

// nodeVersions: packages of Node that stand in several versions, each with files of its own; the largest of each is not counted. Whether the
// ranges of those that need them allow one version is not known. What npm itself brings is npm's.
func nodeVersions(img *Image) (out []Finding) {
	sizes := map[*packages.Package]int64{}
	img.Live(func(r tree.Ref, e *layer.Entry) {
		if p := img.Owner(r); p != nil && p.Type == packages.NPM && img.own(r.Layer) && !img.based(r) && !strings.Contains(p.Location, "node_modules/npm/node_modules/") {
			sizes[p] += e.Size
		}
	})
	versions, largest := map[string][]string{}, map[string]*packages.Package{}
	for p, n := range sizes {
		if !slices.Contains(versions[p.Name], p.Version) {
			versions[p.Name] = append(versions[p.Name], p.Version)
		}
		if q := largest[p.Name]; q == nil || n > sizes[q] || n == sizes[q] && p.Location < q.Location {
			largest[p.Name] = p
		}
	}
	all := &heaps{img: img}
	names := map[*heap]map[string]bool{}
	img.Live(func(r tree.Ref, _ *layer.Entry) {
		p := img.Owner(r)
		if _, counted := sizes[p]; !counted || len(versions[p.Name]) < 2 || largest[p.Name] == p || !img.own(r.Layer) || img.based(r) {
			return
		}
		first, copies := img.origin(r)
		h := all.at(first)
		h.add(copies...)
		if names[h] == nil {
			names[h] = map[string]bool{}
		}
		v := versions[p.Name]
		slices.Sort(v)
		names[h][p.Name+" ("+some(v, 3)+")"] = true
	})
	for _, h := range all.list {
		out = append(out, h.finding("has Node packages in several versions, beyond the largest of each "+h.size()+packageNames(names[h])+h.copies(),
			"npm dedupe, or one range for all that need them; npm ls NAME says who needs which"))
	}
	return out
}
