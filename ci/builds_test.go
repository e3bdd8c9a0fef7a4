package ci_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The steps of the action from end to end: tare is built from the action's own source and put
// on PATH, the merge of a pull request is built and held against the commit that it is added to,
// and whoever reads the log, the summary or the comment finds the file that grew.
func TestActionFromEndToEnd(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds tare and images")
	}
	if out, err := exec.Command(program, "doctor").CombinedOutput(); err != nil {
		t.Skipf("images cannot be built here: %s", out[:min(len(out), 500)])
	}
	f := newForge(t)
	j := newJob(t, f)
	j.env["TARE_VERSION"] = ""
	for _, k := range []string{"GOCACHE", "GOMODCACHE", "GOPATH", "GOFLAGS", "GOPROXY"} { // HOME is another one
		out, err := exec.Command("go", "env", k).Output()
		if err != nil {
			t.Fatal(err)
		}
		j.env[k] = strings.TrimSpace(string(out))
	}
	if j.run("install.sh"); j.code != 0 {
		t.Fatalf("exit code %d:\n%s", j.code, j.log)
	}
	// The runner puts what is in GITHUB_PATH before the PATH of the next steps.
	bin := strings.TrimSpace(j.read("path"))
	if err := os.Rename(filepath.Join(bin, "tare"), filepath.Join(j.dir, "bin/tare")); err != nil {
		t.Fatal(err)
	}
	git := func(args ...string) {
		c := exec.Command("git", append([]string{"-C", filepath.Join(j.dir, "work"), "-c", "user.name=n", "-c", "user.email=e@example.com"}, args...)...)
		if out, err := c.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %s", args, out)
		}
	}
	if err := os.MkdirAll(filepath.Join(j.dir, "work/app"), 0o755); err != nil {
		t.Fatal(err)
	}
	j.put("work/app/Dockerfile", "FROM scratch\nCOPY data /data\n")
	j.put("work/app/data", "small\n")
	j.put("work/app/tare.yaml", "version: 1\nbudget:\n  growth: {live: 1kB}\n")
	git("init", "-q", "-b", "main")
	git("add", "app")
	git("commit", "-qm", "main")
	git("checkout", "-q", "-b", "change")
	j.put("work/app/data", strings.Repeat("large\n", 5000))
	git("commit", "-qam", "change")
	git("checkout", "-q", "main")
	git("merge", "-q", "--no-ff", "-m", "merge", "change")
	j.env["TARE_CHECK_BASELINE"], j.env["TARE_CHECK_TARGET"] = "auto", "app"
	if j.run("github.sh"); j.code != 3 || j.output["verdict"] != "violated" {
		t.Fatalf("exit code %d, %v\n%s", j.code, j.output, j.log)
	}
	if !strings.Contains(j.log, "::error file=app/data,line=1,title=tare check%3A growth.live::your change adds 30kB of live") {
		t.Errorf("no annotation at the file:\n%s", j.log)
	}
	if len(f.ours()) != 1 || !strings.Contains(f.ours()[0], "app/data") || !strings.Contains(j.summary, "app/data") {
		t.Errorf("%q\n%s", f.ours(), j.summary)
	}
	// The next push takes it back: the same comment says so. Then the build itself fails: the log
	// says on which side and at which line, and the old verdict does not turn into a new one.
	j.put("work/app/data", "small\n")
	git("commit", "-qam", "back")
	git("reset", "-q", "--soft", "HEAD~2")
	git("commit", "-q", "--allow-empty", "-m", "merge")
	if j.run("github.sh"); j.code != 0 || len(f.ours()) != 1 || !strings.Contains(f.ours()[0], "tare check passed") {
		t.Errorf("exit code %d, %q\n%s", j.code, f.ours(), j.log)
	}
	j.put("work/app/Dockerfile", "FROM scratch\nCOPY nothing /data\n")
	git("commit", "-qam", "broken")
	if j.run("github.sh"); j.code != 1 || j.output["verdict"] != "" || !strings.Contains(j.log, "failed to build: app: the working tree, app/Dockerfile:2 (COPY nothing /data)") || !strings.Contains(j.summary, "failed with exit code 1") {
		t.Errorf("exit code %d, %v\n%s\n%s", j.code, j.output, j.summary, j.log)
	}
}
