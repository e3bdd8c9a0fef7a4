package source

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/platforms"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/daemon"
	"tare/internal/image"
	"tare/internal/progress"
)

func openDocker(ctx context.Context, name string, o OpenOptions) (*Opened, error) {
	return openDaemon(ctx, daemon.Docker, name, o)
}

func openPodman(ctx context.Context, name string, o OpenOptions) (*Opened, error) {
	return openDaemon(ctx, daemon.Podman, name, o)
}

func openContainerd(ctx context.Context, name string, _ OpenOptions) (*Opened, error) {
	c, err := daemon.OpenContainerd(ctx, name)
	if err != nil {
		return nil, err
	}
	return &Opened{Provider: c, Target: c.Target, Close: c.Close}, nil
}

// openDaemon opens an image of the first daemon of a kind that has it.
func openDaemon(ctx context.Context, k daemon.Kind, name string, o OpenOptions) (*Opened, error) {
	list, err := daemon.Endpoints(k)
	if err != nil {
		return nil, err
	}
	var first error
	for n, e := range list {
		if e.Absent() && n < len(list)-1 {
			continue
		}
		d, i, err := daemon.Ask(ctx, e, name)
		if err == nil {
			return OpenIn(ctx, d, i, o)
		}
		if first == nil || errors.Is(first, daemon.ErrNotRunning) {
			first = err
		}
	}
	if errors.Is(first, daemon.ErrNoImage) {
		return nil, fmt.Errorf("%w (%s images lists what it has)", first, k)
	}
	return nil, first
}

// daemonKind is the kind under which the documents of a daemon's image are kept, by its ID.
const daemonKind = "daemon-v2"

// OpenIn opens an image of a daemon. The first time its archive goes by, straight into
// indexes; afterwards its ID says that all is known already. Closing it closes d.
func OpenIn(ctx context.Context, d *daemon.Daemon, i *daemon.Image, o OpenOptions) (*Opened, error) {
	s := new(daemon.Stream)
	if o.Cache == nil || !o.Cache.Get(daemonKind, i.ID, s) || !complete(ctx, s, i, o.Platform) {
		var err error
		if s, err = stream(ctx, d, i, o); err != nil {
			_ = d.Close()
			return nil, err
		}
		if o.Cache != nil {
			o.Cache.Keep(daemonKind, i.ID, s)
		}
	}
	p := &again{Stream: s, d: d, i: i, o: o}
	return &Opened{Provider: p, Target: s.Target, MadeUp: s.MadeUp, Saved: s.MadeUp, Tags: i.Tags, Digests: i.Digests, Indexed: true, Indexes: s.Indexes, Close: p.close}, nil
}

// complete tells whether the documents are those of the image that the daemon has: of an
// index that Docker's containerd store calls by one ID, it may have got other platforms
// meanwhile.
func complete(ctx context.Context, s *daemon.Stream, i *daemon.Image, want platforms.MatchComparer) bool {
	img, err := image.Load(ctx, s, s.Target, want)
	if err != nil || want != nil && !want.Match(i.Platform) {
		return err == nil
	}
	return slices.Equal(img.Config.RootFS.DiffIDs, i.DiffIDs)
}

// silence is how long a daemon may prepare its archive before the user is told: the whole
// of it, if it has graph drivers.
const silence = 10 * time.Second

func stream(ctx context.Context, d *daemon.Daemon, i *daemon.Image, o OpenOptions) (*daemon.Stream, error) {
	title := d.Kind.Title()
	t := time.AfterFunc(silence, func() {
		if o.Note != nil {
			o.Note(fmt.Sprintf("waiting for %s to export the image", d))
		}
	})
	defer t.Stop()
	o.Progress.Report(progress.Event{ID: title, Action: "Exporting"})
	r, err := d.Save(ctx, i.ID.String())
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }()
	t.Stop()
	s, err := daemon.Read(ctx, o.Progress.Reader(r, title, "Reading", i.Size), i, image.Measurer{Cache: o.Cache})
	o.Progress.Report(progress.Event{ID: title, Action: "Read", Final: true})
	if err != nil {
		return nil, fmt.Errorf("what %s sent: %w", d, err)
	}
	return s, nil
}

// again serves an image's documents from memory, and its layers from a second export:
// who asks for a layer wants to see what is in a file, which an index does not have.
type again struct {
	*daemon.Stream
	d *daemon.Daemon
	i *daemon.Image
	o OpenOptions

	once sync.Once
	all  *Opened
	err  error
}

// ReaderAt implements content.Provider.
func (a *again) ReaderAt(ctx context.Context, d ocispec.Descriptor) (content.ReaderAt, error) {
	if r, err := a.Stream.ReaderAt(ctx, d); err == nil {
		return r, nil
	}
	a.once.Do(func() { a.all, a.err = a.export(ctx) })
	if a.err != nil {
		return nil, a.err
	}
	return a.all.Provider.ReaderAt(ctx, d)
}

func (a *again) export(ctx context.Context) (*Opened, error) {
	r, err := a.d.Save(ctx, a.i.ID.String())
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }()
	f, err := spool(ctx, r, a.d.String(), a.o)
	if err != nil {
		return nil, err
	}
	return readArchive(f, "what "+a.d.String()+" sent", "", a.o.Platform)
}

func (a *again) close() error {
	err := a.d.Close()
	if a.all != nil {
		err = errors.Join(err, a.all.Close())
	}
	return err
}
