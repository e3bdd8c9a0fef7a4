package report_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/opencontainers/go-digest"

	"tare/internal/compare"
	"tare/internal/image"
	"tare/internal/report"
	"tare/internal/units"
)

var update = flag.Bool("update", false, "rewrite the golden files; read the diff before committing it")

func result(names ...string) *compare.Result {
	sec := 1.25
	r := &compare.Result{Schema: compare.Schema, Baseline: names[0]}
	for n, name := range names {
		k := int64(n + 1)
		i := compare.Image{Name: name, ID: digest.FromString(name), Platform: "linux/amd64", Base: "alpine 3.20.3", Layers: 4, EmptyLayers: n,
			Sizes: image.Sizes{Transfer: units.Known(43_936_341 / k), Tar: 129_904_128 / k, Files: 124_967_304 / k, Overhead: 129_904_128/k - 124_967_304/k, Docker: 124_988_029 / k}, Packages: map[string]int{"apk": 30 + n}}
		if n > 0 {
			i.BuildSeconds, i.BuildCached = &sec, n == 2
		}
		r.Images = append(r.Images, i)
		s := compare.Share{Name: name, Shared: units.Known(3_362_171), Unique: units.Known(18_700_000 / k)}
		for _, l := range []*compare.Level{&r.Sharing.Blob, &r.Sharing.DiffID, &r.Sharing.Content} {
			l.Images = append(l.Images, s)
			l.Together = l.Together.Plus(s.Unique)
		}
	}
	if len(names) > 1 {
		r.Differences = []compare.Difference{{From: names[0], To: names[1], Measure: "tar", Total: units.Known(-6_149_000), Causes: []compare.Cause{
			{Kind: "package", Subject: "apk py3-pip", Bytes: -6_150_574, Change: "removed", FromVersion: "23.0.1-r0"},
			{Kind: "package", Subject: "apk py3-setuptools", Bytes: -3_282_535, Change: "removed", FromVersion: "66.1.1-r0", Via: "apk py3-pip",
				Files: []compare.FileChange{{Path: "usr/lib/x\x1b[31m.py", Bytes: -3_000_000}, {Bytes: -282_535}}},
			{Kind: "package", Subject: "apk python3", Bytes: 1000, Change: "changed", FromVersion: "3.11.1-r0", ToVersion: "3.11.2-r0"},
			{Kind: "waste", Subject: "deleted-dir", Bytes: 3_283_109, Change: "added"}}}}
		r.Sentences = []compare.Sentence{{Text: "The difference is py3-pip and the 7 packages that it pulls in: 21.9MB of 22MB."}, {Text: "Build dependencies are not the reason: compilers, build tools, headers and static libraries are 0B of it.", Claim: "x", Verdict: "refuted"}}
	}
	return r
}

func TestComparison(t *testing.T) {
	three := result("python:slim", "./Dockerfile", "./Dockerfile.multistage")
	many := result("a", "registry.example.com/a/very/long/name/of/an/image:with-a-long-tag", "c", "d", "e", "f")
	for name, write := range map[string]func(*bytes.Buffer) error{
		"three-80.txt":       func(b *bytes.Buffer) error { return text(b, three, 80, false, first) },
		"three-100.txt":      func(b *bytes.Buffer) error { return text(b, three, 100, false, first) },
		"three-160-full.txt": func(b *bytes.Buffer) error { return text(b, three, 160, false, full) },
		"three-exact.md": func(b *bytes.Buffer) error {
			return report.Comparison(three, report.ComparisonOptions{Exact: true, Measure: "tar", Top: 12}).View(first, report.Fold).WriteMarkdown(b)
		},
		"three.ansi":       func(b *bytes.Buffer) error { return text(b, three, 100, true, first) },
		"many-full-80.txt": func(b *bytes.Buffer) error { return text(b, many, 80, false, full) },
		"many-80.txt":      func(b *bytes.Buffer) error { return text(b, many, 80, false, first) },
		"one-80.txt":       func(b *bytes.Buffer) error { return text(b, result("alone"), 80, false, first) },
	} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			if err := write(&b); err != nil {
				t.Fatal(err)
			}
			file := filepath.Join("testdata", name)
			if *update {
				if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(string(want), b.String()); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
			if strings.HasSuffix(name, "-80.txt") {
				for line := range strings.Lines(b.String()) {
					if n := utf8.RuneCountInString(strings.TrimRight(line, "\n")); n > 80 {
						t.Errorf("%d columns: %s", n, line)
					}
				}
			}
		})
	}
}

var first, full = report.View{}, report.View{Full: true}

func text(b *bytes.Buffer, r *compare.Result, width int, color bool, v report.View) error {
	d := report.Comparison(r, report.ComparisonOptions{Measure: "tar", Top: 12}).View(v, report.Drop)
	return d.WriteText(b, report.Style{Width: width, Color: color, Bars: true})
}

// Who asks for files gets the causes with them on the first screen; others do not.
func TestFilesAreShown(t *testing.T) {
	for _, files := range []bool{true, false} {
		var b bytes.Buffer
		d := report.Comparison(result("a", "b"), report.ComparisonOptions{Measure: "tar", Top: 12, Files: files}).View(first, report.Drop)
		if err := d.WriteText(&b, report.Style{}); err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(b.String(), "all other files"); got != files {
			t.Errorf("files %v:\n%s", files, b.String())
		}
	}
}

func TestMarkdownKeepsNamesText(t *testing.T) {
	var b bytes.Buffer
	if err := report.Comparison(result("<img src=x>|`*_[a](b)"), report.ComparisonOptions{Measure: "tar"}).WriteMarkdown(&b); err != nil {
		t.Fatal(err)
	}
	_, head, _ := strings.Cut(b.String(), "| |") // the head of the measures
	head, _, _ = strings.Cut(head, "\n")
	if strings.Contains(head, "<img") || !strings.Contains(head, `\|`) || !strings.Contains(head, "\\`") {
		t.Errorf("%s", head)
	}
}

func FuzzSafe(f *testing.F) {
	f.Add("plain")
	f.Add("\x1b[31mred\x1b[0m\a\r\n\t")
	f.Add("\u202eexe.txt\u2066")
	f.Add("\xff\xfe\x80ä")
	f.Fuzz(func(t *testing.T, s string) {
		got := report.Safe(s)
		if !utf8.ValidString(got) {
			t.Fatalf("%q is not valid UTF-8", got)
		}
		for _, r := range got {
			if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
				t.Fatalf("%q has control character %U", got, r)
			}
		}
	})
}
