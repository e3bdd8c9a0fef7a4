package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tare/internal/corpus"
)

// TestCorpus holds the corpus that tare trim is measured with to what it says, without
// trim: each project builds, what is planted is there, and the patch that was made by
// hand takes it away, loses nothing that it must not, and passes both checks.
//
// The bases come from scripts/hub.sh corpus; TARE_TEST_CORPUS_HOSTS names the directory
// of hosts.toml files that it printed. Projects whose base is not to be had are skipped. All
// projects take many minutes: TARE_TEST_CORPUS=all has them (make test-corpus), otherwise a
// part is taken that has each family of rules once.
func TestCorpus(t *testing.T) {
	if testing.Short() {
		t.Skip("builds for minutes")
	}
	needEngine(t)
	list := corpusProjects(t)
	h, tare := corpusTare(t)
	for _, p := range list {
		t.Run(p.Name, func(t *testing.T) {
			v, err := tare.Verify(context.Background(), p, filepath.Join(h.dir, p.Name))
			if err != nil && noBase(err) {
				t.Skip("the base is not to be had: ", err)
			}
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range v.Faults {
				t.Error(f)
			}
			t.Logf("planted: %d bytes of tar", v.Planted)
		})
	}
}

// TestCorpusTrimmed runs tare trim over the corpus: every patch applies, builds and
// passes a check that trim did not see; lossless ones lose nothing. How much is found is
// measured by make bench-trim.
func TestCorpusTrimmed(t *testing.T) {
	if testing.Short() {
		t.Skip("builds for minutes")
	}
	needEngine(t)
	list := corpusProjects(t)
	h, tare := corpusTare(t)
	ctx := context.Background()
	if _, _, err := tare.Run(ctx, h.dir, "trim", "--help"); err != nil {
		t.Skip("this tare has no trim")
	}
	for _, p := range list {
		t.Run(p.Name, func(t *testing.T) { trimOne(ctx, t, tare, p, filepath.Join(h.dir, p.Name)) })
	}
}

func trimOne(ctx context.Context, t *testing.T, tare *corpus.Tare, p *corpus.Project, tmp string) {
	dir, file := filepath.Join(tmp, "given"), filepath.Join(tmp, "trim.patch")
	if err := p.Prepare(dir); err != nil {
		t.Fatal(err)
	}
	args := []string{"trim", "--format", "json", "-o", file}
	if !p.Lossless() || len(p.Plants) == 0 {
		args = append(args, "--drop")
	}
	before, err := tare.Prove(ctx, p, nil, filepath.Join(tmp, "before"), "before-"+p.Name)
	if err != nil && noBase(err) {
		t.Skip("the base is not to be had: ", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := tare.Run(ctx, tmp, append(args, dir)...); err != nil {
		t.Fatal(err)
	}
	patch, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	after, err := tare.Prove(ctx, p, patch, filepath.Join(tmp, "after"), "after-"+p.Name)
	if err != nil {
		t.Fatalf("%v\n%s", err, patch)
	}
	defer tare.Forget(ctx, before, after)
	if after.Check != nil || after.Second != nil {
		t.Errorf("check: %v; second check: %v\n%s", after.Check, after.Second, patch)
	}
	if p.Lossless() && len(p.Plants) > 0 {
		for _, d := range corpus.Differences(before.Image, after.Image) {
			t.Errorf("not lossless: %s\n%s", d, patch)
		}
	}
	// One rule saves the seconds of rebuilds: what it moves is in two layers then.
	seconds := slices.ContainsFunc(p.Plants, func(x corpus.Plant) bool { return x.Rule == "manifest-order" })
	if a, b := before.Image.Tar(), after.Image.Tar(); len(patch) > 0 && b > a && !seconds {
		t.Errorf("the patch makes %d bytes of %d\n%s", b, a, patch)
	}
}

// quick are projects with small bases, one for each family of rules, and two in which nothing
// may be edited.
var quick = []string{
	"apk-no-cache",                    // options of package managers
	"build-log",                       // what a RUN leaves behind
	"chmod-json-form",                 // owners and permissions
	"copied-from-stage-deleted-later", // parts of a stage
	"crlf",                            // the author's line ends
	"deleted-later-heredoc",           // RUNs that are joined
	"dockerignore-deleted-later",      // the context
	"keep-user-between",               // no edit
	"keep-onbuild",                    // no edit
	"moved-later",                     // moves, and variables
	"secret-env-copied",               // secrets
	"temporary-archive",               // mounts, and two edits of one command
}

func corpusProjects(t *testing.T) []*corpus.Project {
	list, err := corpus.Load(filepath.Join("..", "..", "testdata", "trim"))
	if err != nil {
		t.Fatal(err)
	}
	if len(list) < 44 {
		t.Errorf("only %d projects", len(list))
	}
	if os.Getenv("TARE_TEST_CORPUS") == "all" {
		return list
	}
	list = slices.DeleteFunc(list, func(p *corpus.Project) bool { return !slices.Contains(quick, p.Name) })
	if len(list) != len(quick) {
		t.Errorf("%d of %d projects are there", len(list), len(quick))
	}
	return list
}

// corpusTare is the tare of this test, with a store of its own and the bases' registry.
func corpusTare(t *testing.T) (*home, *corpus.Tare) {
	t.Helper()
	h := newHome(t)
	hosts := os.Getenv("TARE_TEST_CORPUS_HOSTS")
	if hosts == "" {
		hosts = filepath.Join(needHub(t), "hosts")
	}
	h.set("TARE_HOSTS_DIR", hosts)
	program, err := exec.LookPath("tare")
	if err != nil {
		t.Fatal(err)
	}
	return h, &corpus.Tare{Path: program, Home: h.store(), Env: h.env}
}

// noBase tells whether a build failed because the registry does not have the base.
func noBase(err error) bool {
	return strings.Contains(err.Error(), "not found") && strings.Contains(err.Error(), "docker.io/library/")
}

// TestCorpusCounts holds what the corpus counts with to a layer made by hand.
func TestCorpusCounts(t *testing.T) {
	dir := t.TempDir()
	p := &corpus.Project{Name: "x", Dir: dir, Make: []corpus.Made{{Path: "a/b.bin", Bytes: 1000}, {Path: "../c", Text: "no"}}}
	put(t, filepath.Join(dir, "project", "Dockerfile"), "FROM scratch\n")
	if err := p.Prepare(filepath.Join(dir, "copy")); err == nil || !strings.Contains(err.Error(), "../c") {
		t.Errorf("a file outside of the project was made: %v", err)
	}
	a, err := os.ReadFile(filepath.Join(dir, "copy", "a", "b.bin"))
	if err != nil || len(a) != 1000 || bytes.Count(a, []byte{0}) > 100 {
		t.Errorf("%d bytes, %v", len(a), err)
	}
}
