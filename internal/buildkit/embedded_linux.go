package buildkit

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/containerd/containerd/v2/core/mount"
	"github.com/containerd/containerd/v2/defaults"
	"github.com/gofrs/flock"
	"github.com/moby/buildkit/cache/metadata"
	"github.com/moby/buildkit/cache/remotecache"
	inlinecache "github.com/moby/buildkit/cache/remotecache/inline"
	localcache "github.com/moby/buildkit/cache/remotecache/local"
	registrycache "github.com/moby/buildkit/cache/remotecache/registry"
	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/cmd/buildkitd/config"
	"github.com/moby/buildkit/control"
	"github.com/moby/buildkit/frontend"
	"github.com/moby/buildkit/frontend/gateway"
	"github.com/moby/buildkit/frontend/gateway/forwarder"
	"github.com/moby/buildkit/session"
	"github.com/moby/buildkit/solver"
	"github.com/moby/buildkit/solver/bboltcachestorage"
	"github.com/moby/buildkit/util/db/boltutil"
	"github.com/moby/buildkit/util/grpcerrors"
	"github.com/moby/buildkit/version"
	"github.com/moby/buildkit/worker"
	"github.com/moby/buildkit/worker/base"
	bolt "go.etcd.io/bbolt"
	"google.golang.org/grpc"
	"google.golang.org/grpc/test/bufconn"

	"tare/internal/container"
	"tare/internal/emulation"
	"tare/internal/socket"
)

// owner is a BuildKit that runs in this process and owns the state directory.
type owner struct {
	opt    Options
	root   string
	worker *base.Worker
	back   *blobs
	// records is what BuildKit knows of its cache.
	records *metadata.Store
	lis     *bufconn.Listener
	srv     *grpc.Server
	ctl     *control.Controller
	lock    *flock.Flock
	stop    context.CancelFunc
	joined  *socket.Counted
	files   []io.Closer // databases, which BuildKit's controller leaves open
	// doubtful says why what is kept of build contexts may be wrong: nothing can be
	// built with it, but the cache can be pruned.
	doubtful error
	umask    func() // gives the process its umask back
	// now is closed when close must not wait for those who joined; nil if it always may.
	now <-chan struct{}
}

func (o *owner) later(c io.Closer) { o.files = append(o.files, c) }

// errLocked says that another process owns the state directory.
var errLocked = errors.New("the engine is in use by another tare")

// openOwner starts BuildKit on root, which must not be owned by a live process.
func openOwner(ctx context.Context, root string, opt Options) (_ *owner, err error) {
	if err := container.PrivateDir(root); err != nil {
		return nil, fmt.Errorf("engine state: %w", err)
	}
	// bbolt would block without end on its own lock, without a word: ours comes first.
	o := &owner{opt: opt, root: root, lock: flock.New(filepath.Join(root, "engine.lock"))}
	ok, err := o.lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("engine state: %w", err)
	}
	if !ok {
		return nil, errLocked
	}
	o.umask = container.DropUmask()
	defer func() {
		if err != nil {
			for _, f := range o.files {
				_ = f.Close()
			}
			o.umask()
			_ = o.lock.Unlock()
		}
	}()
	if err := o.start(ctx, root); err != nil {
		return nil, fmt.Errorf("start the build engine in %s: %w", root, err)
	}
	if err := o.serve(root); err != nil {
		return nil, errors.Join(fmt.Errorf("start the build engine: %w", err), o.close(nil))
	}
	return o, nil
}

func (o *owner) start(ctx context.Context, root string) error {
	if o.opt.Version != "" {
		version.Version = o.opt.Version // which only buildkitd's own build sets
	}
	rt, err := container.FindRuntime(o.opt.Runtime)
	if err != nil {
		return err
	}
	if o.worker, o.back, o.records, err = newWorker(ctx, root, rt, o.opt, o.later); err != nil {
		return err
	}
	if o.doubtful = watchContexts(ctx, root, o.worker); ctx.Err() != nil {
		return ctx.Err()
	}
	wc := &worker.Controller{}
	if err := wc.Add(emulation.Remember(o.worker, root)); err != nil {
		return err
	}
	sm, err := session.NewManager()
	if err != nil {
		return err
	}
	gw, err := gateway.NewGatewayFrontend(wc.Infos(), nil)
	if err != nil {
		return err
	}
	cache, err := bboltcachestorage.NewStore(filepath.Join(root, "cache.db"))
	if err != nil {
		return err
	}
	o.later(cache)
	history, err := boltutil.SafeOpen(filepath.Join(root, "history.db"), 0o600, &bolt.Options{FreelistType: bolt.FreelistMapType})
	if err != nil {
		return err
	}
	o.later(history)
	runCtx, stop := context.WithCancel(context.WithoutCancel(ctx))
	o.stop = stop
	o.ctl, err = control.NewController(control.Opt{
		SessionManager:   sm,
		WorkerController: wc,
		Frontends: map[string]frontend.Frontend{
			"dockerfile.v0": forwarder.NewGatewayForwarder(wc.Infos(), guardedFrontend),
			"gateway.v0":    gw,
		},
		CacheManager: solver.NewCacheManager(runCtx, "local", cache, worker.NewCacheResultStorage(wc)),
		CacheStore:   cache,
		HistoryDB:    history,
		// tare shows no history of builds, and what BuildKit keeps for one (two blobs a
		// build) it removes only every two minutes and after two days: short commands
		// never live to see that. So none is recorded.
		HistoryConfig: &config.HistoryConfig{MaxEntries: new(int64)},
		LeaseManager:  o.worker.LeaseManager(),
		ContentStore:  o.worker.ContentStore(),
		ResolveCacheExporterFuncs: map[string]remotecache.ResolveCacheExporterFunc{
			"registry": registrycache.ResolveCacheExporterFunc(sm, o.opt.Hosts),
			"local":    localcache.ResolveCacheExporterFunc(sm),
			"inline":   inlinecache.ResolveCacheExporterFunc(),
		},
		ResolveCacheImporterFuncs: map[string]remotecache.ResolveCacheImporterFunc{
			"registry": registrycache.ResolveCacheImporterFunc(sm, o.worker.ContentStore(), o.opt.Hosts),
			"local":    localcache.ResolveCacheImporterFunc(sm),
		},
		Entitlements:   []string{"network.host", "security.insecure"},
		GarbageCollect: o.worker.GarbageCollect,
		GracefulStop:   runCtx.Done(),
	})
	if err != nil {
		return err
	}
	o.srv = o.server()
	registerRootfs(o.srv, o)
	o.lis = bufconn.Listen(1 << 20)
	go func() { _ = o.srv.Serve(o.lis) }()
	return nil
}

// server serves BuildKit's API; what more asks is asked before each call.
func (o *owner) server(more ...grpc.ServerOption) *grpc.Server {
	s := grpc.NewServer(append(more,
		grpc.ChainUnaryInterceptor(grpcerrors.UnaryServerInterceptor),
		grpc.ChainStreamInterceptor(grpcerrors.StreamServerInterceptor),
		grpc.MaxRecvMsgSize(defaults.DefaultMaxRecvMsgSize),
		grpc.MaxSendMsgSize(defaults.DefaultMaxSendMsgSize),
		grpc.WaitForHandlers(true),
	)...)
	o.ctl.Register(s)
	return s
}

// stop cancels what clients still do, and gives it a moment to remove its containers.
func stop(s *grpc.Server) {
	done := make(chan struct{})
	go func() { s.Stop(); close(done) }()
	select {
	case <-done:
	case <-time.After(3 * time.Second):
	}
}

func (o *owner) client(ctx context.Context) (*client.Client, error) {
	return client.New(ctx, "tcp://in-process", client.WithContextDialer(
		func(ctx context.Context, _ string) (net.Conn, error) { return o.lis.DialContext(ctx) }))
}

// close lets clients finish, then stops BuildKit and gives the state directory back.
func (o *owner) close(waiting func(string)) error {
	if o.joined != nil {
		o.joined.Leave(o.now, func() {
			if waiting != nil {
				waiting("done; waiting for another tare that uses this engine (Ctrl-C leaves at once and ends its work)")
			}
		})
	}
	o.stop()
	stop(o.srv)
	err := o.ctl.Close()
	for n := len(o.files) - 1; n >= 0; n-- {
		_ = o.files[n].Close() // some are closed by the controller already
	}
	container.RemoveCgroups(container.CgroupParent(o.root))
	makeReserve(o.root, o.opt.MakeRoom)
	o.umask()
	return errors.Join(err, o.lock.Unlock())
}

// Embedded is an Engine on the BuildKit in this process, or on that of another
// tare which has it open at the moment.
type Embedded struct {
	opt   Options
	root  string
	own   *owner         // nil for a client of another process
	conn  *client.Client // to own, or to the other's socket
	prep  func(ctx context.Context, layers rootfsRequest) ([]mount.Mount, error)
	costs func(ctx context.Context) (map[string]cost, error)
	close func() error
}

// OpenEmbedded opens the engine whose state is beside the image store. If another
// tare has it open, this one becomes its client. Callers must have called
// container.EnterRootless before, so that this process may mount.
func OpenEmbedded(ctx context.Context, opt Options) (*Embedded, error) {
	e := &Embedded{opt: opt, root: opt.Store.EngineRoot()}
	told := time.Now().Add(time.Second) // short waits need no words
	for {
		own, err := openOwner(ctx, e.root, opt)
		if full(err) {
			own, err = openOnFull(ctx, e.root, opt, err)
		}
		if err == nil {
			e.own = own
			if e.conn, err = own.client(ctx); err != nil {
				return nil, errors.Join(err, own.close(nil))
			}
			e.prep, e.costs = own.rootfs, own.costs
			e.close = func() error { return own.close(opt.Waiting) }
			return e, nil
		}
		if !errors.Is(err, errLocked) {
			return nil, err
		}
		if !opt.Own && e.join(ctx) == nil {
			return e, nil
		}
		// The owner is just starting or just leaving.
		if opt.Waiting != nil && time.Now().After(told) {
			opt.Waiting("waiting for another tare that uses the engine")
			told = time.Now().Add(time.Hour)
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("wait for the engine: %w", ctx.Err())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// openOnFull opens the engine to prune it on a disk without room: why says so.
func openOnFull(ctx context.Context, root string, opt Options, why error) (*owner, error) {
	if opt.MakeRoom {
		// What was derived from layers may go as well.
		for _, room := range []func() error{func() error { return os.RemoveAll(reserveDir(root)) }, opt.Store.ClearCache} {
			if err := room(); err != nil {
				return nil, errors.Join(why, err)
			}
			own, err := openOwner(ctx, root, opt)
			if !full(err) {
				return own, err
			}
		}
	}
	return nil, fmt.Errorf("%w; make room: remove images (tare rmi) or all of the build cache (tare builder prune -a)", why)
}

// Close releases the engine.
func (e *Embedded) Close() error {
	if e.close == nil {
		return nil // closed by Run already
	}
	_ = e.conn.Close()
	c := e.close
	e.close = nil
	return c()
}
