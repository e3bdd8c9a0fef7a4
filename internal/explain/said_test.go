package explain

import (
	"strings"
	"testing"

	"tare/internal/compare"
	"tare/internal/image"
	"tare/internal/store"
	"tare/internal/testkit"
	sentences "tare/internal/testkit/said"
	"tare/internal/units"
)

// compared is what is said for the course of two images of these distributions and apk
// databases; a package P is in usr/bin/P.
func compared(t *testing.T, osA, dbA, osB, dbB string) string {
	t.Helper()
	s := testkit.Store(t)
	subject := func(name, id, db string) compare.Subject {
		layer := []testkit.Entry{testkit.File("etc/os-release", "ID="+id+"\nVERSION_ID=1\nPRETTY_NAME=\""+id+"\"\n")}
		installed := ""
		for _, p := range strings.Fields(db) {
			if p == "pypi" { // pip, as pip installs it
				at := "usr/lib/python3/site-packages/pip-1.dist-info/"
				layer = append(layer, testkit.File(at+"METADATA", "Metadata-Version: 2.1\nName: pip\nVersion: 1\n"), testkit.File(at+"RECORD", "pip-1.dist-info/METADATA,,\n"))
				continue
			}
			installed += "P:" + p + "\nV:1\nF:usr/bin\nR:" + p + "\n\n"
			layer = append(layer, testkit.File("usr/bin/"+p, strings.Repeat(p, 500_000)))
		}
		layer = append(layer, testkit.File("lib/apk/db/installed", installed))
		return compare.Subject{Name: name, Facts: testkit.Facts(t, s, testkit.Put(t, s, name, store.Pulled, testkit.Image(t, testkit.Options{Layers: [][]byte{testkit.Tar(t, layer...)}})))}
	}
	r, err := compare.Compare([]compare.Subject{subject("a", osA, dbA), subject("b", osB, dbB)}, compare.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, x := range Course(r, Material{}) {
		out = append(out, x.Text)
	}
	return strings.Join(out, "|")
}

// TestEverySentence has, for each sentence, what it is said of and what it must not be said
// of: mostly the nearest neighbour, which differs in the one number that decides.
func TestEverySentence(t *testing.T) {
	equal := func(a *compare.Alike) string {
		s, _ := Equal(&compare.Difference{From: "a", To: "b", Alike: a}, 1000, units.Known(5))
		return s
	}
	one := []compare.PathChange{{Path: "x", What: "content"}}
	image0, layers := equal(&compare.Alike{Image: true, Layers: true, Config: true}), equal(&compare.Alike{Layers: true})
	sameFiles, metadata, content := equal(&compare.Alike{}), equal(&compare.Alike{Metadata: 1, Paths: one}), equal(&compare.Alike{Content: 1, Paths: one})
	nothing := NoDifference(&compare.Diff{})
	why := func(total int64, causes ...compare.Cause) string {
		r, d := two(1000, 1000+total, 10, 20)
		d.Causes = causes
		return says(r, func(w *writer) { w.why(d) })
	}
	whole, most := why(900, pkg("pip", "added", 900)), why(1000, pkg("pip", "added", 900), pkg("x", "added", 100))
	tools := func(total, a, b int64) string {
		r, d := two(1000_000, 1000_000+total, 10, 20)
		r.Images[0].Toolchain, r.Images[1].Toolchain = a, b
		d = pointed(r, d)
		return saying(&writer{r: r, course: true}, func(w *writer) { w.buildTools(d) })
	}
	part, all0, less0, none := tools(1000, 0, 600), tools(500, 0, 600), tools(1000, 600, 0), tools(1000, 0, 0)
	stages := func(all *compare.StageSum) string {
		im := compare.Image{Name: "app", AllStages: all, Stages: []compare.StageSum{{Name: "build"}}, Sizes: image.Sizes{Live: 1_000_000}}
		return saying(&writer{r: &compare.Result{Images: []compare.Image{im}}, m: Threshold}, (*writer).stages)
	}
	saves, withTools, withWaste := stages(&compare.StageSum{LeftBehind: 200_000}), stages(&compare.StageSum{LeftBehind: 200_000, Toolchain: 1}), stages(&compare.StageSum{LeftBehind: 200_000, Waste: 200_000})
	onlyWaste, zero, next, replaced := stages(&compare.StageSum{Waste: 200_000}), stages(&compare.StageSum{}), stages(&compare.StageSum{LeftBehind: 1}), stages(&compare.StageSum{Replaced: 9})
	layered := func(n ...int) string {
		r := &compare.Result{}
		for _, k := range n {
			r.Images = append(r.Images, compare.Image{Name: "i", Layers: k})
		}
		return says(r, (*writer).layers)
	}
	waste := func(n int64, target ...string) string {
		r := &compare.Result{Images: []compare.Image{{Name: "a", Target: target, Sizes: image.Sizes{Files: 1_000_000, Waste: n}, Waste: map[string]int64{"opaque": n}}}}
		return saying(&writer{r: r, m: Threshold}, (*writer).waste)
	}
	sharing := func(blob, tar compare.Level, apart int64) string {
		r := &compare.Result{}
		r.Sharing.Blob, r.Sharing.DiffID, r.Sharing.Apart = blob, tar, apart
		r.Sharing.Content.Separately = units.Known(1_000_000)
		return saying(&writer{r: r, m: Threshold}, (*writer).sharing)
	}
	level := func(together, separately int64) compare.Level {
		return compare.Level{Together: units.Known(together), Separately: units.Known(separately)}
	}
	shared, apart, unpacked := sharing(level(7, 10), level(7, 10), 0), sharing(level(10, 10), level(10, 10), 200_000), sharing(compare.Level{Together: units.Unknown(), Separately: units.Unknown()}, level(7, 10), 0)
	ranked := func(unknown bool, list ...Sized) string {
		r := sized(list...)
		for i := range r.Images {
			z := &r.Images[i].Sizes
			z.Tar, z.Files, z.Docker = z.Live, z.Live, z.Live
			if unknown {
				z.Transfer = units.Unknown()
			}
		}
		return says(r, (*writer).ranking)
	}
	every, ties, known := ranked(false, Sized{"a", 1, 1}, Sized{"b", 2, 2}), ranked(false, Sized{"a", 1, 1}, Sized{"c", 1, 1}, Sized{"b", 2, 2}), ranked(true, Sized{"a", 1, 1}, Sized{"b", 2, 2})
	verdict := func(unknown bool, list ...Sized) string {
		r := sized(list...)
		if unknown {
			r.Images[0].Sizes.Transfer = units.Unknown()
		}
		return Verdict(r, units.Bytes)
	}
	remote := func(list ...units.Amount) string {
		r := &compare.Remote{}
		for _, b := range list {
			r.Images = append(r.Images, compare.RemoteImage{Name: "i", Transfer: b})
		}
		return RemoteVerdict(r, units.Bytes)
	}
	k := units.Known
	ab := verdict(false, Sized{"a", 1, 1}, Sized{"b", 2, 2})
	seven := verdict(false, Sized{"a", 10, 2}, Sized{"b", 11, 3}, Sized{"c", 12, 3}, Sized{"d", 13, 3}, Sized{"e", 14, 3}, Sized{"f", 15, 3})
	five := verdict(false, Sized{"a", 10, 2}, Sized{"b", 11, 3}, Sized{"c", 12, 3}, Sized{"d", 13, 3}, Sized{"e", 14, 3})
	same, pullSame, liveSame := verdict(false, Sized{"a", 1, 1}, Sized{"b", 1, 1}), verdict(false, Sized{"a", 1, 1}, Sized{"b", 1, 2}), verdict(false, Sized{"a", 1, 1}, Sized{"b", 2, 1})
	first := func(total int64) string {
		r, d := two(1000, 1000+total, 10, 20)
		d = pointed(r, d)
		return says(r, func(w *writer) { w.pair(d) })
	}
	group := func(list ...compare.Cause) string { return Groups(list)[0].name() }
	kid := compare.Cause{Kind: "package", Subject: "apk x", Change: "added", Via: "apk pip", Bytes: 1}
	kid2 := kid
	kid2.Subject = "apk y"
	other, equalOS := compared(t, "alpine", "gcc pip", "debian", ""), compared(t, "alpine", "gcc", "alpine", "gcc")
	many := compared(t, "alpine", "a1 a2 a3 a4 a5 a6 a7", "debian", "")
	sentences.Check(t, []sentences.Case{
		{"%s are equally large %s.", equal(nil), sameFiles},
		{"live is the same, byte for byte %s", sameFiles, metadata},
		{"%s are the same image: %s", image0, layers},
		{"%s have the same layers and the same configuration, stored differently: %s", equal(&compare.Alike{Layers: true, Config: true}), layers},
		{"%s have the same layers: %s", layers, sameFiles},
		{"%s show a container the same files with the same metadata: %s; their layers differ", sameFiles, metadata},
		{"%s show a container the same contents, byte for byte %s, but not the same metadata: %s: %s", metadata, content},
		{"%s are equally large %s, but not the same: %s in content", content, metadata},
		{" and %d in metadata only", equal(&compare.Alike{Content: 1, Metadata: 1, Paths: one}), content},
		{"other settings: ", equal(&compare.Alike{Settings: []string{"env A"}}), sameFiles},
		{" of the history that only one has", equal(&compare.Alike{Steps: 1}), sameFiles},
		{"otherwise different in the configuration: ", equal(&compare.Alike{Otherwise: []string{"author"}}), sameFiles},
		{"No difference: they are the same image.", NoDifference(&compare.Diff{SameImage: true}), nothing},
		{"No difference: ", nothing, content},
		{"files and their metadata", nothing, NoDifference(&compare.Diff{SameImage: true})},
		{"files and their metadata except modification times", NoDifference(&compare.Diff{IgnoredTimes: true}), nothing},
		{"the steps of the history", nothing, NoDifference(&compare.Diff{IgnoredHistory: true})},
		{" are the same.", nothing, NoDifference(&compare.Diff{SameImage: true})},
		{" What no container sees differs: ", NoDifference(&compare.Diff{Otherwise: []string{"created"}}), nothing},
		{" that only one has", NoDifference(&compare.Diff{Layers: []compare.LayerMatch{{From: 1}}}), NoDifference(&compare.Diff{Layers: []compare.LayerMatch{{From: 1, To: 1}}})},
		{"in the configuration ", NoDifference(&compare.Diff{Otherwise: []string{"created"}}), nothing},
		{"every measure", every, ranked(false, Sized{"a", 1, 2}, Sized{"b", 2, 1})},
		{"every measure that is known of all", known, every},
		{"%s the same size on %s.", ranked(false, Sized{"a", 1, 1}, Sized{"b", 1, 1}), every},
		{"are equal and", ties, every},
		{"%s %s the %s on %s (%s).", every, ranked(false, Sized{"a", 1, 2}, Sized{"b", 2, 1})},
		{"Both have %s.", layered(2, 2), layered(2, 3)},
		{"All have %s.", layered(2, 2, 2), layered(2, 2, 3)},
		{" (%s shows which layers wrote and hid it)", waste(200_000, "a"), waste(200_000)},
		{"%s has %s that no container can see, %s of it %s%s.", waste(100_000), waste(99_999)},
		{"Pulling all of them onto one host transfers %s of layers instead of %s, because they share layers", shared, apart},
		{"Unpacked, all of them together have %s of layers (tar) instead of %s, because they share layers", unpacked, shared},
		{"They share no layer (0B of %s)", apart, shared},
		{"; %s are equal files in layers that they do not share", apart, sharing(level(10, 10), level(10, 10), 99_999)},
		{"the distribution ", group(compare.Cause{Kind: "base", Subject: "debian", Change: "added", Bytes: 1}), group(compare.Cause{Kind: "base", Subject: "debian", Change: "added", Bytes: 1}, compare.Cause{Kind: "base", Subject: "alpine", Change: "removed", Bytes: -1})},
		{" files that no package owns", group(compare.Cause{Kind: "app", Subject: "app"}), group(compare.Cause{Kind: "metadata", Subject: "manifest and config"})},
		{" and the package it pulls in", group(pkg("pip", "added", 9), kid), group(pkg("pip", "added", 9))},
		{" and the %s it pulls in", group(pkg("pip", "added", 9), kid, kid2), group(pkg("pip", "added", 9), kid2)[:3]},
		{" (outside the package manager)", Title(&compare.Cause{Kind: "package", Subject: "runtime python"}), Title(&compare.Cause{Kind: "package", Subject: "apk python"})},
		{"%s is %s %s than %s (live: %s instead of %s%s).", first(5), first(0)},
		{"only in ", most, why(900, pkg("pip", "changed", 900))},
		{"Why: %s; everything else adds up to %s.", most, whole},
		{"The difference is %s: %s of %s, which only %s has; everything else adds up to %s.", whole, why(900, pkg("pip", "changed", 900))},
		{"Build dependencies are not the reason: %s are 0B of the %s by which %s is larger.", none, tools(1000, 0, 1)},
		{"Build dependencies are not the reason: %s, the larger one, has %s less of %s.", less0, none},
		{"%s has %s more of %s than %s: more than the %s by which it is larger.", all0, tools(600, 0, 600)},
		{"Compilers, build tools, headers and static libraries are %s of the %s by which %s is larger.", part, all0},
		{"compilers, build tools, headers and static libraries", all0, tools(0, 0, 600)},
		{"The multi-stage build of %s ", zero, stages(nil)},
		{"saves %s: files of %s that are not in the image", saves, stages(&compare.StageSum{LeftBehind: 99_999})},
		{", %s of them %s", withTools, saves},
		{"; and %s that layers of %s hide", withWaste, saves},
		{"saves %s that layers of %s hide; of the files that a container of it would see, %s are not in the image", onlyWaste, withWaste},
		{"saves 0B: the files of %s are all in the image as well", zero, next},
		{"saves next to nothing: %s of the files of %s are not in the image", next, saves},
		{", and %s are there with other contents", replaced, next},
		{"%s has %s of its distribution (%s) that %s lacks", other, equalOS},
		{", the largest being ", many, equalOS},
		{"%s lacks no package that another has.", equalOS, compared(t, "alpine", "gcc", "alpine", "pip")},
		{"%s lacks %s that others have, the largest being %s.", other, equalOS},
		{"%s is in %s but not in %s.", compared(t, "alpine", "pypi", "alpine", ""), compared(t, "alpine", "pypi", "alpine", "pypi")},
		{"%s: %s live, %s waste, transfer not known", verdict(true, Sized{"a", 1, 1}), verdict(false, Sized{"a", 1, 1})},
		{"%s: %s to pull, %s live, %s waste", verdict(false, Sized{"a", 1, 1}), verdict(true, Sized{"a", 1, 1})},
		{"transfer is not known of ", remote(k(1), units.Unknown()), remote(k(1), k(2))},
		{"%s: %s to pull", remote(k(5)), remote(units.Unknown())},
		{"%s the same size: %s to pull", remote(k(5), k(5)), remote(k(5), k(6))},
		{"%s the smallest to pull: %s; %s", remote(k(5), k(6)), remote(k(5), k(5))},
		{" to pull", ab, verdict(true, Sized{"a", 1, 1}, Sized{"b", 2, 2})},
		{"%s the same size live (%s); transfer is not known of all", verdict(true, Sized{"a", 1, 1}, Sized{"b", 2, 1}), verdict(true, Sized{"a", 1, 1}, Sized{"b", 2, 2})},
		{"%s the smallest live (%s); %s; transfer is not known of all", verdict(true, Sized{"a", 1, 1}, Sized{"b", 2, 2}), ab},
		{"%s the same size: %s to pull, %s live", same, pullSame},
		{"%s the smallest: %s to pull; %s; all have as much live (%s)", liveSame, same},
		{"%s the smallest live (%s); all have as much to pull (%s)", pullSame, same},
		{"%s the smallest to pull (%s), %s the smallest live (%s)", verdict(false, Sized{"a", 1, 2}, Sized{"b", 2, 1}), ab},
		{"%s the smallest: %s to pull, %s live; %s", ab, liveSame},
		{"%d more up to %s", seven, five},
		{"Both are", same, ab},
		{"All %d are", verdict(false, Sized{"a", 1, 1}, Sized{"b", 1, 1}, Sized{"c", 1, 1}), same},
	}, nil)
}
