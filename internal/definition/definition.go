// Package definition reads the definitions of builds: what BuildKit's frontend made of a
// Dockerfile, operation by operation, with the lines that asked for each. It is a pure
// function of the definition's bytes.
package definition

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"

	"github.com/moby/buildkit/solver/pb"
	"github.com/opencontainers/go-digest"
	"google.golang.org/protobuf/proto"

	"tare/internal/engine"
)

// Definition is what a builder was asked to do.
type Definition struct {
	Ops []engine.Op // inputs before what stands on them
	// Dockerfile is the text that the lines are of; nil if none came with it.
	Dockerfile []byte
}

// Read reads the definitions of one build, one for each platform. What is no definition
// is an error that says which operation.
func Read(defs ...*pb.Definition) (*Definition, error) {
	r := reader{out: &Definition{}, at: map[string]int{}}
	for _, d := range defs {
		if d == nil {
			continue
		}
		if err := r.read(d); err != nil {
			return nil, err
		}
	}
	return r.out, nil
}

type reader struct {
	out *Definition
	at  map[string]int // index of an operation by its digest
}

func (r *reader) read(d *pb.Definition) error {
	ops := map[string]*pb.Op{}
	var order []string
	for n, b := range d.Def {
		op := &pb.Op{}
		if err := proto.Unmarshal(b, op); err != nil {
			return fmt.Errorf("operation %d of the build's definition: %w", n+1, err)
		}
		dgst := digest.FromBytes(b).String()
		ops[dgst] = op
		order = append(order, dgst)
	}
	adding := map[string]bool{}
	var add func(dgst string) error
	add = func(dgst string) error {
		op := ops[dgst]
		if _, done := r.at[dgst]; done || op == nil || op.Op == nil { // the last names the result only
			return nil
		}
		if adding[dgst] {
			return fmt.Errorf("operation %s of the build's definition stands on itself", dgst)
		}
		adding[dgst] = true
		for _, in := range op.Inputs {
			if err := add(in.Digest); err != nil {
				return err
			}
		}
		return r.add(dgst, op, d.Metadata[dgst])
	}
	for _, dgst := range order {
		if err := add(dgst); err != nil {
			return err
		}
	}
	r.locate(d.Source)
	return nil
}

func (r *reader) add(dgst string, op *pb.Op, meta *pb.OpMetadata) error {
	own, err := proto.MarshalOptions{Deterministic: true}.Marshal(lasting(op))
	if err != nil {
		return fmt.Errorf("operation %s: %w", dgst, err)
	}
	o := engine.Op{Digest: dgst, Own: digest.FromBytes(own).String()}
	key := bytes.NewBuffer(own)
	for _, in := range op.Inputs {
		o.Inputs = append(o.Inputs, in.Digest)
		below := in.Digest
		if n, ok := r.at[in.Digest]; ok {
			below = r.out.Ops[n].Key
		}
		fmt.Fprintf(key, "\x00%s %d", below, in.Index)
	}
	o.Key = digest.FromBytes(key.Bytes()).String()
	if meta != nil {
		o.Name, o.NoCache = meta.Description["llb.customname"], meta.IgnoreCache
	}
	describe(&o, op)
	r.at[dgst] = len(r.out.Ops)
	r.out.Ops = append(r.out.Ops, o)
	return nil
}

// locate adds the lines. Several platforms, and stages that share a step, add theirs.
func (r *reader) locate(s *pb.Source) {
	if s == nil {
		return
	}
	for dgst, list := range s.Locations {
		n, ok := r.at[dgst]
		if !ok || list == nil {
			continue
		}
		o := &r.out.Ops[n]
		for _, l := range list.Locations {
			if l == nil || l.SourceIndex < 0 || int(l.SourceIndex) >= len(s.Infos) {
				continue
			}
			text := s.Infos[l.SourceIndex].GetData()
			if r.out.Dockerfile == nil {
				r.out.Dockerfile = text
			}
			if !bytes.Equal(text, r.out.Dockerfile) {
				continue // the lines of another file
			}
			if at := span(l.Ranges); at[0] > 0 && !slices.Contains(o.Lines, at) {
				o.Lines = append(o.Lines, at)
			}
		}
		slices.SortFunc(o.Lines, func(a, b [2]int) int { return cmp.Or(a[0]-b[0], a[1]-b[1]) })
	}
}

func span(list []*pb.Range) (at [2]int) {
	for _, x := range list {
		if x.GetStart() == nil || x.GetEnd() == nil {
			continue
		}
		if a := int(x.Start.Line); at[0] == 0 || a < at[0] {
			at[0] = a
		}
		at[1] = max(at[1], int(x.End.Line))
	}
	return at
}
