package help

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"tare/internal/advice"
	"tare/internal/request"
)

// Every page is a topic, every topic a page.
func TestTopics(t *testing.T) {
	files, err := texts.ReadDir("topics")
	if err != nil {
		t.Fatal(err)
	}
	var names, have []string
	for _, f := range files {
		have = append(have, strings.TrimSuffix(f.Name(), ".txt"))
	}
	for _, topic := range Topics {
		names = append(names, topic.Name)
	}
	if !slices.Equal(names, have) {
		t.Errorf("topics %v, pages %v", names, have)
	}
	if Text("nothing") != "" || Text("../help") != "" {
		t.Error("a page of no topic")
	}
	if text := Text("targets"); strings.Contains(text, "{{") || !strings.Contains(text, "registry://NAME") {
		t.Error(text)
	}
}

// Every rule is explained, and nothing else.
func TestFindingsAreComplete(t *testing.T) {
	page := Text("findings")
	for _, r := range advice.Rules() {
		if !strings.Contains(page, "\n  "+r.ID+" ") {
			t.Errorf("tare help findings does not name %s", r.ID)
		}
	}
	if n := len(regexp.MustCompile(`(?m)^  [a-z]`).FindAllString(page, -1)); n != len(advice.Rules()) {
		t.Errorf("%d rules are explained, there are %d", n, len(advice.Rules()))
	}
}

// The environment is explained in full.
func TestEnvironmentIsComplete(t *testing.T) {
	// What is no setting of the user's: how tare tells itself what it is, what a build
	// argument is called, the names of Go's and the shell's own settings.
	others := []string{"TARE_USERNS", "BUILDKIT_SYNTAX", "DOCKERFILE", "GOGC", "PATH", "HOME", "CONTAINERFILE", "KUBERNETES_SERVICE_HOST"}
	quoted := regexp.MustCompile(`(?:(?:[eE]nv|LookupEnv)\(|)"((?:TARE|DOCKER|BUILDKIT|XDG|SOURCE|NO|CONTAINERD|CONTAINER)_[A-Z_]+|COLUMNS|BROWSER|PAGER|TMPDIR)"`)
	read := regexp.MustCompile(`(?:[eE]nv|LookupEnv)\("([A-Z][A-Z_]+)"`)
	found := map[string]bool{}
	err := filepath.WalkDir("../..", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(p, ".go") || strings.HasSuffix(p, "_test.go") || strings.HasPrefix(p, "../../internal/testkit") || strings.HasPrefix(p, "../../internal/hostile") || !strings.HasPrefix(p, "../../internal") && !strings.HasPrefix(p, "../../cmd") {
			return err
		}
		b, err := os.ReadFile(p)
		for _, m := range append(quoted.FindAllSubmatch(b, -1), read.FindAllSubmatch(b, -1)...) {
			found[string(m[1])] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(found) < 10 {
		t.Fatalf("only %v found", found)
	}
	page := Text("environment")
	table, err := os.ReadFile("../../docs/reference/environment.md")
	if err != nil {
		t.Fatal(err)
	}
	for name := range found {
		if !slices.Contains(others, name) && !regexp.MustCompile("`"+name+"`").Match(table) {
			t.Errorf("docs/reference/environment.md does not name %s", name)
		}
		if !slices.Contains(others, name) && !regexp.MustCompile(`\b`+name+`\b`).MatchString(page) {
			t.Errorf("tare help environment does not name %s", name)
		}
	}
	for _, m := range regexp.MustCompile(`(?m)^  ((?:TARE|DOCKER|BUILDKIT)_[A-Z_]+)`).FindAllStringSubmatch(page, -1) {
		if !found[m[1]] && m[1] != "DOCKER_CONFIG" && m[1] != "DOCKER_HOST" { // Docker's own libraries read those
			t.Errorf("nothing reads %s", m[1])
		}
	}
}

// program is a program with a command, a parent and this package's help.
func program(args ...string) (*cobra.Command, *strings.Builder) {
	root := &cobra.Command{Use: "tare", SilenceErrors: true, SilenceUsage: true, RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
		Args: func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				return Unknown(c, args[0])
			}
			return nil
		}}
	images := &cobra.Command{Use: "images", Short: "List images", RunE: func(*cobra.Command, []string) error { return nil }}
	images.Flags().String("format", "table", "how to print them")
	images.Flags().StringArray("filter", nil, strings.Repeat("word ", 30))
	parent := Parent("image", "Docker's long forms")
	parent.AddCommand(&cobra.Command{Use: "ls", Short: "List images", RunE: images.RunE})
	root.AddCommand(images, parent)
	root.PersistentFlags().String("builder", "", "address")
	AddDocker(root)
	Install(root, args)
	root.SetArgs(args)
	var out strings.Builder
	root.SetOut(&out)
	root.SetErr(&out)
	return root, &out
}

func TestUnknownWords(t *testing.T) {
	for _, c := range []struct{ line, want string }{
		{"imges", `"imges" is not a tare command; did you mean images?`},
		{"imges -q --all", `"imges" is not a tare command; did you mean images?`},
		{"--builder x imges -q", `"imges" is not a tare command; did you mean images?`},
		{"frobnicate", `"frobnicate" is not a tare command`},
		{"measures", `"measures" is not a tare command; it is a help topic: tare help measures`},
		{"image sl", `"sl" is not a tare image command; did you mean ls?`},
		{"images --fromat json", `images: unknown flag: --fromat; did you mean --format?`},
		{"images --frobnicate", `images: unknown flag: --frobnicate`},
		{"images -x", `images: unknown shorthand flag: 'x' in -x`},
		{"--verbose", `tare: unknown flag: --verbose`},
		{"help mesures", `help: "mesures" is not a command or a topic; did you mean measures?`},
		{"help image sl", `"sl" is not a tare image command; did you mean ls?`},
	} {
		root, _ := program(strings.Fields(c.line)...)
		err := root.Execute()
		var usage request.Error
		if !errors.As(err, &usage) || err.Error() != c.want {
			t.Errorf("%s: %v, want %s", c.line, err, c.want)
		}
	}
}

// What Docker has and tare has not is answered with what to do instead, and not listed.
func TestDockerCommands(t *testing.T) {
	for line, want := range map[string]string{
		"ps":                          "ps: " + noContainers,
		"ps -a --no-trunc":            "ps: " + noContainers,
		"exec -it web sh":             "exec: " + noContainers,
		"container run --rm x":        "container run: use tare run",
		"container exec -it web sh":   "container exec: " + noContainers,
		"container ls -a":             "container ls: " + noContainers,
		"container":                   "container: " + noContainers,
		"container frobnicate":        "container: " + noContainers,
		"buildx build -t x .":         "buildx build: use tare build",
		"image import x.tar":          "image import: use a Dockerfile",
		"volume ls":                   "volume: tare keeps no volumes",
		"compose up":                  "compose: ",
		"network create --driver x y": "network: ",
	} {
		root, _ := program(strings.Fields(line)...)
		err := root.Execute()
		var instead Instead
		var usage request.Error
		if !errors.As(err, &instead) || !errors.As(err, &usage) || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v, want %s…", line, err, want)
		}
	}
	root, out := program()
	if err := root.Execute(); err != nil {
		t.Fatal(err)
	}
	listed, _, _ := strings.Cut(out.String(), "\nTopics:") // a topic may be called as one
	for _, l := range lacking {
		if regexp.MustCompile(`(?m)^  ` + l.command + `\b`).MatchString(listed) {
			t.Errorf("help lists %s", l.command)
		}
		if len(l.instead) < 10 {
			t.Errorf("%s: %q", l.command, l.instead)
		}
	}
}

func TestHelpCommand(t *testing.T) {
	for line, want := range map[string]string{
		"help":          "Topics:\n  config",
		"help measures": `tare never prints a bare "size"`,
		"help images":   "Usage:\n  tare images",
		"help image ls": "Usage:\n  tare image ls",
		"image":         "Usage:\n  tare image COMMAND",
		"images --help": "      --filter list     word word",
	} {
		root, out := program(strings.Fields(line)...)
		if err := root.Execute(); err != nil || !strings.Contains(out.String(), want) {
			t.Errorf("%s: %v\n%s", line, err, out.String())
		}
		for l := range strings.Lines(out.String()) {
			if len([]rune(strings.TrimRight(l, "\n"))) > columns {
				t.Errorf("%s: %q", line, l)
			}
		}
	}
	root, out := program("__complete", "help", "")
	if err := root.Execute(); err != nil || !strings.Contains(out.String(), "measures\tWhat each") || !strings.Contains(out.String(), "images\tList") {
		t.Errorf("%v\n%s", err, out.String())
	}
}
