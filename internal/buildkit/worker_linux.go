package buildkit

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/containerd/containerd/v2/core/diff/apply"
	ctdmeta "github.com/containerd/containerd/v2/core/metadata"
	"github.com/containerd/containerd/v2/core/snapshots"
	"github.com/containerd/containerd/v2/plugins/content/local"
	"github.com/containerd/containerd/v2/plugins/diff/walking"
	"github.com/containerd/containerd/v2/plugins/snapshots/native"
	"github.com/containerd/containerd/v2/plugins/snapshots/overlay"
	"github.com/containerd/containerd/v2/plugins/snapshots/overlay/overlayutils"
	"github.com/containerd/platforms"
	"github.com/moby/buildkit/cache/metadata"
	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/executor/oci"
	"github.com/moby/buildkit/executor/resources"
	"github.com/moby/buildkit/executor/runcexecutor"
	ctdsnapshot "github.com/moby/buildkit/snapshot/containerd"
	"github.com/moby/buildkit/solver/pb"
	"github.com/moby/buildkit/util/db/boltutil"
	"github.com/moby/buildkit/util/leaseutil"
	"github.com/moby/buildkit/util/network"
	"github.com/moby/buildkit/version"
	"github.com/moby/buildkit/worker/base"
	wlabel "github.com/moby/buildkit/worker/label"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	bolt "go.etcd.io/bbolt"

	"tare/internal/container"
)

// namespace is containerd's metadata namespace for everything the engine keeps.
const namespace = "buildkit"

// newWorker wires BuildKit's worker by hand instead of through runc.NewWorkerOpt:
// only so can it take its images and blobs from tare's store. later is told what
// to close when the engine closes.
func newWorker(ctx context.Context, root string, rt container.Runtime, opt Options, later func(io.Closer)) (*base.Worker, *blobs, *metadata.Store, error) {
	name, err := snapshotterFor(root, opt.Snapshotter)
	if err != nil {
		return nil, nil, nil, err
	}
	dir := filepath.Join(root, "worker-"+name)
	executorRoot := filepath.Join(dir, "executor") // BuildKit would let others pass
	for _, d := range []string{dir, executorRoot, filepath.Join(dir, "snapshots"), filepath.Join(dir, "cachemounts"), filepath.Join(dir, "content"), filepath.Join(root, "tmp")} {
		if err := container.PrivateDir(d); err != nil {
			return nil, nil, nil, err
		}
	}
	var sn snapshots.Snapshotter
	if name == "overlayfs" {
		sn, err = overlay.NewSnapshotter(filepath.Join(dir, "snapshots"), overlay.AsynchronousRemove)
	} else {
		sn, err = native.NewSnapshotter(filepath.Join(dir, "snapshots"))
	}
	if err != nil {
		return nil, nil, nil, err
	}
	later(sn)
	own, err := local.NewStore(filepath.Join(dir, "content"))
	if err != nil {
		return nil, nil, nil, err
	}
	back := &blobs{Store: own, dir: filepath.Join(dir, "content"), images: opt.Store}
	db, err := boltutil.Open(filepath.Join(dir, "containerdmeta.db"), 0o644, &bolt.Options{
		FreelistType: bolt.FreelistMapType, NoFreelistSync: true, Timeout: 5 * time.Second,
	})
	if err != nil {
		return nil, nil, nil, err
	}
	later(db)
	mdb := ctdmeta.NewDB(db, back, map[string]snapshots.Snapshotter{name: sn})
	if err := mdb.Init(ctx); err != nil {
		return nil, nil, nil, err
	}
	content := ctdsnapshot.NewContentStore(mdb.ContentStore(), namespace)

	// Not netproviders.Providers: it makes an RSA key for a proxy on every start.
	host := container.NewHostNetwork()
	nets := map[pb.NetMode]network.Provider{pb.NetMode_UNSET: host, pb.NetMode_HOST: host, pb.NetMode_NONE: network.NewNoneProvider()}
	monitor, err := resources.NewMonitor()
	if err != nil {
		return nil, nil, nil, err
	}
	if err := container.UseTempDir(root); err != nil {
		return nil, nil, nil, err
	}
	if err := container.PrepareRuntimeDir(root); err != nil {
		return nil, nil, nil, err
	}
	container.SweepBundles(executorRoot, rt, "", container.OwnRuntimeDir(root, "runc"))
	container.RemoveCgroups(container.CgroupParent(root))
	ex, err := runcexecutor.New(runcexecutor.Opt{
		Root:                executorRoot,
		CommandCandidates:   []string{rt.Path},
		DefaultCgroupParent: container.CgroupParent(root),
		Rootless:            container.Rootless(),
		ProcessMode:         oci.ProcessSandbox,
		ResourceMonitor:     monitor,
	}, nets)
	if err != nil {
		return nil, nil, nil, err
	}
	md, err := metadata.NewStore(filepath.Join(dir, "metadata_v2.db"))
	if err != nil {
		return nil, nil, nil, err
	}
	later(md)
	id, err := base.ID(dir)
	if err != nil {
		return nil, nil, nil, err
	}
	w, err := base.NewWorker(ctx, base.WorkerOpt{
		ID:   id,
		Root: dir,
		Labels: map[string]string{
			wlabel.Executor: "oci", wlabel.Snapshotter: name, wlabel.Network: "host",
			wlabel.OCIProcessMode: oci.ProcessSandbox.String(),
		},
		Platforms:        supportedPlatforms(),
		BuildkitVersion:  client.BuildkitVersion{Package: version.Package, Version: version.Version},
		NetworkProviders: nets,
		Executor:         ex,
		Snapshotter:      ctdsnapshot.NewSnapshotter(name, mdb.Snapshotter(name), namespace, nil),
		ContentStore:     content,
		Applier:          apply.NewFileSystemApplier(content),
		Differ:           walking.NewWalkingDiff(content),
		ImageStore:       &imageNames{store: opt.Store},
		RegistryHosts:    opt.Hosts,
		LeaseManager:     leaseutil.WithNamespace(ctdmeta.NewLeaseManager(mdb), namespace),
		GarbageCollect:   mdb.GarbageCollect,
		MetadataStore:    md,
		ContentMetadata:  db,
		MountPoolRoot:    filepath.Join(dir, "cachemounts"),
		ResourceMonitor:  monitor,
	})
	return w, back, md, err
}

func snapshotterFor(root, wish string) (string, error) {
	switch wish {
	case "":
		// It mounts something to see: where what a kill leaves of that is swept.
		err := overlayutils.Supported(filepath.Join(root, "tmp"))
		if full(err) { // it could not try: what worked when there was room does now
			if _, err := os.Stat(filepath.Join(root, "worker-native")); err == nil {
				return "native", nil
			}
			return "overlayfs", nil
		}
		if err == nil {
			return "overlayfs", nil
		}
		return "native", nil
	case "overlayfs", "native":
		return wish, nil
	}
	return "", fmt.Errorf("unknown snapshotter %q: overlayfs or native", wish)
}

// supportedPlatforms is the machine's own platform; others build as far as the
// kernel has a binfmt_misc handler for their programs.
func supportedPlatforms() []ocispec.Platform {
	return []ocispec.Platform{platforms.Normalize(platforms.DefaultSpec())}
}
