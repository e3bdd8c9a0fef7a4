package buildkit

import (
	"context"

	"github.com/moby/buildkit/client"
	gateway "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/solver/pb"

	"tare/internal/definition"
	"tare/internal/engine"
)

// solveDefined solves through the frontend as buildx does, as a client of the gateway:
// so the frontend's definition, with the lines of the Dockerfile, passes through our
// hands on its way to the solver. The provenance attestation would tell the same, but
// would stand in the user's image.
func (b *builder) solveDefined(ctx context.Context, s *solve, out *engine.Built, events chan *client.SolveStatus) (*client.SolveResponse, error) {
	frontend := s.Frontend
	return b.conn.Build(ctx, s.SolveOpt, "tare", func(ctx context.Context, c gateway.Client) (*gateway.Result, error) {
		res, err := c.Solve(ctx, gateway.SolveRequest{Frontend: frontend, FrontendOpt: c.BuildOpts().Opts})
		if err != nil {
			return nil, err
		}
		// What is not known of a definition costs a sentence later, and no build.
		if d, err := definition.Read(definitions(ctx, res)...); err == nil {
			out.Ops, out.Dockerfile = d.Ops, d.Dockerfile
		}
		return res, nil
	}, events)
}

// definitions are those of a result, one for each platform.
func definitions(ctx context.Context, res *gateway.Result) []*pb.Definition {
	var out []*pb.Definition
	_ = res.EachRef(func(ref gateway.Reference) error {
		st, err := ref.ToState()
		if err != nil {
			return nil //nolint:nilerr // an old builder does not tell
		}
		if def, err := st.Marshal(ctx); err == nil {
			out = append(out, def.ToPB())
		}
		return nil
	})
	return out
}
