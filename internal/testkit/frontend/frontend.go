// Package frontend makes definitions of builds for tests: with BuildKit's own Dockerfile
// frontend, and without a builder.
package frontend

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/client/llb/sourceresolver"
	"github.com/moby/buildkit/frontend/dockerfile/dockerfile2llb"
	"github.com/moby/buildkit/frontend/dockerui"
	"github.com/moby/buildkit/solver/pb"
	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/definition"
	"tare/internal/engine"
)

// Build is a build as BuildKit's Dockerfile frontend sees it, without a builder.
type Build struct {
	Target string
	Args   map[string]string
	// Bases are what images are by name: a text that their digest is made of.
	Bases map[string]string
	// OnBuild are the triggers of images by name.
	OnBuild map[string][]string
	NoCache []int // lines; the frontend marks them for --no-cache
}

// Definition is what BuildKit's own frontend makes of a Dockerfile.
func Definition(t testing.TB, src string, f Build) *definition.Definition {
	t.Helper()
	caps := pb.Caps.CapSet(pb.Caps.All())
	local := llb.Local("context", llb.SessionID(t.Name()+src), llb.SharedKeyHint("context"))
	cfg := dockerui.Config{BuildArgs: f.Args, Target: f.Target}
	res, err := dockerfile2llb.Dockerfile2LLB(t.Context(), []byte(src), dockerfile2llb.ConvertOpt{
		Config: cfg, MainContext: &local, MetaResolver: bases(f), LLBCaps: &caps,
		SourceMap: llb.NewSourceMap(nil, "Dockerfile", "Dockerfile", []byte(src)),
	})
	if err != nil {
		t.Fatal(err)
	}
	def, err := res.State.Marshal(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	out, err := definition.Read(def.ToPB())
	if err != nil {
		t.Fatal(err)
	}
	for i := range out.Ops {
		for _, l := range out.Ops[i].Lines {
			out.Ops[i].NoCache = out.Ops[i].NoCache || slices.Contains(f.NoCache, l[0])
		}
	}
	return out
}

type bases Build

// ResolveImageConfig implements llb.ImageMetaResolver.
func (b bases) ResolveImageConfig(_ context.Context, ref string, _ sourceresolver.Opt) (string, digest.Digest, []byte, error) {
	name := strings.TrimSuffix(strings.TrimPrefix(strings.TrimPrefix(ref, "docker.io/"), "library/"), ":latest")
	img := dockerspec.DockerOCIImage{Image: ocispec.Image{Platform: ocispec.Platform{OS: "linux", Architecture: "amd64"}}}
	img.RootFS.DiffIDs = []digest.Digest{digest.FromString(name + b.Bases[name])} // else it is scratch
	img.Config.Env = []string{"PATH=/bin"}
	img.Config.OnBuild = b.OnBuild[name]
	raw, err := json.Marshal(img)
	return ref, digest.FromString(name + b.Bases[name]), raw, err
}

// Steps are the steps of a build in which exactly the operations of these lines were
// carried out, a second each, and all else came from the cache. A line of 0 is every one.
func Steps(d *definition.Definition, ran ...int) []engine.Step {
	var out []engine.Step
	at := 0.0
	for _, op := range d.Ops {
		s := engine.Step{Digest: op.Digest, Inputs: op.Inputs, Name: op.Name, Cached: true}
		for _, l := range op.Lines {
			for _, r := range ran {
				if r == 0 || r == l[0] {
					s.Cached = false
				}
			}
		}
		if !s.Cached {
			s.Start, s.End, s.Busy = at, at+1, 1
			at++
		}
		out = append(out, s)
	}
	return out
}
