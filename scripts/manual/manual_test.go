package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"tare/internal/cli"
	"tare/internal/help"
)

var edition = Edition{"1.2.3", "2026-01-31"}

func TestProse(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"a paragraph", "One line\nand another.\n\nThen more.", ".PP\nOne line\nand another.\n.PP\nThen more.\n"},
		{"a list", "Codes:\n\n  0    fine\n  125  it did\n       not start\n", ".PP\nCodes:\n.TP\n\\fB0\\fR\nfine\n.TP\n\\fB125\\fR\nit did\nnot start\n"},
		{"a term above its text", "  LONG_NAME, OTHER_NAME\n           both\n", ".TP\n\\fBLONG_NAME, OTHER_NAME\\fR\nboth\n"},
		{"lines that are no list", "  source x\n  y  z\n", ".PP\n.RS 4\n.nf\nsource x\ny  z\n.fi\n.RE\n"},
		{"what roff takes for requests", ".br\n'x' a\\b --flag ~/.x ^C", ".PP\n\\&.br\n\\(aqx\\(aq a\\eb \\-\\-flag \\(ti/.x \\(haC\n"},
		{"no ASCII", "tar − files…", ".PP\ntar \\[u2212] files\\[u2026]\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := &roff{}
			if r.prose(c.text); r.String() != c.want {
				t.Errorf("got\n%s\nwant\n%s", r.String(), c.want)
			}
		})
	}
}

// A command's page has its flags and those that it inherits, but nothing hidden.
func TestCommandPage(t *testing.T) {
	root := &cobra.Command{Use: "top", Short: "The top"}
	root.PersistentFlags().Bool("everywhere", false, "a flag of all")
	c := &cobra.Command{Use: "make [OPTIONS] THING", DisableFlagsInUseLine: true, Short: "Make a thing", Aliases: []string{"build"}, Example: "  top make 'x'",
		Long: "Make it. What a thing is: tare help measures.", RunE: func(*cobra.Command, []string) error { return nil }}
	c.Flags().StringP("name", "n", "none", "its `word`")
	c.Flags().Bool("secret", false, "not for people")
	_ = c.Flags().MarkHidden("secret")
	root.AddCommand(c, &cobra.Command{Use: "hidden", Hidden: true, Run: c.Run, RunE: c.RunE})
	pages := Pages(root, help.Topics, edition)
	byName := map[string]string{}
	for _, p := range pages {
		byName[p.Name] = p.Text
	}
	if _, is := byName["top-hidden"]; is {
		t.Error("a hidden command has a page")
	}
	got := byName["top-make"]
	for _, want := range []string{".TH TOP\\-MAKE 1 2026-01-31 \"tare 1.2.3\" \"tare manual\"\n", "top\\-make \\- Make a thing\n", "\\fBtop make\\fR [OPTIONS] THING\n",
		"\\fB\\-n\\fR, \\fB\\-\\-name\\fR \\fIword\\fR\nits word (default none)\n", ".SH \"GLOBAL OPTIONS\"\n.TP\n\\fB\\-\\-everywhere\\fR\n",
		"top make \\(aqx\\(aq\n", "The same command: make, build.\n", ".BR top\\-measures (7),\n"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	if strings.Contains(got, "secret") {
		t.Error("a hidden flag is in the page")
	}
}

// What a page refers to has a page as well, and there are as many as commands.
func TestPagesReferToPages(t *testing.T) {
	pages := Pages(cli.Commands(), help.Topics, edition)
	have := map[string]bool{}
	for _, p := range pages {
		if have[p.Name] {
			t.Errorf("two pages are called %s", p.Name)
		}
		have[p.Name] = true
	}
	if len(pages) < 50 || !have["tare-weigh"] || !have["tare-image-ls"] || !have["tare-measures"] || !have["tare-help"] {
		t.Errorf("%d pages", len(pages))
	}
	reference := regexp.MustCompile(`(?m)^\.BR (\S+) \(\d\)`)
	for _, p := range pages {
		for _, m := range reference.FindAllStringSubmatch(p.Text, -1) {
			if name := strings.ReplaceAll(m[1], `\-`, "-"); !have[name] {
				t.Errorf("%s refers to %s, which has no page", p.Name, name)
			}
		}
	}
}

// The two programs that show manual pages find nothing wrong with ours.
func TestPagesRenderWithoutWarnings(t *testing.T) {
	dir := t.TempDir()
	if err := write(dir, Pages(cli.Commands(), help.Topics, edition)); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "man*", "*"))
	if err != nil || len(files) < 50 {
		t.Fatal(files, err)
	}
	t.Run("mandoc", func(t *testing.T) {
		if _, err := exec.LookPath("mandoc"); err != nil {
			t.Skip("no mandoc (apt-get install mandoc)")
		}
		out, err := exec.Command("mandoc", append([]string{"-T", "lint", "-W", "warning"}, files...)...).CombinedOutput()
		if err != nil || len(out) > 0 {
			t.Errorf("%v\n%.2000s", err, out)
		}
	})
	t.Run("man", func(t *testing.T) {
		if _, err := exec.LookPath("man"); err != nil {
			t.Skip("no man (apt-get install man-db)")
		}
		for _, f := range files {
			cmd := exec.Command("man", "--warnings", "-E", "UTF-8", "-l", f)
			cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "MANWIDTH=80", "MANPAGER=cat", "PAGER=cat")
			var warnings, page strings.Builder
			cmd.Stderr, cmd.Stdout = &warnings, &page
			if err := cmd.Run(); err != nil || warnings.Len() > 0 || !strings.Contains(page.String(), "SEE ALSO") {
				t.Errorf("%s: %v\n%s", filepath.Base(f), err, warnings.String())
			}
		}
	})
}
