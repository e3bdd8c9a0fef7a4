package main

import (
	"encoding/json"
	"path/filepath"
	"testing"

	"tare/internal/experiment"
)

// TestExampleBases carries the experiment of examples/bases out, which replaces the base
// of one Dockerfile, and holds it to what is known of the bases.
func TestExampleBases(t *testing.T) {
	needEngine(t)
	hub := needHub(t)
	h := newHome(t)
	h.set("TARE_HOSTS_DIR", filepath.Join(hub, "hosts"))
	dir, err := filepath.Abs("../../examples/bases")
	if err != nil {
		t.Fatal(err)
	}
	rec, err := experiment.Decode([]byte(h.tare(t, "lab", "--repeat", "1", "--format", "json", dir)))
	if err != nil {
		t.Fatal(err)
	}
	for name, base := range map[string]string{"alpine:latest": "alpine 3.20.3", "debian:bookworm-slim": "debian 12", "python:slim": "debian 12"} {
		v, img := rec.Variant(name), rec.Image(name)
		if v == nil || img == nil || img.Base != base || v.Check == nil || !v.Check.Passed || v.Edits[0].Layers != 1 {
			b, _ := json.Marshal(v)
			t.Errorf("%s: %.2000s", name, b)
		}
	}
}
