package main

import (
	"bytes"
	"os"
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
	want, err := g.fill(page)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(page, want) {
		t.Error("the table of lines in docs/architecture.md is not what the files have: make imports counts them")
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
