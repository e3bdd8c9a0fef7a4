package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// exerciseHome is a directory in which the commands of the pages and of tare's own output mean
// something: the exercise, its images, and a run of its experiment.
func exerciseHome(t *testing.T) *home {
	t.Helper()
	needEngine(t)
	h := newHome(t)
	h.set("TARE_HOSTS_DIR", filepath.Join(needHub(t), "hosts"))
	h.set("TARE_HOME", filepath.Join(t.TempDir(), "store")) // not in the context, which the lab copies
	h.set("BROWSER", "true")
	from := filepath.Join("..", "..", "examples", "python")
	for _, name := range []string{"Dockerfile", "Dockerfile.multistage", "app.py"} {
		b, err := os.ReadFile(filepath.Join(from, name))
		if err != nil {
			t.Fatal(err)
		}
		h.write(t, name, string(b))
		if name == "Dockerfile.multistage" {
			h.write(t, "Dockerfile.slim", string(b))
		}
	}
	h.write(t, "tare.yaml", "version: 1\nname: python\nvariants:\n  - image: python:slim\n  - {name: plain, dockerfile: Dockerfile}\n  - {name: two stages, dockerfile: Dockerfile.multistage}\n"+
		"edit: [{name: source, append: {file: app.py, text: \"# {n}\\n\"}}]\nmeasure: {repeat: 1, warmup: 0, what: [build, edit]}\n")
	h.write(t, "exercise.md", "| image | size |\n|---|---|\n| python:slim | XX MB |\n| plain | XX MB |\n")
	h.shell(t, "git init -q -b main && git add -A && git -c user.name=t -c user.email=t@localhost commit -qm one && echo '# two' >> app.py && git -c user.name=t -c user.email=t@localhost commit -qam two")
	h.tare(t, "pull", "-q", "python:slim")
	h.tare(t, "pull", "-q", "alpine")
	h.tare(t, "build", "-q", "-t", "app", ".")
	h.tare(t, "tag", "app", "app:1.1")
	h.tare(t, "build", "-q", "-t", "app:1.0", "-f", "Dockerfile.multistage", ".")
	h.tare(t, "lab")
	h.tare(t, "lab")
	return h
}

// shell runs a command line that must succeed, and returns what it printed.
func (h *home) shell(t *testing.T, line string) string {
	t.Helper()
	out, err := h.run(line)
	if err != nil {
		t.Errorf("$ %s\n%v\n%s", line, err, out)
	}
	return out
}

func (h *home) run(line string) (string, error) {
	cmd := exec.Command("sh", "-c", line)
	cmd.Dir, cmd.Env = h.dir, h.env
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// TestPrintedCommands runs what tare and its README say to run.
func TestPrintedCommands(t *testing.T) {
	h := exerciseHome(t)
	t.Run("README", func(t *testing.T) { readmeCommands(t, h) })
	t.Run("answers", func(t *testing.T) {
		ran := 0
		for line := range strings.Lines(h.tare(t, "lab", "show", "--answers")) {
			if _, command, is := strings.Cut(line, "Shown by: "); is {
				h.shell(t, strings.TrimSpace(command))
				ran++
			}
		}
		if ran < 4 {
			t.Errorf("only %d commands found", ran)
		}
	})
	t.Run("output", func(t *testing.T) {
		ran := 0
		for _, line := range []string{
			"tare lab show --full", "tare compare --full ./Dockerfile app app python:slim", "tare compare --full --all-platforms registry://python:slim app",
			"tare weigh --full app", "tare profile --full", "tare diff app:1.0 app:1.1", "docker() { :; }; tare save app:1.0 | tare compare --full - app", "tare compare --remote python:slim alpine",
			"tare history app:2", "tare weigh --package nothing app", "tare lab show nothing", "tare lab show 'last~9'", "tare inspect app:2", "tare run app:2 2>&1 | head -3",
			"tare fsck", "tare system df", "tare lab init", "tare ps", "tare info", "tare exec -it app sh",
		} {
			out, _ := h.run(line)
			for _, command := range commandsIn(out) {
				h.works(t, line, command)
				ran++
			}
		}
		if ran < 10 {
			t.Errorf("only %d commands found", ran)
		}
	})
}

// commandsIn finds the commands in what was printed, each with what follows it in its
// sentence.
func commandsIn(text string) []string {
	text = regexp.MustCompile(`\n\s+`).ReplaceAllString(text, " ") // sentences go over lines
	return regexp.MustCompile(`\btare (?:weigh|compare|diff|history|profile|lab|images|run|fsck|system|builder|tag|version|help|inspect|build)\b[^,;()\n]*`).FindAllString(text, -1)
}

// works tells whether a command, or one that its first words make, can be pasted.
func (h *home) works(t *testing.T, from, command string) {
	t.Helper()
	command = strings.NewReplacer("IMAGE", "app", "NAME", "python", "FILE", "tare.yaml", "DIR", ".", "-it ", "").Replace(command)
	var last string
	for words := strings.Fields(strings.TrimRight(command, ". ")); len(words) > 1; words = words[:len(words)-1] {
		line := strings.TrimRight(strings.Join(words, " "), ".:'")
		out, err := h.run(line + " </dev/null")
		if err == nil {
			return
		}
		if last == "" || !strings.Contains(out, "See 'tare") {
			last = "$ " + line + "\n" + out
		}
	}
	t.Errorf("%s prints %q, which does not work:\n%s", from, command, last)
}

// readmeCommands runs the commands of README.md and docs/tour.md that need no other machine.
func readmeCommands(t *testing.T, h *home) {
	var page []byte
	for _, name := range []string{"README.md", "docs/tour.md"} {
		b, err := os.ReadFile(filepath.Join("..", "..", name))
		if err != nil {
			t.Fatal(err)
		}
		page = append(page, b...)
	}
	// What needs a Docker daemon, another machine, a terminal, root, serves until a signal,
	// or is a pattern.
	elsewhere := regexp.MustCompile(`tare serve|tare view|docker |skopeo|tcp://|daemon://|ghcr|example\.com|-it\b|sudo|[A-Z]{3,}|…|completion|<\(`)
	ran := 0
	for _, m := range regexp.MustCompile("`(tare [^`]+)`|(?m)^\\$ (tare .*)$").FindAllStringSubmatch(string(page), -1) {
		line := strings.ReplaceAll(m[1]+m[2], `\|`, "|")
		if elsewhere.MatchString(line) || strings.Contains(line, " a b") {
			continue
		}
		if strings.Contains(line, "system prune") {
			line += " -f"
		}
		if strings.HasSuffix(line, "lab init") {
			line += " --force && git checkout -q tare.yaml"
		}
		h.shell(t, line)
		ran++
	}
	if ran < 15 {
		t.Errorf("only %d commands found", ran)
	}
}
