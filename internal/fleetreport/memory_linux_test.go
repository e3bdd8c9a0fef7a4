package fleetreport_test

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"

	"tare/internal/fleet"
	"tare/internal/garbage"
	"tare/internal/layer"
	"tare/internal/strata"
	"tare/internal/testkit/fleets"
)

// made are the layers of a plan, made up when they are read: a disk with a million files would be measured else.
type made struct {
	layers map[digest.Digest]fleet.Layer
	files  int
}

func (m made) Layer(d digest.Digest) (*layer.Index, error) {
	return fleets.Index(m.layers[d], m.files), nil
}

func (made) Config(digest.Digest) ([]byte, error) { return nil, strata.ErrNotScanned }

// number is an environment variable, or what is usual.
func number(name string, usual int) int {
	n, _ := strconv.Atoi(os.Getenv(name))
	return cmp.Or(n, usual)
}

// most is the memory that a report of 10,000 images may take, in bytes: what a process ever had of it (VmHWM).
const most = 200 << 20

// A report of 10,000 images with 12 layers each stays within 200 MB. TARE_TEST_FLEET_FILES sets how many files a layer has on the average, TARE_TEST_FLEET_WEIGH=1 has
// every image weighed, TARE_TEST_FLEET_IMAGES changes how many there are (make bench-fleet).
func TestMemory(t *testing.T) {
	if plan := os.Getenv("TARE_TEST_FLEET_CHILD"); plan != "" {
		child(t, plan)
		return
	}
	images := number("TARE_TEST_FLEET_IMAGES", 10_000)
	p := fleets.Make(fleets.Options{Seed: 1, Images: images, Layers: 12, Bases: 40, Nodes: 50})
	raw, err := p.Encode()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "plan.json")
	if err := os.WriteFile(file, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(exe, "-test.run=^TestMemory$", "-test.v", "-test.timeout=60m")
	c.Env = append(os.Environ(), "TARE_TEST_FLEET_CHILD="+file, "GOGC=")
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	_, said, ok := strings.Cut(string(out), "fleet: ")
	if !ok {
		t.Fatalf("%s", out)
	}
	said, _, _ = strings.Cut(said, "\n")
	t.Log(said)
	var peak int64
	if _, err := fmt.Sscanf(said, "peak %d", &peak); err != nil || peak > most {
		t.Errorf("%s: more than %d, or %v", said, int64(most), err)
	}
}

// child makes the report in a process of its own, and prints what it took.
func child(t *testing.T, plan string) {
	f, err := os.Open(plan)
	if err != nil {
		t.Fatal(err)
	}
	defer garbage.Often(40)()
	started := time.Now()
	p, _, err := fleet.Decode(f)
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
	m := made{layers: map[digest.Digest]fleet.Layer{}, files: number("TARE_TEST_FLEET_FILES", 4)}
	for i := range p.Images {
		for _, l := range p.Images[i].Layers {
			m.layers[l.Digest] = l
		}
	}
	scratch, err := os.Create(filepath.Join(t.TempDir(), "scratch"))
	if err != nil {
		t.Fatal(err)
	}
	r, err := strata.Make(strata.Input{Plan: p, Layers: m, Scratch: scratch, Weigh: os.Getenv("TARE_TEST_FLEET_WEIGH") != "", Top: 20})
	if err != nil {
		t.Fatal(err)
	}
	if unique, shared := r.Bytes.Content.Unique.Or(0), r.Bytes.Content.Shared.Or(0); unique == 0 || shared == 0 || unique+shared != r.Bytes.Content.Together.Or(0) {
		t.Errorf("contents: %+v", r.Bytes.Content)
	}
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		t.Fatal(err)
	}
	fmt.Printf("fleet: peak %d, %.1f s (processor %d.%d s), %d images, %d layers, %s different contents\n", peakOf(t), time.Since(started).Seconds(), used.Utime.Sec, used.Utime.Usec/100_000, r.Images, r.Layers, r.Bytes.Content.Things)
}

// peakOf is the most memory that this process ever had, in bytes.
func peakOf(t *testing.T) int64 {
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	_, line, _ := bytes.Cut(b, []byte("VmHWM:"))
	var kb int64
	if _, err := fmt.Sscan(string(line), &kb); err != nil {
		t.Fatal(err)
	}
	return kb << 10
}
