package settings

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"tare/internal/request"
)

// program has commands with flags of all kinds; ran is the last one that ran.
func program(env map[string]string, ran **cobra.Command, set *Applied) *cobra.Command {
	run := func(c *cobra.Command, _ []string) error { *ran = c; return nil }
	root := &cobra.Command{Use: "tare", SilenceErrors: true, SilenceUsage: true, RunE: run,
		PersistentPreRunE: func(c *cobra.Command, _ []string) (err error) {
			*set, err = Apply(context.Background(), c, func(name string) string { return env[name] })
			return err
		}}
	root.PersistentFlags().Bool("quiet", false, "show no progress")
	root.PersistentFlags().String("builder", "", "address")
	weigh := &cobra.Command{Use: "weigh", RunE: run}
	weigh.Flags().Int("top", 10, "rows")
	weigh.Flags().String("platform", "", "platform")
	weigh.Flags().String("format", "text", "format")
	weigh.Flags().Bool("bytes", false, "exact")
	weigh.Flags().StringSlice("show", nil, "parts")
	weigh.Flags().StringP("output", "o", "", "file")
	weigh.Flags().Bool("secretly", false, "hidden")
	_ = weigh.Flags().MarkHidden("secretly")
	images := func(use string) *cobra.Command {
		c := &cobra.Command{Use: use, RunE: run}
		c.Flags().BoolP("quiet", "q", false, "only IDs")
		c.Flags().String("format", "", "format")
		return c
	}
	build := &cobra.Command{Use: "build", RunE: run}
	build.Flags().String("progress", "", "progress")
	build.Flags().StringArray("build-arg", nil, "arguments")
	image, system := &cobra.Command{Use: "image", RunE: run}, &cobra.Command{Use: "system", RunE: run}
	prune := &cobra.Command{Use: "prune", RunE: run}
	prune.Flags().BoolP("force", "f", false, "do not ask")
	df := &cobra.Command{Use: "df", RunE: run}
	df.Flags().BoolP("verbose", "v", false, "one by one")
	image.AddCommand(images("ls"))
	system.AddCommand(prune, df)
	root.AddCommand(weigh, images("images"), build, image, system, &cobra.Command{Use: "ps", Hidden: true, RunE: run})
	return root
}

// apply runs a command line with a file of settings and returns its flags.
func apply(t *testing.T, file, line string, env map[string]string) (func(flag string) string, Applied, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	all := map[string]string{"TARE_CONFIG": path}
	for k, v := range env {
		all[k] = v
	}
	var ran *cobra.Command
	var set Applied
	root := program(all, &ran, &set)
	root.SetArgs(strings.Fields(line))
	err := root.Execute()
	return func(flag string) string {
		if ran == nil || ran.Flags().Lookup(flag) == nil {
			return "?"
		}
		return ran.Flags().Lookup(flag).Value.String()
	}, set, err
}

// The command line wins over the environment, that over the command's own section, that
// over all commands', and that over what is built in.
func TestOrder(t *testing.T) {
	const file = "all:\n  platform: linux/386\n  format: json\nweigh:\n  platform: linux/arm64\n  top: 20\n  bytes: true\n  show: [layers, files]\nbuild: {progress: plain, build-arg: A=1}\nsystem df: {verbose: true}\n"
	for _, c := range []struct {
		line, flag, want string
		env              map[string]string
	}{
		{line: "weigh", flag: "top", want: "20"},
		{line: "weigh --top 5", flag: "top", want: "5"},
		{line: "weigh", flag: "platform", want: "linux/arm64"},
		{line: "weigh", flag: "platform", want: "", env: map[string]string{"DOCKER_DEFAULT_PLATFORM": "linux/amd64"}},
		{line: "weigh --platform linux/s390x", flag: "platform", want: "linux/s390x", env: map[string]string{"DOCKER_DEFAULT_PLATFORM": "linux/amd64"}},
		{line: "weigh", flag: "bytes", want: "true"},
		{line: "weigh --bytes=false", flag: "bytes", want: "false"},
		{line: "weigh", flag: "show", want: "[layers,files]"},
		{line: "weigh --show owners", flag: "show", want: "[owners]"},
		{line: "weigh", flag: "format", want: "json"},
		{line: "images", flag: "format", want: "json"},
		{line: "image ls", flag: "format", want: "json"},
		{line: "build", flag: "progress", want: "plain"},
		{line: "build", flag: "progress", want: "", env: map[string]string{"BUILDKIT_PROGRESS": "tty"}},
		{line: "build", flag: "build-arg", want: "[A=1]"},
		{line: "system df", flag: "verbose", want: "true"},
	} {
		get, _, err := apply(t, file, c.line, c.env)
		if err != nil || get(c.flag) != c.want {
			t.Errorf("%s: --%s is %q, %v; want %q", c.line, c.flag, get(c.flag), err, c.want)
		}
	}
}

// What all commands share does not turn Docker's flag of the same name on.
func TestQuietOfAll(t *testing.T) {
	for line, want := range map[string]string{"weigh": "true", "images": "false", "image ls": "false"} {
		if get, _, err := apply(t, "all: {quiet: true}", line, nil); err != nil || get("quiet") != want {
			t.Errorf("%s: %s, %v", line, get("quiet"), err)
		}
	}
	for _, line := range []string{"images", "image ls"} { // Docker's long form is the same command
		if get, _, err := apply(t, "images: {quiet: true}", line, nil); err != nil || get("quiet") != "true" {
			t.Errorf("%s: %s, %v", line, get("quiet"), err)
		}
	}
}

func TestFaults(t *testing.T) {
	for file, want := range map[string]string{
		"wiegh: {top: 2}":                                   `:1:1: "wiegh" is not a command; did you mean weigh?`,
		"frobnicate: {top: 2}":                              `:1:1: "frobnicate" is not a command`,
		"weigh:\n  tpo: 2":                                  `:2:3: weigh has no flag "tpo"; did you mean top?`,
		"weigh: {--top: 2}":                                 `:1:9: weigh has no flag "--top"; did you mean top?`,
		"weigh: {secretly: true}":                           `weigh has no flag "secretly"`,
		"all: {tpo: 2}":                                     `:1:7: no command has a flag "tpo"; did you mean top?`,
		"weigh: {top: many}":                                `:1:14: top: want a number`,
		"weigh: {top: 1.5}":                                 `:1:14: top: want a number`,
		"weigh: {top: 99999999999999999999}":                `:1:14: top: `,
		"weigh: {bytes: 1}":                                 `:1:16: bytes: want true or false`,
		"weigh: {platform: true}":                           `:1:19: platform: want text`,
		"weigh: {platform: [a]}":                            `platform: want text`,
		"weigh: {show: {a: b}}":                             `show: want a list of texts`,
		"weigh: {top: }":                                    `:1:9: top: a value is missing`,
		"weigh: 3":                                          `:1:8: weigh: want FLAG: VALUE`,
		"[weigh]":                                           `want COMMAND: {FLAG: VALUE}`,
		"weigh: {output: x}":                                `:1:9: --output is for the command line only: it names a file`,
		"system prune: {force: true}":                       `:1:1: system prune takes no defaults from a file: it removes`,
		"all: {force: true}":                                `:1:7: `,
		"image ls: {quiet: true}":                           `:1:1: image ls has the settings of images`,
		"weigh: {top: 1}\nweigh: {top: 2}":                  `:2:1: mapping key "weigh" already defined`,
		"weigh: &a {top: 1}\nbuild: *a":                     `aliases (*name) are not allowed`,
		"weigh: {top: 1}\n---\nweigh: {}":                   `a second document`,
		"weigh: {top: 1":                                    `:1:8: `,
		"ps: {top: 1}":                                      `"ps" is not a command`,
		"weigh: {top: 1}\n#" + strings.Repeat("x", MaxFile): `too many`,
	} {
		for _, line := range []string{"weigh", "images"} { // the whole file is checked each time
			_, _, err := apply(t, file, line, nil)
			var mine Error
			var usage request.Error
			if !errors.As(err, &mine) || !errors.As(err, &usage) || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "config.yaml") {
				t.Errorf("%.40q, %s: %v, want %s", file, line, err, want)
			}
		}
	}
	for _, file := range []string{"", "# nothing\n", "weigh:\n", "all:\n# nothing\nweigh: {}\n", "weigh: {top: 010}\n", "weigh: {platform: 7, show: 7}"} {
		if _, _, err := apply(t, file, "weigh", nil); err != nil {
			t.Errorf("%q: %v", file, err)
		}
	}
}

// An error that names a flag which the file sets gets the file's line, and no other.
func TestBlame(t *testing.T) {
	_, set, err := apply(t, "weigh:\n  format: jsno\n  top: 3\n", "weigh --top 4", nil)
	if err != nil {
		t.Fatal(err)
	}
	if s := set.Blame(errors.New(`--format "jsno": want text`)); !strings.HasSuffix(s, "config.yaml:2:11 sets --format") {
		t.Error(s)
	}
	for _, other := range []string{"--formats: x", "--top: x", "no flag"} {
		if s := set.Blame(errors.New(other)); s != "" {
			t.Errorf("%s: %s", other, s)
		}
	}
}

func TestWhere(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	for _, c := range []struct {
		env   map[string]string
		path  string
		named bool
	}{
		{nil, filepath.Join(home, ".config/tare/config.yaml"), false},
		{map[string]string{"XDG_CONFIG_HOME": "/x"}, "/x/tare/config.yaml", false},
		{map[string]string{"XDG_CONFIG_HOME": "x"}, filepath.Join(home, ".config/tare/config.yaml"), false},
		{map[string]string{"XDG_CONFIG_HOME": "/x", "TARE_CONFIG": "y"}, "y", true},
	} {
		if p, named := Path(func(n string) string { return c.env[n] }); p != c.path || named != c.named {
			t.Errorf("%v: %s, %v", c.env, p, named)
		}
	}
	// A file that is not there is fine, unless it was named.
	for path, named := range map[string]bool{filepath.Join(home, "none"): false, os.DevNull: true, "": false} {
		if b, err := read(t.Context(), path, named); b != nil || err != nil {
			t.Errorf("%s: %q, %v", path, b, err)
		}
	}
	for _, path := range []string{filepath.Join(home, "none"), home} {
		if _, err := read(t.Context(), path, true); err == nil || !strings.Contains(err.Error(), "TARE_CONFIG: "+path) {
			t.Errorf("%s: %v", path, err)
		}
	}
	if _, err := read(t.Context(), home, false); err == nil || !strings.Contains(err.Error(), "is not a file") {
		t.Error(err)
	}
}

// Exempt commands work whatever the file says.
func TestExempt(t *testing.T) {
	for _, line := range []string{"help weigh", "__complete weigh --", "completion bash", ""} {
		if _, _, err := apply(t, "wrong: [", line, nil); err != nil {
			t.Errorf("%s: %v", line, err)
		}
	}
}

// The schema has what the file may say, and nothing that it may not.
func TestSchema(t *testing.T) {
	var ran *cobra.Command
	var set Applied
	sections := Schema(program(nil, &ran, &set))["properties"].(map[string]any)
	flags := func(name string) map[string]any {
		s, _ := sections[name].(map[string]any)
		f, _ := s["properties"].(map[string]any)
		return f
	}
	if flags("weigh")["top"] == nil || flags("weigh")["output"] != nil || flags("weigh")["secretly"] != nil || flags("all")["platform"] == nil || flags("all")["quiet"] == nil {
		t.Errorf("%v", sections)
	}
	for _, name := range []string{"system prune", "image ls", "ps", "help", "tare"} {
		if sections[name] != nil {
			t.Errorf("there is a section %s", name)
		}
	}
}
