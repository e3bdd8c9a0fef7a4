package advice

import (
	"maps"
	"slices"

	"tare/internal/units"
	"tare/internal/weigh"
)

func init() {
	register(Rule{ID: "editors-and-vcs", Title: "editors and version control tools", Severity: weigh.Note, Find: editorsAndVCS})
}

// interactive are packages of distributions that people use, or builds: editors, and what
// fetches source code.
var interactive = map[string]bool{
	"vim": true, "vim-tiny": true, "vim-nox": true, "vim-gtk3": true, "vim-enhanced": true, "neovim": true, "nano": true, "nano-tiny": true, "emacs": true, "emacs-nox": true, "emacs-gtk": true, "joe": true, "micro": true, "mg": true,
	"git": true, "git-lfs": true, "git-core": true, "subversion": true, "mercurial": true, "bzr": true, "breezy": true, "cvs": true, "tig": true, "fossil": true,
}

// editorsAndVCS: such packages that were asked for by name and that nothing else needs,
// with what is there only because of them. Whether the program runs one of them is not
// known.
func editorsAndVCS(img *Image) (out []Finding) {
	var tools, others []int
	for n := range img.Final {
		switch p := img.installedAt(n); {
		case !p.Type.System():
		case interactive[p.Name] && !img.baseHas(p) && (p.Explicit || !p.Known):
			tools = append(tools, n)
		case p.Explicit || !p.Known || img.baseHas(p):
			others = append(others, n)
		}
	}
	if len(tools) == 0 {
		return nil
	}
	kept := img.reached(others, true)
	alone := img.reached(tools, true)
	maps.DeleteFunc(alone, func(n int, _ bool) bool { return kept[n] })
	// Files are all that counts, so a tool whose files another layer brought is named there.
	all, names := img.belonging(alone)
	for _, h := range all.list {
		said := slices.DeleteFunc(sorted(names[h]), func(name string) bool { return !interactive[name] })
		if len(said) == 0 {
			continue
		}
		text := "leaves " + h.size() + " in the image: " + some(said, 5)
		if more := len(names[h]) - len(said); more > 0 {
			text += " and " + units.Plural(more, "package") + " that only " + only(len(said)) + " in"
		}
		out = append(out, h.finding(text+h.copies(), "leave editors out; use version control in an earlier stage, or ADD the repository's URL"))
	}
	return out
}

// only is who pulls packages in: one package or several.
func only(tools int) string {
	if tools == 1 {
		return "it pulls"
	}
	return "they pull"
}
