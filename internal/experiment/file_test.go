package experiment_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tare/internal/experiment"
	"tare/internal/lab"
)

func TestParse(t *testing.T) {
	f, err := experiment.Parse("tare.yaml", []byte(`version: 1
name: x
variants:
  - image: python:slim
  - name: own
    dockerfile: Dockerfile
    args: {A: "1"}
    check: {skip: true}
check: {command: [a, b], stdout: hello, timeout: 2m, exit: 3}
measure: {repeat: 2, warmup: 0, what: [build]}
edit:
  - {name: e, touch: a.py}
`))
	if err != nil {
		t.Fatal(err)
	}
	vs, err := f.Expand()
	if err != nil {
		t.Fatal(err)
	}
	if len(vs) != 2 || vs[0].Name != "python:slim" || vs[0].Check.Exit != 3 || time.Duration(vs[0].Check.Timeout) != 2*time.Minute || !vs[1].Check.Skip || *f.Measure.Warmup != 0 {
		t.Errorf("%+v", vs)
	}
}

func TestBadFiles(t *testing.T) {
	head := "version: 1\nvariants:\n  - image: a\n"
	for _, c := range []struct{ what, file, want string }{
		{"empty", "", "empty"},
		{"no version", "variants: [{image: a}]", "version: 1"},
		{"newer", "version: 7\n" + head[11:], "newer than this tare"},
		{"unknown key", head + "chekc: {}\n", `4:1: unknown field "chekc"`},
		{"unknown key inside", head + "    dockerfil: x\n", `4:5: unknown field "dockerfil"`},
		{"twice the key", head + "name: a\nname: b\n", "5:1"},
		{"no YAML", "version: [1\n", "1:"},
		{"wrong type", head + "measure: {repeat: many}\n", "4:19"},
		{"no variants", "version: 1\n", "no variants"},
		{"duplicate names", head + "  - image: a\n", `4:10: a second variant is called "a"`},
		{"image and Dockerfile", head + "    dockerfile: x\n", "takes an image as it is"},
		{"no image name", "version: 1\nvariants:\n  - image: 'A B'\n", "3:12"},
		{"baseline", head + "baseline: b\n", `4:11: no variant "b". The variants are a`},
		{"compression", "version: 1\nvariants:\n  - {dockerfile: D, compression: lzma}\n", "want gzip, zstd"},
		{"platform", "version: 1\nvariants:\n  - {dockerfile: D, platform: a/b/c/d/e}\n", "os/architecture"},
		{"expression", head + "check: {match: '('}\n", "4:16"},
		{"timeout", head + "check: {timeout: soon}\n", "no duration"},
		{"negative timeout", head + "check: {timeout: -1s}\n", "no duration"},
		{"URL", head + "check: {http: {url: nowhere}}\n", "want a URL"},
		{"repeat", head + "measure: {repeat: -1}\n", "from 0 to"},
		{"what", head + "measure: {what: [smell]}\n", `"smell": want build`},
		{"edit of two kinds", head + "edit: [{name: e, touch: a, base: b}]\n", "exactly one"},
		{"edit outside", head + "edit: [{name: e, touch: ../a}]\n", "not a file below"},
		{"edits of one name", head + "edit: [{name: e, touch: a}, {name: e, touch: b}]\n", "a second edit"},
		{"cycle", "version: 1\nmatrix:\n  dockerfile: [D]\n  args: {A: ['{B}'], B: ['{A}']}\n", "in a cycle"},
		{"matrix without values", "version: 1\nmatrix: {}\n", "no variants"},
		{"matrix key", "version: 1\nmatrix:\n  dockerfile: [D]\n  exclude: [{colour: red}]\n", "not a key of the matrix"},
		{"matrix too large", "version: 1\nmatrix:\n  dockerfile: [" + strings.Repeat("a,", 30) + "b]\n  target: [" + strings.Repeat("a,", 30) + "b]\n", "more than 500"},
		{"alias", "version: 1\nx: &a [1]\ny: *a\n", "aliases"},
		{"name", head + "name: ../x\n", "slash"},
		{"too large", strings.Repeat("#", experiment.MaxFile+1), "too many"},
	} {
		t.Run(c.what, func(t *testing.T) {
			_, err := experiment.Parse("tare.yaml", []byte(c.file))
			var fe *experiment.FileError
			if !errors.As(err, &fe) || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "tare.yaml") {
				t.Errorf("%v does not say %q", err, c.want)
			}
		})
	}
}

func TestMatrix(t *testing.T) {
	f, err := experiment.Parse("tare.yaml", []byte(`version: 1
matrix:
  dockerfile: [Dockerfile]
  base: ["alpine:3.20", "debian:12"]
  compression: [gzip, zstd]
  args: {TAG: ["{base}-x"]}
  exclude: [{base: "debian:12", compression: zstd}]
  include: [{dockerfile: Dockerfile.alt, name: alt}]
`))
	if err != nil {
		t.Fatal(err)
	}
	vs, err := f.Expand()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, v := range vs {
		got = append(got, fmt.Sprintf("%s|%s|%s|%s|%s", v.Name, v.Dockerfile, v.Base, v.Compression, v.Args["TAG"]))
	}
	want := "alpine:3.20-gzip|Dockerfile|alpine:3.20|gzip|alpine:3.20-x\nalpine:3.20-zstd|Dockerfile|alpine:3.20|zstd|alpine:3.20-x\n" +
		"debian:12-gzip|Dockerfile|debian:12|gzip|debian:12-x\nalt|Dockerfile.alt||| "
	if strings.Join(got, "\n") != strings.TrimRight(want, " ") {
		t.Errorf("got\n%s", strings.Join(got, "\n"))
	}
}

// The examples' experiments can be read, and their files are there.
func TestExamples(t *testing.T) {
	list, err := filepath.Glob("../../examples/*/tare.yaml")
	if err != nil || len(list) < 4 {
		t.Fatalf("%v, %v", list, err)
	}
	for _, path := range list {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		f, err := experiment.Parse(path, b)
		if err != nil {
			t.Error(err)
			continue
		}
		vs, err := f.Expand()
		if err != nil {
			t.Error(err)
		}
		for _, v := range vs {
			if v.Dockerfile != "" {
				if _, err := os.Stat(filepath.Join(filepath.Dir(path), v.Dockerfile)); err != nil {
					t.Error(err)
				}
			}
		}
		for _, e := range f.Edit {
			if e.Touch != "" {
				if _, err := os.Stat(filepath.Join(filepath.Dir(path), e.Touch)); err != nil {
					t.Error(err)
				}
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"", "version: 1\nvariants: [{image: a}]", "version: 1\nmatrix: {base: [a], args: {X: ['{base}']}, dockerfile: [d]}", "version: 1\nedit: [{name: e, replace: {file: a, old: b, new: c}}]", lab.PythonExercise()["tare.yaml"], "a: &a [*a]", "\xff", "? !!binary x"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		x, err := experiment.Parse("f", b)
		if err != nil {
			var fe *experiment.FileError
			if !errors.As(err, &fe) {
				t.Fatalf("%T", err)
			}
			return
		}
		vs, err := x.Expand()
		if err != nil || len(vs) == 0 {
			t.Fatalf("%d variants, %v", len(vs), err)
		}
		for _, v := range vs {
			if v.Name == "" {
				t.Fatal("a variant without a name")
			}
		}
	})
}
