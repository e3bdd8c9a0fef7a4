package revision_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tare/internal/revision"
)

// repo is a repository to try things with.
type repo struct {
	t   *testing.T
	dir string
}

func newRepo(t *testing.T) *repo {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed")
	}
	for k, v := range map[string]string{"HOME": t.TempDir(), "TMPDIR": t.TempDir(), "XDG_CONFIG_HOME": t.TempDir()} {
		t.Setenv(k, v)
	}
	r := &repo{t, filepath.Join(t.TempDir(), "repo")}
	if err := os.Mkdir(r.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	r.git("init", "-q", "-b", "main")
	return r
}

func (r *repo) git(args ...string) string {
	r.t.Helper()
	c := exec.Command("git", append([]string{"-C", r.dir, "-c", "user.name=x", "-c", "user.email=x@x", "-c", "protocol.file.allow=always"}, args...)...)
	out, err := c.CombinedOutput()
	if err != nil {
		r.t.Fatalf("git %v: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

func (r *repo) write(name, body string, mode os.FileMode) {
	r.t.Helper()
	name = filepath.Join(r.dir, name)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(body), mode); err != nil {
		r.t.Fatal(err)
	}
}

func (r *repo) commit(text string) string {
	r.t.Helper()
	r.git("add", "-A")
	r.git("commit", "-qm", text)
	return r.git("rev-parse", "HEAD")
}

// list is what a tree holds: modes, paths and contents.
func list(t *testing.T, dir string) (out []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(p string, d os.DirEntry, err error) error {
		if err != nil || p == dir {
			return err
		}
		fi, err := os.Lstat(p)
		if err != nil {
			return err
		}
		rel, body := p[len(dir)+1:], ""
		switch {
		case fi.Mode()&os.ModeSymlink != 0:
			to, _ := os.Readlink(p)
			out = append(out, "link "+rel+" "+to)
		case d.IsDir():
			out = append(out, "dir "+rel)
		default:
			b, _ := os.ReadFile(p)
			body = strings.TrimSpace(string(b))
			out = append(out, strings.TrimSpace(fi.Mode().Perm().String()+" "+rel+" "+body))
		}
		if at := fi.ModTime().UTC().Format("2006-01-02"); at != "2000-01-01" {
			out = append(out, rel+" is of "+at)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func open(t *testing.T, word, cwd string) (*revision.Tree, string) {
	t.Helper()
	w, ok := revision.Parse(word)
	if !ok {
		t.Fatalf("%s is no word for a commit", word)
	}
	tree, file, _, err := revision.Open(t.Context(), w, cwd)
	if err != nil {
		t.Fatalf("%s: %v", word, err)
	}
	t.Cleanup(tree.Close)
	return tree, file
}

func fails(t *testing.T, word, cwd, want string) {
	t.Helper()
	w, _ := revision.Parse(word)
	before, _ := filepath.Glob(filepath.Join(os.TempDir(), "tare-git-*"))
	tree, _, _, err := revision.Open(t.Context(), w, cwd)
	if err == nil {
		tree.Close()
		t.Fatalf("%s: no error", word)
	}
	if !strings.Contains(err.Error(), want) {
		t.Errorf("%s: %q, want %q", word, err, want)
	}
	if left, _ := filepath.Glob(filepath.Join(os.TempDir(), "tare-git-*")); len(left) > len(before) {
		t.Errorf("%s: %v is left", word, left)
	}
}

func TestParse(t *testing.T) {
	for text, want := range map[string]revision.Word{
		"git:HEAD~1":                   {Ref: "HEAD~1"},
		"git:main:services/api":        {Ref: "main", Dir: "services/api"},
		"git:HEAD@{2026-01-02 10:00}:": {Ref: "HEAD@{2026-01-02 10:00}"},
		"git:v1:./x:y":                 {Ref: "v1", Dir: "./x:y"},
		"git:":                         {},
	} {
		got, ok := revision.Parse(text)
		if !ok || got != want {
			t.Errorf("%s: %+v %v", text, got, ok)
		}
	}
	for _, text := range []string{"git", "git://host/x", "github.com/x", "alpine/git:latest"} {
		if _, ok := revision.Parse(text); ok {
			t.Errorf("%s is a commit", text)
		}
	}
}

// Files are as the commit has them: which may be executed, where links lead; not as the
// working tree has them, and not what it has besides.
func TestFiles(t *testing.T) {
	r := newRepo(t)
	r.write("app/Dockerfile", "FROM scratch", 0o644)
	r.write("app/run.sh", "old", 0o755)
	r.write("app/d/data", "old", 0o644)
	if err := os.Symlink("../run.sh", filepath.Join(r.dir, "app/d/link")); err != nil {
		t.Fatal(err)
	}
	first := r.commit("one")
	r.write("app/run.sh", "new", 0o755)
	r.write("app/d/data", "new", 0o664)
	if err := os.Chmod(filepath.Join(r.dir, "app/d/data"), 0o664); err != nil {
		t.Fatal(err)
	}
	r.commit("two")
	r.write("app/untracked", "x", 0o644)
	want := []string{"-rw-r--r-- Dockerfile FROM scratch", "dir d", "-rw-rw-r-- d/data old", "link d/link ../run.sh", "-rwxr-xr-x run.sh old"}
	for _, at := range []struct{ word, cwd string }{
		{"git:HEAD~1", filepath.Join(r.dir, "app")},
		{"git:HEAD~1:app", r.dir},
		{"git:HEAD~1:app", filepath.Join(r.dir, "app/d")},
		{"git:HEAD~1:./app", r.dir},
		{"git:HEAD~1:app/Dockerfile", r.dir},
		{"git:" + first + ":" + filepath.Join(r.dir, "app"), "/"},
	} {
		tree, file := open(t, at.word, at.cwd)
		if d := cmp.Diff(want, list(t, tree.Dir)); d != "" {
			t.Errorf("%s from %s (-want +got)\n%s", at.word, at.cwd, d)
		}
		if tree.Commit != first || tree.Path != "app" || file != filepath.Join(tree.Dir, "Dockerfile") || len(tree.Notes) > 0 {
			t.Errorf("%s from %s: %+v, %s", at.word, at.cwd, tree, file)
		}
		tree.Close()
		if _, err := os.Stat(tree.Dir); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("its files stay: %v", err)
		}
	}
	if got := r.git("status", "--porcelain"); got != "?? app/untracked" {
		t.Errorf("the working tree was touched: %s", got)
	}
}

func TestWhatIsNotThere(t *testing.T) {
	r := newRepo(t)
	r.write("Dockerfile", "FROM scratch", 0o644)
	r.write("d/x", "", 0o644)
	r.commit("one")
	r.write("f", "", 0o644)
	r.commit("two")
	fails(t, "git:HEAD~7", r.dir, `no commit "HEAD~7" in the repository`)
	fails(t, "git:", r.dir, "which commit?")
	for _, bad := range []string{"--upload-pack=touch x", "-h", "--all"} {
		fails(t, "git:"+bad, r.dir, "do not begin with a dash")
	}
	fails(t, "git:HEAD:d", r.dir, "no Dockerfile in d of commit")
	fails(t, "git:HEAD:nothing", r.dir, "has no nothing")
	fails(t, "git:HEAD", t.TempDir(), "not in a git repository")
	fails(t, "git:HEAD:/nowhere/at/all", r.dir, "not in a git repository")
	if out := r.git("rev-parse", "HEAD:f"); out != "" {
		fails(t, "git:"+out, r.dir, "no commit")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, _, err := revision.Open(ctx, revision.Word{Ref: "HEAD"}, r.dir); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
	t.Setenv("PATH", t.TempDir())
	fails(t, "git:HEAD", r.dir, "git, which is not installed")
}

// A shallow clone lacks commits, and one branch is cloned alone: CI does both.
func TestShallowClone(t *testing.T) {
	r := newRepo(t)
	r.write("Dockerfile", "FROM scratch", 0o644)
	r.commit("one")
	r.git("branch", "other")
	r.write("f", "", 0o644)
	r.commit("two")
	clone := &repo{t, filepath.Join(t.TempDir(), "clone")}
	r.git("clone", "-q", "--depth=1", "--no-single-branch", "file://"+r.dir, clone.dir)
	fails(t, "git:HEAD~1", clone.dir, "git fetch --deepen=50 or git fetch --unshallow")
	tree, _ := open(t, "git:other", clone.dir) // the remote's
	if _, err := os.Stat(filepath.Join(tree.Dir, "f")); err == nil {
		t.Error("another branch")
	}
}

// The directory .git is a file in a worktree; GIT_DIR and the like in the environment of
// a hook name another repository.
func TestWorktree(t *testing.T) {
	r := newRepo(t)
	r.write("Dockerfile", "FROM scratch", 0o644)
	r.commit("one")
	work := filepath.Join(t.TempDir(), "work")
	r.git("worktree", "add", "-q", "-b", "w", work)
	other := newRepo(t)
	for k, v := range map[string]string{"GIT_DIR": filepath.Join(other.dir, ".git"), "GIT_WORK_TREE": other.dir, "GIT_INDEX_FILE": "/nowhere", "GIT_CEILING_DIRECTORIES": work} {
		t.Setenv(k, v)
	}
	tree, _ := open(t, "git:w", work)
	if d := cmp.Diff([]string{"-rw-r--r-- Dockerfile FROM scratch"}, list(t, tree.Dir)); d != "" {
		t.Error(d)
	}
}

func TestSubmodule(t *testing.T) {
	lib := newRepo(t)
	lib.write("code", "first", 0o644)
	lib.commit("one")
	r := newRepo(t)
	r.write("Dockerfile", "FROM scratch", 0o644)
	r.git("submodule", "--quiet", "add", lib.dir, "lib")
	r.commit("one")
	tree, _ := open(t, "git:HEAD", r.dir)
	if got := list(t, tree.Dir); !slices.Contains(got, "-rw-r--r-- lib/code first") || len(tree.Notes) > 0 {
		t.Errorf("%q, notes %q", got, tree.Notes)
	}
	clone := filepath.Join(t.TempDir(), "clone")
	r.git("clone", "-q", r.dir, clone)
	tree, _ = open(t, "git:HEAD", clone)
	if got := list(t, tree.Dir); !slices.Contains(got, "dir lib") || len(tree.Notes) != 1 || !strings.Contains(tree.Notes[0], "the submodule lib is empty") {
		t.Errorf("%q, notes %q", got, tree.Notes)
	}
	fails(t, "git:HEAD:lib", clone, "is a submodule in commit")
}

// What a sparse checkout leaves out is left out of a commit that is held against the working
// tree, and that is said; a commit by itself is whole.
func TestSparseCheckout(t *testing.T) {
	r := newRepo(t)
	r.write("app/Dockerfile", "FROM scratch", 0o644)
	r.write("app/large/data", "x", 0o644)
	r.write("app/large/here", "x", 0o644)
	r.commit("one")
	r.git("sparse-checkout", "set", "--no-cone", "/app/*", "!/app/large/")
	r.write("app/large/here", "x", 0o644)
	repo, err := revision.Find(t.Context(), filepath.Join(r.dir, "app"))
	if err != nil {
		t.Fatal(err)
	}
	commit, err := repo.Commit(t.Context(), "HEAD")
	if err != nil {
		t.Fatal(err)
	}
	tree, err := repo.OpenHere(t.Context(), commit, "app")
	if err != nil {
		t.Fatal(err)
	}
	defer tree.Close()
	if got := list(t, tree.Dir); slices.Contains(got, "-rw-r--r-- large/data x") || !slices.Contains(got, "-rw-r--r-- large/here x") || len(tree.Notes) != 1 || !strings.HasPrefix(tree.Notes[0], "a sparse checkout: 1 files of commit") {
		t.Errorf("%q, notes %q", got, tree.Notes)
	}
	whole, _ := open(t, "git:HEAD:app", r.dir)
	if got := list(t, whole.Dir); !slices.Contains(got, "-rw-r--r-- large/data x") || len(whole.Notes) > 0 {
		t.Errorf("%q, notes %q", got, whole.Notes)
	}
	if b, ok, err := repo.Read(t.Context(), commit, "app/Dockerfile", 100); err != nil || !ok || string(b) != "FROM scratch" {
		t.Errorf("%q %v %v", b, ok, err)
	}
	if _, ok, err := repo.Read(t.Context(), commit, "app/none", 100); err != nil || ok {
		t.Errorf("%v %v", ok, err)
	}
	if _, _, err := repo.Read(t.Context(), commit, "app/Dockerfile", 5); err == nil || !strings.Contains(err.Error(), "is larger than 5 bytes") {
		t.Errorf("%v", err)
	}
}

// Names with spaces, line ends and letters of any script; repositories without a commit, with
// SHA-256, tags with a text of their own, no branch at all, directories of others.
func TestOddRepositories(t *testing.T) {
	r := newRepo(t)
	r.write("Dockerfile", "FROM scratch", 0o644)
	fails(t, "git:HEAD", r.dir, `no commit "HEAD" in the repository`) // the branch is not born yet
	dir := "a b\nc ü\t'\"$(x)"
	r.write(dir+"/Dockerfile", "FROM scratch", 0o644)
	r.write(dir+"/-f", "1", 0o644)
	r.commit("one")
	r.git("tag", "-a", "-m", "text", "v1")
	r.git("checkout", "-q", "--detach")
	for _, word := range []string{"git:v1:" + dir, "git:HEAD:./" + dir, "git:HEAD:" + filepath.Join(r.dir, dir)} {
		tree, _ := open(t, word, r.dir)
		if d := cmp.Diff([]string{"-rw-r--r-- -f 1", "-rw-r--r-- Dockerfile FROM scratch"}, list(t, tree.Dir)); d != "" {
			t.Error(d)
		}
	}
	if tree, _ := open(t, "git:HEAD", filepath.Join(r.dir, dir)); tree.Path != dir {
		t.Errorf("%q", tree.Path)
	}
	fails(t, "git:--upload-pack=x", r.dir, `"--upload-pack=x" is no revision: the names of commits do not begin with a dash`)
	fails(t, "git:no such", r.dir, `no commit "no such" in the repository`)
	if err := os.Symlink("Dockerfile", filepath.Join(r.dir, "link")); err != nil {
		t.Fatal(err)
	}
	r.commit("two")
	if _, file := open(t, "git:HEAD:link", r.dir); filepath.Base(file) != "link" {
		t.Errorf("%s", file)
	}
	sha := &repo{t, filepath.Join(t.TempDir(), "sha")}
	r.git("init", "-q", "--object-format=sha256", sha.dir)
	sha.write("Dockerfile", "FROM scratch", 0o644)
	if commit := sha.commit("one"); len(commit) != 64 {
		t.Errorf("%s", commit)
	}
	if tree, _ := open(t, "git:HEAD", sha.dir); len(tree.Commit) != 64 {
		t.Errorf("%s", tree.Commit)
	}
	t.Setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1") // git takes it for somebody else's
	if _, err := revision.Find(t.Context(), r.dir); err != nil && !strings.Contains(err.Error(), "dubious ownership") {
		t.Errorf("%v", err)
	}
}

// A path is followed through links of the commit, not out of it and not in circles.
func TestFollow(t *testing.T) {
	r := newRepo(t)
	r.write("docker/app", "FROM scratch", 0o644)
	for name, to := range map[string]string{"a/Dockerfile": "../docker/app", "b": "a/Dockerfile", "out": "../../etc/passwd", "abs": "/etc/passwd", "x": "y", "y": "x"} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(r.dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(to, filepath.Join(r.dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	commit := r.commit("one")
	repo, err := revision.Find(t.Context(), r.dir)
	if err != nil {
		t.Fatal(err)
	}
	for at, want := range map[string]string{"docker/app": "docker/app", "a/Dockerfile": "docker/app", "b": "docker/app", "out": "out", "abs": "abs", "none": "none"} {
		if got, err := repo.Follow(t.Context(), commit, at); err != nil || got != want {
			t.Errorf("%s: %s %v", at, got, err)
		}
	}
	if _, err := repo.Follow(t.Context(), commit, "x"); err == nil || !strings.Contains(err.Error(), "is a symbolic link that leads nowhere") {
		t.Errorf("%v", err)
	}
}

// Contents of Git LFS that are here are read; pointers are told of.
func TestLargeFiles(t *testing.T) {
	r := newRepo(t)
	r.write("Dockerfile", "FROM scratch", 0o644)
	pointer := func(sum string) string {
		return "version https://git-lfs.github.com/spec/v1\noid sha256:" + sum + "\nsize 3\n"
	}
	const sum = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" // of abc
	r.write("big", pointer(sum), 0o644)
	r.commit("one")
	tree, _ := open(t, "git:HEAD", r.dir)
	if len(tree.Notes) != 1 || !strings.Contains(tree.Notes[0], "1 files of commit") || !strings.Contains(tree.Notes[0], "pointers of Git LFS") {
		t.Errorf("%q", tree.Notes)
	}
	r.write(".git/lfs/objects/ba/78/"+sum, "abc", 0o644)
	tree, _ = open(t, "git:HEAD", r.dir)
	if got := list(t, tree.Dir); !slices.Contains(got, "-rw-r--r-- big abc") || len(tree.Notes) > 0 {
		t.Errorf("%q %q", got, tree.Notes)
	}
	r.write(".git/lfs/objects/ba/78/"+sum, "abd", 0o644) // damaged
	if tree, _ = open(t, "git:HEAD", r.dir); len(tree.Notes) != 1 {
		t.Errorf("%q", tree.Notes)
	}
}

// Whatever a repository configures does not run.
func TestNothingRuns(t *testing.T) {
	r := newRepo(t)
	r.write("Dockerfile", "FROM scratch", 0o644)
	r.write("secret.txt", "text", 0o644)
	r.commit("one")
	mark := filepath.Join(t.TempDir(), "ran")
	r.write(".git/evil.sh", "#!/bin/sh\ntouch "+mark+"\ncat\n", 0o755)
	evil := filepath.Join(r.dir, ".git/evil.sh")
	r.write(".gitattributes", "*.txt filter=evil diff=evil\nDockerfile export-ignore\n", 0o644)
	r.commit("two")
	for _, kv := range [][2]string{{"filter.evil.smudge", evil}, {"filter.evil.process", evil}, {"filter.evil.clean", evil}, {"diff.evil.textconv", evil}, {"core.fsmonitor", evil},
		{"core.sshCommand", evil}, {"core.gitProxy", evil}, {"core.hooksPath", filepath.Dir(evil)}, {"core.pager", evil}, {"core.editor", evil}, {"alias.ls-tree", "!" + evil}, {"extensions.partialClone", "origin"},
		{"remote.origin.url", "ext::" + evil}, {"remote.origin.promisor", "true"}, {"remote.origin.uploadpack", evil}, {"protocol.ext.allow", "always"}, {"uploadpack.packObjectsHook", evil}} {
		r.git("config", kv[0], kv[1])
	}
	if err := os.Remove(mark); err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	tree, _ := open(t, "git:HEAD", r.dir)
	if got := list(t, tree.Dir); !slices.Contains(got, "-rw-r--r-- secret.txt text") {
		t.Errorf("%q", got)
	}
	fails(t, "git:1111111111111111111111111111111111111111", r.dir, "no commit")
	if _, err := os.Stat(mark); err == nil {
		t.Error("something of the repository's ran")
	}
}

// Nothing is written outside the tree's own directory, whatever the commit says.
func TestHostileTrees(t *testing.T) {
	r := newRepo(t)
	r.write("Dockerfile", "FROM scratch", 0o644)
	r.commit("one")
	blob := r.git("rev-parse", "HEAD:Dockerfile")
	make := func(lines string) string {
		c := exec.Command("git", "-C", r.dir, "mktree")
		c.Stdin = strings.NewReader(lines)
		tree, err := c.Output()
		if err != nil {
			t.Skip("git makes no such trees")
		}
		return r.git("commit-tree", "-m", "x", strings.TrimSpace(string(tree)))
	}
	sub := func(name string) string {
		inner := r.git("rev-parse", make("100644 blob "+blob+"\tx\n")+"^{tree}")
		return make("100644 blob " + blob + "\tDockerfile\n040000 tree " + inner + "\t" + name + "\n")
	}
	for _, name := range []string{"..", ".git", ".GIT"} {
		fails(t, "git:"+sub(name), r.dir, "is no name for a file")
	}
}

// What killed processes left goes with the next tree; what others hold stays.
func TestSweep(t *testing.T) {
	r := newRepo(t)
	r.write("Dockerfile", "FROM scratch", 0o644)
	r.commit("one")
	held, _ := open(t, "git:HEAD", r.dir)
	left := filepath.Join(os.TempDir(), "tare-git-1")
	r.write("../left/lock", "", 0o600)
	if err := os.Rename(filepath.Join(filepath.Dir(r.dir), "left"), left); err != nil {
		t.Fatal(err)
	}
	old := held.Dir
	for _, f := range []string{filepath.Join(left, "lock"), filepath.Join(filepath.Dir(old), "lock")} {
		if out, err := exec.Command("touch", "-d", "2001-01-01", f).CombinedOutput(); err != nil {
			t.Fatal(err, string(out))
		}
	}
	open(t, "git:HEAD", r.dir)
	if _, err := os.Stat(left); err == nil {
		t.Error("what a killed process left stays")
	}
	if _, err := os.Stat(old); err != nil {
		t.Error("another's tree went")
	}
}
