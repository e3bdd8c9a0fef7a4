package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"tare/internal/advice"
	"tare/internal/packages"
	"tare/internal/units"
	"tare/internal/weigh"
)

// WeighParts are the parts of a Weighed.
var WeighParts = []string{"summary", "savings", "layers", "content", "findings", "owners", "packages", "classes", "waste", "duplicates", "files", "warnings"}

// Weighed lays out what `tare weigh` tells of an image; top bounds the lists.
func Weighed(r *advice.Weighed, top int, exact bool) Document {
	z := sizes{exact}
	d := in("summary", Always, Para{Heading: true, Text: headline(r.Result, z)})
	d = append(d, in("summary", Full, sizesOf(r.Result, z)...)...)
	d = append(d, in("savings", Always, savings(r.Savings, r.Findings, r.Sizes.Tar, r.Sizes.Transfer, z))...)
	d = append(d, in("layers", Brief, stack(r, z))...)
	d = append(d, in("layers", Full, layerTable(r, z))...)
	d = append(d, in("content", Always, Para{Text: content(r, z)})...)
	d = append(d, in("findings", Brief, firstFindings(r.Findings, r.Sizes.Tar, z)...)...)
	d = append(d, in("findings", Full, allFindings(r.Findings, r.Savings, z)...)...)
	d = append(d, in("owners", Full, owners(r.Result, z))...)
	d = append(d, in("packages", Full, packageGrid(r.Result, top, z))...)
	d = append(d, in("classes", Full, classGrid(r.Result, z))...)
	if len(r.Wasted) > 0 {
		d = append(d, in("waste", Full, wasteGrid(r.Result, top, z))...)
	}
	if len(r.Duplicates) > 0 {
		d = append(d, in("duplicates", Full, duplicateGrid(r.Result, top, z))...)
	}
	d = append(d, in("files", Full, FileGrid("LARGEST FILES", r.Largest, exact))...)
	var said Document
	for _, p := range r.Problems {
		said = append(said, Item{Severity: Error, Text: Safe(p)})
	}
	for _, w := range r.Warnings {
		said = append(said, Item{Severity: Warning, Text: Safe(w)})
	}
	d = append(d, in("warnings", Always, said...)...)
	return append(d, Para{Place: Place{Weight: Brief}, Dim: true, Text: "Everything: tare weigh --full " + Safe(word(r.Name)) + " · Parts: --show " + strings.Join(WeighParts[5:10], ",")})
}

// word is a name as one word of a shell's command line.
func word(name string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("_./:@-+=,%", r)
	}
	if name != "" && strings.IndexFunc(name, func(r rune) bool { return !plain(r) }) < 0 {
		return name
	}
	return "'" + strings.ReplaceAll(name, "'", `'\''`) + "'"
}

// headline is what stands above all: the name, what it is built on, and the three measures
// that most come for.
func headline(r *weigh.Result, z sizes) string {
	on := []string{r.Base}
	for _, p := range r.Packages {
		if p.Type == packages.Runtime && p.PartOf == "" {
			on = append(on, p.Name+" "+p.Version)
		}
	}
	n := r.Sizes
	return fmt.Sprintf("%s · %s · %s · %s to pull · %s live · %s waste", Safe(r.Name), Safe(r.Platform), Safe(strings.Join(on, " + ")), z.text(n.Transfer), z.text(n.Live), z.text(n.Waste))
}

// sizesOf are all measures under their names.
func sizesOf(r *weigh.Result, z sizes) Document {
	n, size := r.Sizes, z.text
	return Document{
		Para{Text: fmt.Sprintf("manifest %s · transfer %s · tar %s · files %s · overhead %s · live %s · waste %s · duplicate %s · disk %s", units.ShortID(r.Manifest.String()),
			size(n.Transfer), size(n.Tar), size(n.Files), size(n.Overhead), size(n.Live), size(n.Waste), size(n.Duplicate), size(n.Disk))},
		Para{Dim: true, Text: fmt.Sprintf("docker images prints %s with a graph driver (the files of each layer) and about %s with the containerd image store (the compressed blobs, %s, and all layers unpacked in blocks of 4 KiB with their directories, %s).",
			size(n.Docker), size(n.DockerContainerd), size(n.DockerContainerd-n.Disk), size(n.Disk))},
	}
}

// maxRows is how many layers the first screen shows.
const maxRows = 12

// stack are the layers that matter, with those of the base as one.
func stack(r *advice.Weighed, z sizes) Block {
	t := layerGrid(r)
	t.Title = "WHERE IT COMES FROM"
	base := 0
	for base < len(r.Layers) && r.Ledger.Layers[base].Base == advice.BaseImage {
		base++
	}
	if base > 0 {
		name := strings.TrimSpace("base " + r.BaseImage)
		addLayers(&t, r, z, 0, base, fmt.Sprintf("%s (%s)", name, units.Plural(base, "layer")))
	}
	show := map[int]bool{}
	var order []int
	for k := base; k < len(r.Layers); k++ {
		l := &r.Layers[k]
		if slices.Contains(r.Savings.Layers, k+1) || l.Tar >= negligible || l.Tar*100 >= r.Sizes.Tar {
			order = append(order, k)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(r.Layers[b].Tar, r.Layers[a].Tar) })
	for _, k := range order[:min(maxRows, len(order))] {
		show[k] = true
	}
	var rest weigh.Layer
	more := 0
	for k := base; k < len(r.Layers); k++ {
		l := &r.Layers[k]
		if show[k] {
			addLayers(&t, r, z, k, k+1, oneLine(l.Instruction))
			continue
		}
		more++
		rest.Live += l.Live
		rest.Transfer += l.Transfer
		rest.Waste += l.Waste
	}
	if more > 0 {
		cells := []Cell{words(""), z.of(rest.Live), z.of(rest.Transfer), z.unless0(rest.Waste)}
		if r.Dockerfile != "" {
			cells = append(cells, words(""))
		}
		text := units.Plural(more, "smaller layer")
		if len(show) == 0 {
			text = units.Plural(more, "layer")
		}
		t.add(append(cells, words(text))...)
	}
	return t
}

// negligible is what does not matter if it is less than a hundredth of the whole, too.
const negligible = 100_000

func layerGrid(r *advice.Weighed) Table {
	t := Table{Subject: Safe(r.Name), Columns: []Column{number("LAYER").key(), number("LIVE"), number("TRANSFER"), number("WASTE").spare(1)}}
	if r.Dockerfile != "" {
		t.Columns = append(t.Columns, number("LINE").spare(2))
	}
	t.Columns = append(t.Columns, text("INSTRUCTION").cut(End))
	return t
}

// addLayers adds a row for the layers from one to before another.
func addLayers(t *Table, r *advice.Weighed, z sizes, from, to int, name string) {
	var sum weigh.Layer
	for _, l := range r.Layers[from:to] {
		sum.Live += l.Live
		sum.Transfer += l.Transfer
		sum.Waste += l.Waste
		sum.Files += l.Files
	}
	number := count(from + 1)
	if to > from+1 {
		number = words(fmt.Sprintf("%d-%d", from+1, to))
	}
	cells := []Cell{number, z.of(sum.Live), z.of(sum.Transfer), z.unless0(sum.Waste)}
	if r.Dockerfile != "" {
		line := none()
		if n := r.Ledger.Layers[from].Line; n > 0 && to == from+1 {
			line = count(n)
		}
		cells = append(cells, line)
	}
	t.add(append(cells, words(name))...).Bar = part(sum.Files, r.Sizes.Files)
}

// groups are how many groups of content are named.
const groups = 6

// content says in one line what the live bytes are.
func content(r *advice.Weighed, z sizes) string {
	sums := map[string]int64{}
	for _, o := range r.Owners {
		sums[ownerName(o)] += o.Live
	}
	for i := range r.Ledger.Parts {
		p := &r.Ledger.Parts[i]
		if p.By < 0 && p.Owner != "" && packages.BuildTool(p.Owner) {
			t, _, _ := strings.Cut(p.Owner, " ")
			sums[packages.Type(t).Kind().Title] -= p.Files
			sums["build tools"] += p.Files
		}
	}
	type group struct {
		name  string
		bytes int64
	}
	var list []group
	for name, n := range sums {
		if n > 0 {
			list = append(list, group{strings.TrimPrefix(name, "unpackaged: "), n})
		}
	}
	slices.SortFunc(list, func(a, b group) int { return cmp.Or(cmp.Compare(b.bytes, a.bytes), strings.Compare(a.name, b.name)) })
	var said []string
	var rest int64
	for n, g := range list {
		if n >= groups || n > 0 && g.bytes*100 < r.Sizes.Live && g.bytes < negligible {
			rest += g.bytes
			continue
		}
		said = append(said, g.name+" "+z.text(g.bytes))
	}
	if len(said) == 0 {
		return "WHAT IT IS: no files"
	}
	if rest > 0 {
		said = append(said, "everything else "+z.text(rest))
	}
	return "WHAT IT IS: " + strings.Join(said, " · ")
}

// unpackaged are the words for files of a class that no package owns.
var unpackaged = map[weigh.Class]string{
	weigh.Bytecode: "compiled Python", weigh.VCS: ".git", weigh.Database: "package databases", weigh.Cache: "caches", weigh.Docs: "documentation",
	weigh.Locale: "translations", weigh.Debug: "debug symbols", weigh.Development: "headers and static libraries", weigh.Log: "logs",
	weigh.Config: "/etc", weigh.App: "app files", weigh.Local: "/usr/local", weigh.System: "system files", weigh.State: "/var and other data",
}

// ownerName is what a row of owners is about.
func ownerName(o weigh.Owner) string {
	if o.Kind != "class" {
		return packages.Type(o.Subject).Kind().Title
	}
	if name := unpackaged[weigh.Class(o.Subject)]; name != "" {
		return "unpackaged: " + name
	}
	return o.Subject
}
