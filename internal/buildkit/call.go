package buildkit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/moby/buildkit/client"
	gateway "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/frontend/subrequests/lint"
	"github.com/moby/buildkit/frontend/subrequests/outline"
	"github.com/moby/buildkit/frontend/subrequests/targets"
	"github.com/moby/buildkit/util/progress/progressui"

	"tare/internal/engine"
	"tare/internal/screen"
	"tare/internal/units"
)

// ErrChecks says that --check found something. What it found is on stdout.
var ErrChecks = errors.New("the Dockerfile checks found problems")

// call asks the frontend a question about the Dockerfile instead of building it.
func (b *builder) call(ctx context.Context, req engine.Build, s *solve) (*engine.Built, error) {
	ids := map[string]string{"check": "frontend.lint", "lint": "frontend.lint", "outline": "frontend.outline", "targets": "frontend.targets"}
	id, ok := ids[req.Call]
	if !ok {
		return nil, fmt.Errorf("--call %q: want check, outline or targets", req.Call)
	}
	attrs := s.FrontendAttrs
	attrs["requestid"] = id
	s.Exports, s.CacheExports = nil, nil
	var meta map[string][]byte
	ch := make(chan *client.SolveStatus)
	display, err := progressui.NewDisplay(screen.Raw(req.Stderr), progressui.QuietMode)
	if err != nil {
		return nil, err
	}
	shown := make(chan error, 1)
	go func() {
		_, err := display.UpdateFrom(context.WithoutCancel(ctx), ch)
		shown <- err
	}()
	opt := s.SolveOpt
	opt.Frontend, opt.FrontendAttrs, opt.Internal = "", nil, true
	_, err = b.conn.Build(ctx, opt, "tare", func(ctx context.Context, c gateway.Client) (*gateway.Result, error) {
		res, err := c.Solve(ctx, gateway.SolveRequest{Frontend: "dockerfile.v0", FrontendOpt: attrs})
		if err != nil {
			return nil, err
		}
		meta = res.Metadata
		return gateway.NewResult(), nil
	}, ch)
	if err := errors.Join(err, <-shown); err != nil {
		return nil, failed(err, req)
	}
	raw := meta["result.json"]
	switch id {
	case "frontend.outline":
		err = outline.PrintOutline(raw, req.Stdout)
	case "frontend.targets":
		err = targets.PrintTargets(raw, req.Stdout)
	default:
		err = printChecks(raw, req)
	}
	return &engine.Built{}, err
}

func printChecks(raw []byte, req engine.Build) error {
	var found lint.LintResults
	if err := json.Unmarshal(raw, &found); err != nil {
		return fmt.Errorf("the builder's answer to --check: %w", err)
	}
	n := len(found.Warnings)
	switch {
	case n == 0 && found.Error == nil:
		_, err := fmt.Fprintln(req.Stdout, "Check complete, no warnings found.")
		return err
	case found.Error == nil:
		_, _ = fmt.Fprintf(req.Stdout, "Check complete, %s found!\n", units.Plural(n, "warning"))
	}
	if err := found.PrintTo(req.Stdout, nil); err != nil {
		return err
	}
	found.PrintErrorTo(req.Stdout, nil)
	if found.Error != nil {
		said := errors.New(found.Error.Message)
		if err := explain(said, req); err.Error() != said.Error() {
			return fmt.Errorf("check: %s", strings.TrimPrefix(err.Error(), said.Error()+"\n  "))
		}
	}
	return ErrChecks
}
