package update_test

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	introspectionapi "github.com/containerd/containerd/api/services/introspection/v1"
	containerd "github.com/containerd/containerd/v2/client"
	"github.com/containerd/containerd/v2/core/diff"
	"github.com/containerd/containerd/v2/core/diff/apply"
	"github.com/containerd/containerd/v2/core/introspection"
	"github.com/containerd/containerd/v2/core/metadata"
	"github.com/containerd/containerd/v2/core/remotes/docker"
	"github.com/containerd/containerd/v2/core/snapshots"
	"github.com/containerd/containerd/v2/pkg/namespaces"
	"github.com/containerd/containerd/v2/plugins/content/local"
	"github.com/containerd/containerd/v2/plugins/snapshots/native"
	"github.com/containerd/platforms"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	bolt "go.etcd.io/bbolt"

	"tare/internal/testkit"
	"tare/internal/update"
)

// pairs is how many pairs of images a client is held against: make bench-update has 100.
func pairs(t *testing.T, usual int) int {
	if n, err := strconv.Atoi(os.Getenv("TARE_BENCH_UPDATE")); err == nil {
		t.Logf("%d pairs", n)
		return n
	}
	return usual
}

// made are three images, in a repository each or in one: what a machine has, what it runs, and what it is updated to.
type made struct{ have, from, to string }

// makeUp makes up images that share layers in all the ways that decide what is fetched: at the bottom, in the middle, above others, twice,
// in another compression, under the same configuration.
func makeUp(t *testing.T, m *testkit.Meter, n int, compressions ...string) made {
	r := rand.New(rand.NewPCG(uint64(n), 3))
	pool := make([][]byte, 8)
	for i := range pool {
		pool[i] = testkit.Numbered(t, n*100+i, 500+r.IntN(4)*20_000)
	}
	pick := func(base [][]byte) [][]byte {
		var out [][]byte
		if len(base) > 0 {
			out = append(out, base[:r.IntN(len(base)+1)]...)
		}
		for range 1 + r.IntN(3) {
			out = append(out, pool[r.IntN(len(pool))])
		}
		return out
	}
	compression := func() string { return compressions[r.IntN(len(compressions))] }
	own := ocispec.Platform(platforms.DefaultSpec())
	image := func(layers [][]byte) *testkit.Built {
		c := compression()
		b := testkit.Image(t, testkit.Options{Layers: layers, Compression: c, Platform: own, Docker: c != "zstd" && r.IntN(3) == 0})
		if r.IntN(3) == 0 {
			b = testkit.Index(t, b, testkit.Image(t, testkit.Options{Layers: layers[:1], Platform: ocispec.Platform{OS: "linux", Architecture: "s390x"}}))
		}
		return b
	}
	var names [3]string
	var last [][]byte
	for i := range names {
		layers := pick(last)
		if i > 0 && r.IntN(8) == 0 {
			layers = last // the same content, perhaps as other blobs
		}
		repo := fmt.Sprintf("app%d", n)
		if r.IntN(4) == 0 {
			repo += "-other"
		}
		names[i] = fmt.Sprintf("%s/%s:%d", m.Host, repo, i)
		m.Push(t, repo, strconv.Itoa(i), image(layers))
		last = layers
	}
	return made{names[0], names[1], names[2]}
}

// held holds what is told of updates against what a client fetches.
func held(t *testing.T, client string, n int, pull func(t *testing.T, name string), fresh func(), compressions ...string) {
	m := testkit.NewMeter(t)
	f := finder(t, testkit.Store(t))
	for i := range n {
		x := makeUp(t, m, i, compressions...)
		if fresh != nil {
			fresh()
		}
		step := func(q update.Request, name string) {
			t.Helper()
			q.Client = client
			u := told(t, f, q)
			m.Sent.Store(0)
			pull(t, name)
			least, most := u.Download, u.Download
			for _, b := range u.Blobs {
				if !u.Exact && b.Layer != nil && b.Layer.Reason == update.Repeated {
					most += b.Size
				}
			}
			if got := m.Sent.Load(); got < least || got > most {
				t.Errorf("%d: %+v: %d bytes fetched, %d to %d were told", i, q, got, least, most)
				for _, b := range u.Blobs {
					t.Logf("%+v %+v", b, b.Layer)
				}
			}
		}
		step(update.Request{From: update.Scratch, To: x.have}, x.have)
		step(update.Request{From: x.have, To: x.from}, x.from)
		step(update.Request{Have: []string{x.have}, From: x.from, To: x.to}, x.to)
		step(update.Request{Have: []string{x.have, x.from}, From: x.to, To: x.to}, x.to)
	}
}

func TestDocker(t *testing.T) {
	_, client := testkit.Dockerd(t)
	held(t, "docker", pairs(t, 4), func(t *testing.T, name string) {
		res, err := client.Post("http://docker/images/create?fromImage="+url.QueryEscape(name), "", nil)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = res.Body.Close() }()
		b, err := io.ReadAll(res.Body)
		if err != nil || res.StatusCode != http.StatusOK {
			t.Fatalf("%d %s %v", res.StatusCode, b, err)
		}
	}, nil, "gzip", "none")
}

// inProcess is containerd's client with its services in this process.
func inProcess(t *testing.T) *containerd.Client {
	dir := t.TempDir()
	store, err := local.NewStore(filepath.Join(dir, "content"))
	if err != nil {
		t.Fatal(err)
	}
	sn, err := native.NewSnapshotter(filepath.Join(dir, "snapshots"))
	if err != nil {
		t.Fatal(err)
	}
	db, err := bolt.Open(filepath.Join(dir, "meta.db"), 0o600, &bolt.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	mdb := metadata.NewDB(db, store, map[string]snapshots.Snapshotter{"native": sn})
	if err := mdb.Init(ctx); err != nil {
		t.Fatal(err)
	}
	c, err := containerd.New("", containerd.WithDefaultNamespace("test"), containerd.WithServices(
		containerd.WithContentStore(mdb.ContentStore()),
		containerd.WithImageStore(metadata.NewImageStore(mdb)),
		containerd.WithLeasesService(metadata.NewLeaseManager(mdb)),
		containerd.WithSnapshotters(mdb.Snapshotters()),
		containerd.WithIntrospectionService(capabilities{}),
		containerd.WithDiffService(struct {
			diff.Applier
			diff.Comparer
		}{Applier: apply.NewFileSystemApplier(mdb.ContentStore())}),
	))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

type capabilities struct{ introspection.Service }

func (capabilities) Plugins(context.Context, ...string) (*introspectionapi.PluginsResponse, error) {
	return &introspectionapi.PluginsResponse{Plugins: []*introspectionapi.Plugin{{Type: "io.containerd.snapshotter.v1", ID: "native"}}}, nil
}

func TestContainerd(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("containerd mounts what it unpacks, which needs root")
	}
	var c *containerd.Client
	held(t, "containerd", pairs(t, 10), func(t *testing.T, name string) {
		resolver := docker.NewResolver(docker.ResolverOptions{Hosts: docker.ConfigureDefaultRegistries(docker.WithPlainHTTP(docker.MatchAllHosts))})
		if _, err := c.Pull(namespaces.WithNamespace(ctx, "test"), name, containerd.WithPullUnpack, containerd.WithPullSnapshotter("native"), containerd.WithResolver(resolver)); err != nil {
			t.Fatal(err)
		}
	}, func() { c = inProcess(t) }, "gzip", "zstd", "none")
}

func TestPodman(t *testing.T) {
	_, podman := testkit.Podman(t)
	held(t, "podman", pairs(t, 2), func(t *testing.T, name string) {
		if out, err := podman("pull", "--quiet", "--tls-verify=false", name).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}, nil, "gzip", "zstd", "none")
}
