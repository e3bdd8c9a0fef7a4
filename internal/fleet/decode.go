package fleet

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"

	"github.com/opencontainers/go-digest"
)

// Bounds of a plan: it may come from another machine.
const (
	maxPlan   = 4 << 30 // bytes
	maxImages = 5_000_000
	maxLayers = 10_000 // of one image
	maxText   = 64 << 10
)

// errNoPlan begins what is said of a document that is not a plan.
var errNoPlan = errors.New("not a plan of tare fleet")

// Decode reads a plan and returns it with the digest of its bytes, which identifies the work. It is strict: a field that this
// version does not know could change what is to be done.
func Decode(r io.Reader) (*Plan, digest.Digest, error) {
	h := sha256.New()
	d := &decoder{dec: json.NewDecoder(&counted{r: io.TeeReader(r, h), left: maxPlan}), sum: h, same: map[string]string{}}
	d.dec.DisallowUnknownFields()
	p, err := d.plan()
	if err != nil {
		return nil, "", fmt.Errorf("%w: %w", errNoPlan, err)
	}
	return p, digest.NewDigest(digest.SHA256, d.sum), nil
}

// counted ends with an error after too many bytes.
type counted struct {
	r    io.Reader
	left int64
}

func (c *counted) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	if c.left -= int64(n); c.left < 0 {
		return 0, fmt.Errorf("more than %d bytes", int64(maxPlan))
	}
	return n, err
}

// decoder reads a plan image by image: a document of 100,000 images would take its length in memory besides what it says.
type decoder struct {
	dec  *json.Decoder
	sum  hash.Hash
	same map[string]string // strings that were read before: most layers are named many times
}

func (d *decoder) plan() (*Plan, error) {
	p := new(Plan)
	if err := d.open('{'); err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	for d.dec.More() {
		t, err := d.dec.Token()
		if err != nil {
			return nil, unended(err)
		}
		key, _ := t.(string)
		if seen[key] {
			return nil, fmt.Errorf("it has the field %.40q twice", key)
		}
		seen[key] = true
		switch key {
		case "schema":
			if err := d.dec.Decode(&p.Schema); err != nil {
				return nil, unended(err)
			}
			if p.Schema != PlanSchema {
				return nil, fmt.Errorf("its schema is %.60q, and this version of tare reads %s", p.Schema, PlanSchema)
			}
		case "sources":
			err = d.dec.Decode(&p.Sources)
		case "rules":
			err = d.dec.Decode(&p.Rules)
		case "images":
			err = d.images(p)
		case "unreadable":
			err = d.dec.Decode(&p.Unreadable)
		case "nodes":
			err = d.dec.Decode(&p.Nodes)
		default:
			err = fmt.Errorf("it has the unknown field %.40q", key)
		}
		if err != nil {
			return nil, unended(err)
		}
	}
	if _, err := d.dec.Token(); err != nil {
		return nil, unended(err)
	}
	if _, err := d.dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows after its end")
	}
	if p.Schema == "" {
		return nil, errors.New("it names no schema")
	}
	d.internNodes(p)
	return p, p.Check()
}

// open reads the beginning of an object or a list.
func (d *decoder) open(want json.Delim) error {
	t, err := d.dec.Token()
	if err != nil {
		return unended(err)
	}
	if t != want {
		return fmt.Errorf("%.40v stands where %v should", t, want)
	}
	return nil
}

func (d *decoder) images(p *Plan) error {
	if err := d.open('['); err != nil {
		return err
	}
	for d.dec.More() {
		if len(p.Images) == maxImages {
			return fmt.Errorf("more than %d images", maxImages)
		}
		var i Image
		if err := d.dec.Decode(&i); err != nil {
			return fmt.Errorf("image %d: %w", len(p.Images)+1, unended(err))
		}
		i.Digest, i.Platform = digest.Digest(d.intern(string(i.Digest))), d.intern(i.Platform)
		i.BaseName, i.BaseDigest = d.intern(i.BaseName), d.intern(i.BaseDigest)
		for n := range i.Layers {
			l := &i.Layers[n]
			l.Digest, l.DiffID, l.MediaType = digest.Digest(d.intern(string(l.Digest))), digest.Digest(d.intern(string(l.DiffID))), d.intern(l.MediaType)
		}
		p.Images = append(p.Images, i)
	}
	_, err := d.dec.Token()
	return err
}

func (d *decoder) internNodes(p *Plan) {
	for n := range p.Nodes {
		for k, i := range p.Nodes[n].Images {
			p.Nodes[n].Images[k] = digest.Digest(d.intern(string(i)))
		}
	}
	d.same = nil
}

// intern returns the first string that was equal to s.
func (d *decoder) intern(s string) string {
	if t, ok := d.same[s]; ok {
		return t
	}
	d.same[s] = s
	return s
}

// unended says of a document that ends in the middle what that means.
func unended(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("it ends in the middle: it was not written to its end")
	}
	return err
}
