package artifact

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/containerd/v2/core/remotes"
	"github.com/containerd/containerd/v2/core/remotes/docker"
	"github.com/containerd/errdefs"
	"github.com/distribution/reference"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"golang.org/x/sync/errgroup"
)

// Attached is the outcome of Attach.
type Attached struct {
	Descriptor ocispec.Descriptor // of the artifact's manifest
	Via        Via                // how the registry tells of it
	New        bool               // false if it was there already, byte for byte
}

// RefusedError says that a registry took the blobs of an artifact, but not its manifest: it keeps images only.
type RefusedError struct {
	Host   string
	Status int // of HTTP
	Err    error
}

// Error implements error.
func (e *RefusedError) Error() string {
	return fmt.Sprintf("%s refuses what is not an image (%d %s): it stores no artifacts of this kind", e.Host, e.Status, http.StatusText(e.Status))
}

// Unwrap implements errors.Unwrap.
func (e *RefusedError) Unwrap() error { return e.Err }

// parallel is how many blobs are sent at once, as pushes of images do.
const parallel = 3

// Push sends an artifact that stands by itself, or whose subject says what it belongs to, under a tag; "" gives it none. What the
// repository has is not sent again.
func (r *Repository) Push(ctx context.Context, a *Artifact, tag string) (ocispec.Descriptor, error) {
	d, _, err := r.push(ctx, a, tag)
	return d, err
}

func (r *Repository) push(ctx context.Context, a *Artifact, tag string) (d ocispec.Descriptor, fresh bool, err error) {
	raw, d, err := a.Manifest()
	if err != nil {
		return d, false, err
	}
	p, err := r.pusher(ctx, tag)
	if err != nil {
		return d, false, err
	}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(parallel)
	sent := map[digest.Digest]bool{}
	for _, b := range append([]Blob{emptyConfig}, a.Blobs...) {
		as := b.Descriptor()
		if sent[as.Digest] {
			continue
		}
		sent[as.Digest] = true
		g.Go(func() error {
			_, err := send(gctx, p, as, b.Data)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return d, false, r.registry.Explain(r.named, err)
	}
	fresh, err = send(ctx, p, d, raw)
	return d, fresh, r.refused(err)
}

// refused says of the error of a manifest that it is the registry's doing.
func (r *Repository) refused(err error) error {
	if err == nil {
		return nil
	}
	switch s := status(err); s {
	case http.StatusBadRequest, http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusNotAcceptable, http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity, http.StatusNotImplemented:
		return &RefusedError{Host: reference.Domain(r.named), Status: s, Err: err}
	}
	return r.registry.Explain(r.named, err)
}

// pusher sends to the repository; manifests get the tag, or none.
func (r *Repository) pusher(ctx context.Context, tag string) (remotes.Pusher, error) {
	named := r.named
	if tag != "" {
		t, err := reference.WithTag(r.named, tag)
		if err != nil {
			return nil, fmt.Errorf("the tag %.140q: %w", tag, err)
		}
		named = t
	}
	return r.registry.Pusher(ctx, named)
}

// send sends one blob or manifest, and tells whether it was not there.
func send(ctx context.Context, p remotes.Pusher, d ocispec.Descriptor, b []byte) (fresh bool, err error) {
	d.Annotations = nil // containerd takes some for places that have the blob
	w, err := p.Push(ctx, d)
	if errdefs.IsAlreadyExists(err) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer func() { _ = w.Close() }()
	err = content.Copy(ctx, w, bytes.NewReader(b), d.Size, d.Digest)
	if errdefs.IsAlreadyExists(err) {
		return false, nil
	}
	return err == nil, err
}

// Attach sends an artifact and makes the registry list it with its subject: by itself where it has the referrers API, else in the list under
// the subject's tag. What others have attached stays in that list.
func (r *Repository) Attach(ctx context.Context, a *Artifact) (out Attached, err error) {
	if a.Subject == nil {
		return out, errors.New("an artifact that is to be attached needs a subject")
	}
	h, err := r.origin()
	if err != nil {
		return out, err
	}
	if out.Descriptor, out.New, err = r.push(ctx, a, ""); err != nil {
		return out, err
	}
	_, err = r.listed(ctx, h, a.Subject.Digest, a.Type)
	if out.Via = ViaAPI; !errors.Is(err, errNoAPI) {
		if err != nil {
			err = r.registry.Explain(r.named, err)
		}
		return out, err
	}
	out.Via = ViaTag
	added, err := r.enlist(ctx, h, a.Subject.Digest, out.Descriptor)
	out.New = out.New || added
	return out, err
}

// tries is how often a list is written before somebody else's writing wins.
const tries = 6

// enlist adds an entry to the list under a subject's tag. Registries have no way to write only if nobody else did: the list is read again
// some time after it was written, and written again if the entry is missing. The pause is as long as reading and writing took, so that
// somebody who read the list before has written it by then. What is written follows at once on what was read, with all that stood there.
func (r *Repository) enlist(ctx context.Context, h docker.RegistryHost, subject digest.Digest, entry ocispec.Descriptor) (added bool, err error) {
	tag := TagOf(subject)
	p, err := r.pusher(ctx, tag)
	if err != nil {
		return false, err
	}
	pause := time.Duration(0)
	for n := range tries {
		select {
		case <-ctx.Done():
			return added, ctx.Err()
		case <-time.After(time.Duration(n) * pause):
		}
		begin := time.Now()
		raw, media, err := r.tagged(ctx, h, tag)
		if err != nil && !errdefs.IsNotFound(err) {
			return added, r.registry.Explain(r.named, err)
		}
		if err == nil {
			if _, err := listOf(raw, media, subject); err != nil {
				return added, err // something of somebody's has that tag
			}
		}
		next, changed, err := with(raw, entry)
		if err != nil || !changed {
			return added, err
		}
		d := ocispec.Descriptor{MediaType: ocispec.MediaTypeImageIndex, Digest: digest.FromBytes(next), Size: int64(len(next))}
		if n > 0 { // the pusher remembers what it has sent
			if p, err = r.pusher(ctx, tag); err != nil {
				return added, err
			}
		}
		if _, err := send(ctx, p, d, next); err != nil {
			return added, r.refused(err)
		}
		added = true
		pause = max(50*time.Millisecond, time.Since(begin)) + rand.N(50*time.Millisecond)
	}
	return added, fmt.Errorf("the list of what is attached to %s (tag %s) is written by others at the same time: try again", subject, tag)
}

// with is a list of referrers with one more entry; changed is false if it has that already. Everything else in the list stays as it is,
// what this program does not know included. An empty list is a new one.
func with(raw []byte, entry ocispec.Descriptor) (out []byte, changed bool, err error) {
	top := map[string]json.RawMessage{"schemaVersion": json.RawMessage("2"), "mediaType": json.RawMessage(`"` + ocispec.MediaTypeImageIndex + `"`)}
	var list []json.RawMessage
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &top); err != nil {
			return nil, false, fmt.Errorf("the list of referrers: %w", err)
		}
		if m, ok := top["manifests"]; ok {
			if err := json.Unmarshal(m, &list); err != nil {
				return nil, false, fmt.Errorf("the list of referrers: %w", err)
			}
		}
	}
	for _, one := range list {
		var d ocispec.Descriptor
		if json.Unmarshal(one, &d) == nil && d.Digest == entry.Digest {
			return raw, false, nil
		}
	}
	own, err := marshal(entry)
	if err != nil {
		return nil, false, err
	}
	if top["manifests"], err = marshal(append(list, own)); err != nil {
		return nil, false, err
	}
	out, err = marshal(top)
	return out, true, err
}

// marshal is json.Marshal that leaves < > & as they are.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
