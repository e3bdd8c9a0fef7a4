package ci_test

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/rhysd/actionlint"
)

// lint returns what actionlint finds in a workflow.
func lint(t *testing.T, name string, text []byte) []*actionlint.Error {
	t.Helper()
	l, err := actionlint.NewLinter(io.Discard, &actionlint.LinterOptions{Shellcheck: which("shellcheck"), WorkingDir: ".."})
	if err != nil {
		t.Fatal(err)
	}
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	project, err := actionlint.NewProject(root)
	if err != nil {
		t.Fatal(err)
	}
	errs, err := l.Lint(name, text, project)
	if err != nil {
		t.Fatal(err)
	}
	return errs
}

func which(program string) string {
	p, _ := exec.LookPath(program)
	return p
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

type step struct {
	Name, Uses, Run, Shell, ID string
	Env, With                  map[string]any
}

// The workflows of the project, and those that docs/ci.md shows, are ones that GitHub accepts,
// and give no stranger a token that may write.
func TestWorkflows(t *testing.T) {
	texts := map[string][]byte{}
	files, _ := filepath.Glob("../.github/workflows/*.yml")
	for _, f := range files {
		texts[f] = read(t, f)
	}
	for i, block := range regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllSubmatch(read(t, "../docs/ci.md"), -1) {
		if strings.Contains(string(block[1]), "runs-on:") {
			texts[fmt.Sprint("docs/ci.md block ", i)] = block[1]
		}
	}
	if len(texts) < 4 {
		t.Fatalf("only %d workflows", len(texts))
	}
	for name, text := range texts {
		for _, e := range lint(t, name, text) {
			t.Errorf("%v", e)
		}
		if strings.Contains(string(text), "pull_request_target") || !strings.Contains(string(text), "permissions:") {
			t.Errorf("%s: what its token may do is not said, or strangers get one that may write", name)
		}
		for _, run := range regexp.MustCompile(`(?m)^\s*-? ?run: (.*)$`).FindAllStringSubmatch(string(text), -1) {
			if strings.Contains(run[1], "${{") {
				t.Errorf("%s: an expression in a script: %s", name, run[1])
			}
		}
	}
	bad := "on: push\npermissions: {}\njobs:\n  a:\n    runs-on: nowhere-1\n    steps:\n      - run: echo ${{ github.event.pull_request.title }}\n"
	if len(lint(t, "bad.yml", []byte(bad))) < 2 {
		t.Error("actionlint finds nothing wrong")
	}
}

// The action's inputs reach its scripts in variables only, and each variable that a script
// wants is given.
func TestAction(t *testing.T) {
	var a struct {
		Name, Description string
		Inputs            map[string]struct{ Description, Default string }
		Outputs           map[string]struct{ Description, Value string }
		Runs              struct {
			Using string
			Steps []step
		}
	}
	if err := yaml.Unmarshal(read(t, "../action.yml"), &a); err != nil {
		t.Fatal(err)
	}
	if a.Runs.Using != "composite" || len(a.Runs.Steps) != 2 {
		t.Fatalf("%+v", a.Runs)
	}
	used := ""
	// As a job of their own, so that actionlint looks at the steps, too.
	job := "on: push\npermissions: {}\njobs:\n  check:\n    runs-on: ubuntu-latest\n    steps:\n"
	for _, s := range a.Runs.Steps {
		if s.Shell == "" || s.Uses != "" || strings.Contains(s.Run, "${{") {
			t.Errorf("%+v: a composite step needs a shell, and no expression in its script", s)
		}
		script := read(t, strings.Trim(strings.TrimPrefix(s.Run, `"$GITHUB_ACTION_PATH/ci/`), `"`))
		for k, v := range s.Env {
			used += fmt.Sprint(v)
			if !strings.Contains(string(script), k) {
				t.Errorf("nobody reads %s", k)
			}
		}
		for _, k := range regexp.MustCompile(`TARE_[A-Z_]+`).FindAllString(string(script), -1) {
			if _, ok := s.Env[k]; !ok && k != "TARE_CHECK_" {
				t.Errorf("%s: nobody sets %s", s.Name, k)
			}
		}
		job += fmt.Sprintf("      - shell: %s\n        run: %q\n", s.Shell, s.Run)
	}
	for name, in := range a.Inputs {
		if in.Description == "" || !strings.Contains(used, "inputs."+name+" ") {
			t.Errorf("input %s is not explained or not used", name)
		}
		if !strings.Contains(string(read(t, "../docs/ci.md")), "`"+name+"`") {
			t.Errorf("docs/ci.md does not name the input %s", name)
		}
	}
	for _, e := range lint(t, "action.yml", []byte(job)) {
		t.Errorf("%v", e)
	}
	for name, out := range a.Outputs {
		if out.Value != "${{ steps."+a.Runs.Steps[1].ID+".outputs."+name+" }}" {
			t.Errorf("output %s is %s", name, out.Value)
		}
	}
}

// The hook has the fields that pre-commit wants, and does what it says, run as pre-commit runs it:
// its entry is split into words, and the files that changed follow.
func TestHook(t *testing.T) {
	var hooks []struct {
		ID, Name, Entry, Language string
		Types                     []string
		PassFilenames             *bool `yaml:"pass_filenames"`
	}
	if err := yaml.Unmarshal(read(t, "../.pre-commit-hooks.yaml"), &hooks); err != nil || len(hooks) != 1 {
		t.Fatalf("%+v, %v", hooks, err)
	}
	h := hooks[0]
	if h.ID == "" || h.Name == "" || h.Language != "golang" || strings.Join(h.Types, "") != "dockerfile" || h.PassFilenames != nil {
		t.Errorf("%+v", h)
	}
	j := newJob(t, nil)
	if err := os.MkdirAll(filepath.Join(j.dir, "work/a b"), 0o755); err != nil {
		t.Fatal(err)
	}
	j.put("work/Dockerfile", "FROM scratch\nCOPY main /\n")
	j.put("work/a b/my.dockerfile", "FROM scratch\nCMD start\n")
	run := func(files ...string) (int, string) {
		words := append(strings.Fields(h.Entry), files...)
		c := exec.Command(filepath.Join(j.dir, "bin", words[0]), words[1:]...)
		c.Dir, c.Env = filepath.Join(j.dir, "work"), []string{"PATH=" + os.Getenv("PATH"), "HOME=" + j.dir, "TARE_HOME=" + filepath.Join(j.dir, "nothing")}
		out, _ := c.CombinedOutput()
		return c.ProcessState.ExitCode(), string(out)
	}
	if code, said := run("Dockerfile"); code != 0 || !strings.Contains(said, "passed as far as can be told without a build") {
		t.Errorf("exit code %d: %s", code, said)
	}
	if code, said := run("a b/my.dockerfile", "Dockerfile"); code != 3 || strings.Count(said, "✗") != 1 || !strings.Contains(said, "lint.JSONArgsRecommended") {
		t.Errorf("exit code %d: %s", code, said)
	}
	j.put("work/tare.yaml", "version: 1\nbudget:\n  transfr: 1MB\n")
	if code, said := run("Dockerfile"); code != 1 || !strings.Contains(said, `tare.yaml:3:3: unknown field "transfr"`) {
		t.Errorf("exit code %d: %s", code, said)
	}
	j.put("work/tare.yaml", "version: 1\nbudget:\n  transfer: 1MB\n")
	if code, said := run("Dockerfile"); code != 0 || !strings.Contains(said, "it needs the image") {
		t.Errorf("exit code %d: %s", code, said)
	}
	j.put("work/Dockerfile", "FORM scratch\n")
	if code, said := run("Dockerfile"); code != 1 || !strings.Contains(said, "Dockerfile: dockerfile: dockerfile parse error on line 1: unknown instruction: FORM") {
		t.Errorf("exit code %d: %s", code, said)
	}
	if _, err := os.Stat(filepath.Join(j.dir, "nothing")); err == nil {
		t.Error("a store was made for nothing")
	}
}

// The template is YAML whose script passes what a user sets as arguments.
func TestGitLab(t *testing.T) {
	head, body, ok := strings.Cut(string(read(t, "gitlab.yml")), "\n---\n")
	var spec struct {
		Spec struct{ Inputs map[string]any }
	}
	if err := yaml.Unmarshal([]byte(head), &spec); err != nil || !ok || len(spec.Spec.Inputs) != 6 {
		t.Fatalf("%+v, %v", spec, err)
	}
	for name := range spec.Spec.Inputs {
		if !strings.Contains(body, "$[[ inputs."+name+" ]]") {
			t.Errorf("input %s is not used", name)
		}
	}
	var jobs map[string]struct {
		Variables    map[string]string
		Script       []string
		BeforeScript []string `yaml:"before_script"`
		Artifacts    struct{ Reports map[string]string }
	}
	if err := yaml.Unmarshal([]byte(body), &jobs); err != nil {
		t.Fatal(err)
	}
	check := jobs["tare-check"]
	for _, l := range append(check.Script, check.BeforeScript...) {
		if strings.Contains(l, "$[[") {
			t.Errorf("an input in a script: %s", l)
		}
	}
	j := newJob(t, nil)
	j.put("script.sh", "set -e\n"+strings.Join(check.Script, "\n")+"\n")
	j.env["TARE_CHECK_BUDGETS"], j.env["TARE_CHECK_BASELINE"], j.env["TARE_CHECK_TARGET"] = "transfer=1 layers=5", "oci-dir://image:a", "oci-dir://larger:a"
	c := exec.Command("sh", filepath.Join(j.dir, "script.sh"))
	c.Dir, c.Env = filepath.Join(j.dir, "work"), []string{"PATH=" + filepath.Join(j.dir, "bin") + ":" + os.Getenv("PATH"), "HOME=" + j.dir, "TARE_HOME=" + j.env["TARE_HOME"]}
	for k, v := range j.env {
		if strings.HasPrefix(k, "TARE_CHECK_") {
			c.Env = append(c.Env, k+"="+v)
		}
	}
	out, _ := c.CombinedOutput()
	if c.ProcessState.ExitCode() != 3 || !strings.Contains(string(out), "violated: 1 budget broken") {
		t.Errorf("exit code %d: %s", c.ProcessState.ExitCode(), out)
	}
	for kind, file := range check.Artifacts.Reports {
		if j.read("work/"+file) == "" {
			t.Errorf("no report %s for %s", file, kind)
		}
	}
}
