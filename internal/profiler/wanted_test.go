package profiler_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"tare/internal/profiler"
)

// afterEditing is a context with files of every kind, and what a profile with these edits says.
func afterEditing(t *testing.T, edits ...string) (dir string, builds int, err error) {
	t.Helper()
	b, e, dir := setUp(t)
	for name, body := range map[string]string{"src/app.py": "", "src/util.py": "", "docs/guide/intro.md": "", "secret.key": "", "logs/today.log": "", "logs/keep.log": "", ".dockerignore": "# what stays here\n*.key\nlogs\n!logs/keep.log\n"} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, name), body)
	}
	for name, to := range map[string]string{"link.py": "src/app.py", "alias": "src", "out": t.TempDir(), "dangling": "nowhere"} {
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			t.Skip(err)
		}
	}
	for n, name := range edits {
		edits[n] = strings.ReplaceAll(name, "DIR", dir)
	}
	_, err = profiler.Run(t.Context(), b, profiler.Request{Target: dir, NoChecks: true, Edits: edits})
	return dir, len(e.Builds), err
}

// What cannot be edited is an error before anything is built, that says what is there.
func TestEditsOfWhatIsNotThere(t *testing.T) {
	for name, want := range map[string]string{
		"absent":           "the build context DIR has no such file: there is .dockerignore, Dockerfile, main.py",
		"app.py":           "has no such file: did you mean src/app.py?",
		"APP.PY":           "has no such file: did you mean src/app.py?",
		"main.pi":          "did you mean main.py?",
		"src/absent.xyz":   "has no such file: there is src/app.py, src/util.py",
		"docs/absent.xyz":  "has no such file: there is docs/guide/intro.md",
		"nowhere/some.xyz": "has no such file: there is .dockerignore, Dockerfile, main.py",
		"../x":             "it is not in the build context DIR",
		"..":               "it is not in the build context DIR",
		"/etc/passwd":      "it is not in the build context DIR",
		"DIR/src/app.py":   "did you mean src/app.py?",
		"src/../../x":      "it is not in the build context DIR",
		"src":              "it is a directory: name a file: there is src/app.py, src/util.py",
		"docs/":            "it is a directory: name a file: there is docs/guide/intro.md",
		".":                "it is a directory: name a file: there is .dockerignore, Dockerfile, main.py",
		"":                 "want a file of the build context",
		"secret.key":       "it is excluded from the build context by .dockerignore line 2 (*.key)",
		"logs/today.log":   "it is excluded from the build context by .dockerignore line 3 (logs)",
		"link.py":          "it is a symbolic link: name the file that it leads to, src/app.py",
		"dangling":         "it is a symbolic link",
		"alias/app.py":     "name it as src/app.py",
		"out/x":            "it cannot be reached in the build context",
		"main.py/x":        "it cannot be reached in the build context",
		"HEAD..nothing":    "git",
	} {
		if runtime.GOOS == "windows" && strings.HasPrefix(name, "/") {
			continue
		}
		dir, builds, err := afterEditing(t, name)
		if err == nil || builds > 0 {
			t.Errorf("%s: %v after %d builds", name, err, builds)
			continue
		}
		want, name = strings.ReplaceAll(want, "DIR", dir), strings.ReplaceAll(name, "DIR", dir)
		if !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "--after-edit "+name+": ") {
			t.Errorf("%s: %v does not say %q", name, err, want)
		}
	}
	// All of several are told, and none is built.
	_, builds, err := afterEditing(t, "main.py", "absent", "secret.key")
	if err == nil || builds > 0 || strings.Contains(err.Error(), "--after-edit main.py") || !strings.Contains(err.Error(), "--after-edit absent: ") || !strings.Contains(err.Error(), "--after-edit secret.key: ") {
		t.Errorf("%v after %d builds", err, builds)
	}
	// What is there is none, with what an exception takes in again and the Dockerfile.
	for _, name := range []string{"main.py", "./src/app.py", "src//util.py", "logs/keep.log", "Dockerfile", ".dockerignore"} {
		if _, builds, err := afterEditing(t, name); err != nil || builds != 3 {
			t.Errorf("%s: %v after %d builds", name, err, builds)
		}
	}
}

// A swap that does not apply is found before anything is built as well.
func TestSwapsAreCheckedFirst(t *testing.T) {
	b, e, dir := setUp(t)
	if _, err := profiler.Run(t.Context(), b, profiler.Request{Target: dir, NoChecks: true, Edits: []string{"main.py"}, Swaps: []string{"2:9"}}); err == nil || len(e.Builds) > 0 {
		t.Errorf("%v after %d builds", err, len(e.Builds))
	}
}

func TestRangesOfCommits(t *testing.T) {
	b, e, dir := setUp(t)
	git := func(args ...string) {
		t.Helper()
		cmd := exec.Command("git", append([]string{"-C", dir, "-c", "user.name=x", "-c", "user.email=x@x"}, args...)...)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Skipf("git: %v: %s", err, out)
		}
	}
	write(t, filepath.Join(dir, ".dockerignore"), "notes\n")
	write(t, filepath.Join(dir, "notes"), "1\n")
	git("init", "-q")
	git("add", ".")
	git("commit", "-qm", "one")
	write(t, filepath.Join(dir, "notes"), "2\n")
	git("commit", "-qam", "two")
	write(t, filepath.Join(dir, "main.py"), "print(2)\n")
	write(t, filepath.Join(dir, "notes"), "3\n")
	git("commit", "-qam", "three")
	// Of a range only what the builder gets is edited.
	r, err := profiler.Run(t.Context(), b, profiler.Request{Target: dir, NoChecks: true, Edits: []string{"HEAD~1..HEAD"}})
	if err != nil || len(r.Edits) != 1 || r.Edits[0].Layers != 1 || r.Edits[0].Skipped != "" {
		t.Fatalf("%v %+v", err, r)
	}
	e.Builds = nil
	for bad, want := range map[string]string{"HEAD..HEAD": "changes no file that is here", "nobody..HEAD": "is that a range of its commits?", "-x..HEAD": "is no range of commits",
		"HEAD~2..HEAD~1": "the range changes no file that the builder gets: notes: it is excluded from the build context by .dockerignore line 1 (notes)"} {
		_, err := profiler.Run(t.Context(), b, profiler.Request{Target: dir, NoChecks: true, Edits: []string{bad}})
		if err == nil || !strings.Contains(err.Error(), "--after-edit "+bad) || !strings.Contains(err.Error(), want) || len(e.Builds) > 0 {
			t.Errorf("%s: %v after %d builds", bad, err, len(e.Builds))
		}
	}
}
