package main

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// file is an entry of a layer of a test image.
type file struct {
	tar.Header
	body string
}

func layerOf(t *testing.T, list []file) v1.Layer {
	t.Helper()
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	for _, f := range list {
		h := f.Header
		h.Size = int64(len(f.body))
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, f.body); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	l, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(buf.Bytes())), nil })
	if err != nil {
		t.Fatal(err)
	}
	return l
}

var now = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

// spec is what a test image is made of; a case changes it in one place.
type spec struct {
	files   []file
	config  v1.Config
	history []v1.History
	more    [][]file
}

func newSpec() *spec {
	return &spec{
		files: []file{
			{tar.Header{Name: "etc/", Typeflag: tar.TypeDir, Mode: 0o755, ModTime: now}, ""},
			{tar.Header{Name: "etc/a", Typeflag: tar.TypeReg, Mode: 0o644, Uid: 1, Gid: 2, ModTime: longAgo, PAXRecords: map[string]string{"SCHILY.xattr.user.x": "1"}}, "hello"},
			{tar.Header{Name: "etc/l", Typeflag: tar.TypeSymlink, Linkname: "a", Mode: 0o777, ModTime: now}, ""},
			{tar.Header{Name: "etc/.wh.gone", Typeflag: tar.TypeReg, ModTime: now}, ""},
			{tar.Header{Name: "dev/n", Typeflag: tar.TypeChar, Devmajor: 1, Devminor: 3, ModTime: now}, ""},
		},
		config:  v1.Config{Env: []string{"A=1"}, Cmd: []string{"sh"}, Labels: map[string]string{"l": "v"}, User: "u", WorkingDir: "/w", ExposedPorts: map[string]struct{}{"80/tcp": {}}, Volumes: map[string]struct{}{"/v": {}}, OnBuild: []string{"RUN x"}, Shell: []string{"/bin/sh"}, StopSignal: "9", Healthcheck: &v1.HealthConfig{Test: []string{"CMD", "x"}}, Entrypoint: []string{"e"}},
		history: []v1.History{{CreatedBy: "COPY x", Created: v1.Time{Time: now}}, {CreatedBy: "ENV A=1", EmptyLayer: true}},
	}
}

func (s *spec) outcome(t *testing.T) outcome {
	t.Helper()
	img := empty.Image
	for i, l := range append([][]file{s.files}, s.more...) {
		h := v1.History{}
		if i < len(s.history) {
			h = s.history[i]
		}
		var err error
		if img, err = mutate.Append(img, mutate.Addendum{Layer: layerOf(t, l), History: h}); err != nil {
			t.Fatal(err)
		}
	}
	cf, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	cf = cf.DeepCopy()
	cf.Config, cf.History, cf.Created, cf.OS, cf.Architecture = s.config, s.history, v1.Time{Time: time.Now()}, "linux", "amd64"
	if img, err = mutate.ConfigFile(img, cf); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	p, err := layout.Write(dir, empty.Index)
	if err == nil {
		err = p.AppendImage(img)
	}
	if err != nil {
		t.Fatal(err)
	}
	images, err := readImages(dir, "")
	if err != nil {
		t.Fatal(err)
	}
	return outcome{images: images}
}

// Every place at which two images can differ is seen and named.
func TestEveryDifferenceIsSeen(t *testing.T) {
	since := now.Add(-time.Hour)
	for _, c := range []struct {
		name   string
		change func(s *spec)
		want   string // "" if it is no difference
	}{
		{"nothing", func(*spec) {}, ""},
		{"times of this run", func(s *spec) { s.files[0].ModTime = now.Add(time.Minute) }, ""},
		{"times in the history", func(s *spec) { s.history[0].Created = v1.Time{Time: now.Add(time.Hour)} }, ""},
		{"the time of a file that was copied", func(s *spec) { s.files[1].ModTime = now }, "layer 1: etc/a mtime"},
		{"order", func(s *spec) { slices.Reverse(s.files[1:]) }, ""},
		{"content", func(s *spec) { s.files[1].body = "hellO" }, "layer 1: etc/a content"},
		{"mode", func(s *spec) { s.files[1].Mode = 0o4644 }, "layer 1: etc/a mode"},
		{"owner", func(s *spec) { s.files[1].Uid = 3 }, "layer 1: etc/a owner"},
		{"group", func(s *spec) { s.files[1].Gid = 3 }, "layer 1: etc/a owner"},
		{"xattr", func(s *spec) { s.files[1].PAXRecords = map[string]string{"SCHILY.xattr.user.x": "2"} }, "layer 1: etc/a xattr:user.x"},
		{"no xattr", func(s *spec) { s.files[1].PAXRecords = nil }, "layer 1: etc/a xattr:user.x"},
		{"link", func(s *spec) { s.files[2].Linkname = "b" }, "layer 1: etc/l link"},
		{"kind", func(s *spec) { s.files[2].Typeflag = tar.TypeLink }, "layer 1: etc/l kind"},
		{"device", func(s *spec) { s.files[4].Devminor = 5 }, "layer 1: dev/n device"},
		{"whiteout", func(s *spec) { s.files = slices.Delete(s.files, 3, 4) }, "layer 1: etc/.wh.gone"},
		{"one more entry", func(s *spec) {
			s.files = append(s.files, file{tar.Header{Name: "new", ModTime: now, Typeflag: tar.TypeReg}, ""})
		}, "layer 1: new"},
		{"an entry twice", func(s *spec) { s.files = append(s.files, s.files[1]) }, "layer 1: etc/a (2)"},
		{"one more layer", func(s *spec) {
			s.more = append(s.more, []file{{tar.Header{Name: "x", ModTime: now, Typeflag: tar.TypeReg}, ""}})
			s.history[1].EmptyLayer = false
		}, "layers"},
		{"env", func(s *spec) { s.config.Env = []string{"A=2"} }, "config config/Env[0]"},
		{"cmd", func(s *spec) { s.config.Cmd = nil }, "config config/Cmd[0]"},
		{"entrypoint", func(s *spec) { s.config.Entrypoint = []string{"f"} }, "config config/Entrypoint[0]"},
		{"labels", func(s *spec) { s.config.Labels = map[string]string{"l": "w"} }, "config config/Labels/l"},
		{"user", func(s *spec) { s.config.User = "v" }, "config config/User"},
		{"workdir", func(s *spec) { s.config.WorkingDir = "/" }, "config config/WorkingDir"},
		{"ports", func(s *spec) { s.config.ExposedPorts = nil }, "config config/ExposedPorts/80/tcp"},
		{"volumes", func(s *spec) { s.config.Volumes = map[string]struct{}{"/o": {}} }, "config config/Volumes/v"},
		{"onbuild", func(s *spec) { s.config.OnBuild = nil }, "config config/OnBuild[0]"},
		{"shell", func(s *spec) { s.config.Shell = nil }, "config config/Shell[0]"},
		{"stop signal", func(s *spec) { s.config.StopSignal = "15" }, "config config/StopSignal"},
		{"healthcheck", func(s *spec) { s.config.Healthcheck.Test[1] = "y" }, "config config/Healthcheck/Test[1]"},
		{"created_by", func(s *spec) { s.history[0].CreatedBy = "ADD x" }, "config history[0]/created_by"},
		{"empty_layer", func(s *spec) { s.history[1].EmptyLayer = false }, "config history[1]/empty_layer"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, b := newSpec(), newSpec()
			c.change(a)
			cmp := comparison{since: since}
			if err := cmp.outcomes(a.outcome(t), b.outcome(t)); err != nil {
				t.Fatal(err)
			}
			var places []string
			for _, d := range cmp.list {
				places = append(places, d.where)
			}
			if c.want == "" && len(places) > 0 {
				t.Errorf("differs: %v", cmp.list)
			}
			if c.want != "" && !slices.Contains(places, c.want) {
				t.Errorf("%q is not among %q", c.want, places)
			}
		})
	}
}

func TestFailures(t *testing.T) {
	ok, no := outcome{images: []imageFacts{{platform: "linux/amd64"}}}, outcome{err: "exit code: 1", lines: "Dockerfile:2\n"}
	for _, c := range []struct {
		name           string
		tare, buildkit outcome
		want           string
	}{
		{"alike", no, no, ""},
		{"only tare fails", no, ok, "result"},
		{"only BuildKit fails", ok, no, "result"},
		{"another message", no, outcome{err: "exit code: 2", lines: no.lines}, "message"},
		{"another line", no, outcome{err: no.err, lines: "Dockerfile:3\n"}, "lines"},
		{"one more platform", ok, outcome{images: append(ok.images, ok.images[0])}, "images"},
	} {
		cmp := comparison{}
		if err := cmp.outcomes(c.tare, c.buildkit); err != nil {
			t.Fatal(err)
		}
		got := ""
		if len(cmp.list) > 0 {
			got = cmp.list[0].where
		}
		if got != c.want || len(cmp.list) > 1 {
			t.Errorf("%s: %v, want %q", c.name, cmp.list, c.want)
		}
	}
}

// A layer that cannot be read is an error, not equality.
func TestUnreadableLayer(t *testing.T) {
	bad := imageFacts{layers: []layerFacts{{"sha256:1", func() (io.ReadCloser, error) { return nil, errors.New("gone") }}}}
	good := imageFacts{layers: []layerFacts{{"sha256:2", func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("")), nil }}}}
	if err := new(comparison).outcomes(outcome{images: []imageFacts{bad}}, outcome{images: []imageFacts{good}}); err == nil {
		t.Error("no error")
	}
}

func TestWhatBuildkitDoesNotRepeatDoesNotCount(t *testing.T) {
	mine := []difference{{"layer 1: tmp/r content", "a", "b"}, {"config config/User", "x", "y"}}
	own := []difference{{"layer 1: tmp/r content", "c", "b"}}
	got := without(mine, own)
	if len(got) != 1 || got[0].where != "config config/User" {
		t.Errorf("%v", got)
	}
}

func TestSplitFailure(t *testing.T) {
	lines, msg := splitFailure("warning: x\nDockerfile:2\n--------------------\n   1 | FROM scratch\n   2 | >>> COPY nope /\n--------------------\ntare: failed to build: failed to solve: no\nsecond\n")
	if !strings.HasPrefix(lines, "Dockerfile:2\n") || !strings.HasPrefix(msg, "failed to build: ") || !strings.Contains(msg, "second") {
		t.Errorf("%q, %q", lines, msg)
	}
	if _, msg := splitFailure("Killed\n"); !strings.Contains(msg, "no message") {
		t.Errorf("%q", msg)
	}
}

func TestNormal(t *testing.T) {
	p := &pair{dir: "/tmp/pair0"}
	in := &input{context: "/tmp/in/c1", dockerfile: "/tmp/in/c1"}
	a := p.normal(in, `failed to build: failed to solve: failed to compute cache key: failed to calculate checksum of ref xx3rfnrj9foj6puejgog5n9h0::ukpgckrem7ydq2weragjrpwzx: "/nope": not found`)
	b := p.normal(in, `failed to solve: failed to compute cache key: failed to calculate checksum of ref aa3rfnrj9foj6puejgog5n9h0::bbpgckrem7ydq2weragjrpwzx: "/nope": not found`)
	if a != b {
		t.Errorf("%q\n%q", a, b)
	}
	if c := p.normal(in, `failed to solve: "/other": not found`); c == p.normal(in, `failed to solve: "/nope": not found`) {
		t.Error("names of files are dropped")
	}
	if a, b := p.normal(in, "exit code: 1"), p.normal(in, "exit code: 2"); a == b {
		t.Error("exit codes are dropped")
	}
}

func TestCauses(t *testing.T) {
	causes, err := parseCauses("# comment\nbuildah/.*x ; message: .*one ; because\n")
	if err != nil || len(causes) != 1 {
		t.Fatal(err, causes)
	}
	d := []difference{{"message", "one", "two"}}
	if got := explain(causes, "buildah/a/x", d); got != "because" {
		t.Errorf("%q", got)
	}
	for _, c := range []struct {
		name string
		list []difference
	}{
		{"buildkit/a/x", d},
		{"buildah/a/x/y", d},
		{"buildah/a/x", append(d, difference{"lines", "1", "2"})}, // all must have a cause
	} {
		if got := explain(causes, c.name, c.list); got != "" {
			t.Errorf("%s: %q", c.name, got)
		}
	}
	if _, err := parseCauses("only ; two"); err == nil {
		t.Error("no error")
	}
	if _, err := parseCauses(causesText); err != nil {
		t.Error(err)
	}
}

func TestReport(t *testing.T) {
	r := &report{buildkit: "v0", results: []result{
		{name: "buildah/a", suite: "buildah", verdict: sameSuccess},
		{name: "buildkit/b", suite: "buildkit", verdict: unexplained, list: []difference{{"config config/User", "x", ""}}},
		{name: "buildkit/c", suite: "buildkit", verdict: explained, why: "Because."},
		{name: "buildkit/d", suite: "buildkit", verdict: sameFailure, failure: "process x did not complete successfully: exit code: 1"},
	}, left: []leftOut{{"x", "for Windows"}}}
	var b strings.Builder
	if err := r.write(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"| builds compared | 1 | 3 | 4 |", "| same success | 1 | 0 | 1 |", "| different, without a cause | 0 | 1 | 1 |",
		"- `buildkit/b`: different, without a cause\n  - config config/User: tare x, BuildKit nothing", "- Because. Builds: `buildkit/c`.", "| a step ran and failed | 1 |", "| for Windows | 1 |"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
	h := &harness{all: true, page: filepath.Join(t.TempDir(), "p.md")}
	if err := h.finish(r); err == nil || !strings.Contains(err.Error(), "1 of 4") {
		t.Errorf("finish: %v", err)
	}
	if _, err := os.Stat(h.page); err != nil {
		t.Error(err)
	}
	r.results[1].verdict = sameSuccess
	if err := h.finish(r); err != nil {
		t.Errorf("finish: %v", err)
	}
}

// Where chance decides which of two faults is said, one meeting of many tries is enough;
// success is never such a meeting.
func TestFailuresThatMeet(t *testing.T) {
	a, b, ok := outcome{err: "a"}, outcome{err: "b"}, outcome{}
	for _, c := range []struct {
		tare, buildkit []outcome
		want           bool
	}{
		{[]outcome{a}, []outcome{b}, false},
		{[]outcome{a}, []outcome{b, a}, true},
		{[]outcome{a, b}, []outcome{b}, true},
		{[]outcome{a, a}, []outcome{b, b}, false},
		{[]outcome{a, ok}, []outcome{b, ok}, false},
	} {
		if got := meet(c.tare, c.buildkit); got != c.want {
			t.Errorf("%v, %v: %v", c.tare, c.buildkit, got)
		}
	}
}
