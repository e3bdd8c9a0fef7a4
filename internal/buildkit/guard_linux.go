package buildkit

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"

	"github.com/moby/buildkit/client/llb/sourceresolver"
	frontend "github.com/moby/buildkit/frontend/dockerfile/builder"
	"github.com/moby/buildkit/frontend/dockerui"
	"github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/solver/errdefs"
	"github.com/moby/buildkit/solver/pb"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/dockerfile"
)

// guardedFrontend is BuildKit's Dockerfile frontend behind tare's limits. It expands
// variables in this process, without limits of its own: ten lines can ask for more
// memory than there is. Wherever the Dockerfile comes from (here, git, a tar, a URL),
// it is checked before it is expanded, and again when a base image brings variables.
func guardedFrontend(ctx context.Context, c client.Client) (*client.Result, error) {
	ui, err := dockerui.NewClient(c)
	if err != nil {
		return nil, err
	}
	src, err := ui.ReadEntrypoint(ctx, "Dockerfile")
	if err != nil {
		return nil, err
	}
	args := map[string]string{}
	for k, v := range c.BuildOpts().Opts {
		if name, ok := strings.CutPrefix(k, "build-arg:"); ok {
			args[name] = v
		}
	}
	g := &guard{Client: c, src: src, given: dockerfile.Given{Args: args, Env: map[string]int64{}}}
	return unlessInterrupted(ctx, func() (*client.Result, error) {
		if err := g.check(); err != nil {
			return nil, err
		}
		return frontend.Build(ctx, g)
	})
}

// guard checks the Dockerfile again for every base image that matters to it.
type guard struct {
	client.Client
	src   *dockerui.Source
	mu    sync.Mutex
	given dockerfile.Given
}

// ResolveImageConfig implements client.Client.
func (g *guard) ResolveImageConfig(ctx context.Context, ref string, opt sourceresolver.Opt) (string, digest.Digest, []byte, error) {
	name, d, config, err := g.Client.ResolveImageConfig(ctx, ref, opt)
	if err == nil {
		err = g.base(config)
	}
	return name, d, config, err
}

// base takes the variables and triggers of a base image into account: the longest of
// each name, since which stage starts from which image depends on variables.
func (g *guard) base(config []byte) error {
	var img ocispec.Image
	var triggers struct {
		Config struct{ OnBuild []string }
	}
	if json.Unmarshal(config, &img) != nil || json.Unmarshal(config, &triggers) != nil {
		return nil // the frontend says what is wrong with it
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	again := len(triggers.Config.OnBuild) > 0
	g.given.OnBuild = append(g.given.OnBuild, triggers.Config.OnBuild...)
	for _, kv := range img.Config.Env {
		name, value, _ := strings.Cut(kv, "=")
		n := int64(len(value))
		if n > g.given.Env[name] {
			g.given.Env[name] = n
			again = again || n > dockerfile.Unknown
		}
	}
	if len(g.given.Env) > dockerfile.MaxVariables {
		return errors.New("the base images set more variables than tare builds with")
	}
	if !again {
		return nil
	}
	return g.check()
}

// check reports with the lines of the Dockerfile, as the frontend does.
func (g *guard) check() error {
	err := dockerfile.Check(g.src.Data, g.given)
	var l *dockerfile.LimitError
	if !errors.As(err, &l) || l.Lines[0] == 0 || g.src.SourceMap == nil {
		return err
	}
	m := g.src.SourceMap
	return errdefs.WithSource(err, &errdefs.Source{
		Info:   &pb.SourceInfo{Data: m.Data, Filename: m.Filename, Language: m.Language, Definition: m.Definition.ToPB()},
		Ranges: []*pb.Range{{Start: &pb.Position{Line: int32(l.Lines[0])}, End: &pb.Position{Line: int32(l.Lines[1])}}},
	})
}
