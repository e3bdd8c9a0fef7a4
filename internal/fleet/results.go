package fleet

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"

	"tare/internal/image"
	"tare/internal/layer"
	"tare/internal/store"
)

// ErrMissing says that a scan has not read a layer, or that what it wrote is damaged or by another version of tare.
var ErrMissing = errors.New("the scan has nothing of this layer")

// maxResult bounds what is read of one layer, in bytes: five million entries take less.
const maxResult = 2 << 30

// Results are what a scan knows, to read.
type Results struct {
	in     Keeper
	plan   *Plan
	digest digest.Digest
	failed []Failure
}

// Failure is a layer that a shard could not read.
type Failure struct {
	Layer digest.Digest `json:"layer"`
	Why   string        `json:"why"`
}

// OpenResults opens the results of a scan. It fails where there is no plan, or shards of another plan have written.
func OpenResults(ctx context.Context, in Keeper) (*Results, error) {
	p, sum, err := readPlan(ctx, in)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s has no %s: it is not the result of tare fleet scan", in, PlanName)
	}
	if err != nil {
		return nil, err
	}
	r := &Results{in: in, plan: p, digest: sum}
	var names []string
	if err := in.Each(ctx, shardsName, func(n string) { names = append(names, n) }); err != nil {
		return nil, err
	}
	for _, n := range names {
		m, err := readMark(ctx, in, n)
		if err != nil {
			return nil, err
		}
		if m.Plan != sum {
			return nil, fmt.Errorf("%s: %s is of the plan %s, %s is %s: the results of two scans are mixed", in, n, m.Plan, PlanName, sum)
		}
		for _, f := range m.Failed {
			if is, err := in.Open(ctx, layerName(f.Layer)); err == nil {
				_ = is.Close() // another shard has read it since
				continue
			}
			r.failed = append(r.failed, f)
		}
	}
	slices.SortFunc(r.failed, func(a, b Failure) int { return strings.Compare(string(a.Layer)+a.Why, string(b.Layer)+b.Why) })
	r.failed = slices.CompactFunc(r.failed, func(a, b Failure) bool { return a.Layer == b.Layer })
	return r, nil
}

// Plan is what the scan is about. It is not to be changed.
func (r *Results) Plan() *Plan { return r.plan }

// Digest identifies the plan.
func (r *Results) Digest() digest.Digest { return r.digest }

// Layer reads what is known of a layer, by the digest of its blob. The error is ErrMissing (wrapped) if that is nothing. It may be
// called by several goroutines.
func (r *Results) Layer(ctx context.Context, d digest.Digest) (*layer.Index, error) {
	return readLayer(ctx, r.in, d)
}

// Missing are the layers of the plan of which there is nothing, by digest: the scan is not complete then. It looks at names only.
func (r *Results) Missing(ctx context.Context) ([]digest.Digest, error) {
	here := map[string]bool{}
	if err := r.in.Each(ctx, layersName, func(n string) { here[path.Base(n)] = true }); err != nil {
		return nil, err
	}
	var out []digest.Digest
	for _, b := range r.plan.Blobs() {
		if !here[b.Digest.Encoded()] {
			out = append(out, b.Digest)
		}
	}
	return out, nil
}

// Failed are the layers that shards could not read when they last tried, by digest, each with the reason.
func (r *Results) Failed() []Failure { return r.failed }

func readPlan(ctx context.Context, in Keeper) (*Plan, digest.Digest, error) {
	f, err := in.Open(ctx, PlanName)
	if err != nil {
		return nil, "", err
	}
	defer func() { _ = f.Close() }()
	p, sum, err := Decode(f)
	if err != nil {
		return nil, "", fmt.Errorf("%s: %s: %w", in, PlanName, err)
	}
	return p, sum, nil
}

func readLayer(ctx context.Context, in Keeper, d digest.Digest) (*layer.Index, error) {
	if err := check(d); err != nil {
		return nil, err
	}
	f, err := in.Open(ctx, layerName(d))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("layer %s: %w", d, ErrMissing)
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	b, err := io.ReadAll(io.LimitReader(f, maxResult+1))
	if err != nil {
		return nil, err
	}
	value, ok := store.Unseal(image.IndexKind(), d, b)
	if !ok || len(b) > maxResult {
		return nil, fmt.Errorf("layer %s: it is damaged, or another version of tare wrote it: %w", d, ErrMissing)
	}
	x, err := layer.Decode(value)
	if err != nil || x.Blob != d {
		return nil, fmt.Errorf("layer %s: it is damaged: %w", d, ErrMissing)
	}
	return x, nil
}

// writeLayer keeps what is known of a layer.
func writeLayer(ctx context.Context, in Keeper, x *layer.Index) error {
	b, err := layer.Encode(x)
	if err != nil {
		return err
	}
	return in.Write(ctx, layerName(x.Blob), store.Seal(image.IndexKind(), x.Blob, b))
}

// mark is what a shard tells of itself when it ends.
type mark struct {
	Schema string        `json:"schema"`
	Plan   digest.Digest `json:"plan"`
	Shard  int           `json:"shard"` // from 1
	Shards int           `json:"shards"`
	Layers int           `json:"layers"` // how many are its own
	Bytes  int64         `json:"bytes"`  // and how long their blobs are
	Failed []Failure     `json:"failed,omitempty"`
}

// markSchema names the form of what shards leave.
const markSchema = "tare.fleet-shard/v1"

// maxMark bounds what a shard may leave, in bytes.
const maxMark = 256 << 20

func readMark(ctx context.Context, in Keeper, name string) (*mark, error) {
	f, err := in.Open(ctx, name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	b, err := io.ReadAll(io.LimitReader(f, maxMark))
	if err != nil {
		return nil, err
	}
	m := new(mark)
	d := json.NewDecoder(bytes.NewReader(b))
	if err := d.Decode(m); err != nil {
		return nil, fmt.Errorf("%s: %s is damaged: %w; remove it", in, name, err)
	}
	if m.Schema != markSchema {
		return nil, fmt.Errorf("%s: %s has the schema %.60q, and this version of tare reads %s", in, name, m.Schema, markSchema)
	}
	for _, f := range m.Failed {
		if err := check(f.Layer); err != nil {
			return nil, fmt.Errorf("%s: %s is damaged: %w; remove it", in, name, err)
		}
	}
	return m, nil
}

func (m *mark) encode() ([]byte, error) {
	m.Schema = markSchema
	b, err := json.MarshalIndent(m, "", " ")
	return append(b, '\n'), err
}
