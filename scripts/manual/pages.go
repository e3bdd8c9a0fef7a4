package main

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"tare/internal/help"
)

// Page is a manual page: man SECTION NAME.
type Page struct {
	Name    string
	Section int
	Text    string // roff, for the macros of man(7)
}

// Edition says which release the pages are of.
type Edition struct{ Version, Date string }

// Pages are the pages of a program: of each command that its help names, and of topics.
func Pages(root *cobra.Command, topics []help.Topic, e Edition) []Page {
	root.InitDefaultHelpCmd()
	var out []Page
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		out = append(out, e.command(c, topics))
		for _, kid := range kids(c) {
			walk(kid)
		}
	}
	walk(root)
	for _, t := range topics {
		out = append(out, e.topic(root.Name(), t, topics))
	}
	return out
}

// kids are the commands below one that are not hidden. cobra's help is none of its
// "available" ones, but people look for its page.
func kids(c *cobra.Command) []*cobra.Command {
	var out []*cobra.Command
	for _, kid := range c.Commands() {
		if kid.IsAvailableCommand() || kid.Name() == "help" {
			out = append(out, kid)
		}
	}
	return out
}

// pageOf is the name of a command's page: tare-image-ls.
func pageOf(c *cobra.Command) string { return strings.ReplaceAll(c.CommandPath(), " ", "-") }

func (e Edition) header(r *roff, name string, section int, short string) {
	r.WriteString(".TH " + escape(strings.ToUpper(name)) + " " + strconv.Itoa(section) + " " + e.Date)
	r.line("", "tare "+e.Version, "tare manual")
	r.line(".SH", "NAME")
	r.WriteString(escape(name) + ` \- ` + escape(short) + "\n")
}

func (e Edition) command(c *cobra.Command, topics []help.Topic) Page {
	c.InitDefaultHelpFlag()
	c.InitDefaultVersionFlag()
	r, name := &roff{}, pageOf(c)
	e.header(r, name, 1, c.Short)
	synopsis(r, c)
	r.line(".SH", "DESCRIPTION")
	if c.Long != "" {
		r.prose(c.Long)
	} else {
		r.paragraph()
		r.filled(sentence(c.Short))
	}
	if len(c.Aliases) > 0 {
		r.paragraph()
		r.filled("The same command: " + c.NameAndAliases() + ".")
	}
	commands(r, c)
	if !c.HasParent() {
		r.line(".SH", "TOPICS")
		for _, t := range topics {
			r.item(bold(c.Name()+"-"+t.Name)+"(7)", sentence(t.Short))
		}
	}
	options(r, "OPTIONS", c.LocalFlags())
	if c.HasAvailableInheritedFlags() {
		options(r, "GLOBAL OPTIONS", c.InheritedFlags())
	}
	if c.HasExample() {
		r.line(".SH", "EXAMPLES")
		r.literal(strings.Split(strings.Trim(c.Example, "\n"), "\n"))
	}
	seeAlso(r, c, topics)
	return Page{name, 1, r.String()}
}

// sentence ends a short text.
func sentence(short string) string {
	if strings.HasSuffix(short, ".") || strings.HasSuffix(short, "…") {
		return short
	}
	return short + "."
}

func synopsis(r *roff, c *cobra.Command) {
	r.line(".SH", "SYNOPSIS")
	var lines []string
	if c.Runnable() && !c.HasAvailableSubCommands() {
		lines = append(lines, strings.TrimSpace(strings.TrimPrefix(c.UseLine(), c.CommandPath())))
	}
	if c.HasAvailableSubCommands() {
		lines = append(lines, "COMMAND")
	}
	for n, l := range lines {
		if n > 0 {
			r.WriteString(".br\n")
		}
		r.WriteString(strings.TrimSpace(bold(c.CommandPath())+" "+escape(l)) + "\n")
	}
}

// commands lists what is below a command, in the groups of its help.
func commands(r *roff, c *cobra.Command) {
	if len(kids(c)) == 0 {
		return
	}
	r.line(".SH", "COMMANDS")
	groups := c.Groups()
	if len(groups) == 0 {
		groups = []*cobra.Group{{}}
	}
	for n, g := range groups {
		if g.Title != "" {
			r.line(".SS", strings.TrimSuffix(g.Title, ":"))
		}
		for _, kid := range kids(c) {
			if kid.GroupID == g.ID || kid.GroupID == "" && n == len(groups)-1 {
				r.item(bold(pageOf(kid))+"(1)", sentence(kid.Short))
			}
		}
	}
}

func options(r *roff, title string, flags *pflag.FlagSet) {
	if !flags.HasAvailableFlags() {
		return
	}
	r.line(".SH", title)
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		term := bold("--" + f.Name)
		if f.Shorthand != "" {
			term = bold("-"+f.Shorthand) + ", " + term
		}
		kind, text := pflag.UnquoteUsage(f)
		if kind == "strings" || kind == "stringArray" {
			kind = "list"
		}
		if kind != "" {
			term += " " + italic(kind)
		}
		if !slices.Contains([]string{"", "0", "false", "[]"}, f.DefValue) {
			text += " (default " + f.DefValue + ")"
		}
		r.item(term, text)
	})
}

// mentioned is a topic or a command that a text refers to.
var mentioned = regexp.MustCompile(`tare help ([a-z-]+)`)

// seeAlso names the page above, and the pages that the text refers to.
func seeAlso(r *roff, c *cobra.Command, topics []help.Topic) {
	var pages []string
	if c.HasParent() {
		pages = append(pages, pageOf(c.Parent())+"(1)")
	}
	text := c.Long + c.LocalFlags().FlagUsages()
	for _, t := range topics {
		for _, m := range mentioned.FindAllStringSubmatch(text, -1) {
			if m[1] == t.Name {
				pages = append(pages, c.Root().Name()+"-"+t.Name+"(7)")
			}
		}
	}
	for _, always := range []string{"environment", "exit-codes"} {
		pages = append(pages, c.Root().Name()+"-"+always+"(7)")
	}
	references(r, pages)
}

// references writes SEE ALSO, each page once.
func references(r *roff, pages []string) {
	r.line(".SH", "SEE ALSO")
	var seen []string
	for _, p := range pages {
		if slices.Contains(seen, p) {
			continue
		}
		seen = append(seen, p)
	}
	for n, p := range seen {
		name, section, _ := strings.Cut(p, "(")
		comma := ","
		if n == len(seen)-1 {
			comma = ""
		}
		r.WriteString(`.BR ` + escape(name) + ` (` + section + comma + "\n")
	}
}

func (e Edition) topic(program string, t help.Topic, topics []help.Topic) Page {
	r, name := &roff{}, program+"-"+t.Name
	e.header(r, name, 7, t.Short)
	r.line(".SH", "DESCRIPTION")
	r.prose(help.Text(t.Name))
	pages := []string{program + "(1)"}
	for _, other := range topics {
		if other.Name != t.Name {
			pages = append(pages, program+"-"+other.Name+"(7)")
		}
	}
	references(r, pages)
	return Page{name, 7, r.String()}
}
