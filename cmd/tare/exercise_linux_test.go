package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"tare/internal/compare"
	"tare/internal/experiment"
	"tare/internal/weigh"
)

// block is a fenced piece of a Markdown document.
type block struct {
	lang, text string
}

// blocks reads the fenced blocks of a document; the indent of a fence is taken off
// its lines.
func blocks(doc string) []block {
	var out []block
	var in *block
	indent := 0
	for line := range strings.Lines(doc) {
		trimmed := strings.TrimSpace(line)
		switch {
		case in == nil && strings.HasPrefix(trimmed, "```"):
			in, indent = &block{lang: trimmed[3:]}, strings.Index(line, "`")
		case in != nil && trimmed == "```":
			out, in = append(out, *in), nil
		case in != nil:
			cut := min(indent, len(line)-len(strings.TrimLeft(line, " ")))
			in.text += line[cut:]
		}
	}
	return out
}

// TestExercise does the course's exercise word for word, with docker replaced by
// tare, and checks what its reader would see.
func TestExercise(t *testing.T) {
	needEngine(t)
	hub := needHub(t)
	doc, err := os.ReadFile(filepath.Join(hub, "..", "exercise", "exercise.md"))
	if err != nil {
		t.Skip("needs the exercise: ", err)
	}
	h := newHome(t)
	h.set("TARE_HOSTS_DIR", filepath.Join(hub, "hosts"))
	do := func(line string) string {
		words := strings.Fields(line)
		switch words[0] {
		case "mkdir":
			if err := os.Mkdir(filepath.Join(h.dir, words[1]), 0o755); err != nil {
				t.Fatal(err)
			}
			return ""
		case "cd":
			h.dir = filepath.Join(h.dir, words[1])
			return ""
		}
		if words[0] != "docker" {
			t.Fatalf("the exercise has a command that this test does not know: %s", line)
		}
		p := h.terminal(t, 120, 40, words[1:]...) // its reader sits at a terminal
		if code := p.wait(); code != 0 {
			t.Fatalf("%s: exit code %d\n%s", line, code, p.out.String())
		}
		t.Logf("$ %s\n%s", strings.Replace(line, "docker", "tare", 1), p.out.String())
		return p.out.String()
	}
	store := h.store() // h.dir moves with cd
	h.set("TARE_HOME", store)
	results := map[string]string{}
	for _, b := range blocks(string(doc)) {
		switch b.lang {
		case "python":
			if err := os.WriteFile(filepath.Join(h.dir, "app.py"), []byte(b.text), 0o644); err != nil {
				t.Fatal(err)
			}
		case "Dockerfile":
			if err := os.WriteFile(filepath.Join(h.dir, "Dockerfile"), []byte(b.text), 0o644); err != nil {
				t.Fatal(err)
			}
		case "bash":
			for line := range strings.Lines(b.text) {
				if line = strings.TrimSpace(line); line != "" {
					results[line] = do(line)
				}
			}
		}
	}
	for command, want := range map[string][]string{
		"docker pull python:slim":                         {`Status: Downloaded newer image for python:slim`},
		"docker images python:slim":                       {`REPOSITORY +TAG +IMAGE ID +CREATED +SIZE`, `python +slim +bc6a76d530e5 .* 125MB`},
		"docker build -t alpine-python-nonmultistage .":   {`FINISHED`, `naming to docker.io/library/alpine-python-nonmultistage`},
		"docker run -it --rm alpine-python-nonmultistage": {`Hello from a Python app running on Alpine!`},
		"docker build -t alpine-python-multistage .":      {`FINISHED`},
		"docker run -it --rm alpine-python-multistage":    {`Hello from a Python app running on Alpine!`},
		"docker images":                              {`python +slim .* 125MB`, `alpine-python-nonmultistage +latest .* 64\.1MB`, `alpine-python-multistage +latest .* 42\.1MB`},
		"docker history python:slim":                 {`74MB`, `42\.6MB`, `8\.42MB`, `CMD \["python3"\]`},
		"docker history alpine-python-nonmultistage": {`56\.3MB`, `RUN /bin/sh -c apk add --no-cache python3 py…`, `WORKDIR /app`, `COPY app\.py \./`, `7\.8MB`},
		"docker history alpine-python-multistage":    {`34\.3MB`, `COPY /app /app`, `7\.8MB`},
	} {
		got, ran := results[command]
		if !ran {
			t.Errorf("the exercise no longer has %q", command)
		}
		for _, w := range want {
			if !regexp.MustCompile(w).MatchString(got) {
				t.Errorf("%s: no %q in\n%s", command, w, got)
			}
		}
	}
	// The base image was fetched for the build, and is no image of the reader's.
	if strings.Contains(results["docker images"], "<none>") {
		t.Errorf("docker images shows a nameless image:\n%s", results["docker images"])
	}
	explained(t, h)
}

// explained checks what tare says of the exercise, from its images alone.
func explained(t *testing.T, h *home) {
	t.Helper()
	const single, multi = "alpine-python-nonmultistage", "alpine-python-multistage"
	out := h.tare(t, "compare", "--format", "json", "python:slim", single, multi)
	var r compare.Result
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatal(err)
	}
	say := func(list []compare.Sentence, text, verdict string) {
		t.Helper()
		for _, s := range list {
			if regexp.MustCompile(text).MatchString(s.Text) && s.Verdict == verdict && len(s.Evidence) > 0 {
				return
			}
		}
		t.Errorf("no sentence says %q (%s):\n%+v", text, verdict, list)
	}
	for _, text := range []string{
		`py3-pip and the 7 packages it pulls in`,
		`multi-stage build of ` + multi + ` saves 0B`,
		`All have 4 layers`,
		`python:slim has 9[0-9] packages of its distribution .* that ` + multi + ` lacks.*perl-base`,
		multi + ` is the smallest on every measure`,
		`python:slim is the largest on every measure`,
		`pip is in python:slim .* and ` + single + ` .* but not in ` + multi,
	} {
		say(r.Sentences, text, "")
	}
	// The course's claims are for who asks for the course.
	if strings.Contains(out, `"verdict"`) || strings.Contains(out, "Build dependencies") {
		t.Errorf("compare judges the course's claims:\n%s", out)
	}
	yaml := "version: 1\nname: course\nvariants: [{image: 'python:slim'}, {image: " + single + "}, {image: " + multi + "}]\n"
	if err := os.WriteFile(filepath.Join(h.dir, "tare.yaml"), []byte(yaml), 0o644); err != nil {
		t.Fatal(err)
	}
	h.tare(t, "lab", "--repeat", "1")
	out = h.tare(t, "lab", "show", "--answers", "--format", "json")
	var rec experiment.Record
	if err := json.Unmarshal([]byte(out), &rec); err != nil || rec.Comparison == nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, want := range []struct{ text, verdict string }{
		{`multi-stage build of ` + multi + ` saves 0B`, "refuted"},
		{`python:slim has 9[0-9] packages of its distribution .* that ` + multi + ` lacks.*perl-base`, "supported"},
		{multi + ` is the smallest on every measure`, "supported"},
		{`python:slim is the largest on every measure`, "supported"},
		{`Build dependencies are not the reason: .* 0B of the 22MB by which ` + single + ` is larger`, "refuted"},
		{multi + ` lacks [0-9]+ packages that others have`, ""},
	} {
		say(rec.Comparison.Course, want.text, want.verdict)
	}
	out = h.tare(t, "lab", "show", "--answers")
	for _, want := range []string{"supported: python:slim is the largest image.", "refuted: " + multi + " is smaller for being built in several stages."} {
		if !strings.Contains(strings.Join(strings.Fields(out), " "), want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	for _, d := range r.Differences {
		if d.From == single && d.To == multi && d.Measure == "live" {
			for _, c := range d.Causes {
				if c.Kind == "package" && c.Subject != "apk py3-pip" && c.Via != "apk py3-pip" {
					t.Errorf("%+v is not said to come with py3-pip", c)
				}
			}
		}
	}
}

// Of the hub's images every byte has an owner.
func TestNothingIsUnattributed(t *testing.T) {
	hub := needHub(t)
	h := newHome(t)
	h.set("TARE_HOSTS_DIR", filepath.Join(hub, "hosts"))
	for _, image := range []string{"alpine:latest", "debian:bookworm-slim", "python:slim"} {
		out := h.tare(t, "weigh", "--format", "json", "registry://"+image)
		var r weigh.Result
		if err := json.Unmarshal([]byte(out), &r); err != nil {
			t.Fatal(err)
		}
		if r.Unattributed != 0 || r.Sizes.Live == 0 || len(r.Packages) == 0 || len(r.Problems) > 0 {
			t.Errorf("%s: %d of %d live bytes are unattributed; %d packages; %v", image, r.Unattributed, r.Sizes.Live, len(r.Packages), r.Problems)
		}
	}
	if out := h.tare(t, "images", "-aq"); strings.TrimSpace(out) != "" {
		t.Errorf("registry:// stored %s", out)
	}
}
