package main

import (
	"bytes"
	"os"
	"regexp"
	"strconv"
	"testing"
)

// The picture and the table are what the import lines say now.
func TestThePictureIsTrue(t *testing.T) {
	g, err := read("../..")
	if err != nil {
		t.Fatal(err)
	}
	svg, err := os.ReadFile("../../docs/imports.svg")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(svg, g.draw()) {
		t.Error("docs/imports.svg is not what the import lines say: make imports draws it")
	}
	page, err := os.ReadFile("../../docs/architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	// Every commit changes lines: the table may be a little behind.
	said := map[string]int{}
	for _, m := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\| (\\d+) \\|").FindAllStringSubmatch(string(page), -1) {
		said[m[1]], _ = strconv.Atoi(m[2])
	}
	for name, p := range g {
		if off := said[name] - p.lines; off*10 > p.lines+1000 || -off*10 > p.lines+1000 {
			t.Errorf("docs/architecture.md says that %s has %d lines, and it has %d: make imports counts them", name, said[name], p.lines)
		}
	}
}

func TestArrowsPointDown(t *testing.T) {
	g, err := read("../..")
	if err != nil {
		t.Fatal(err)
	}
	if len(g) < 30 || g.arrows() < 100 {
		t.Fatalf("%d packages, %d arrows: is this the repository?", len(g), g.arrows())
	}
	for _, p := range g {
		for _, to := range p.imports {
			if g[to] == nil || g[to].floor >= p.floor {
				t.Errorf("%s → %s does not point down", p.name, to)
			}
		}
	}
}
