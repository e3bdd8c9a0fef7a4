package gatereport_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"tare/internal/gate"
	"tare/internal/gatereport"
	"tare/internal/image"
	"tare/internal/units"
)

func amounts(n int64) gate.Amounts {
	return gate.Amounts{Tar: n * 3, Transfer: units.Known(n), Live: n * 2}
}

func sum(list ...gate.Amounts) (out gate.Amounts) {
	for _, a := range list {
		out.Tar, out.Live, out.Transfer = out.Tar+a.Tar, out.Live+a.Live, out.Transfer.Plus(a.Transfer)
	}
	return out
}

func line(n int) *int { return &n }

func side(ref string, n int64) gate.Side {
	return gate.Side{Reference: ref, Revision: "3f2c1a9", Sizes: image.Sizes{Transfer: units.Known(n), Tar: 3 * n, Live: 2 * n, Waste: 7}}
}

// imageOf is an image whose parts changed by these amounts of transfer bytes.
func imageOf(name string, yours, base, packages, noise, unknown int64) gate.Image {
	before := side("registry://"+name+":main", 50_000_000)
	d := &gate.Delta{Yours: amounts(yours), Base: amounts(base), Packages: amounts(packages), Noise: amounts(noise), Unknown: amounts(unknown)}
	d.Total = sum(d.Yours, d.Base, d.Packages, d.Noise, d.Unknown)
	img := gate.Image{Name: name, Platform: "linux/amd64", Before: &before, After: side(name, 50_000_000+d.Total.Transfer.Or(0)), Delta: d, Causes: []gate.Cause{}}
	for _, c := range []gate.Cause{
		{Part: gate.Yours, File: "Dockerfile", Line: line(12), Text: "RUN apk add --no-cache gcc", Amounts: amounts(yours)},
		{Part: gate.Base, File: "Dockerfile", Line: line(1), Text: "FROM alpine:3.20", Amounts: amounts(base)},
		{Part: gate.Packages, File: "Dockerfile", Line: line(3), Text: "RUN apk upgrade", Amounts: amounts(packages)},
		{Part: gate.Noise, File: "Dockerfile", Line: line(5), Text: "RUN make", Amounts: amounts(noise)},
		{Part: gate.Unknown, Text: "history has no steps", Amounts: amounts(unknown)},
	} {
		if c.Transfer.Or(0) != 0 {
			img.Causes = append(img.Causes, c)
		}
	}
	return img
}

func passed(images ...gate.Image) *gate.Result {
	return &gate.Result{Schema: gate.Schema, Verdict: gate.Pass, Images: images, Violations: []gate.Violation{}}
}

// broken is a check whose images break their budget of growth.
func broken(images ...gate.Image) *gate.Result {
	r := passed(images...)
	r.Verdict = gate.Violated
	for _, img := range images {
		c := img.Causes[0]
		r.Violations = append(r.Violations, gate.Violation{Image: img.Name, Rule: "growth.transfer", Measure: "transfer", Limit: 1e6, Value: float64(img.Delta.Yours.Transfer.Or(0)),
			File: c.File, Line: c.Line, Causes: []gate.Cause{c}, Text: fmt.Sprintf("your change adds %s to transfer, 1MB allowed", units.Bytes(img.Delta.Yours.Transfer.Or(0)))})
	}
	return r
}

func write(t testing.TB, r *gate.Result, o gatereport.Options) string {
	t.Helper()
	var b bytes.Buffer
	if err := gatereport.Write(&b, r, o); err != nil {
		t.Fatalf("%s: %v", o.Format, err)
	}
	return b.String()
}

// evil is in every text that a stranger chooses.
const evil = "a`b``c|d*e_f[x](http://evil)<img src=x onerror=alert(1)>\"'&]]>--><!--@octocat #1 $x$ %0A%3A\r\n::error file=x::y\n##[add-path]/tmp ://www.evil.example\\|\\\x1b[31m\u202e\ufffe\xff</details></code>\n\n# heading\n| a | b |\n{\"x\":1}\t"

// stranger puts a text wherever a stranger's may stand.
func stranger(s string) *gate.Result {
	img := imageOf("app", 2_000_000, 3_000_000, 5, 0, 0)
	img.Name, img.Platform, img.After.Reference, img.After.Revision, img.Before.Reference = s, s, s, s, s
	for n := range img.Causes {
		img.Causes[n].File, img.Causes[n].Text = s, s
	}
	other := imageOf("other", 1_000_000, 0, 0, 0, 0)
	r := broken(img, other)
	for n := range r.Violations {
		v := &r.Violations[n]
		v.Text, v.Rule, v.File = s, "packages."+s, s
		v.Causes = append(v.Causes, gate.Cause{Part: gate.Yours, File: s + "/x", Text: s, Amounts: amounts(4)})
	}
	r.Notes = []string{s}
	return r
}

// The first lines have the answer: verdict, what broke, and the largest causes with their line.
func TestTextAnswersFirst(t *testing.T) {
	img := imageOf("app", 2_100_000, 5_000_000, -300_000, 12, 0)
	img.Causes = append(img.Causes, gate.Cause{Part: gate.Yours, File: "data/model.bin", Text: "added to the context", Amounts: amounts(150_000)})
	got := write(t, broken(img), gatereport.Options{})
	first := strings.Join(strings.SplitN(got, "\n", 13)[:12], "\n")
	for _, want := range []string{"tare check violated: 1 budget broken by app", "growth.transfer: your change adds 2.1MB to transfer, 1MB allowed (Dockerfile:12)",
		"Your change: +2.1MB transfer, +4.2MB live; not yours: base moved +5MB transfer, +10MB live", "RUN apk add --no-cache gcc", "data/model.bin", "Dockerfile:1 "} {
		if !strings.Contains(first, want) {
			t.Errorf("no %q in the first lines:\n%s", want, got)
		}
	}
	if strings.Contains(first, "RUN make") || !strings.Contains(got, "2 more, −300kB transfer, −600kB live: --full") {
		t.Errorf("more than three causes:\n%s", got)
	}
	if all := write(t, broken(img), gatereport.Options{Details: true}); !strings.Contains(all, "RUN make") || strings.Contains(all, "more: --full") {
		t.Errorf("not all causes:\n%s", all)
	}
	small := imageOf("app", 2_100_000, 0, 0, 12, 0) // 12 bytes of noise are no cause worth a line
	if got = write(t, broken(small), gatereport.Options{}); strings.Contains(got, "RUN make") || !strings.Contains(got, "1 more, +12B transfer, +24B live: --full") {
		t.Errorf("what does not matter has a line:\n%s", got)
	}
	got = write(t, passed(imageOf("app", 0, 5_000_000, 0, 0, 0)), gatereport.Options{})
	for _, want := range []string{"tare check passed: app keeps its budgets", "Your change makes no difference in bytes; not yours: base moved +5MB"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q:\n%s", want, got)
		}
	}
	if strings.Contains(got, "violated") || strings.Contains(got, "UNKNOWN") {
		t.Errorf("it says too much:\n%s", got)
	}
	bare := passed(imageOf("app", 0, 0, 0, 0, 0))
	bare.Images[0].Before, bare.Images[0].Delta = nil, nil
	if got = write(t, bare, gatereport.Options{}); !strings.Contains(got, "There is no baseline to compare with.") || strings.Contains(got, "Your change") || strings.Contains(got, "BEFORE") || strings.Contains(got, "–") {
		t.Errorf("without a baseline:\n%s", got)
	}
	odd := passed(imageOf("app", 0, 0, 0, 0, 4_000))
	if got = write(t, odd, gatereport.Options{Exact: true}); !strings.Contains(got, "UNKNOWN") || !strings.Contains(got, "+4,000") ||
		!strings.Contains(got, "Whether your change makes a difference is not known; cannot be told apart: +4,000") || strings.Contains(got, "makes no difference") {
		t.Errorf("what cannot be told apart has no column:\n%s", got)
	}
	odd.Images[0].Delta.Yours.Transfer = units.Unknown()
	odd.Images[0].Delta.Yours.Tar = 9_000
	if got = write(t, odd, gatereport.Options{}); !strings.Contains(got, "Your change: +9kB tar") || !strings.Contains(got, "–") {
		t.Errorf("what is not known is a number:\n%s", got)
	}
}

// Variants and platforms have the same lines to blame: each is said once.
func TestCausesOfSeveralImages(t *testing.T) {
	r := broken(imageOf("app", 2_000_000, 0, 0, 0, 0), imageOf("debug", 3_000_000, 0, 0, 0, 0))
	got := write(t, r, gatereport.Options{Format: "text"})
	if strings.Count(got, "RUN apk add") != 1 || !strings.Contains(got, "(in 2 images)") || !strings.Contains(got, "+3MB") || !strings.Contains(got, "2 budgets broken in 2 images") {
		t.Errorf("%s", got)
	}
	r.Images[1].Platform = "linux/arm64"
	if got = write(t, r, gatereport.Options{}); !strings.Contains(got, "debug linux/arm64") {
		t.Errorf("no platform:\n%s", got)
	}
	r.Violations = r.Violations[:1]
	if got = write(t, r, gatereport.Options{}); !strings.Contains(got, "1 budget broken by app, 1 of 2 images") {
		t.Errorf("%s", got)
	}
	if got = write(t, passed(r.Images...), gatereport.Options{}); !strings.Contains(got, "passed: 2 images keep their budgets") {
		t.Errorf("%s", got)
	}
}

// What counts other things than bytes says so.
func TestUnitsOfBudgets(t *testing.T) {
	for measure, want := range map[string]string{"layers": "layers is 12 layers; the budget is 10 layers", "seconds.start": "seconds.start is 12 s; the budget is 10 s", "packages": "12 packages", "findings": "12 findings", "waste": "waste is 12B; the budget is 10B"} {
		r := broken(imageOf("app", 2_000_000, 0, 0, 0, 0))
		v := &r.Violations[0]
		v.Measure, v.Value, v.Limit, v.Text = measure, 12, 10, ""
		if got := write(t, r, gatereport.Options{}); !strings.Contains(got, want) {
			t.Errorf("%s: no %q:\n%s", measure, want, got)
		}
	}
}

func TestNoSuchFormat(t *testing.T) {
	if err := gatereport.Write(new(bytes.Buffer), passed(), gatereport.Options{Format: "pdf"}); err == nil {
		t.Error("a format that there is not was written")
	}
}

func TestReports(t *testing.T) {
	got, err := gatereport.Reports([]string{"sarif=a=b.sarif", "junit=out/x.xml"})
	if err != nil || len(got) != 2 || got[0] != (gatereport.Report{Format: "sarif", File: "a=b.sarif"}) {
		t.Errorf("%v, %v", got, err)
	}
	for _, bad := range []string{"", "sarif", "sarif=", "pdf=x", "=x"} {
		if _, err := gatereport.Reports([]string{bad}); err == nil || !strings.Contains(err.Error(), "want FORMAT=FILE") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// Of several platforms a violation is one's.
func TestPlatformsOfViolations(t *testing.T) {
	amd, arm := imageOf("app", 2_000_000, 0, 0, 0, 0), imageOf("app", 2_000_000, 0, 0, 0, 0)
	arm.Platform = "linux/arm64"
	r := broken(amd, arm)
	for n := range r.Violations {
		r.Violations[n].Platform = r.Images[n].Platform
	}
	for _, format := range []string{"text", "github", "gitlab-quality", "sarif"} {
		if got := write(t, r, gatereport.Options{Format: format}); !strings.Contains(got, "app linux/amd64: ") || !strings.Contains(got, "app linux/arm64: ") {
			t.Errorf("%s:\n%s", format, got)
		}
	}
	if got := write(t, r, gatereport.Options{Format: "junit"}); strings.Count(got, `<testsuite name="app linux/a`) != 2 || strings.Count(got, `failures="1"`) != 2 {
		t.Errorf("%s", got)
	}
	if got := write(t, r, gatereport.Options{}); !strings.Contains(got, "violated: 2 budgets broken in 2 images") {
		t.Errorf("%s", got)
	}
	r.Violations = r.Violations[1:]
	if got := write(t, r, gatereport.Options{}); !strings.Contains(got, "violated: 1 budget broken by app linux/arm64, 1 of 2 images") {
		t.Errorf("%s", got)
	}
}
