package advice

import (
	"maps"
	"strings"

	"tare/internal/packages"
	"tare/internal/units"
	"tare/internal/weigh"
)

func init() {
	register(Rule{ID: "recommended-packages", Title: "packages that are only recommended", Severity: weigh.Warning, Find: recommendedPackages})
}

// recommendedPackages: Debian packages that apt installed on its own, which no package
// needs that was asked for or is the base image's, nor what these need: others only
// recommend them. Which were asked for apt has written down; where it has not, nothing
// is known.
func recommendedPackages(img *Image) (out []Finding) {
	var roots []int
	for n := range img.Final {
		switch p := img.installedAt(n); {
		case p.Type != packages.Deb:
		case !p.Known:
			return nil
		case p.Explicit || img.baseHas(p):
			roots = append(roots, n)
		}
	}
	set := img.reached(roots, true)
	needed := img.reached(roots, false)
	maps.DeleteFunc(set, func(n int, _ bool) bool { return needed[n] })
	all, names := img.belonging(set)
	for _, h := range all.list {
		if strings.Contains(strings.ToLower(img.Image.StepOf(int(h.layer)).Instruction()), "install-recommends") {
			continue // they came some other way
		}
		out = append(out, h.finding("installs "+h.size()+" of "+units.Plural(len(names[h]), "package")+" that nothing needs and others only recommend"+packageNames(names[h])+h.copies(),
			"apt-get install --no-install-recommends, and name those of them that the program uses"))
	}
	return out
}
