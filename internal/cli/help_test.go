package cli

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"tare/internal/help"
	"tare/internal/page"
	"tare/internal/scales"
	"tare/internal/session"
)

// everyHelp returns the help text of every command that is not hidden, and of every
// topic, by name.
func everyHelp(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	root := newRoot(newApp(t.Context(), Streams{}, session.Engines{}, nil), nil)
	root.InitDefaultHelpCmd()
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		if c.Hidden {
			return
		}
		var b bytes.Buffer
		c.SetOut(&b)
		c.InitDefaultHelpFlag()
		c.InitDefaultVersionFlag()
		if err := c.Help(); err != nil {
			t.Fatal(err)
		}
		out[c.CommandPath()] = b.String()
		for _, kid := range c.Commands() {
			walk(kid)
		}
	}
	walk(root)
	for _, topic := range help.Topics {
		out["tare help "+topic.Name] = help.Text(topic.Name)
	}
	if len(out) < 40 {
		t.Fatalf("only %d help texts found", len(out))
	}
	return out
}

func TestHelpFitsTheScreen(t *testing.T) {
	for name, text := range everyHelp(t) {
		for line := range strings.Lines(text) {
			line = strings.TrimRight(line, "\n")
			if n := utf8.RuneCountInString(line); n > 80 {
				t.Errorf("%s: %d columns: %s", name, n, line)
			}
			if strings.Contains(line, "\t") {
				t.Errorf("%s: a tab is as wide as a terminal likes: %q", name, line)
			}
		}
		if len(text) < 100 {
			t.Errorf("%s: only %q", name, text)
		}
	}
}

// A program that is installed has no files of its repository, and speaks idiomatic
// English.
func TestHelpWords(t *testing.T) {
	unwanted := regexp.MustCompile(`(?i)docs/|\.md\b.*reference|anew\b|for ever\b|has not\b|exclude one another|carry out|carried out|\bobtain|\brather\b|is no |as in Docker$|\bwhole IDs|forget`)
	for name, text := range everyHelp(t) {
		if name == "tare" {
			text = strings.ReplaceAll(text, "As in Docker:", "")
		}
		if m := unwanted.FindString(text); m != "" {
			t.Errorf("%s says %q", name, m)
		}
	}
}

// The topics name what the program has.
func TestTopicsAreComplete(t *testing.T) {
	for topic, words := range map[string][]string{
		"measures": scales.Measures(),
		"formats":  slices.Concat(labFormats, page.Charts),
	} {
		for _, w := range words {
			if !regexp.MustCompile(`\b` + regexp.QuoteMeta(w) + `\b`).MatchString(help.Text(topic)) {
				t.Errorf("tare help %s does not name %s", topic, w)
			}
		}
	}
}

// What variables say stands in tare help environment, once; flags do not repeat it.
func TestFlagsNameNoVariables(t *testing.T) {
	variable := regexp.MustCompile(`\$[A-Z]|\b(TARE|DOCKER|BUILDKIT|XDG)_[A-Z]`)
	n := 0
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		c.Flags().VisitAll(func(f *pflag.Flag) {
			n++
			if m := variable.FindString(f.Usage); m != "" {
				t.Errorf("%s --%s names %s", c.CommandPath(), f.Name, m)
			}
		})
		for _, kid := range c.Commands() {
			walk(kid)
		}
	}
	walk(wholeRoot())
	if n < 150 {
		t.Errorf("only %d flags", n)
	}
	// What those flags say less is there.
	page := help.Text("environment")
	for _, w := range []string{"--builder", "docker-container://", "--platform", "build --progress", "--hosts-dir", "--no-pager"} {
		if !strings.Contains(page, w) {
			t.Errorf("tare help environment does not name %s", w)
		}
	}
}
