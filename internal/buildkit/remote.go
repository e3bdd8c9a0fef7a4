package buildkit

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"syscall"

	"github.com/containerd/console"
	"github.com/containerd/containerd/v2/core/content"
	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/client/connhelper"
	_ "github.com/moby/buildkit/client/connhelper/dockercontainer" // docker-container://NAME
	_ "github.com/moby/buildkit/client/connhelper/kubepod"         // kube-pod://POD
	_ "github.com/moby/buildkit/client/connhelper/podmancontainer" // podman-container://NAME
	_ "github.com/moby/buildkit/client/connhelper/ssh"             // ssh://HOST
	"github.com/moby/buildkit/client/llb"
	gateway "github.com/moby/buildkit/frontend/gateway/client"
	gatewaypb "github.com/moby/buildkit/frontend/gateway/pb"
	"github.com/moby/buildkit/solver/pb"

	"tare/internal/container"
	"tare/internal/engine"
)

// Remote is an Engine on a buildkitd at an address.
type Remote struct {
	b    *builder
	addr string
}

// OpenRemote connects to a buildkitd: unix://, tcp://, docker-container://,
// kube-pod://, podman-container:// or ssh://.
func OpenRemote(ctx context.Context, addr string, opt Options) (*Remote, error) {
	if !strings.Contains(addr, "://") {
		return nil, fmt.Errorf("builder %q: want an address such as unix:///run/buildkit/buildkitd.sock or tcp://HOST:1234", addr)
	}
	var opts []client.ClientOpt
	h, err := connhelper.GetConnectionHelper(addr)
	if err != nil {
		return nil, fmt.Errorf("builder %s: %w", addr, err)
	}
	if h != nil {
		opts = append(opts, client.WithContextDialer(h.ContextDialer))
	}
	cl, err := client.New(ctx, addr, opts...)
	if err != nil {
		return nil, fmt.Errorf("builder %s: %w", addr, err)
	}
	if _, err := cl.Info(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("builder %s does not answer: %w; is buildkitd running there?", addr, err), cl.Close())
	}
	return &Remote{addr: addr, b: &builder{opt: opt, conn: cl, remote: true, addr: addr}}, nil
}

// Build implements engine.Engine.
func (r *Remote) Build(ctx context.Context, req engine.Build) (*engine.Built, error) {
	return r.b.build(ctx, req)
}

// Usage implements engine.Engine.
func (r *Remote) Usage(ctx context.Context) (engine.Usage, error) { return r.b.usage(ctx) }

// Prune implements engine.Engine.
func (r *Remote) Prune(ctx context.Context, all bool, keep int64) (engine.Pruned, error) {
	return r.b.prune(ctx, all, keep)
}

// Close implements engine.Engine.
func (r *Remote) Close() error { return r.b.conn.Close() }

// Run implements engine.Engine through the gateway's containers, which know no
// mounts of the client's files and no limits.
func (r *Remote) Run(ctx context.Context, run engine.Run) (int, error) {
	if err := r.honourable(run); err != nil {
		return 0, &engine.StartError{Code: 125, Err: err}
	}
	if run.Cost != nil {
		// Its memory is not ours to see, and its time includes the way there.
		m := container.NewMeter(&run)
		defer func() { m.Stop(run.Cost) }()
	}
	code, started := 0, false
	opt := client.SolveOpt{Internal: true, OCIStores: map[string]content.Store{"tare-store": r.b.opt.Store.Content()}}
	mode := pb.NetMode_UNSET
	if run.Network == "none" {
		mode = pb.NetMode_NONE
	}
	_, err := r.b.conn.Build(ctx, opt, "tare", func(ctx context.Context, c gateway.Client) (*gateway.Result, error) {
		d := run.Image.Manifest
		st := llb.OCILayout("tare.local/run@"+d.Digest.String(), llb.OCIStore("", "tare-store"))
		def, err := st.Marshal(ctx, llb.Platform(run.Image.Platform()))
		if err != nil {
			return nil, err
		}
		res, err := c.Solve(ctx, gateway.SolveRequest{Definition: def.ToPB(), Evaluate: true})
		if err != nil {
			return nil, err
		}
		ref, err := res.SingleRef()
		if err != nil {
			return nil, err
		}
		ctr, err := c.NewContainer(ctx, gateway.NewContainerRequest{
			Mounts:   []gateway.Mount{{Dest: "/", MountType: pb.MountType_BIND, Ref: ref}},
			NetMode:  mode,
			Hostname: run.Hostname,
		})
		if err != nil {
			return nil, err
		}
		defer func() { _ = ctr.Release(context.WithoutCancel(ctx)) }()
		code, started, err = r.process(ctx, ctr, run)
		return gateway.NewResult(), err
	}, nil)
	if err != nil && !started {
		return 0, &engine.StartError{Code: startCodeOf(err), Err: err}
	}
	return code, err
}

func (r *Remote) honourable(run engine.Run) error {
	for _, f := range []struct {
		given bool
		flag  string
	}{
		{len(run.Mounts) > 0, "-v, --mount and --tmpfs"}, {run.Memory > 0, "-m"}, {run.NanoCPUs > 0, "--cpus"},
		{len(run.CapAdd)+len(run.CapDrop) > 0, "--cap-add and --cap-drop"}, {run.Init, "--init"}, {run.ReadOnly, "--read-only"},
		{len(run.ExtraHosts) > 0, "--add-host"}, {run.ShmSize > 0, "--shm-size"}, {run.Watch != nil, "a trace"},
	} {
		if f.given {
			return fmt.Errorf("a remote builder (%s) cannot do %s; omit --builder to run it here", r.addr, f.flag)
		}
	}
	return nil
}

func (r *Remote) process(ctx context.Context, ctr gateway.Container, run engine.Run) (int, bool, error) {
	var stdin io.ReadCloser
	if run.Stdin != nil {
		stdin = run.Stdin
	}
	var con console.Console
	if run.TTY && run.Stdin != nil {
		if c, err := console.ConsoleFromFile(run.Stdin); err == nil {
			con = c
			if err := con.SetRaw(); err != nil {
				return 0, false, err
			}
			defer func() { _ = con.Reset() }()
		}
	}
	said := &head{Writer: run.Stderr}
	stdout, stderr := run.Stdout, io.Writer(said)
	if run.TTY {
		said.Writer = run.Stdout
		stdout, stderr = said, run.Stderr
	}
	p, err := ctr.Start(ctx, gateway.StartRequest{
		Args: run.Args, Env: run.Env, User: run.User, Cwd: run.Dir, Tty: run.TTY,
		Stdin: stdin, Stdout: nopCloser{stdout}, Stderr: nopCloser{stderr},
	})
	if err != nil {
		return 0, false, err
	}
	done := make(chan struct{})
	defer close(done)
	go func() {
		resize := func() {
			if con != nil {
				if sz, err := con.Size(); err == nil {
					_ = p.Resize(ctx, gateway.WinSize{Rows: uint32(sz.Height), Cols: uint32(sz.Width)})
				}
			}
		}
		resize()
		for {
			select {
			case <-done:
				return
			case s := <-run.Signal:
				if isResize(s) {
					resize()
				} else if n, ok := s.(syscall.Signal); ok {
					_ = p.Signal(ctx, n)
				}
			}
		}
	}()
	err = p.Wait()
	var exit *gatewaypb.ExitError
	if errors.As(err, &exit) {
		if exit.ExitCode >= gatewaypb.UnknownExitStatus {
			return 0, false, err
		}
		if _, why, ok := strings.Cut(said.String(), "unable to start container process: "); ok && exit.ExitCode == 1 {
			return 0, false, errors.New(strings.TrimSpace(why))
		}
		return int(exit.ExitCode), true, nil
	}
	return 0, true, err
}

// startCodeOf is Docker's exit code for a container that did not start.
func startCodeOf(err error) int {
	switch why := err.Error(); {
	case strings.Contains(why, "executable file not found"), strings.Contains(why, "no such file or directory"):
		return 127
	case strings.Contains(why, "permission denied"):
		return 126
	}
	return 125
}

// head keeps the beginning of what passes: of a program that could not be started
// the builder tells only the runtime's exit code, 1, and as the program's output the
// runtime's "runc run failed: unable to start container process: …".
type head struct {
	io.Writer
	mu   sync.Mutex
	kept []byte
}

func (h *head) Write(b []byte) (int, error) {
	h.mu.Lock()
	h.kept = append(h.kept, b[:min(len(b), 512-len(h.kept))]...)
	h.mu.Unlock()
	return h.Writer.Write(b)
}

func (h *head) String() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !strings.HasPrefix(string(h.kept), "runc run failed: ") {
		return ""
	}
	return string(h.kept)
}

type nopCloser struct{ io.Writer }

func (nopCloser) Close() error { return nil }

var _ engine.Engine = (*Remote)(nil)
