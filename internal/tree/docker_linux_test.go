package tree_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"testing"

	"github.com/opencontainers/go-digest"

	"tare/internal/layer"
	"tare/internal/testkit"
)

// What tare calls docker is what a real daemon says of an image of random layers. Many
// of those it refuses to unpack: they are passed over, and counted.
func TestAgainstDocker(t *testing.T) {
	_, client := testkit.Dockerd(t)
	from, to := seeds(t, 60)
	refused, taken := 0, 0
	for seed := from; seed < to; seed++ {
		r := rand.New(rand.NewPCG(seed, 29))
		layers := soundStack(r)
		if seed%2 == 0 {
			layers = wildStack(r)
			layers = layers[:min(2, len(layers))]
			for k := range layers {
				layers[k] = layers[k][:min(5, len(layers[k]))]
			}
		}
		var want int64
		var tars [][]byte
		for _, l := range layers {
			b := testkit.Tar(t, l...)
			x, err := layer.Read(bytes.NewReader(b), layer.Options{})
			if err != nil {
				t.Fatal(err)
			}
			want += x.Docker
			tars = append(tars, b)
		}
		name := fmt.Sprintf("tare-test:%d", seed)
		got, ok := load(t, client, name, tars)
		if !ok {
			refused++
			continue
		}
		taken++
		if got != want {
			show(t, layers)
			t.Errorf("seed %d: Docker says %d, tare %d", seed, got, want)
		}
	}
	t.Logf("Docker took %d images and refused %d", taken, refused)
	if taken < int((to-from)/4) {
		t.Errorf("Docker took only %d images: that shows nothing", taken)
	}
}

// load gives an image to the daemon as `docker load` does, and says what size it has.
func load(t *testing.T, c *http.Client, name string, tars [][]byte) (int64, bool) {
	t.Helper()
	var ids, files []string
	var entries []testkit.Entry
	for k, b := range tars {
		file := fmt.Sprintf("%d.tar", k)
		ids, files = append(ids, digest.FromBytes(b).String()), append(files, file)
		entries = append(entries, testkit.File(file, string(b)))
	}
	cfg, _ := json.Marshal(map[string]any{"architecture": "amd64", "os": "linux", "config": map[string]any{}, "rootfs": map[string]any{"type": "layers", "diff_ids": ids}})
	man, _ := json.Marshal([]any{map[string]any{"Config": "config.json", "RepoTags": []string{name}, "Layers": files}})
	archive := testkit.Tar(t, append(entries, testkit.File("config.json", string(cfg)), testkit.File("manifest.json", string(man)))...)
	res, err := c.Post("http://docker/images/load?quiet=1", "application/x-tar", bytes.NewReader(archive))
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, res.Body)
	_ = res.Body.Close()
	res, err = c.Get("http://docker/images/" + name + "/json")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	var image struct{ Size int64 }
	if res.StatusCode != http.StatusOK || json.NewDecoder(res.Body).Decode(&image) != nil {
		return 0, false
	}
	return image.Size, true
}
