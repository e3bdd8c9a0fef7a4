package main

import (
	"fmt"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"tare/internal/testkit"
)

// TestComputingEnds: Ctrl-C is answered within 200 ms, also while tare only computes and
// prints, on images with very many files.
func TestComputingEnds(t *testing.T) {
	const within = 200 * time.Millisecond
	h := newHome(t)
	for n, dir := range []string{"a", "b"} {
		var layers [][]byte
		for l := range 2 {
			var list []testkit.Entry
			for i := range 60_000 {
				list = append(list, testkit.File(fmt.Sprintf("opt/app/d%d/s%d/f%d", i%97, i%1009, i), fmt.Sprint(i%3*(1+n+l), i)))
			}
			layers = append(layers, testkit.Tar(t, list...))
		}
		testkit.Layout(t, filepath.Join(h.dir, dir), "v1", testkit.Image(t, testkit.Options{Layers: layers}))
	}
	for _, args := range [][]string{
		{"weigh", "--top", "0", "oci-dir://a:v1"},
		{"weigh", "--format", "json", "--state", "all", "--top", "0", "oci-dir://a:v1"},
		{"compare", "--depth", "100", "oci-dir://a:v1", "oci-dir://b:v1"},
		{"diff", "--top", "0", "oci-dir://a:v1", "oci-dir://b:v1"},
	} {
		h.tare(t, args...) // its layers are known now
		begin := time.Now()
		h.tare(t, args...)
		whole := time.Since(begin)
		caught := 0
		for tenth := 1; tenth < 10; tenth += 2 {
			var took time.Duration
			for range 3 { // the machine may be busy with something else
				p := h.start(t, args...)
				select {
				case <-p.ended:
					continue // it was faster this time
				case <-time.After(whole * time.Duration(tenth) / 10):
				}
				begin := time.Now()
				p.signal(syscall.SIGINT)
				code := p.wait()
				took = time.Since(begin)
				if code == 0 && took < within {
					continue // it was about to end
				}
				caught++
				if got := p.err.String(); code == 130 && got != "tare: interrupted\n" {
					t.Errorf("%v: nothing is kept of it: %s", args, got)
				}
				if code != 130 {
					t.Errorf("%v: exit code %d %v after Ctrl-C", args, code, took)
				}
				if took <= within {
					break
				}
			}
			if took > within {
				t.Errorf("%v: Ctrl-C after %d/10 of %v was answered after %v", args, tenth, whole, took)
			}
		}
		if caught == 0 {
			t.Errorf("%v was never interrupted: it takes %v", args, whole)
		}
	}
}
