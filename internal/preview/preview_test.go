package preview_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tare/internal/advice"
	"tare/internal/dockerfile"
	"tare/internal/preview"
	"tare/internal/weigh"
)

// look previews a Dockerfile in a context with some files.
func look(t *testing.T, src, target string, files map[string]string) *preview.Result {
	t.Helper()
	dir := t.TempDir()
	files["Dockerfile"] = src
	for name, body := range files {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(body), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	f, err := dockerfile.Parse([]byte(src))
	if err != nil {
		t.Fatal(err)
	}
	r, err := preview.Of(f, dir, filepath.Join(dir, "Dockerfile"), target)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

const key = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW\n"

func project() map[string]string {
	return map[string]string{".git/objects/pack/p.pack": strings.Repeat("x", 300_000), ".git/HEAD": "ref: x", "node_modules/left-pad/index.js": strings.Repeat("y", 200_000),
		"src/__pycache__/a.cpython-312.pyc": strings.Repeat("z", 50_000), "src/a.py": "print()", "deploy_key": key, "main.go": "package main"}
}

// Each rule has a context in which it finds something, and where.
func TestFindings(t *testing.T) {
	r := look(t, "FROM alpine\nWORKDIR /app\nCOPY . .\n", "", project())
	var got []string
	for _, f := range r.Findings {
		got = append(got, fmt.Sprintf("%s:%d", f.Rule, f.Line))
	}
	slices.Sort(got)
	want := []string{"host-dependencies:3", "python-bytecode:3", "secret-file:3", "vcs-data:3"}
	if !slices.Equal(got, want) || len(r.Unsure) > 0 {
		t.Errorf("%q, unsure %q", got, r.Unsure)
	}
	for _, f := range r.Findings {
		if f.Rule == "vcs-data" && !strings.Contains(f.Text, "/app/.git") || f.Rule == "host-dependencies" && !strings.Contains(f.Text, "/app/node_modules") {
			t.Errorf("%s", f.Text)
		}
	}
	for _, id := range preview.Rules {
		if !slices.ContainsFunc(advice.Rules(), func(r advice.Rule) bool { return r.ID == id }) {
			t.Errorf("there is no rule %s", id)
		}
	}
}

// What is left out, named one by one, or never reaches the image is not found; and what the
// Dockerfile says is, though it copies nothing.
func TestNoFindings(t *testing.T) {
	ignored := project()
	ignored[".dockerignore"] = ".git\nnode_modules\n**/__pycache__\ndeploy_key\n"
	for name, r := range map[string]*preview.Result{
		"ignored":         look(t, "FROM alpine\nWORKDIR /app\nCOPY . .\n", "", ignored),
		"one file":        look(t, "FROM alpine\nCOPY main.go /app/\n", "", project()),
		"excluded":        look(t, "# syntax=docker/dockerfile:1.7-labs\nFROM alpine\nCOPY --exclude=.git --exclude=node_modules --exclude=**/__pycache__ --exclude=deploy_key . /app/\n", "", project()),
		"an inner stage":  look(t, "FROM golang AS build\nWORKDIR /app\nCOPY . .\nRUN go build -o /x\nFROM alpine\nCOPY --from=build /x /x\n", "", project()),
		"another target":  look(t, "FROM alpine AS a\nCOPY main.go /app/\nFROM alpine\nCOPY . /app/\n", "a", project()),
		"nothing at all":  look(t, "FROM alpine\n", "", project()),
		"an archive":      look(t, "FROM alpine\nADD x.tar.gz /app/\n", "", map[string]string{"x.tar.gz": key}),
		"a here-document": look(t, "FROM alpine\nCOPY <<EOF /x\nhello\nEOF\n", "", project()),
	} {
		if len(r.Findings) > 0 || len(r.Unsure) > 0 {
			t.Errorf("%s: %+v, unsure %q", name, r.Findings, r.Unsure)
		}
	}
	r := look(t, "FROM alpine\nENV API_TOKEN=ghp_0123456789abcdefghijABCDEFGHIJ012345\n", "", project())
	if len(r.Findings) != 1 || r.Findings[0].Rule != "secret-file" || r.Findings[0].Line != 2 || strings.Contains(r.Findings[0].Text, "ghp_") {
		t.Errorf("%+v", r.Findings)
	}
}

// What cannot be told is said, and nothing is claimed of it.
func TestUnsure(t *testing.T) {
	for src, want := range map[string]string{
		"FROM alpine\nCOPY . .\n":                                "line 2: where it copies to depends on the base image's working directory",
		"FROM alpine\nARG S=.\nCOPY $S /app/\n":                  "line 3: it depends on variables what it copies",
		"FROM alpine\nWORKDIR /$X\nCOPY . .\n":                   "line 3: where it copies to depends on the base image's working directory",
		"FROM scratch\nCOPY . .\n":                               "",
		"FROM alpine\nWORKDIR /a\nWORKDIR b\nCOPY main.go ./c\n": "",
	} {
		r := look(t, src, "", project())
		if r.Unsure[""] != want || want != "" && len(r.Findings) > 0 {
			t.Errorf("%q: %q, %+v", src, r.Unsure, r.Findings)
		}
	}
	r := look(t, "FROM alpine\nCOPY . /app/\nRUN cd /app && rm -rf .git && rm -rf /var/cache\n", "", project())
	if r.Unsure["vcs-data"] != "line 3 may remove what it is about" || len(r.Unsure) != 1 || slices.ContainsFunc(r.Findings, func(f weigh.Finding) bool { return f.Rule == "vcs-data" }) || len(r.Findings) != 3 {
		t.Errorf("%q %+v", r.Unsure, r.Findings)
	}
	f, err := dockerfile.Parse([]byte("FROM scratch\n"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := preview.Of(f, t.TempDir(), "Dockerfile", "none"); err == nil || !strings.Contains(err.Error(), `no stage "none"`) {
		t.Errorf("%v", err)
	}
	if _, err := preview.Of(f, filepath.Join(t.TempDir(), "none"), "Dockerfile", ""); err == nil {
		t.Error("a context that is not there")
	}
}
