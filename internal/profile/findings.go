package profile

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"tare/internal/packages"
	"tare/internal/tree"
	"tare/internal/units"
	"tare/internal/weigh"
)

// Finding is something that costs bytes and need not. One that would save none is no
// finding.
type Finding struct {
	Rule     string `json:"rule"` // the heading in docs/reference/findings.md
	Line     int    `json:"line"` // where to change something; 0 for the whole file
	Other    int    `json:"other,omitempty"`
	Text     string `json:"text"`
	Tar      int64  `json:"tar"`            // bytes that it costs, with headers
	Transfer int64  `json:"transfer"`       // apportioned part of the blobs
	Sent     int64  `json:"sent,omitempty"` // bytes sent to the builder
}

// Facts are what findings need of the image beyond its report.
type Facts struct {
	Cells []weigh.Cell
	// Owners are the keys of the packages that cells name.
	Owners []string
}

// find looks for findings in the image.
func (r *Result) find(in Input) {
	if in.Image == nil {
		return
	}
	at := map[int]*Line{} // layer, from 0
	for i := range r.Lines {
		if l := &r.Lines[i]; l.Layer > 0 && r.Stages[l.Stage].Final {
			at[l.Layer-1] = l
		}
	}
	r.hidden(in, at)
	r.left(in, at)
	r.context(in)
	slices.SortStableFunc(r.Findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(b.Transfer+b.Sent, a.Transfer+a.Sent), cmp.Compare(a.Line, b.Line))
	})
}

// hidden are bytes that a line of this file hides.
func (r *Result) hidden(in Input, at map[int]*Line) {
	for _, w := range in.Image.Report.Wasted {
		by, from := at[w.Destroyer-1], at[w.Writer-1]
		if by == nil || w.Files == 0 && w.Transfer == 0 {
			continue
		}
		f := Finding{Line: by.Lines[0], Tar: w.Files, Transfer: w.Transfer}
		what := fmt.Sprintf("%s in %s that %s", units.Bytes(w.Files), units.Plural(int(w.Count), "file"), wrote(from, w.Writer))
		if len(w.Largest) > 0 {
			what += " (/" + w.Largest[0].Path + ")"
		}
		if from != nil {
			f.Other = from.Lines[0]
		}
		switch w.Class {
		case tree.MetadataOnly.String():
			f.Rule, f.Text = "copied-for-metadata", "it changes only owner, permissions or times, and so copies "+what+": set them where they are written (COPY --chmod, --chown; in the same RUN)"
		case tree.OverwrittenSame.String():
			f.Rule, f.Text = "written-twice", "it writes again, unchanged, "+what
		case tree.OverwrittenChanged.String():
			f.Rule, f.Text = "overwritten", "it overwrites "+what
		default:
			f.Rule, f.Text = "deleted-later", "it deletes "+what+": they stay in the layer below; delete them where they are written"
		}
		if from != nil && (from.Keyword == "COPY" || from.Keyword == "ADD") && f.Rule == "deleted-later" {
			f.Rule = "copied-in-vain"
			f.Text = "it deletes " + what + ": leave them out there (.dockerignore, COPY --exclude), or mount them (RUN --mount=type=bind)"
		}
		r.Findings = append(r.Findings, f)
	}
}

func wrote(l *Line, layer int) string {
	if l == nil {
		return "the base wrote"
	}
	return fmt.Sprintf("line %d wrote", l.Lines[0])
}

// left is what is in the final image and serves nobody there.
func (r *Result) left(in Input, at map[int]*Line) {
	type key struct {
		line *Line
		rule string
	}
	sums := map[key]*Finding{}
	names := map[key]map[string]bool{}
	var order []key
	for _, c := range in.Image.Facts.Cells {
		l := at[c.Layer]
		if l == nil || c.Fate != tree.Live || c.Files == 0 {
			continue
		}
		owner := ""
		if c.Owner >= 0 {
			owner = in.Image.Facts.Owners[c.Owner]
		}
		k := key{line: l}
		switch {
		case owner != "" && packages.BuildTool(owner) || c.Class == weigh.Development:
			k.rule = "build-tools-left"
		case c.Class == weigh.Cache:
			k.rule = "cache-left"
		case c.Class == weigh.VCS:
			k.rule = "vcs-left"
		default:
			continue
		}
		f := sums[k]
		if f == nil {
			f = &Finding{Rule: k.rule, Line: l.Lines[0]}
			sums[k], names[k] = f, map[string]bool{}
			order = append(order, k)
		}
		f.Tar += c.Tar
		f.Transfer += c.Transfer
		if _, name, ok := strings.Cut(owner, " "); ok {
			names[k][name] = true
		}
	}
	for _, k := range order {
		f := sums[k]
		var list []string
		for n := range names[k] {
			list = append(list, n)
		}
		slices.Sort(list)
		who := ""
		if len(list) > 0 {
			who = " (" + strings.Join(list[:min(5, len(list))], ", ")
			if len(list) > 5 {
				who += fmt.Sprintf(" and %d more", len(list)-5)
			}
			who += ")"
		}
		switch k.rule {
		case "build-tools-left":
			f.Text = fmt.Sprintf("%s of compilers, build tools, headers and static libraries%s stay in the image: build in an earlier stage, or remove them in the same RUN", units.Bytes(f.Tar), who)
		case "cache-left":
			f.Text = fmt.Sprintf("%s of caches stay in the image: RUN --mount=type=cache, or the package manager's option (--no-cache, --no-cache-dir, rm -rf /var/lib/apt/lists/*) in the same RUN", units.Bytes(f.Tar))
		case "vcs-left":
			f.Text = fmt.Sprintf("%s of version control data stay in the image: put .git into .dockerignore", units.Bytes(f.Tar))
		}
		r.Findings = append(r.Findings, *f)
	}
}

// largeContext is from where on an upload is worth a word, in bytes.
const largeContext = 1 << 20

// context compares what was sent to the builder with what became of it.
func (r *Result) context(in Input) {
	var sent int64
	for _, s := range in.Steps {
		if strings.HasPrefix(s.Name, "[internal] load build context") {
			sent += s.Sent
		}
	}
	var used int64
	line := 0
	for i := range r.Lines {
		if l := &r.Lines[i]; l.Keyword == "COPY" || l.Keyword == "ADD" {
			used += l.Bytes.Files
			if line == 0 {
				line = l.Lines[0]
			}
		}
	}
	if sent-used > largeContext && sent > 2*used {
		r.Findings = append(r.Findings, Finding{Rule: "large-context", Line: line, Sent: sent - used,
			Text: fmt.Sprintf("%s were sent to the builder, and files of %s were copied into images: leave the rest out in .dockerignore", units.Bytes(sent), units.Bytes(used))})
	}
}
