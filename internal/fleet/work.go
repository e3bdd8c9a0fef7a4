package fleet

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"

	"tare/internal/layer"
)

// Work is one shard's hold on a place for results.
type Work struct {
	in     Keeper
	Plan   *Plan
	Digest digest.Digest
	index  int
	of     int
}

// ErrOther says that a place has the results of another scan.
var ErrOther = errors.New("use another place for this scan, or remove that one")

// PlanIn is the plan that a place has; nil if it has none yet.
func PlanIn(ctx context.Context, in Keeper) (*Plan, error) {
	p, _, err := readPlan(ctx, in)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return p, err
}

// Begin makes a place one for the results of a plan, divided into shards, or finds that it is one. encoded are the bytes of the plan;
// where they are nil, that of the place is taken. A place with another plan, or with results of another number of shards, is refused. Of
// shards that begin at the same time with plans that ask for the same, one settles the plan for all; settled says that this plan and no
// other is meant.
func Begin(ctx context.Context, in Keeper, encoded []byte, settled bool, index, of int) (*Work, error) {
	if encoded != nil {
		if _, err := in.Create(ctx, PlanName, encoded); err != nil {
			return nil, err
		}
	}
	p, sum, err := readPlan(ctx, in)
	if err != nil {
		return nil, err
	}
	if encoded != nil && sum != digest.FromBytes(encoded) {
		own, _, err := Decode(bytes.NewReader(encoded))
		if err != nil {
			return nil, err
		}
		if settled || !p.Asks(own) {
			return nil, fmt.Errorf("%s has another plan, of %s: %w", in, p.asked(), ErrOther)
		}
	}
	w := &Work{in: in, Plan: p, Digest: sum, index: index, of: of}
	return w, w.divide(ctx)
}

// Asks tells whether two plans answer the same question: what registries had then may differ.
func (p *Plan) Asks(q *Plan) bool {
	return slices.Equal(p.Sources, q.Sources) && p.Rules.Tags == q.Rules.Tags && p.Rules.Newest == q.Rules.Newest &&
		p.Rules.Platform == q.Rules.Platform && slices.Equal(p.Rules.Lists, q.Rules.Lists)
}

// asked says what a plan is about.
func (p *Plan) asked() string {
	words := slices.Clone(p.Sources)
	for _, r := range []struct{ flag, value string }{{"--tags", p.Rules.Tags}, {"--platform", p.Rules.Platform}} {
		if r.value != "" {
			words = append(words, r.flag, r.value)
		}
	}
	if p.Rules.Newest > 0 {
		words = append(words, fmt.Sprint("--newest ", p.Rules.Newest))
	}
	if len(p.Rules.Lists) > 0 {
		words = append(words, "(with another text of the list, if the words are the same)")
	}
	text := strings.Join(words, " ")
	if len(text) > 300 {
		text = strings.ToValidUTF8(text[:300], "") + "…"
	}
	return text
}

// division is how the work on a plan is divided. The first shard settles it.
type division struct {
	Schema string        `json:"schema"`
	Plan   digest.Digest `json:"plan"`
	Shards int           `json:"shards"`
}

const divisionSchema = "tare.fleet-shards/v1"

// divide settles the number of shards, or finds it settled.
func (w *Work) divide(ctx context.Context) error {
	b, err := json.Marshal(division{divisionSchema, w.Digest, w.of})
	if err != nil {
		return err
	}
	if _, err := w.in.Create(ctx, workName, append(b, '\n')); err != nil {
		return err
	}
	f, err := w.in.Open(ctx, workName)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	var d division
	if err := json.NewDecoder(f).Decode(&d); err != nil || d.Schema != divisionSchema {
		return fmt.Errorf("%s: %s is damaged (%v): remove it", w.in, workName, err)
	}
	switch {
	case d.Plan != w.Digest:
		return fmt.Errorf("%s: %s is of the plan %s, and %s is %s: %w", w.in, workName, d.Plan, PlanName, w.Digest, ErrOther)
	case d.Shards != w.of:
		return fmt.Errorf("%s is divided into %d shards, and this one is %d of %d: begin it with that number; to divide anew, end all shards and remove %s/%s (layers that were read are kept)", w.in, d.Shards, w.index, w.of, w.in, workName)
	}
	return nil
}

// Own are the layers that this shard reads.
func (w *Work) Own() []Blob {
	return slices.DeleteFunc(w.Plan.Blobs(), func(b Blob) bool { return !w.Owns(b.Digest) })
}

// Owns tells whether this shard reads a layer.
func (w *Work) Owns(d digest.Digest) bool { return ShardOf(d, w.of) == w.index }

// Layer is what the place has of a layer; ErrMissing (wrapped) if that is nothing.
func (w *Work) Layer(ctx context.Context, d digest.Digest) (*layer.Index, error) {
	return readLayer(ctx, w.in, d)
}

// Has tells whether the place has what is known of a layer, whole and by this version of tare.
func (w *Work) Has(ctx context.Context, d digest.Digest) (bool, error) {
	_, err := readLayer(ctx, w.in, d)
	if errors.Is(err, ErrMissing) {
		return false, nil
	}
	return err == nil, err
}

// Keep writes what is known of a layer.
func (w *Work) Keep(ctx context.Context, x *layer.Index) error { return writeLayer(ctx, w.in, x) }

// End leaves word of what the shard has done and could not read. It fails if the plan was replaced meanwhile.
func (w *Work) End(ctx context.Context, layers int, bytes int64, failed []Failure) error {
	_, sum, err := readPlan(ctx, w.in)
	if err != nil {
		return err
	}
	if sum != w.Digest {
		return fmt.Errorf("%s: %s was replaced meanwhile: run the same command again", w.in, PlanName)
	}
	m := &mark{Plan: w.Digest, Shard: w.index, Shards: w.of, Layers: layers, Bytes: bytes, Failed: failed}
	b, err := m.encode()
	if err != nil {
		return err
	}
	return w.in.Write(ctx, fmt.Sprintf("%s/%d-of-%d.json", shardsName, w.index, w.of), b)
}
