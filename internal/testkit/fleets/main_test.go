package fleets_test

import (
	"os"
	"strconv"
	"testing"

	"tare/internal/fleet"
	"tare/internal/testkit/fleets"
)

// TestWrite writes a fleet for somebody to look at: TARE_TEST_FLEET is the directory, TARE_TEST_FLEET_IMAGES how many images.
func TestWrite(t *testing.T) {
	dir := os.Getenv("TARE_TEST_FLEET")
	if dir == "" {
		dir = t.TempDir()
	}
	images, _ := strconv.Atoi(os.Getenv("TARE_TEST_FLEET_IMAGES"))
	f := fleets.Make(fleets.Options{Seed: 1, Images: max(5, images), Layers: 12, Bases: 12, Nodes: 6, Files: 10})
	if err := f.Write(t.Context(), fleet.Dir(dir), nil); err != nil {
		t.Fatal(err)
	}
	r, err := fleet.OpenResults(t.Context(), fleet.Dir(dir))
	if err != nil {
		t.Fatal(err)
	}
	if missing, err := r.Missing(t.Context()); err != nil || len(missing) > 0 {
		t.Errorf("%d layers are missing: %v", len(missing), err)
	}
}
