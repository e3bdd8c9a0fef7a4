package check_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/check"
	"tare/internal/gate"
	"tare/internal/store"
	"tare/internal/testkit"
)

// git runs git in the world's directory.
func (w *world) git(args ...string) string {
	w.t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		w.t.Skip("git is not installed")
	}
	out, err := exec.Command("git", append([]string{"-C", w.dir, "-c", "user.name=x", "-c", "user.email=x@x"}, args...)...).CombinedOutput()
	if err != nil {
		w.t.Fatalf("git %v: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

func (w *world) commit() string {
	w.git("add", "-A")
	w.git("commit", "-qm", "x")
	return w.git("rev-parse", "HEAD")
}

const renamed = "FROM base\nCOPY conf /srv/\nRUN 10\nRUN 20\nRUN 30\n"

// A commit is built from the repository, below its top, whatever its Dockerfile was called;
// the trees go, and the working directory stays as it is.
func TestCommits(t *testing.T) {
	w := newWorld(t)
	t.Setenv("TMPDIR", t.TempDir())
	w.git("init", "-q", "-b", "main")
	w.write("app/Dockerfile", renamed)
	w.write("app/conf", "1")
	w.commit()
	w.write("app/conf", strings.Repeat("2", 500))
	r := w.run(check.Request{Target: "app", Baseline: "git:HEAD", Budgets: []string{"growth.live=100"}})
	if !slices.Equal(rules(r), []string{"growth.live app/conf"}) || r.Images[0].Before.Revision == "" {
		t.Errorf("%v %+v", rules(r), r.Images[0])
	}
	if d := r.Images[0].Delta; d.Yours.Live != 499 || d.Unknown != (gate.Amounts{}) || d.Base != (gate.Amounts{}) {
		t.Errorf("%+v", d)
	}
	if err := os.Rename(filepath.Join(w.dir, "app/Dockerfile"), filepath.Join(w.dir, "app/Dockerfile.prod")); err != nil {
		t.Fatal(err)
	}
	w.write("app/conf", "1")
	w.write("app/Dockerfile.prod", strings.Replace(renamed, "RUN 30", "RUN 3000", 1))
	r = w.run(check.Request{Target: "app", File: "app/Dockerfile.prod", Baseline: "git:main", Budgets: []string{"growth.live=100"}})
	if !slices.Equal(rules(r), []string{"growth.live app/Dockerfile.prod:5"}) || !slices.ContainsFunc(r.Notes, func(n string) bool { return strings.Contains(n, "the Dockerfile is app/Dockerfile") }) {
		t.Errorf("%v %v", rules(r), r.Notes)
	}
	w.write("app/Dockerfile.prod", "FROM elsewhere\nRUN 1\n")
	w.fails(check.Request{Target: "app", File: "app/Dockerfile.prod", Baseline: "git:main"}, "and no Dockerfile that is like it")
	w.fails(check.Request{Target: "app", File: "app/Dockerfile.prod", Baseline: "git:HEAD~9"}, `no commit "HEAD~9"`)
	if left, _ := filepath.Glob(filepath.Join(os.TempDir(), "tare-git-*")); len(left) > 0 {
		t.Errorf("%v is left", left)
	}
	if got := w.git("status", "--porcelain"); !strings.Contains(got, "?? app/Dockerfile.prod") || strings.Contains(got, "M app/conf") {
		t.Errorf("the working directory: %s", got)
	}
}

// Files that git ignores are in no commit: a commit is not blamed for lacking them.
func TestIgnoredFiles(t *testing.T) {
	w := newWorld(t)
	w.git("init", "-q", "-b", "main")
	w.write(".gitignore", "node_modules\n")
	w.write("Dockerfile", "FROM base\nCOPY conf /srv/\n")
	w.write("conf", "1")
	w.commit()
	w.write("node_modules/x", "x")
	w.write("new", "x")
	r := w.run(check.Request{Baseline: "git:HEAD", Budgets: []string{"growth.live=0"}})
	if r.Verdict != gate.Pass {
		t.Errorf("%+v", r.Images[0].Causes)
	}
}

// An image's label finds the Dockerfile that it was built from; a commit of another
// repository does not, and that is said.
func TestRevisionLabel(t *testing.T) {
	w := newWorld(t)
	w.git("init", "-q", "-b", "main")
	w.write("Dockerfile", renamed)
	w.write("conf", "1")
	commit := w.commit()
	put := func(name, revision string, flat bool) {
		o := testkit.Options{Config: ocispec.ImageConfig{Labels: map[string]string{gate.RevisionLabel: revision}}}
		for _, l := range []testkit.Entry{testkit.File("base", "base"), testkit.File("srv/conf", "1"), testkit.File("made", strings.Repeat("x", 10)), testkit.File("made", strings.Repeat("x", 20)), testkit.File("made", strings.Repeat("x", 30))} {
			o.Layers = append(o.Layers, testkit.Tar(t, l))
		}
		for _, h := range []string{"the base", "COPY conf /srv/ # buildkit", "RUN /bin/sh -c 10 # buildkit", "RUN /bin/sh -c 20 # buildkit", "RUN /bin/sh -c 30 # buildkit"} {
			o.History = append(o.History, ocispec.History{CreatedBy: h})
		}
		if flat { // one layer of all lines
			o.Layers, o.History = [][]byte{o.Layers[0], testkit.Tar(t, testkit.File("srv/conf", "1"), testkit.File("made", strings.Repeat("x", 30)))}, slices.Clone(o.History)
			for n := 1; n < 4; n++ {
				o.History[n].EmptyLayer = true
			}
		}
		testkit.Put(t, w.eng.Store, name, store.Pulled, testkit.Image(t, o))
	}
	put("main", commit, false)
	put("other", "1234567890123456789012345678901234567890", false)
	put("branch", "main", false)
	put("flat", commit, true)
	w.write("conf", strings.Repeat("2", 300))
	r := w.run(check.Request{Baseline: "store://main", Budgets: []string{"growth.live=100"}})
	if !slices.Equal(rules(r), []string{"growth.live conf"}) || r.Images[0].Delta.Unknown != (gate.Amounts{}) || len(r.Notes) > 0 {
		t.Errorf("%v %+v %v", rules(r), r.Images[0].Delta, r.Notes)
	}
	r = w.run(check.Request{Baseline: "store://other", Budgets: []string{"growth.live=100"}})
	if !slices.ContainsFunc(r.Notes, func(n string) bool {
		return strings.Contains(n, "its Dockerfile is not known: its label says commit 1234")
	}) {
		t.Errorf("%v", r.Notes)
	}
	r = w.run(check.Request{Baseline: "store://flat", Budgets: []string{"growth.live=100"}})
	if r.Verdict != gate.Pass || r.Images[0].Delta.Yours.Live != 0 || r.Images[0].Delta.Unknown.Live == 0 || !slices.ContainsFunc(r.Notes, func(n string) bool {
		return strings.HasSuffix(n, "its layers are not those of the lines of its Dockerfile: whoever built it made one of several")
	}) {
		t.Errorf("%+v %v", r.Images[0].Delta, r.Notes)
	}
	// A branch is another commit tomorrow, and a word of whoever made the image.
	r = w.run(check.Request{Baseline: "store://branch", Budgets: []string{"growth.live=100"}})
	if !slices.ContainsFunc(r.Notes, func(n string) bool {
		return strings.HasSuffix(n, `its label org.opencontainers.image.revision is "main", which is no name of a commit`)
	}) {
		t.Errorf("%v", r.Notes)
	}
}

// A commit is built as its own tare.yaml says: other arguments of a variant, and another
// Dockerfile, are what changed.
func TestVariantsOfACommit(t *testing.T) {
	w := newWorld(t)
	w.bench.Args = func(list []string) (map[string]string, error) {
		out := map[string]string{}
		for _, kv := range list {
			k, v, _ := strings.Cut(kv, "=")
			out[k] = v
		}
		return out, nil
	}
	w.git("init", "-q", "-b", "main")
	w.write("Dockerfile", "FROM base\nARG N\nRUN 10\n")
	w.write("Dockerfile.large", "FROM base\nARG N\nRUN 5000\n")
	w.write("tare.yaml", "version: 1\nbudget: {growth: {live: 100}}\nvariants:\n  - {name: a, dockerfile: Dockerfile, args: {N: '1'}}\n  - {name: b, dockerfile: Dockerfile}\n")
	w.commit()
	w.write("tare.yaml", "version: 1\nbudget: {growth: {live: 100}}\nvariants:\n  - {name: a, dockerfile: Dockerfile, args: {N: '2'}}\n  - {name: b, dockerfile: Dockerfile.large}\n  - {name: c, dockerfile: Dockerfile.large}\n")
	r := w.run(check.Request{Baseline: "git:HEAD"})
	if !slices.Equal(rules(r), []string{"growth.live Dockerfile.large:3"}) || r.Violations[0].Image != "b" {
		t.Errorf("%v %+v", rules(r), r.Images)
	}
	var given []string
	for _, b := range w.eng.Builds {
		given = append(given, b.Args["N"])
	}
	if d := []string{"2", "1", "", "", "", ""}; !slices.Equal(given, d) {
		t.Errorf("N is %q, want %q", given, d)
	}
	// A directory of the commit is built with the variant's arguments and Dockerfile, too.
	w.eng.Builds = nil
	r = w.run(check.Request{Baseline: "git:HEAD:.", Variants: []string{"a", "b"}})
	if r.Verdict != gate.Pass || len(w.eng.Builds) != 4 || w.eng.Builds[1].Args["N"] != "2" || filepath.Base(w.eng.Builds[3].Dockerfile) != "Dockerfile.large" {
		t.Errorf("%v %+v", rules(r), w.eng.Builds)
	}
	w.write("tare.yaml", "version: 1\nbudget: {growth: {live: 100}}\nvariants:\n  - {name: a, dockerfile: Dockerfile}\n")
	w.git("commit", "-qam", "x")
	w.git("rm", "-q", "--cached", "tare.yaml")
	w.git("commit", "-qm", "gone")
	if r = w.run(check.Request{Baseline: "git:HEAD"}); r.Verdict != gate.Pass {
		t.Errorf("%v", rules(r))
	}
}

// Where a Dockerfile and its directory lie, and what they are called, makes no difference.
func TestPlaces(t *testing.T) {
	w := newWorld(t)
	t.Setenv("HOME", t.TempDir())
	w.fails(check.Request{Baseline: "git:HEAD"}, "no Dockerfile in .")
	w.git("init", "-q", "-b", "main")
	dir := "a b/c\nü $(x)"
	w.write(dir+"/Dockerfile", "FROM base\nCOPY conf /srv/\n")
	w.write(dir+"/conf", "1")
	w.fails(check.Request{Target: dir, Baseline: "git:HEAD"}, `no commit "HEAD" in the repository`) // no commit yet
	w.write("docker/app", "FROM base\nCOPY conf /srv/\n")
	w.write("linked/conf", "1")
	if err := os.Symlink("../docker/app", filepath.Join(w.dir, "linked/Dockerfile")); err != nil {
		t.Fatal(err)
	}
	first := w.commit()
	w.git("tag", "-a", "-m", "text", "v1")
	w.git("checkout", "-q", "--detach")
	for _, at := range []string{dir, "linked"} {
		w.write(at+"/conf", strings.Repeat("2", 500))
		for _, ref := range []string{"HEAD", "v1", first[:8]} {
			r := w.run(check.Request{Target: at, Baseline: "git:" + ref, Budgets: []string{"growth.live=100"}})
			if !slices.Equal(rules(r), []string{"growth.live " + at + "/conf"}) || r.Images[0].Before.Revision != first {
				t.Errorf("%s %s: %v %+v", at, ref, rules(r), r.Images[0].Before)
			}
		}
	}
	// .git is a file in a worktree, and the directory of a submodule is another repository.
	work := filepath.Join(t.TempDir(), "work")
	w.git("worktree", "add", "-q", work, "main")
	if err := os.WriteFile(filepath.Join(work, "linked/conf"), []byte(strings.Repeat("3", 400)), 0o644); err != nil {
		t.Fatal(err)
	}
	r := w.run(check.Request{Target: filepath.Join(work, "linked"), Baseline: "git:main", Budgets: []string{"growth.live=100"}})
	if !slices.Equal(rules(r), []string{"growth.live linked/conf"}) {
		t.Errorf("%v", rules(r))
	}
	w.fails(check.Request{Target: "linked", Baseline: "git:" + strings.Repeat("1", 40)}, "no commit")
	t.Setenv("PATH", t.TempDir())
	w.fails(check.Request{Target: "linked", Baseline: "git:HEAD"}, "commits are read with git, which is not installed")
}
