package cli

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"testing"

	"github.com/spf13/cobra"

	"tare/internal/settings"
)

var rewrite = flag.Bool("update", false, "rewrite docs/reference/config.schema.json; read the diff before committing it: is a new flag one that a file may set?")

// The published schema of config.yaml has the flags that there are.
func TestSettingsSchema(t *testing.T) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(settings.Schema(wholeRoot())); err != nil {
		t.Fatal(err)
	}
	const file = "../../docs/reference/config.schema.json"
	if *rewrite {
		if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(file)
	if err != nil || !bytes.Equal(have, b.Bytes()) {
		t.Errorf("%s is not what the commands have (go test ./internal/cli -run Schema -update): %v", file, err)
	}
}

// Every command has the global flags, in the same words, but for those of Docker's that
// have the same name.
func TestGlobalFlags(t *testing.T) {
	root := wholeRoot()
	own := map[string]string{"tare system df": "verbose"}
	for _, name := range []string{"build", "run", "images", "image ls", "history", "image history", "pull", "image pull", "push", "image push", "load", "image load", "image build"} {
		own["tare "+name] = "quiet"
	}
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		for _, name := range []string{"quiet", "verbose", "debug"} {
			f := c.Flags().Lookup(name)
			if f == nil {
				f = c.InheritedFlags().Lookup(name)
			}
			if global := root.PersistentFlags().Lookup(name); f != global && own[c.CommandPath()] != name {
				t.Errorf("%s has another --%s: %v", c.CommandPath(), name, f)
			}
		}
		for _, kid := range c.Commands() {
			walk(kid)
		}
	}
	for _, kid := range root.Commands() {
		walk(kid)
	}
}
