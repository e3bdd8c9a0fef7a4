package explain

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"tare/internal/compare"
	"tare/internal/units"
)

// Group is what came, went or changed together: a cause with the packages that it
// pulled in, or two causes of which one takes the other's place.
type Group struct {
	// Head is the cause that stands for all. For what was replaced it is the new one.
	Head compare.Cause
	// Was is what Head takes the place of; nil for most.
	Was *compare.Cause
	// Kids are the packages that Head pulled in.
	Kids  []compare.Cause
	Bytes int64 // of all of them
}

// Groups puts the causes of a difference together; the bytes of all groups sum up to
// the difference. The largest come first.
func Groups(causes []compare.Cause) []Group {
	at := map[string]int{}
	var out []Group
	for _, c := range causes {
		if c.Via == "" {
			at[c.Kind+"\x00"+c.Subject+"\x00"+c.Change] = len(out)
			out = append(out, Group{Head: c, Bytes: c.Bytes})
		}
	}
	for _, c := range causes {
		if c.Via == "" {
			continue
		}
		n, ok := at["package\x00"+c.Via+"\x00"+c.Change]
		if !ok { // it stands alone
			out = append(out, Group{Head: c, Bytes: c.Bytes})
			continue
		}
		out[n].Kids = append(out[n].Kids, c)
		out[n].Bytes += c.Bytes
	}
	out = replacements(out)
	slices.SortStableFunc(out, func(a, b Group) int {
		return cmp.Or(cmp.Compare(abs(b.Bytes), abs(a.Bytes)), cmp.Compare(a.Head.Kind, b.Head.Kind), cmp.Compare(a.Head.Subject, b.Head.Subject))
	})
	return out
}

// replacements joins what went with what came in its place: one distribution for
// another, and a language runtime outside the package manager for its package.
func replacements(list []Group) []Group {
	gone := map[int]bool{}
	for i := range list {
		for j := range list {
			was, now := &list[i], &list[j]
			if !gone[i] && now.Was == nil && replaces(was, now) {
				head := was.Head
				now.Was, now.Bytes = &head, now.Bytes+was.Bytes
				now.Kids = append(now.Kids, was.Kids...)
				gone[i] = true
			}
		}
	}
	var out []Group
	for i, g := range list {
		if !gone[i] {
			out = append(out, g)
		}
	}
	return out
}

func replaces(was, now *Group) bool {
	if was.Head.Change != "removed" || now.Head.Change != "added" || was.Head.Kind != now.Head.Kind {
		return false
	}
	if was.Head.Kind == "base" {
		return true
	}
	wasType, wasName, _ := strings.Cut(was.Head.Subject, " ")
	nowType, nowName, _ := strings.Cut(now.Head.Subject, " ")
	bare := func(s string) string { return strings.TrimRight(s, "0123456789.") }
	return was.Head.Kind == "package" && (wasType == "runtime") != (nowType == "runtime") && bare(wasName) == bare(nowName)
}

func abs(n int64) int64 { return max(n, -n) }

// name is what the group is called in a sentence, without versions.
func (g *Group) name() string {
	switch {
	case g.Head.Kind == "base" && g.Was != nil:
		return g.Was.Subject + " becoming " + g.Head.Subject
	case g.Head.Kind == "base":
		return "the distribution " + g.Head.Subject
	case g.Head.Kind == "waste":
		return "waste (" + g.Head.Subject + ")"
	case g.Head.Kind != "package" && !named[g.Head.Kind]:
		return g.Head.Subject + " files that no package owns"
	case g.Head.Kind != "package":
		return g.Head.Subject
	}
	name := nameOf(&g.Head)
	if g.Was != nil {
		name = nameOf(g.Was) + " becoming " + name
	}
	return name + g.pulled()
}

// named are the kinds of causes whose subject says all.
var named = map[string]bool{"overhead": true, "metadata": true, "compression": true, "links": true, "blocks": true, "blobs": true, "duplicate": true}

func (g *Group) pulled() string {
	if len(g.Kids) == 0 {
		return ""
	}
	if len(g.Kids) == 1 {
		return " and the package it pulls in"
	}
	return fmt.Sprintf(" and the %s it pulls in", units.Plural(len(g.Kids), "package"))
}

// Causes is how many causes there are in the group.
func (g *Group) Causes() int {
	if g.Was != nil {
		return len(g.Kids) + 2
	}
	return len(g.Kids) + 1
}

// Change is what became of the group: "added", "removed" or "changed".
func (g *Group) Change() string {
	if g.Was != nil {
		return "changed"
	}
	return g.Head.Change
}

// String is the group as a row of a table names it, with versions.
func (g *Group) String() string {
	if g.Was != nil {
		if g.Head.Kind == "base" {
			return "base: " + g.Was.Subject + " becomes " + g.Head.Subject
		}
		return strings.TrimSuffix(Title(g.Was), outside) + " becomes " + strings.TrimSuffix(Title(&g.Head), outside) + g.pulled()
	}
	if len(g.Kids) > 0 { // the group has no version
		return nameOf(&g.Head) + g.pulled()
	}
	return Title(&g.Head)
}

// outside marks a language runtime that no package manager installed.
const outside = " (outside the package manager)"

// Title is a cause as a row of a table names it. A version is that of the image that
// has the package.
func Title(c *compare.Cause) string {
	switch c.Kind {
	case "package":
		kind, _, _ := strings.Cut(c.Subject, " ")
		name := nameOf(c)
		switch {
		case c.FromVersion != "" && c.ToVersion != "" && c.FromVersion != c.ToVersion:
			name += " " + c.FromVersion + " → " + c.ToVersion
		case c.ToVersion != "":
			name += " " + c.ToVersion
		case c.FromVersion != "":
			name += " " + c.FromVersion
		}
		if kind == "runtime" {
			name += outside
		}
		return name
	case "base":
		return "base: " + c.Subject
	case "waste":
		return "waste: " + c.Subject
	}
	if named[c.Kind] {
		return c.Subject
	}
	return "unpackaged: " + c.Subject
}

// nameOf is the name of a package, without its kind.
func nameOf(c *compare.Cause) string {
	_, name, _ := strings.Cut(c.Subject, " ")
	return name
}
