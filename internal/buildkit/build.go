package buildkit

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/exporter/containerimage/exptypes"
	"github.com/moby/buildkit/solver/errdefs"
	"github.com/moby/buildkit/util/progress/progressui"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"golang.org/x/sync/errgroup"

	"tare/internal/engine"
	"tare/internal/image"
	"tare/internal/screen"
	"tare/internal/steplog"
	"tare/internal/store"
	"tare/internal/units"
)

// builder drives any BuildKit through its ordinary client: the embedded one and
// one at an address take the same path.
type builder struct {
	opt    Options
	conn   *client.Client
	blobs  string // the engine's content directory, "" if it is not on this machine
	remote bool   // it cannot read the store by itself
	addr   string // "" for the embedded one
	// noted are the frontends that were asked for and not used, of which was told.
	noteLock sync.Mutex
	noted    map[string]bool
}

func (b *builder) build(ctx context.Context, req engine.Build) (*engine.Built, error) {
	begin := time.Now()
	release, err := b.opt.Store.Hold(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	s, err := b.solveOpt(ctx, req)
	if err != nil {
		return nil, err
	}
	defer s.cleanup()
	if req.Call != "" {
		return b.call(ctx, req, s)
	}
	if err := s.closeIngests(); err != nil {
		return nil, fmt.Errorf("make the output directory: %w", err)
	}
	seen := watch(s, req.ChecksumContext)
	out := &engine.Built{Sent: seen.files, Builder: b.addr}
	resp, err := b.solve(ctx, req, s, out)
	if err != nil {
		out.Took = time.Since(begin)
		return out, failed(err, req)
	}
	if err := s.commit(); err != nil {
		return nil, err
	}
	out.Metadata = metadataOf(resp.ExporterResponse)
	if s.keep {
		if err := b.record(ctx, req, resp, out); err != nil {
			return nil, err
		}
	}
	out.Took = time.Since(begin)
	return out, nil
}

func (b *builder) solve(ctx context.Context, req engine.Build, s *solve, out *engine.Built) (*client.SolveResponse, error) {
	mode := progressui.DisplayMode(req.Progress)
	if mode == "" {
		mode = progressui.AutoMode
	}
	display, err := progressui.NewDisplay(screen.Raw(req.Stderr), mode)
	if err != nil {
		return nil, err
	}
	events, shown := make(chan *client.SolveStatus), make(chan *client.SolveStatus)
	log, clean := newSteps(), steplog.New(mode)
	var resp *client.SolveResponse
	var warnings []client.VertexWarning
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) {
		resp, err = b.solveDefined(gctx, s, out, events)
		return err
	})
	g.Go(func() error {
		defer close(shown)
		for e := range events {
			out.Executed += executed(e)
			log.add(e)
			shown <- clean.Status(reword(e, req.Names))
		}
		return nil
	})
	g.Go(func() (err error) {
		// Never cancelled: the last events say what happened.
		warnings, err = display.UpdateFrom(context.WithoutCancel(gctx), shown)
		return err
	})
	err = g.Wait()
	if err == nil && req.Progress != "quiet" {
		printWarnings(req.Stderr, warnings)
	}
	out.Warnings, out.Steps = len(warnings), log.list()
	return resp, err
}

// executed counts the instructions that were carried out and not taken from cache.
func executed(e *client.SolveStatus) int {
	n := 0
	for _, v := range e.Vertexes {
		step := strings.HasPrefix(v.Name, "[") && !strings.HasPrefix(v.Name, "[internal]") && !strings.Contains(v.Name, "] FROM ")
		if step && v.Completed != nil && !v.Cached {
			n++
		}
	}
	return n
}

// reword makes the export read as it does in Docker, whatever exporter it is
// inside: "exporting to image", and the names that the image gets.
func reword(e *client.SolveStatus, names []string) *client.SolveStatus {
	for _, v := range e.Vertexes {
		if v.Name == "exporting to oci image format" {
			v.Name = "exporting to image"
			if v.Completed == nil || v.Error != "" {
				continue
			}
			for _, n := range names {
				e.Statuses = append(e.Statuses, &client.VertexStatus{
					ID: "naming to " + n, Vertex: v.Digest, Name: "naming to " + n,
					Timestamp: *v.Completed, Started: v.Completed, Completed: v.Completed,
				})
			}
		}
	}
	return e
}

func printWarnings(w io.Writer, list []client.VertexWarning) {
	if len(list) == 0 {
		return
	}
	_, _ = fmt.Fprintf(w, "\n %s found (use tare build --check to expand):\n", units.Plural(len(list), "warning"))
	for _, v := range list {
		line := ""
		if len(v.Range) > 0 && v.Range[0].Start != nil {
			line = fmt.Sprintf(" (line %d)", v.Range[0].Start.Line)
		}
		_, _ = fmt.Fprintf(w, " - %s%s\n", screen.Safe(string(v.Short)), line)
	}
}

// failed adds the lines of the Dockerfile at which a build failed.
func failed(err error, req engine.Build) error {
	var at bytes.Buffer
	for _, s := range errdefs.Sources(err) {
		_ = s.Print(&at)
	}
	return &engine.BuildError{Err: explain(err, req), Sources: at.Bytes()}
}

// record gives the exported image its names in the store.
func (b *builder) record(ctx context.Context, req engine.Build, resp *client.SolveResponse, out *engine.Built) error {
	raw, err := base64.StdEncoding.DecodeString(resp.ExporterResponse[exptypes.ExporterImageDescriptorKey])
	if err != nil {
		return fmt.Errorf("the builder's answer: %w", err)
	}
	var d ocispec.Descriptor
	if err := json.Unmarshal(raw, &d); err != nil {
		return fmt.Errorf("the builder's answer has no image descriptor: %w", err)
	}
	d.Annotations = nil
	img, err := image.Load(ctx, b.opt.Store.Content(), d, nil)
	if err != nil {
		return fmt.Errorf("the built image: %w", err)
	}
	names := req.Names
	if len(names) == 0 && !req.Unlisted {
		known, err := b.known(d.Digest)
		if err != nil {
			return err
		}
		if !known { // else it stands there already, and needs no nameless entry beside
			names = []string{""}
		}
	}
	for _, n := range names {
		if err := b.opt.Store.Put(store.Record{Name: n, Target: d, Origin: store.Built}); err != nil {
			return err
		}
	}
	out.Target, out.ConfigID = d, img.ID().String()
	out.Metadata["containerimage.config.digest"] = out.ConfigID
	if len(req.Names) > 0 {
		out.Metadata["image.name"] = strings.Join(req.Names, ",")
	}
	return nil
}

// known tells whether the store has a record of an image.
func (b *builder) known(d digest.Digest) (bool, error) {
	recs, err := b.opt.Store.Records()
	return slices.ContainsFunc(recs, func(r store.Record) bool { return r.Target.Digest == d }), err
}

// metadataOf is what --metadata-file gets: base64'd JSON decoded, as in buildx.
func metadataOf(resp map[string]string) map[string]any {
	out := map[string]any{}
	for k, v := range resp {
		out[k] = v
		b, err := base64.StdEncoding.DecodeString(v)
		var j any
		if err == nil && len(b) > 0 && b[0] == '{' && json.Unmarshal(b, &j) == nil {
			out[k] = j
		}
	}
	return out
}

// usage sums up the records; an engine on this machine measures instead.
func (b *builder) usage(ctx context.Context) (engine.Usage, error) {
	var out engine.Usage
	list, err := b.conn.DiskUsage(ctx)
	if err != nil {
		return out, fmt.Errorf("ask the engine for its cache: %w", err)
	}
	for _, u := range list {
		r := cacheRecord(*u)
		out.Records = append(out.Records, r)
		out.Bytes += r.Bytes
		if !r.InUse && !r.Shared {
			out.Free += r.Bytes
		}
	}
	return out, nil
}

func cacheRecord(u client.UsageInfo) engine.CacheRecord {
	r := engine.CacheRecord{ID: u.ID, Description: u.Description, Kind: string(u.RecordType), Bytes: u.Size, InUse: u.InUse, Shared: u.Shared, Created: u.CreatedAt, Parents: u.Parents}
	if u.LastUsedAt != nil {
		r.LastUsed = *u.LastUsedAt
	}
	return r
}

// prune drops cache records until keep bytes are left. The sum of their sizes is all
// that is known of a cache elsewhere.
func (b *builder) prune(ctx context.Context, all bool, keep int64, opts ...client.PruneOption) (engine.Pruned, error) {
	var out engine.Pruned
	ch := make(chan client.UsageInfo)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for u := range ch {
			out.Records = append(out.Records, cacheRecord(u))
			out.Bytes += u.Size
		}
	}()
	if all {
		opts = append(opts, client.PruneAll)
	}
	if keep > 0 {
		opts = append(opts, client.WithKeepOpt(0, 0, keep, 0))
	}
	err := b.conn.Prune(ctx, ch, opts...)
	close(ch)
	<-done
	if err != nil && !errors.Is(err, context.Canceled) {
		err = fmt.Errorf("prune the build cache: %w", err)
	}
	return out, err
}

// blobPath is where the engine has a blob, "" if that is unknown.
func (b *builder) blobPath(d string) string {
	if b.blobs == "" || digest.Digest(d).Validate() != nil {
		return ""
	}
	return filepath.Join(b.blobs, "blobs", digest.Digest(d).Algorithm().String(), digest.Digest(d).Encoded())
}
