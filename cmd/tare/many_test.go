package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tare/internal/store"
	"tare/internal/testkit"
)

// TestManyImages: what a command costs grows with the number of images, and not with its
// square.
func TestManyImages(t *testing.T) {
	few, many := 50, times(t, "TARE_TORTURE_MANY", 400)
	a, b := costsOf(t, few), costsOf(t, many)
	for what, cost := range b {
		// Processor time, and with much room: a square would be over by far.
		most := max(a[what], 40*time.Millisecond) * time.Duration(many/few) * 3
		t.Logf("%-24s %6v with %d images, %6v with %d", what, a[what].Round(time.Millisecond), few, cost.Round(time.Millisecond), many)
		if cost > most {
			t.Errorf("%s: %v with %d images, %v with %d: more than grows with their number", what, a[what], few, cost, many)
		}
	}
}

// costsOf measures commands with a store of n images.
func costsOf(t *testing.T, n int) map[string]time.Duration {
	t.Helper()
	root := t.TempDir()
	st, err := store.Open(filepath.Join(root, "home"))
	if err != nil {
		t.Fatal(err)
	}
	shared := testkit.Numbered(t, 0, 1000)
	var recs []store.Record
	for i := range n {
		img := testkit.Image(t, testkit.Options{Layers: [][]byte{shared, testkit.Numbered(t, i+1, 500)}})
		for d, body := range img.Blobs { // not through the store: it syncs each
			if err := os.WriteFile(st.BlobPath(d), body, 0o444); err != nil {
				t.Fatal(err)
			}
		}
		recs = append(recs, store.Record{Name: fmt.Sprintf("docker.io/many/app%d:%d", i/10, i%10), Target: img.Target, Origin: store.Loaded})
	}
	if err := st.PutAll(context.Background(), recs...); err != nil {
		t.Fatal(err)
	}
	out := map[string]time.Duration{}
	run := func(what string, args ...string) string {
		t.Helper()
		c := exec.Command("tare", args...)
		c.Dir = root
		c.Env = append(os.Environ(), "TARE_HOME="+filepath.Join(root, "home"), "DOCKER_CONFIG="+root)
		b, err := c.Output()
		if err != nil {
			t.Fatalf("tare %s: %v", strings.Join(args[:min(4, len(args))], " "), err)
		}
		out[what] = c.ProcessState.UserTime() + c.ProcessState.SystemTime()
		return string(b)
	}
	// Listed once: their layers are weighed for good.
	run("images, first", "images")
	ids := strings.Fields(run("images", "images", "-q"))
	if len(ids) != n {
		t.Fatalf("%d of %d images are listed", len(ids), n)
	}
	run("look up an ID", "history", ids[n/2])
	run("tag", "tag", "many/app3:3", "other:1")
	var names []string
	for _, r := range recs {
		names = append(names, strings.TrimPrefix(r.Name, "docker.io/"))
	}
	run("save", append([]string{"save", "-o", "all.tar"}, names...)...)
	run("rmi of one", "rmi", "many/app0:0")
	run("system df", "system", "df")
	run("rmi of a tenth", append([]string{"rmi"}, names[1:n/10]...)...)
	run("rmi of IDs", append([]string{"rmi"}, ids[n/2:n/2+n/10]...)...)
	run("image prune", "image", "prune", "-f")
	run("fsck", "fsck")
	run("load", "load", "-q", "-i", "all.tar")
	run("rmi of all", append([]string{"rmi"}, names...)...)
	if left := run("images, none", "images", "-q"); left != "" && n > 0 {
		if got := len(strings.Fields(left)); got != 1 { // other:1
			t.Errorf("%d images are left", got)
		}
	}
	return out
}
