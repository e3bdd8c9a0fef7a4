package buildkit

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/containerd/containerd/v2/core/mount"
	"github.com/moby/buildkit/client"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"tare/internal/socket"
)

// socketName is the socket in the engine's directory on which the tare that has
// the engine open serves the others.
const socketName = "engine.sock"

// serve offers the engine to other processes of the same user while it is open.
func (o *owner) serve(root string) error {
	path := filepath.Join(root, socketName)
	_ = os.Remove(path) // stale: we hold the lock
	l, err := socket.Listen(path)
	if err != nil {
		return err
	}
	o.joined = socket.Count(l, path)
	go func() { _ = o.srv.Serve(o.joined) }()
	return nil
}

// join connects to the tare that has the engine open.
func (e *Embedded) join(ctx context.Context) error {
	dial := func(ctx context.Context, _ string) (net.Conn, error) {
		short, done, err := socket.Short(filepath.Join(e.root, socketName))
		if err != nil {
			return nil, err
		}
		defer done()
		return new(net.Dialer).DialContext(ctx, "unix", short)
	}
	probe, err := dial(ctx, "")
	if err != nil {
		return err
	}
	// The probe stays open until the real connection stands, so that the owner
	// does not leave in between.
	defer func() { _ = probe.Close() }()
	cl, err := client.New(ctx, "tcp://engine", client.WithContextDialer(dial))
	if err != nil {
		return err
	}
	pctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if _, err := cl.Info(pctx); err != nil {
		return errors.Join(err, cl.Close())
	}
	cc, err := grpc.NewClient("passthrough:///engine", grpc.WithContextDialer(dial), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return errors.Join(err, cl.Close())
	}
	e.conn = cl
	e.prep = func(ctx context.Context, r rootfsRequest) ([]mount.Mount, error) {
		var m []mount.Mount
		return m, ask(ctx, cc, rootfsMethod, r, &m)
	}
	e.costs = func(ctx context.Context) (map[string]cost, error) {
		var c map[string]cost
		return c, ask(ctx, cc, costsMethod, struct{}{}, &c)
	}
	e.close = cc.Close
	return nil
}

// The calls beyond BuildKit's own API that clients need: unpack these layers and say how
// to mount them; say what the records of the cache have on the disk. JSON in protobuf's
// BytesValue, since both sides are the same program and a generated service would be
// more than the calls.
const (
	rootfsMethod = "/tare.engine.v1.Rootfs/Prepare"
	costsMethod  = "/tare.engine.v1.Rootfs/Costs"
)

// rootfsRequest names the layers of an image, bottom first.
type rootfsRequest struct {
	Layers []layerRef `json:"layers"`
}

func registerRootfs(s *grpc.Server, o *owner) {
	s.RegisterService(&grpc.ServiceDesc{
		ServiceName: "tare.engine.v1.Rootfs",
		HandlerType: (*any)(nil),
		Methods: []grpc.MethodDesc{
			{MethodName: "Prepare", Handler: answer(o.rootfs)},
			{MethodName: "Costs", Handler: answer(func(ctx context.Context, _ struct{}) (map[string]cost, error) { return o.costs(ctx) })},
		},
	}, nil)
}

// answer makes a handler of a function.
func answer[Q, A any](f func(context.Context, Q) (A, error)) grpc.MethodHandler {
	return func(_ any, ctx context.Context, dec func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
		var in wrapperspb.BytesValue
		if err := dec(&in); err != nil {
			return nil, err
		}
		var q Q
		if err := json.Unmarshal(in.Value, &q); err != nil {
			return nil, err
		}
		a, err := f(ctx, q)
		if err != nil {
			return nil, err
		}
		b, err := json.Marshal(a)
		return wrapperspb.Bytes(b), err
	}
}

func ask(ctx context.Context, cc *grpc.ClientConn, method string, question, answer any) error {
	b, err := json.Marshal(question)
	if err != nil {
		return err
	}
	var out wrapperspb.BytesValue
	if err := cc.Invoke(ctx, method, wrapperspb.Bytes(b), &out, grpc.MaxCallRecvMsgSize(64<<20)); err != nil {
		return err
	}
	return json.Unmarshal(out.Value, answer)
}
