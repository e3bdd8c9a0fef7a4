package fleet_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"

	"tare/internal/fleet"
)

// sum is a digest that stands for a text.
func sum(text string) digest.Digest { return digest.FromString(text) }

// plan is one of two images that share a layer.
func plan() *fleet.Plan {
	at := time.Date(2025, 1, 2, 3, 4, 5, 0, time.UTC)
	p := &fleet.Plan{
		Sources: []string{"registry.example:5000"},
		Images: []fleet.Image{
			{Digest: sum("a"), Config: sum("a config"), ManifestBytes: 10, ConfigBytes: 20, Names: []string{"registry.example/a:1", "registry.example/a:2"}, Platform: "linux/amd64", Created: &at,
				Layers: []fleet.Layer{{Digest: sum("base"), DiffID: sum("base tar"), Bytes: 100, MediaType: "x"}, {Digest: sum("top"), DiffID: sum("top tar"), Bytes: 10, MediaType: "x"}}},
			{Digest: sum("b"), Config: sum("b config"), Names: []string{"registry.example/b:1"}, Platform: "linux/arm64",
				Layers: []fleet.Layer{{Digest: sum("base"), DiffID: sum("base tar"), Bytes: 100, MediaType: "x"}}},
		},
		Unreadable: []fleet.Unreadable{{Name: "registry.example/secret", Why: "access denied"}},
	}
	slices.SortFunc(p.Images, func(a, b fleet.Image) int { return strings.Compare(string(a.Digest), string(b.Digest)) })
	p.Nodes = []fleet.Node{{Name: "n1", Images: []digest.Digest{p.Images[0].Digest}}, {Name: "n2", Images: []digest.Digest{p.Images[0].Digest, p.Images[1].Digest}}}
	return p
}

func encode(t testing.TB, p *fleet.Plan) []byte {
	t.Helper()
	b, err := p.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestPlansAreReadAsWritten(t *testing.T) {
	want := encode(t, plan())
	p, d, err := fleet.Decode(bytes.NewReader(want))
	if err != nil {
		t.Fatal(err)
	}
	if d != digest.FromBytes(want) {
		t.Errorf("the digest is %s", d)
	}
	if got := encode(t, p); !bytes.Equal(got, want) {
		t.Errorf("%s\nbecame\n%s", want, got)
	}
}

// Whatever is wrong with a plan is said, before anything is done with it.
func TestDamagedPlansAreRefused(t *testing.T) {
	good := string(encode(t, plan()))
	whole := func(change func(*fleet.Plan)) string {
		p := plan()
		change(p)
		return string(encode(t, p))
	}
	for _, c := range []struct{ name, text, want string }{
		{"nothing", "", "ends in the middle"},
		{"half", good[:len(good)/2], "ends in the middle"},
		{"a list", "[]", "stands where"},
		{"another schema", strings.Replace(good, fleet.PlanSchema, "tare.fleet-plan/v9", 1), "tare.fleet-plan/v9"},
		{"no schema", strings.Replace(good, `"schema": "`+fleet.PlanSchema+`",`, "", 1), "names no schema"},
		{"more behind it", good + "{}", "follows after its end"},
		{"a field of tomorrow", strings.Replace(good, `"sources"`, `"quota": 1, "sources"`, 1), `unknown field "quota"`},
		{"a field of tomorrow within", strings.Replace(good, `"platform"`, `"signed": true, "platform"`, 1), `unknown field "signed"`},
		{"a field twice", strings.Replace(good, `"sources"`, `"images": [], "sources"`, 1), "twice"},
		{"an image twice", whole(func(p *fleet.Plan) { p.Images[1] = p.Images[0] }), "there twice"},
		{"images not sorted", whole(func(p *fleet.Plan) { p.Images[0], p.Images[1] = p.Images[1], p.Images[0] }), "not sorted"},
		{"a name twice", whole(func(p *fleet.Plan) { p.Images[0].Names = []string{"a/b:1", "a/b:1"} }), "twice"},
		{"no name", whole(func(p *fleet.Plan) { p.Images[0].Names = nil }), "no names"},
		{"a name that is none", whole(func(p *fleet.Plan) { p.Images[0].Names = []string{"../../etc:1"} }), "name"},
		{"a digest that is none", whole(func(p *fleet.Plan) { p.Images[0].Layers[0].Digest = "sha256:../../x" }), "digest"},
		{"a DiffID that is none", whole(func(p *fleet.Plan) { p.Images[0].Layers[0].DiffID = "" }), "digest"},
		{"a length below 0", whole(func(p *fleet.Plan) { p.Images[0].Layers[0].Bytes = -1 }), "impossible"},
		{"a length beyond all", whole(func(p *fleet.Plan) { p.Images[0].Layers[0].Bytes = 1 << 62 }), "impossible"},
		{"a node's image", whole(func(p *fleet.Plan) { p.Nodes[0].Images = []digest.Digest{sum("nobody")} }), "not in the plan"},
		{"a node twice", whole(func(p *fleet.Plan) { p.Nodes[1].Name = "n1" }), "twice"},
		{"a pattern", whole(func(p *fleet.Plan) { p.Rules.Tags = "[" }), "tags"},
		{"a platform", whole(func(p *fleet.Plan) { p.Rules.Platform = "a/b/c/d" }), "platform"},
		{"no reason", whole(func(p *fleet.Plan) { p.Unreadable[0].Why = "" }), "no reason"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, _, err := fleet.Decode(strings.NewReader(c.text))
			if err == nil || !strings.Contains(err.Error(), "not a plan of tare fleet") || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v", err)
			}
		})
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(encode(f, plan()))
	f.Add([]byte(`{"schema":"tare.fleet-plan/v1","images":[{"digest":"sha256:"}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, _, err := fleet.Decode(bytes.NewReader(b))
		if err != nil {
			return
		}
		again, _, err := fleet.Decode(bytes.NewReader(encode(t, p)))
		if err != nil {
			t.Fatalf("a plan that is read cannot be written and read again: %v", err)
		}
		x, _ := json.Marshal(p)
		y, _ := json.Marshal(again)
		if !bytes.Equal(x, y) {
			t.Errorf("%s became %s", x, y)
		}
	})
}

// Each layer is of one shard, and shards are about equal.
func TestLayersAreDividedAmongShards(t *testing.T) {
	for _, n := range []int{1, 2, 3, 4, 7} {
		count := make([]int, n+1)
		for i := range 7000 {
			s := fleet.ShardOf(sum(fmt.Sprint(i)), n)
			if s < 1 || s > n {
				t.Fatalf("shard %d of %d", s, n)
			}
			count[s]++
		}
		for s := 1; s <= n; s++ {
			if got := count[s] * n; got < 6200 || got > 7800 {
				t.Errorf("shard %d of %d has %d of 7000 layers", s, n, count[s])
			}
		}
	}
}

func TestBlobsAreThereOnce(t *testing.T) {
	p := plan()
	p.Images[0].Layers = append(p.Images[0].Layers, p.Images[0].Layers[0])
	b := p.Blobs()
	if len(b) != 2 || !slices.IsSortedFunc(b, func(x, y fleet.Blob) int { return strings.Compare(string(x.Digest), string(y.Digest)) }) {
		t.Fatalf("%+v", b)
	}
	for _, x := range b {
		want := map[digest.Digest]int{sum("base"): 2, sum("top"): 1}[x.Digest]
		if len(x.Images) != want || len(x.Claims) != 1 {
			t.Errorf("%s: %d images, %d claims", x.Digest, len(x.Images), len(x.Claims))
		}
	}
	p.Images[1].Layers[0].DiffID = sum("a lie")
	if b := p.Blobs(); len(b[0].Claims)+len(b[1].Claims) != 3 {
		t.Errorf("%+v", b)
	}
}
