// Package ci_test runs the steps of action.yml as a runner of GitHub does.
package ci_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"tare/internal/testkit"
)

// program is tare, built once.
var program string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "tare-ci-")
	if err != nil {
		panic(err)
	}
	program = filepath.Join(dir, "tare")
	if out, err := exec.Command("go", "build", "-o", program, "../cmd/tare").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "%s", out)
		os.Exit(1)
	}
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// forge is GitHub's API for the comments of one pull request.
type forge struct {
	*httptest.Server
	comments []map[string]any
	calls    []string
	deny     bool
}

func newForge(t *testing.T) *forge {
	t.Helper()
	f := &forge{}
	for n := range 120 { // others talk, too: the comment is on the second page
		f.comments = append(f.comments, map[string]any{"id": n + 1, "body": fmt.Sprint("comment ", n)})
	}
	f.Server = httptest.NewServer(f)
	t.Cleanup(f.Close)
	return f
}

func (f *forge) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.calls = append(f.calls, r.Method+" "+r.URL.Path)
	if r.Header.Get("Authorization") != "Bearer t0ken" || f.deny && r.Method != http.MethodGet {
		w.WriteHeader(http.StatusForbidden)
		_, _ = w.Write([]byte("{\"message\":\"Resource not accessible by integration\"}\n::set-output name=x::y"))
		return
	}
	var sent struct{ Body string }
	if r.Method != http.MethodGet {
		b, _ := io.ReadAll(r.Body)
		if err := json.Unmarshal(b, &sent); err != nil || sent.Body == "" {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
	}
	var id int
	switch {
	case r.Method == http.MethodGet && r.URL.Path == "/repos/me/app/issues/7/comments":
		var page, size int
		_, _ = fmt.Sscan(r.URL.Query().Get("page"), &page)
		_, _ = fmt.Sscan(r.URL.Query().Get("per_page"), &size)
		from := min(len(f.comments), (page-1)*size)
		_ = json.NewEncoder(w).Encode(f.comments[from:min(len(f.comments), from+size)])
	case r.Method == http.MethodPost && r.URL.Path == "/repos/me/app/issues/7/comments":
		f.comments = append(f.comments, map[string]any{"id": len(f.comments) + 1, "body": sent.Body})
		w.WriteHeader(http.StatusCreated)
	case r.Method == http.MethodPatch && scan(r.URL.Path, "/repos/me/app/issues/comments/%d", &id) && id <= len(f.comments):
		f.comments[id-1]["body"] = sent.Body
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

func scan(s, format string, id *int) bool {
	n, err := fmt.Sscanf(s, format, id)
	return err == nil && n == 1
}

// ours are the comments of the check.
func (f *forge) ours() (out []string) {
	for _, c := range f.comments {
		if strings.HasPrefix(c["body"].(string), "<!-- tare-check:") {
			out = append(out, c["body"].(string))
		}
	}
	return out
}

// job is a runner's world.
type job struct {
	t         *testing.T
	dir       string
	env       map[string]string
	log       string
	code      int
	summary   string
	output    map[string]string
	arguments string // of tare
}

func newJob(t *testing.T, f *forge) *job {
	t.Helper()
	for _, need := range []string{"bash", "jq", "curl", "git"} {
		if _, err := exec.LookPath(need); err != nil {
			t.Skip(need + " is not installed: a runner has it")
		}
	}
	dir := t.TempDir()
	j := &job{t: t, dir: dir, env: map[string]string{
		"HOME": dir, "TARE_HOME": filepath.Join(dir, "home"), "RUNNER_TEMP": filepath.Join(dir, "temp"), "GITHUB_REPOSITORY": "me/app", "GITHUB_EVENT_NAME": "pull_request",
		"GITHUB_EVENT_PATH": filepath.Join(dir, "event.json"), "GITHUB_STEP_SUMMARY": filepath.Join(dir, "summary"), "GITHUB_OUTPUT": filepath.Join(dir, "output"), "GITHUB_PATH": filepath.Join(dir, "path"),
		"TARE_CHECK_BASELINE": "none", "TARE_CHECK_NAME": "default", "TARE_CHECK_COMMENT": "true", "TARE_CHECK_BUDGETS": "", "TARE_CHECK_REPORTS": "", "TARE_CHECK_TOKEN": "t0ken",
		"DOCKER_HOST": "unix://" + dir + "/no", "CONTAINER_HOST": "unix://" + dir + "/no",
	}}
	if f != nil {
		j.env["GITHUB_API_URL"] = f.URL
	}
	for _, d := range []string{"temp", "bin", "work"} {
		if err := os.Mkdir(filepath.Join(dir, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	// tare under a cover that notes what it is given.
	cover := "#!/bin/sh\nfor a; do printf '%s\\n' \"$a\"; done >>" + dir + "/arguments\nenv >>" + dir + "/environment\nexec " + program + " \"$@\"\n"
	j.put("bin/tare", cover)
	if err := os.Chmod(filepath.Join(dir, "bin/tare"), 0o755); err != nil {
		t.Fatal(err)
	}
	j.event("me/app")
	testkit.Layout(t, filepath.Join(dir, "work/image"), "a", testkit.Image(t, testkit.Options{Layers: [][]byte{testkit.Tar(t, testkit.File("x", strings.Repeat("1", 5000)))}}))
	testkit.Layout(t, filepath.Join(dir, "work/larger"), "a", testkit.Image(t, testkit.Options{Layers: [][]byte{testkit.Tar(t, testkit.File("x", strings.Repeat("1", 5000))), testkit.Tar(t, testkit.File("y", strings.Repeat("2", 9000)))}}))
	j.env["TARE_CHECK_TARGET"] = "oci-dir://image:a"
	return j
}

func (j *job) put(name, text string) {
	j.t.Helper()
	if err := os.WriteFile(filepath.Join(j.dir, name), []byte(text), 0o644); err != nil {
		j.t.Fatal(err)
	}
}

func (j *job) event(head string) {
	j.put("event.json", fmt.Sprintf(`{"pull_request":{"number":7,"head":{"repo":{"full_name":%q}}}}`, head))
}

func (j *job) read(name string) string {
	b, _ := os.ReadFile(filepath.Join(j.dir, name))
	return string(b)
}

func (j *job) run(script string) {
	j.t.Helper()
	for _, f := range []string{"summary", "output", "arguments", "environment"} {
		j.put(f, "")
	}
	path, err := filepath.Abs(script)
	if err != nil {
		j.t.Fatal(err)
	}
	c := exec.Command(path)
	c.Dir = filepath.Join(j.dir, "work")
	c.Env = []string{"PATH=" + filepath.Join(j.dir, "bin") + ":" + os.Getenv("PATH")}
	for k, v := range j.env {
		c.Env = append(c.Env, k+"="+v)
	}
	out, err := c.CombinedOutput()
	j.log, j.code = string(out), c.ProcessState.ExitCode()
	if err != nil && j.code < 0 {
		j.t.Fatal(err)
	}
	j.summary, j.arguments, j.output = j.read("summary"), j.read("arguments"), map[string]string{}
	for l := range strings.Lines(j.read("output")) {
		k, v, _ := strings.Cut(strings.TrimSpace(l), "=")
		j.output[k] = v
	}
	if strings.Contains(j.log+j.summary+j.arguments+j.read("environment"), "t0ken") {
		j.t.Error("the token got about")
	}
}

// A comment is created once and then updated; the exit code is that of the check.
func TestOneComment(t *testing.T) {
	f := newForge(t)
	j := newJob(t, f)
	j.env["TARE_CHECK_BUDGETS"] = "transfer=100\n\nlayers=5\n"
	j.env["TARE_CHECK_REPORTS"] = "sarif=tare.sarif\n"
	j.run("github.sh")
	if j.code != 3 || j.output["verdict"] != "violated" || len(f.ours()) != 1 || !strings.Contains(f.ours()[0], "violated: 1 budget broken") || !strings.Contains(j.summary, "violated: 1 budget broken") {
		t.Fatalf("exit code %d, %v, %q\n%s", j.code, j.output, f.ours(), j.log)
	}
	if !strings.Contains(j.log, "::error title=tare check%3A transfer::") || !strings.Contains(j.read("work/tare.sarif"), `"ruleId": "transfer"`) {
		t.Errorf("no annotation or report:\n%s", j.log)
	}
	var doc struct{ Verdict string }
	if b, err := os.ReadFile(j.output["json"]); err != nil || json.Unmarshal(b, &doc) != nil || doc.Verdict != "violated" {
		t.Errorf("%s: %v", j.output["json"], err)
	}
	// What tare says of an image that somebody made cannot command the runner.
	stop := regexp.MustCompile(`(?m)^::stop-commands::([0-9a-f]{32})$`).FindStringSubmatchIndex(j.log)
	if stop == nil || !strings.Contains(j.log[stop[1]:], "\n::"+j.log[stop[2]:stop[3]]+"::\n") || strings.Index(j.log, "tare check violated") < stop[0] {
		t.Errorf("commands are not stopped while tare speaks:\n%s", j.log)
	}
	j.env["TARE_CHECK_BUDGETS"] = "layers=5"
	j.run("github.sh")
	if j.code != 0 || j.output["verdict"] != "pass" || len(f.ours()) != 1 || !strings.Contains(f.ours()[0], "tare check passed") {
		t.Errorf("exit code %d, %q\n%s", j.code, f.ours(), j.log)
	}
	posts := strings.Count(strings.Join(f.calls, "\n"), "POST ")
	if patches := strings.Count(strings.Join(f.calls, "\n"), "PATCH "); posts != 1 || patches != 1 {
		t.Errorf("%d created, %d updated: %q", posts, patches, f.calls)
	}
	j.env["TARE_CHECK_NAME"] = "other" // another check has a comment of its own
	if j.run("github.sh"); len(f.ours()) != 2 {
		t.Errorf("%q", f.ours())
	}
}

// Where nothing of yours changed there is no comment; but one that is there says so now.
func TestSilence(t *testing.T) {
	f := newForge(t)
	j := newJob(t, f)
	j.env["TARE_CHECK_BASELINE"] = "oci-dir://image:a"
	j.run("github.sh")
	if j.code != 0 || len(f.ours()) != 0 || !strings.Contains(j.summary, "tare check passed") {
		t.Fatalf("exit code %d, %q\n%s\n%s", j.code, f.ours(), j.summary, j.log)
	}
	f.comments = append(f.comments, map[string]any{"id": len(f.comments) + 1, "body": "<!-- tare-check: default -->\nviolated"})
	if j.run("github.sh"); len(f.ours()) != 1 || !strings.Contains(f.ours()[0], "passed") {
		t.Errorf("an old verdict stands: %q", f.ours())
	}
}

// A fork's token may not write: nothing is asked of the API, and the summary has the report.
func TestForks(t *testing.T) {
	for name, change := range map[string]func(j *job){
		"fork": func(j *job) { j.event("stranger/app") },
		"gone": func(j *job) { j.put("event.json", `{"pull_request":{"number":7,"head":{"repo":null}}}`) },
		"push": func(j *job) {
			j.env["GITHUB_EVENT_NAME"] = "push"
			j.put("event.json", `{"ref":"refs/heads/main","before":"0000000000000000000000000000000000000000","after":"1"}`)
		},
		"schedule": func(j *job) {
			j.env["GITHUB_EVENT_NAME"] = "schedule"
			j.put("event.json", `{"schedule":"0 4 * * *"}`)
		},
		"dispatch": func(j *job) {
			j.env["GITHUB_EVENT_NAME"] = "workflow_dispatch"
			j.put("event.json", `{"inputs":null,"ref":"refs/heads/main"}`)
		},
		"merge queue": func(j *job) {
			j.env["GITHUB_EVENT_NAME"] = "merge_group"
			j.put("event.json", `{"merge_group":{"base_sha":"1"}}`)
		},
		"no event":   func(j *job) { j.env["GITHUB_EVENT_PATH"] = filepath.Join(j.dir, "none") },
		"target":     func(j *job) { j.env["GITHUB_EVENT_NAME"] = "pull_request_target" },
		"not wanted": func(j *job) { j.env["TARE_CHECK_COMMENT"] = "false" },
		"no token":   func(j *job) { j.env["TARE_CHECK_TOKEN"] = "" },
		"odd number": func(j *job) {
			j.put("event.json", `{"pull_request":{"number":"7/../8","head":{"repo":{"full_name":"me/app"}}}}`)
		},
	} {
		f := newForge(t)
		j := newJob(t, f)
		change(j)
		if j.run("github.sh"); j.code != 0 || len(f.calls) != 0 || !strings.Contains(j.summary, "tare check passed") {
			t.Errorf("%s: exit code %d, %q\n%s", name, j.code, f.calls, j.log)
		}
	}
	f := newForge(t)
	f.deny = true
	j := newJob(t, f)
	j.env["TARE_CHECK_BUDGETS"] = "transfer=1"
	if j.run("github.sh"); j.code != 3 || len(f.ours()) != 0 || !strings.Contains(j.log, "::notice title=tare check::no comment was made") || !strings.Contains(j.summary, "violated") {
		t.Errorf("a token that may not comment: exit code %d\n%s", j.code, j.log)
	}
	if i := strings.LastIndex(j.log, "::stop-commands::"); i < 0 || strings.Contains(j.log, "::set-output") && strings.Index(j.log, "::set-output") < i {
		t.Errorf("what the API says is not kept from commanding:\n%s", j.log)
	}
}

// Nothing of an input is run, and each is one argument.
func TestInputsAreData(t *testing.T) {
	j := newJob(t, nil)
	evil := `$(touch pwned)` + "`touch pwned`" + `; touch pwned; "; touch pwned #`
	for _, k := range []string{"TARGET", "BASELINE", "BUDGETS", "NAME", "COMMENT", "REPORTS"} {
		j.env["TARE_CHECK_"+k] = evil
	}
	if j.run("github.sh"); j.code == 0 || !strings.Contains(j.arguments, "\n--\n"+evil+"\n") || !strings.Contains(j.arguments, "--budget\n"+evil+"\n") {
		t.Errorf("exit code %d:\n%s\n%s", j.code, j.arguments, j.log)
	}
	if !strings.Contains(j.summary, "failed with exit code") || !strings.Contains(j.log, "::error title=tare check::the check itself failed") || j.output["verdict"] != "" {
		t.Errorf("%s\n%s", j.summary, j.log)
	}
	if found, _ := filepath.Glob(filepath.Join(j.dir, "*", "pwned")); len(found) > 0 {
		t.Error("an input was run")
	}
	j.env["TARE_CHECK_TARGET"] = "--help"
	if j.run("github.sh"); j.code == 0 {
		t.Errorf("a target is taken for a flag:\n%s", j.log)
	}
}

// The baseline of a pull request is the first parent of the merge, which a shallow clone can
// fetch by name.
func TestAutomaticBaseline(t *testing.T) {
	j := newJob(t, nil)
	git := func(dir string, args ...string) string {
		c := exec.Command("git", append([]string{"-c", "user.name=n", "-c", "user.email=e@example.com", "-c", "init.defaultBranch=main"}, args...)...)
		c.Dir, c.Env = dir, append(os.Environ(), "HOME="+j.dir, "GIT_CONFIG_NOSYSTEM=1")
		out, err := c.CombinedOutput()
		if err != nil {
			t.Fatalf("git %v: %s", args, out)
		}
		return strings.TrimSpace(string(out))
	}
	origin := filepath.Join(j.dir, "origin")
	if err := os.Mkdir(origin, 0o755); err != nil {
		t.Fatal(err)
	}
	git(origin, "init", "-q")
	git(origin, "config", "uploadpack.allowAnySHA1InWant", "true") // as GitHub's servers do
	git(origin, "commit", "-q", "--allow-empty", "-m", "one")
	git(origin, "checkout", "-q", "-b", "change")
	git(origin, "commit", "-q", "--allow-empty", "-m", "change")
	git(origin, "checkout", "-q", "main")
	git(origin, "commit", "-q", "--allow-empty", "-m", "base")
	base := git(origin, "rev-parse", "HEAD")
	git(origin, "merge", "-q", "--no-ff", "-m", "merge", "change")
	if err := os.RemoveAll(filepath.Join(j.dir, "work")); err != nil {
		t.Fatal(err)
	}
	git(j.dir, "clone", "-q", "--depth", "1", "file://"+origin, "work")
	j.env["TARE_CHECK_BASELINE"] = "auto"
	j.env["TARE_CHECK_TARGET"] = "oci-dir://no-such-image"
	if j.run("github.sh"); !strings.Contains(j.arguments, "--baseline\ngit:"+base+"\n") {
		t.Errorf("not %s:\n%s\n%s", base, j.arguments, j.log)
	}
	if got := git(filepath.Join(j.dir, "work"), "cat-file", "-t", base); got != "commit" {
		t.Errorf("the baseline was not fetched: %s", got)
	}
	if err := os.RemoveAll(filepath.Join(j.dir, "work/.git")); err != nil {
		t.Fatal(err)
	}
	if j.run("github.sh"); strings.Contains(j.arguments, "--baseline") || !strings.Contains(j.log, "::notice title=tare check::no commit before this one") {
		t.Errorf("%s\n%s", j.arguments, j.log)
	}
}

// The program is that of a release whose checksum fits, or of PATH.
func TestInstall(t *testing.T) {
	files := map[string]string{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, ok := files[r.URL.Path]
		if !ok {
			w.WriteHeader(http.StatusNotFound)
		}
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(server.Close)
	arch, err := exec.Command("uname", "-m").Output()
	if err != nil {
		t.Skip("no uname")
	}
	name := "tare-1.2.3-linux-" + map[string]string{"x86_64": "amd64", "aarch64": "arm64"}[strings.TrimSpace(string(arch))]
	at := "/me/tare/releases/download/v1.2.3/"
	files[at+name] = "#!/bin/sh\necho released\n"
	sum, err := exec.Command("sh", "-c", `printf '#!/bin/sh\necho released\n' | sha256sum | cut -d' ' -f1`).Output()
	if err != nil {
		t.Fatal(err)
	}
	files[at+"SHA256SUMS"] = strings.TrimSpace(string(sum)) + "  " + name + "\n"
	j := newJob(t, nil)
	j.env["GITHUB_SERVER_URL"], j.env["GITHUB_ACTION_REPOSITORY"] = server.URL, "me/tare"
	for _, version := range []string{"1.2.3", "v1.2.3"} {
		j.env["TARE_VERSION"] = version
		if j.run("install.sh"); j.code != 0 || j.read("temp/tare-bin/tare") != files[at+name] || !strings.Contains(j.read("path"), "temp/tare-bin\n") {
			t.Errorf("%s: exit code %d\n%s", version, j.code, j.log)
		}
	}
	if err := os.RemoveAll(filepath.Join(j.dir, "temp/tare-bin")); err != nil {
		t.Fatal(err)
	}
	files[at+name] += "and more"
	if j.run("install.sh"); j.code == 0 || j.read("temp/tare-bin/tare") != "" || !strings.Contains(j.log, "is not what SHA256SUMS says") {
		t.Errorf("a changed program: exit code %d\n%s", j.code, j.log)
	}
	j.env["TARE_VERSION"] = "1.2.3/../../x"
	if j.run("install.sh"); j.code == 0 || !strings.Contains(j.log, "want a release") {
		t.Errorf("%s", j.log)
	}
	j.env["TARE_VERSION"] = "path"
	if j.run("install.sh"); j.code != 0 {
		t.Errorf("%s", j.log)
	}
}
