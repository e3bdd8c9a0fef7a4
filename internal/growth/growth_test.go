package growth_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"

	"tare/internal/growth"
	"tare/internal/report"
	"tare/internal/units"
)

// release has one layer of its own, and one that all have.
func release(tag string, n int64) growth.Release {
	at := time.Date(2026, 1, 1, 0, 0, int(n%60), 0, time.UTC)
	return growth.Release{Tag: tag, Digest: digest.FromString(fmt.Sprint(tag, n)), Platform: "linux/amd64", Created: &at, Layers: 2, Own: 1000,
		Transfer: units.Known(n + 5000 + 1000), Blobs: map[digest.Digest]int64{digest.FromString("base"): 5000, digest.FromString(fmt.Sprint(n)): n},
		Tar: units.Unknown(), Live: units.Unknown(), Waste: units.Unknown()}
}

func order(r *growth.Result) string {
	var out []string
	for i := range r.Releases {
		out = append(out, strings.Join(append([]string{r.Releases[i].Tag}, r.Releases[i].Also...), "="))
	}
	return strings.Join(out, " ")
}

func TestOrder(t *testing.T) {
	same := release("1.2.0", 40)
	alias := func(tag string) growth.Release { s := same; s.Tag = tag; return s }
	for _, c := range []struct {
		list []growth.Release
		by   string
		want string
	}{
		{[]growth.Release{release("v1.10.0", 1), release("v1.9.0", 2), release("v1.9.0-rc.1", 3), release("main", 4)}, growth.ByVersion, "v1.9.0-rc.1 v1.9.0 v1.10.0"},
		{[]growth.Release{alias("latest"), alias("1"), alias("1.2"), same, release("1.1.9", 9)}, growth.ByVersion, "1.1.9 1.2.0=1.2=1=latest"},
		{[]growth.Release{release("3.1.0-slim", 1), release("3.2.0-slim", 2), release("3.10-slim", 3), release("3.1.0", 50), release("3.2.0-rc.1-slim", 51), release("slim", 4)}, growth.ByVersion, "3.1.0-slim 3.2.0-slim 3.10-slim"},
		{[]growth.Release{release("1.0.0", 1), release("1.1.0-alpine", 2), release("1.1.0", 3), release("1.0.0-alpine", 4)}, growth.ByVersion, "1.0.0 1.1.0"},
		{[]growth.Release{release("1.0.0-beta2", 1), release("1.0.0-20260101", 2)}, growth.ByVersion, "1.0.0-20260101 1.0.0-beta2"},
		{[]growth.Release{release("b", 2), release("a", 3), release("c", 1), release("1.0.0", 9)}, growth.ByDate, "c b a 1.0.0"},
		{[]growth.Release{release("2024-05-01", 2), release("2024-04-01", 1)}, growth.ByDate, "2024-04-01 2024-05-01"},
		{nil, growth.ByDate, ""},
	} {
		r := growth.Make("app", c.list, nil)
		if r.Order != c.by || order(r) != c.want {
			t.Errorf("by %s: %s, not %s", r.Order, order(r), c.want)
		}
	}
}

// Variants are no steps of one another: what is left out says how to see it.
func TestVariants(t *testing.T) {
	r := growth.Make("app", []growth.Release{release("1.0.0", 1), release("1.1.0", 2), release("1.1.0-slim", 3), release("latest", 4)}, nil)
	if len(r.Skipped) != 2 || r.Skipped[0] != (growth.Skipped{Tag: "1.1.0-slim", Reason: "of the variant slim: --tags '*-slim'"}) || r.Skipped[1].Reason != "not a version" {
		t.Errorf("%+v", r.Skipped)
	}
	if r = growth.Make("app", []growth.Release{release("1.0.0-slim", 1), release("1.1.0-slim", 2), release("1.1.0", 3)}, nil); len(r.Skipped) != 1 || r.Skipped[0].Reason != "a version without a variant: --tags chooses" {
		t.Errorf("%+v", r.Skipped)
	}
}

func TestSteps(t *testing.T) {
	r := growth.Make("app", []growth.Release{release("1.0.0", 100), release("1.1.0", 900), release("1.2.0", 100), release("1.3.0", 110)}, nil)
	s := r.Step("transfer")
	if s == nil || s.Tag != "1.1.0" || s.From != "1.0.0" || s.After-s.Before != 800 { // the first of two equal ones
		t.Errorf("%+v", s)
	}
	if r.Step("layers") != nil || r.Step("live") != nil {
		t.Errorf("steps of what did not change or is not known: %+v", r.Steps)
	}
	if got := r.Releases[1].Update; got != units.Known(1900) || r.Releases[0].Update != r.Releases[0].Transfer {
		t.Errorf("update %v", got)
	}
	shrunk := growth.Make("app", []growth.Release{release("1.0.0", 9000), release("1.1.0", 10), release("1.2.0", 100)}, nil)
	if s = shrunk.Step("transfer"); s.Tag != "1.1.0" || s.After-s.Before != -8990 {
		t.Errorf("%+v", s)
	}
}

func TestArtifactsByName(t *testing.T) {
	sum := strings.Repeat("0123456789abcdef", 4)
	for tag, want := range map[string]bool{"sha256-" + sum: true, "sha256-" + sum + ".sig": true, "sha256-" + sum + ".att": true, "sha256-" + sum[1:]: false, "sha256-" + sum + "x": false, "sha-abcdef": false, "1.0.0": false} {
		if growth.Artifact(tag) != want {
			t.Errorf("%s", tag)
		}
	}
}

func text(t *testing.T, r *growth.Result, exact bool, v report.View) string {
	t.Helper()
	var b bytes.Buffer
	if err := r.Document(exact).View(v, report.Drop).WriteText(&b, report.Style{Width: 100}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestDocument(t *testing.T) {
	list := []growth.Release{release("1.0.0", 20_000_000), release("1.1.0", 29_100_000), release("1.2.0", 29_000_000)}
	r := growth.Make("app", list, []growth.Skipped{{Tag: "chart", Reason: "not an image: a Helm chart"}})
	got := text(t, r, false, report.View{})
	for _, want := range []string{"app: 3 releases, 20MB to 29MB transfer (+45%)", "Largest step in transfer: 1.1.0, +9.1MB (20MB in 1.0.0, 29.1MB in 1.1.0)", "By version.", "1 tag left out (1 not an image: a Helm chart)", "live, tar and waste"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q:\n%s", want, got)
		}
	}
	if strings.Contains(got, "LIVE") || strings.Contains(got, "No release changed") || strings.Contains(got, "earlier releases") {
		t.Errorf("%s", got)
	}
	list[1].Live, list[1].Tar = units.Known(70_000_000), units.Known(90_000_000)
	if got = text(t, growth.Make("app", list, nil), true, report.View{}); !strings.Contains(got, "LIVE") || !strings.Contains(got, "70,000,000") || strings.Contains(got, "live, tar and waste") || strings.Contains(got, "left out") {
		t.Errorf("%s", got)
	}
	same := release("1.3.0", 29_000_000)
	same.Blobs = list[2].Blobs
	if got = text(t, growth.Make("app", []growth.Release{list[2], same}, nil), false, report.View{}); !strings.Contains(got, "No release changed a size that is known.") || strings.Contains(got, "Largest") {
		t.Errorf("%s", got)
	}
	list = nil
	for n := range 60 {
		list = append(list, release(fmt.Sprintf("1.%d.0", n), int64(n*1000)))
	}
	r = growth.Make("app", list, nil)
	if got = text(t, r, false, report.View{}); strings.Count(got, "\n") > 40 || !strings.Contains(got, "35 earlier releases: --full") || strings.Contains(got, "1.3.0 ") || !strings.Contains(got, "1.59.0") {
		t.Errorf("%d lines:\n%s", strings.Count(got, "\n"), got)
	}
	if got = text(t, r, false, report.View{Full: true}); !strings.Contains(got, "1.3.0 ") || strings.Contains(got, "earlier releases") {
		t.Errorf("%s", got)
	}
}

// Names of strangers stay text in the picture, and its marked release is the largest step.
func TestPicture(t *testing.T) {
	evil := "<script>alert(1)</script>\"'&\x1b"
	r := growth.Make(evil, []growth.Release{release(evil, 100), release("b", 9000), release("c", 9001)}, []growth.Skipped{{Tag: evil, Reason: evil}})
	page := r.Page()
	page.Doc = r.Document(false)
	var b bytes.Buffer
	if err := page.WriteSVG(&b); err != nil {
		t.Fatal(err)
	}
	svg := b.String()
	if strings.Contains(svg, "<script") || !strings.Contains(svg, "largest step: ") || strings.Count(svg, "<circle") != 3 {
		t.Errorf("%s", svg)
	}
	d := xml.NewDecoder(strings.NewReader(svg))
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	one := growth.Make("app", []growth.Release{release("1.0.0", 1)}, nil)
	p := one.Page()
	if err := p.WriteSVG(&b); err == nil {
		t.Error("one release is no curve")
	}
	gap := []growth.Release{release("1.0.0", 1), release("1.1.0", 2), release("1.2.0", 3), release("1.3.0", 4)}
	gap[0].Live, gap[1].Live, gap[3].Live = units.Known(5), units.Known(6), units.Known(7)
	p = growth.Make("app", gap, nil).Page()
	b.Reset()
	if err := p.WriteSVG(&b); err != nil || strings.Count(b.String(), "<circle") != 7 {
		t.Errorf("%v %s", err, b.String())
	}
}
