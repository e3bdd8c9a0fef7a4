package trimmer

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"tare/internal/draft"
	"tare/internal/trim"
)

// at is a trimmer of a directory with a Dockerfile.
func at(t *testing.T, dockerfile string, files map[string]string) *trimmer {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "Dockerfile"), []byte(dockerfile), 0o644); err != nil {
		t.Fatal(err)
	}
	f, err := draft.Read([]byte(dockerfile))
	if err != nil {
		t.Fatal(err)
	}
	return &trimmer{dir: dir, file: filepath.Join(dir, "Dockerfile"), name: "Dockerfile", src: []byte(dockerfile), f: f, out: &trim.Result{}}
}

func edit(t *testing.T, x *trimmer, from, to string) draft.Edit {
	t.Helper()
	n := bytes.Index(x.src, []byte(from))
	if n < 0 {
		t.Fatalf("no %q", from)
	}
	return draft.Edit{Span: draft.Span{From: n, To: n + len(from)}, Text: to}
}

// A patch is what git apply takes, whatever the line ends, and makes of the files what the
// edits say: also a new file, one without a last newline, and two edits of the ignore file.
func TestPatch(t *testing.T) {
	git, err := exec.LookPath("git")
	if err != nil {
		t.Skip("git is not there")
	}
	for name, text := range map[string]string{"plain": "FROM a\nRUN one\nCMD x\n", "no newline": "FROM a\nRUN one\nCMD x", "carriage returns": "FROM a\r\nRUN one\r\nCMD x\r\n", "byte order mark": "\xef\xbb\xbfFROM a\nRUN one\n"} {
		for _, ignore := range []string{"", "*.md\n", "*.md"} {
			files := map[string]string{}
			if ignore != "" {
				files[".dockerignore"] = ignore
			}
			x := at(t, text, files)
			start := ignore
			if ignore == "*.md" {
				start += "\n"
			}
			list := []*candidate{
				{Candidate: trim.Candidate{Edits: []draft.Edit{edit(t, x, "one", "one && two")}}},
				{Candidate: trim.Candidate{Write: map[string][]byte{".dockerignore": []byte(start + ".git\n")}}},
				{Candidate: trim.Candidate{Write: map[string][]byte{".dockerignore": []byte(start + "*.log\n")}}},
			}
			if ignore == "*.md" {
				list = list[:2] // two that end the last line are two that write it
			}
			patch, err := x.patch(list)
			if err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command(git, "apply", "-")
			cmd.Dir, cmd.Stdin = x.dir, strings.NewReader(patch)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%s: git apply: %v %s\n%s", name, err, out, patch)
			}
			got, _ := os.ReadFile(x.file)
			if want := strings.Replace(text, "one", "one && two", 1); string(got) != want {
				t.Errorf("%s: %q, want %q", name, got, want)
			}
			got, _ = os.ReadFile(filepath.Join(x.dir, ".dockerignore"))
			want := start + ".git\n*.log\n"
			if len(list) == 2 {
				want = start + ".git\n"
			}
			if string(got) != want {
				t.Errorf("%s: %q, want %q", name, got, want)
			}
		}
	}
}

// What others wrote is applied in memory, as a change of bytes; what leaves the directory,
// does not fit or is no text is refused.
func TestForeign(t *testing.T) {
	x := at(t, "FROM a\nRUN one\nRUN two\n", map[string]string{"app.py": "x\n", "real/f": "x\n"})
	if err := os.Symlink("real", filepath.Join(x.dir, "link")); err != nil {
		t.Fatal(err)
	}
	head := func(name string) string { return "--- a/" + name + "\n+++ b/" + name + "\n" }
	c := &candidate{patch: &Patch{Text: []byte(head("Dockerfile") + "@@ -2,2 +2,1 @@\n-RUN one\n-RUN two\n+RUN one && two\n" + head("app.py") + "@@ -1 +1 @@\n-x\n+y\n")}}
	if err := x.read(c); err != nil {
		t.Fatal(err)
	}
	out, err := draft.Apply(x.src, c.Edits)
	if err != nil || string(out) != "FROM a\nRUN one && two\n" || string(c.Candidate.Write["app.py"]) != "y\n" {
		t.Errorf("%q %v %q", out, err, c.Candidate.Write)
	}
	for text, want := range map[string]string{
		head("../x") + "@@ -1 +1 @@\n-x\n+y\n":                                           "leaves the directory",
		"--- a//etc/passwd\n+++ b//etc/passwd\n@@ -1 +1 @@\n-x\n+y\n":                    "there is no such file",
		head("link/f") + "@@ -1 +1 @@\n-x\n+y\n":                                         "symbolic link",
		head("nosuch") + "@@ -1 +1 @@\n-x\n+y\n":                                         "there is no such file",
		"--- /dev/null\n+++ b/app.py\n@@ -0,0 +1 @@\n+y\n":                               "is there already",
		head("app.py") + "@@ -1 +1 @@\n-z\n+y\n":                                         "does not apply",
		head("Dockerfile") + "@@ -1,3 +1,1 @@\n-FROM a\n-RUN one\n-RUN two\n+NONSENSE\n": "unknown instruction",
		"hello": "not a unified diff", " \n": "empty",
	} {
		c := &candidate{patch: &Patch{Text: []byte(text)}}
		if err := x.read(c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v does not say %q", text, err, want)
		}
	}
}

// Any bytes are a patch or an error, and no patch writes outside of the directory.
func FuzzPatch(f *testing.F) {
	f.Add([]byte("--- a/Dockerfile\n+++ b/Dockerfile\n@@ -2 +2 @@\n-RUN one\n+RUN two\n"))
	f.Add([]byte("--- /dev/null\n+++ b/new\n@@ -0,0 +1 @@\n+x\n\\ No newline at end of file\n"))
	f.Add([]byte("diff --git a/x b/y\nrename from x\nrename to y\n"))
	f.Add([]byte("--- a/../x\n+++ b/../x\n@@ -1 +1 @@\n-x\n+y\n"))
	src := []byte("FROM a\nRUN one\n")
	parsed, err := draft.Read(src)
	if err != nil {
		f.Fatal(err)
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, patch []byte) {
		x := &trimmer{dir: dir, name: "Dockerfile", src: src, f: parsed, out: &trim.Result{}}
		c := &candidate{patch: &Patch{Text: patch}}
		if x.read(c) != nil {
			return
		}
		for name := range c.Candidate.Write {
			if !filepath.IsLocal(name) {
				t.Errorf("%q", name)
			}
		}
		if len(c.Edits) > 0 {
			if _, err := draft.Apply(src, c.Edits); err != nil {
				t.Error(err)
			}
		}
	})
}

// A journal keeps what an interrupted run found out, and forgets it at its end.
func TestFolder(t *testing.T) {
	root := t.TempDir()
	f := FolderOf(root, ".", "")
	if f == FolderOf(root, "/", "") || f == FolderOf(root, ".", "Other") {
		t.Error("two Dockerfiles share a journal")
	}
	if _, ok := f.Get("k"); ok {
		t.Error("nothing was put")
	}
	if err := f.Put("k", []byte("v")); err != nil {
		t.Fatal(err)
	}
	if b, ok := f.Get("k"); !ok || string(b) != "v" {
		t.Errorf("%q %v", b, ok)
	}
	f.Forget()
	if _, ok := f.Get("k"); ok {
		t.Error("it is there still")
	}
}

// --write takes files as they were trimmed, and refuses what is not committed.
func TestWrite(t *testing.T) {
	git, err := exec.LookPath("git")
	if err != nil {
		t.Skip("git is not there")
	}
	x := at(t, "FROM a\nRUN one\n", nil)
	if err := os.Chmod(x.file, 0o600); err != nil {
		t.Fatal(err)
	}
	r := &trim.Result{Dockerfile: "Dockerfile", Patch: Unified("Dockerfile", x.src, []byte("FROM a\nRUN one && two\n")) + Unified(".dockerignore", nil, []byte("x\n"))}
	for _, args := range [][]string{{"init", "-q"}, {"add", "."}, {"-c", "user.name=x", "-c", "user.email=x@x", "commit", "-qm", "x"}} {
		cmd := exec.Command(git, args...)
		cmd.Dir = x.dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v %s", err, out)
		}
	}
	names, err := Write(t.Context(), x.dir, "", r, false)
	if err != nil || strings.Join(names, " ") != ".dockerignore Dockerfile" {
		t.Fatalf("%v %v", names, err)
	}
	if fi, _ := os.Stat(x.file); fi.Mode().Perm() != 0o600 {
		t.Error(fi.Mode())
	}
	if _, err := Write(t.Context(), x.dir, "", r, true); err == nil || !strings.Contains(err.Error(), "changed while") {
		t.Errorf("%v", err)
	}
	r.Patch = Unified("Dockerfile", []byte("FROM a\nRUN one && two\n"), []byte("FROM a\nRUN three\n"))
	if _, err := Write(t.Context(), x.dir, "", r, false); err == nil || !strings.Contains(err.Error(), "not committed") {
		t.Errorf("%v", err)
	}
	if _, err := Write(t.Context(), x.dir, "", r, true); err != nil {
		t.Error(err)
	}
}
