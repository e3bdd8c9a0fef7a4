package gatereport_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/renderer/html"
	xhtml "golang.org/x/net/html"

	"tare/internal/gate"
	"tare/internal/gatereport"
)

func TestMarkdownIsSmall(t *testing.T) {
	var images []gate.Image
	for n := range 10 {
		img := imageOf(fmt.Sprintf("registry.example/team/app-%d", n), 2_000_000+int64(n), 5_000_000, 1_000, 50, 7)
		for k := range 30 {
			img.Causes = append(img.Causes, gate.Cause{Part: gate.Yours, File: fmt.Sprintf("src/%d/%d.go", n, k), Text: "changed", Amounts: amounts(int64(200_000 + k))})
		}
		images = append(images, img)
	}
	r := broken(images...)
	r.Notes = []string{"one", "two", "three", "four", "five"}
	got := write(t, r, gatereport.Options{Format: "markdown"})
	n := strings.Count(got, "\n")
	t.Logf("%d lines, %d bytes for ten images", n, len(got))
	if n >= 60 {
		t.Errorf("%d lines:\n%s", n, got)
	}
	// The answer stands before what is folded.
	open, _, _ := strings.Cut(got, "<details>")
	for _, want := range []string{"### ❌ tare check violated: 10 budgets broken", "<code>Dockerfile:12</code>", "Largest causes:\n\n1. +2MB transfer, +4MB live · <code>Dockerfile:12</code> <code>RUN apk add --no-cache gcc</code> in 10 images\n2. "} {
		if !strings.Contains(open, want) {
			t.Errorf("no %q:\n%s", want, open)
		}
	}
	if strings.Count(open, "\n1. ")+strings.Count(open, "\n2. ")+strings.Count(open, "\n3. ")+strings.Count(open, "\n4. ") != 3 {
		t.Errorf("not three causes:\n%s", open)
	}
	for n := range 40 {
		images = append(images, imageOf(fmt.Sprint("more", n), 0, 0, 0, 0, 0))
	}
	if got = write(t, broken(images[:10]...), gatereport.Options{Format: "markdown", Details: true}); strings.Contains(got, "more") {
		t.Errorf("not all of it:\n%s", got)
	}
	if got = write(t, passed(images...), gatereport.Options{Format: "markdown"}); strings.Count(got, "\n") >= 70 || !strings.Contains(got, "38 more images.") {
		t.Errorf("fifty images:\n%s", got)
	}
	if !strings.Contains(got, "### ✅ tare check passed\n") || strings.Contains(got, "violated") {
		t.Errorf("%s", got)
	}
}

// A comment is made only where something of yours changed, or a budget is broken.
func TestMarkdownIsSilent(t *testing.T) {
	drift := imageOf("app", 0, 5_000_000, 20_000, 3, 0)
	for name, c := range map[string]struct {
		r      *gate.Result
		o      gatereport.Options
		silent bool
	}{
		"drift":       {passed(drift), gatereport.Options{}, true},
		"two drifts":  {passed(drift, drift), gatereport.Options{}, true},
		"asked":       {passed(drift), gatereport.Options{Always: true}, false},
		"yours":       {passed(imageOf("app", 1, 0, 0, 0, 0)), gatereport.Options{}, false},
		"broken":      {broken(drift), gatereport.Options{}, false},
		"unknown":     {passed(imageOf("app", 0, 0, 0, 0, 7)), gatereport.Options{}, false},
		"one of two":  {passed(drift, imageOf("b", -5, 0, 0, 0, 0)), gatereport.Options{}, false},
		"no baseline": {passed(gate.Image{Name: "app"}), gatereport.Options{}, false},
	} {
		c.o.Format = "markdown"
		if got := write(t, c.r, c.o); (got == "") != c.silent {
			t.Errorf("%s:\n%s", name, got)
		}
		if c.o.Format = "summary"; write(t, c.r, c.o) == "" {
			t.Errorf("%s: the summary is silent", name)
		}
	}
	moved := passed(drift) // 5 bytes moved from one line of yours to another
	moved.Images[0].Causes = append(moved.Images[0].Causes, gate.Cause{Part: gate.Yours, File: "a", Amounts: amounts(5)}, gate.Cause{Part: gate.Yours, File: "b", Amounts: amounts(-5)})
	if write(t, moved, gatereport.Options{Format: "markdown"}) == "" {
		t.Error("nothing is said of changes that sum up to nothing")
	}
}

// One comment of each check is found again by its marker, which no name can break.
func TestMarker(t *testing.T) {
	for name, want := range map[string]string{"": "<!-- tare-check: default -->", "web/app": "<!-- tare-check: web/app -->", "a--> b": "<!-- tare-check: a____b -->"} {
		first, _, _ := strings.Cut(write(t, passed(imageOf("app", 1, 0, 0, 0, 0)), gatereport.Options{Format: "markdown", Name: name}), "\n")
		if first != want {
			t.Errorf("%q: %s", name, first)
		}
	}
}

// elements are the elements of the page that GitHub would show, as "name attribute=…", and
// the texts of its <code> elements.
func elements(t testing.TB, md string) (all map[string]int, codes []string) {
	t.Helper()
	var page strings.Builder
	if err := goldmark.New(goldmark.WithExtensions(extension.GFM), goldmark.WithRendererOptions(html.WithUnsafe())).Convert([]byte(md), &page); err != nil {
		t.Fatal(err)
	}
	doc, err := xhtml.Parse(strings.NewReader(page.String()))
	if err != nil {
		t.Fatal(err)
	}
	all = map[string]int{}
	var text func(n *xhtml.Node) string
	text = func(n *xhtml.Node) string {
		if n.Type == xhtml.TextNode {
			return n.Data
		}
		var s string
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			s += text(c)
		}
		return s
	}
	var walk func(n *xhtml.Node)
	walk = func(n *xhtml.Node) {
		switch n.Type {
		case xhtml.ElementNode:
			name := n.Data
			for _, a := range n.Attr {
				if a.Key != "style" && a.Key != "align" {
					name += " " + a.Key
				}
			}
			all[name]++
			if n.Data == "code" {
				codes = append(codes, text(n))
			}
		case xhtml.CommentNode:
			all["comment"]++
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c)
		}
	}
	walk(doc)
	return all, codes
}

// No text of strangers becomes anything but text in a <code> element: a check of the same
// shape with plain words has the same elements.
func sameShape(t testing.TB, s string) {
	t.Helper()
	o := gatereport.Options{Format: "markdown"}
	got, _ := elements(t, write(t, stranger(s), o))
	want, _ := elements(t, write(t, stranger("@word"), o))
	for name := range got {
		if got[name] != want[name] && (name != "code" || got[name] > want[name]) { // an empty or harmless text has none
			t.Errorf("%q: %d × <%s>, not %d:\n%s", s, got[name], name, want[name], write(t, stranger(s), o))
		}
	}
	if len(got) != len(want) && got["code"] > 0 {
		t.Errorf("%q: %v, not %v", s, got, want)
	}
}

func TestMarkdownOfStrangers(t *testing.T) {
	for _, s := range []string{evil, "`", "|", "\\", "a\\|b", "```", "</code></details>", "<!--", "*x*", "[a](b)", "![a](b)", "https://evil.example", "www.evil.example", "a@b.example", "@octocat", "#1", "&lt;", "&#60;img>", "$`x`$", "~~x~~", "mailto:a@b.example"} {
		sameShape(t, s)
	}
	_, codes := elements(t, write(t, stranger("a`b|c <b> & \\ @me http://x.example *_["), gatereport.Options{Format: "markdown"}))
	n := 0
	for _, c := range codes {
		if c == "a`b|c <b> & \\ @me http://x.example *_[" {
			n++
		}
	}
	if n < 5 {
		t.Errorf("the text is not shown as it is: %q", codes)
	}
}
