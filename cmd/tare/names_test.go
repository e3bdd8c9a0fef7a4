package main

import (
	"archive/tar"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
)

// namesFile holds sequences of commands and what real Docker says and lists after each.
const namesFile = "testdata/names.txt"

// sequence is a part of it.
type sequence struct {
	title string
	steps []step
}

type step struct {
	command string
	said    []string // "Untagged: …", "Deleted", "fails"
	listed  []string
}

func readSequences(t testing.TB) (head string, out []sequence) {
	t.Helper()
	b, err := os.ReadFile(namesFile)
	if err != nil {
		t.Fatal(err)
	}
	for l := range strings.Lines(string(b)) {
		l = strings.TrimRight(l, "\n")
		kind, text, _ := strings.Cut(l, " ")
		switch {
		case kind == "==":
			out = append(out, sequence{title: text})
		case kind == "$":
			s := &out[len(out)-1]
			s.steps = append(s.steps, step{command: text})
		case kind == "|" || kind == "=":
			s := &out[len(out)-1]
			p := &s.steps[len(s.steps)-1]
			if kind == "|" {
				p.said = append(p.said, text)
			} else {
				p.listed = append(p.listed, text)
			}
		case len(out) == 0:
			head += l + "\n"
		}
	}
	return head, out
}

// names are the images of the sequences.
type names struct {
	letters *strings.Replacer // R, D1, … -> what they stand for
	back    *strings.Replacer
}

func newNames(t testing.TB) *names {
	t.Helper()
	repo := host(mustWorld(t).registry) + "/names"
	pairs := []string{"R", repo}
	put := func(tag, image string, img v1.Image) {
		if err := push(img, repo+":"+tag); err != nil {
			t.Fatal(err)
		}
		d, err1 := img.Digest()
		id, err2 := img.ConfigName()
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		pairs = append(pairs, "D"+tag, d.String())
		if image != "" {
			pairs = append(pairs, image, id.Hex[:12])
		}
	}
	for n := 1; n <= 2; n++ {
		img, err := random.Image(2000, 1)
		if err != nil {
			t.Fatal(err)
		}
		img = mutate.MediaType(img, "application/vnd.oci.image.manifest.v1+json")
		img = mutate.ConfigMediaType(img, "application/vnd.oci.image.config.v1+json")
		put(fmt.Sprint(n), fmt.Sprint("I", n), img)
		if n == 1 {
			other, ok := mutate.Annotations(img, map[string]string{"other": "manifest"}).(v1.Image)
			if !ok {
				t.Fatal("not an image")
			}
			put("4", "", other)
		}
	}
	var back []string
	for i := 0; i < len(pairs); i += 2 {
		back = append(back, pairs[i+1], pairs[i])
	}
	return &names{strings.NewReplacer(pairs...), strings.NewReplacer(back...)}
}

// play runs the sequences with a docker-like program. fresh makes it forget all.
func (n *names) play(t *testing.T, seqs []sequence, run func(args ...string) (string, error), fresh func()) []sequence {
	var out []sequence
	for _, s := range seqs {
		fresh()
		got := sequence{title: s.title}
		for _, p := range s.steps {
			q := step{command: p.command}
			words := strings.Fields(p.command)
			for i, w := range words[1:] { // not "rmi", "images", …
				if w != "prune" && !strings.HasPrefix(w, "dangling") && w != "other:x" && w != "nowhere:1" {
					w = strings.Replace(w, "reference=", "reference=\x00", 1)
					words[i+1] = strings.Replace(n.letters.Replace(w), "\x00", "", 1)
				}
			}
			if words[0] == "images" {
				words = append(words, "--format", "{{.Repository}}:{{.Tag}} {{.ID}}")
			}
			if words[0] == "pull" {
				words = slices.Insert(words, 1, "-q")
			}
			said, err := run(words...)
			if err != nil {
				q.said = append(q.said, "fails")
			}
			lines := strings.Split(strings.TrimSpace(said), "\n")
			if words[0] == "save" && err == nil {
				lines = savedNames(t, said)
			}
			for _, l := range lines {
				l = n.back.Replace(l)
				low := strings.ToLower(l)
				switch {
				case l == "":
				case words[0] == "images", words[0] == "save", strings.HasPrefix(low, "untagged: "):
					q.said = append(q.said, l)
				case strings.HasPrefix(low, "deleted: ") && !slices.Contains(q.said, "Deleted"): // Docker lists layers, too
					q.said = append(q.said, "Deleted")
				}
			}
			slices.Sort(q.said) // Docker's order follows the digests, which are random
			rows, err := run("images", "-a", "--digests", "--format", "{{.Repository}}:{{.Tag}} {{.Digest}} {{.ID}}")
			if err != nil {
				t.Fatalf("%s: images: %v", s.title, err)
			}
			for l := range strings.Lines(n.back.Replace(rows)) {
				q.listed = append(q.listed, strings.TrimSpace(l))
			}
			slices.Sort(q.listed)
			got.steps = append(got.steps, q)
		}
		out = append(out, got)
	}
	return out
}

// savedNames lists the images of an archive of `save`: ID and names.
func savedNames(t *testing.T, archive string) []string {
	t.Helper()
	tr := tar.NewReader(strings.NewReader(archive))
	for {
		h, err := tr.Next()
		if err != nil {
			t.Fatalf("no manifest.json in the archive: %v", err)
		}
		if h.Name != "manifest.json" {
			continue
		}
		var list []struct {
			Config   string
			RepoTags []string
		}
		if err := json.NewDecoder(tr).Decode(&list); err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, m := range list {
			slices.Sort(m.RepoTags)
			id := strings.TrimSuffix(filepath.Base(m.Config), ".json")
			out = append(out, strings.TrimSpace("saved "+id[:12]+" "+strings.Join(m.RepoTags, " ")))
		}
		return out
	}
}

// writeNames rewrites the fixture.
func writeNames(t *testing.T, head string, list []sequence) {
	t.Helper()
	var file strings.Builder
	file.WriteString(strings.TrimRight(head, "\n") + "\n")
	for _, s := range list {
		fmt.Fprintf(&file, "\n%s", s)
	}
	if err := os.WriteFile(namesFile, []byte(file.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

// oursOnly tells of a sequence that is not compared with Docker.
func (s sequence) oursOnly() bool { return strings.HasPrefix(s.title, "tare: ") }

func (s sequence) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "== %s\n", s.title)
	for _, p := range s.steps {
		fmt.Fprintf(&b, "$ %s\n", p.command)
		for _, l := range p.said {
			fmt.Fprintf(&b, "| %s\n", l)
		}
		for _, l := range p.listed {
			fmt.Fprintf(&b, "= %s\n", l)
		}
	}
	return b.String()
}

// TestNames: what a sequence of pull, tag and rmi leaves is what it leaves in Docker.
func TestNames(t *testing.T) {
	n := newNames(t)
	head, want := readSequences(t)
	root := t.TempDir()
	run := func(args ...string) (string, error) {
		c := exec.Command("tare", args...)
		c.Env = append(os.Environ(), "TARE_HOME="+filepath.Join(root, "home"), "DOCKER_CONFIG="+root)
		out, err := c.Output()
		return string(out), err
	}
	got := n.play(t, want, run, func() {
		if err := os.RemoveAll(filepath.Join(root, "home")); err != nil {
			t.Fatal(err)
		}
	})
	for i := range want {
		if len(want[i].steps) < 2 {
			t.Errorf("no steps in %q", want[i].title)
		}
		if got[i].String() != want[i].String() {
			t.Errorf("got:\n%s\nwant:\n%s", got[i], want[i])
		}
		if !want[i].oursOnly() {
			got[i] = want[i]
		}
	}
	if os.Getenv("UPDATE_NAMES") != "" {
		writeNames(t, head, got)
	}
}
