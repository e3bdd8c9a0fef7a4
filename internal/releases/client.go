package releases

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/containerd/v2/core/images"
	"github.com/containerd/containerd/v2/core/remotes/docker"
	remoteerrors "github.com/containerd/containerd/v2/core/remotes/errors"
	"github.com/containerd/errdefs"
	"github.com/distribution/reference"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/image"
	"tare/internal/source"
)

// Bounds of what a registry may send.
const (
	maxList = 8 << 20 // bytes of a page of tags
	maxTags = 20_000
)

// accepted are the documents that a tag may name.
var accepted = strings.Join([]string{ocispec.MediaTypeImageIndex, ocispec.MediaTypeImageManifest, images.MediaTypeDockerSchema2ManifestList, images.MediaTypeDockerSchema2Manifest, "*/*"}, ", ")

// repository reads the documents of one repository over one login: hundreds of tags would
// each ask for a token if they were opened one by one. It never asks for a layer.
type repository struct {
	registry *source.Registry
	named    reference.Named
	hosts    []docker.RegistryHost
}

func openRepository(ctx context.Context, registry *source.Registry, named reference.Named) (*repository, error) {
	hosts, err := registry.Hosts(ctx)(reference.Domain(named))
	if err != nil {
		return nil, err
	}
	return &repository{registry: registry, named: named, hosts: hosts}, nil
}

// get asks the mirrors and the registry in their order, until one answers. path begins
// below the repository, as in "tags/list".
func (r *repository) get(ctx context.Context, path, accept string) (*http.Response, error) {
	ctx = docker.ContextWithAppendPullRepositoryScope(ctx, reference.Path(r.named))
	err := fmt.Errorf("no host is configured for %s", reference.Domain(r.named))
	var first error
	for _, h := range r.hosts {
		if !h.Capabilities.Has(docker.HostCapabilityPull) {
			continue
		}
		var resp *http.Response
		if resp, err = r.ask(ctx, h, path, accept); err == nil {
			return resp, nil
		}
		if first == nil || errdefs.IsNotFound(first) {
			first = err
		}
		if ctx.Err() != nil {
			break
		}
	}
	if first != nil {
		err = first
	}
	return nil, err
}

// ask sends a request to one host, with a login if it wants one.
func (r *repository) ask(ctx context.Context, h docker.RegistryHost, path, accept string) (*http.Response, error) {
	domain := reference.Domain(r.named)
	where := h.Scheme + "://" + h.Host + h.Path + "/" + reference.Path(r.named) + "/" + path
	if h.Host != domain && !(domain == "docker.io" && h.Host == "registry-1.docker.io") {
		sep := "?"
		if strings.Contains(where, "?") {
			sep = "&"
		}
		where += sep + "ns=" + url.QueryEscape(domain) // a mirror of several registries
	}
	var seen []*http.Response
	for range 3 {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, where, nil)
		if err != nil {
			return nil, err
		}
		for k, v := range h.Header {
			req.Header[k] = v
		}
		req.Header.Set("Accept", accept)
		if r.registry.UserAgent != "" {
			req.Header.Set("User-Agent", r.registry.UserAgent)
		}
		if h.Authorizer != nil {
			if err := h.Authorizer.Authorize(ctx, req); err != nil {
				return nil, err
			}
		}
		resp, err := h.Client.Do(req)
		if err != nil {
			return nil, err
		}
		if resp.StatusCode == http.StatusOK {
			return resp, nil
		}
		failed := remoteerrors.NewUnexpectedStatusErr(resp) // it reads and closes no more than a little
		_ = resp.Body.Close()
		seen = append(seen, resp)
		if resp.StatusCode == http.StatusUnauthorized && h.Authorizer != nil {
			if err := h.Authorizer.AddResponses(ctx, seen); err == nil {
				continue
			}
		}
		if resp.StatusCode == http.StatusNotFound {
			return nil, fmt.Errorf("%w: %w", errdefs.ErrNotFound, failed)
		}
		return nil, failed
	}
	return nil, source.ErrUnauthorized
}

// errNoList says that a registry has no list of tags.
var errNoList = errors.New("the registry does not list tags: it has no answer to GET /v2/NAME/tags/list")

// tags lists all tags, page by page.
func (r *repository) tags(ctx context.Context) ([]string, error) {
	var out []string
	asked := map[string]bool{}
	next := "tags/list?n=1000"
	for next != "" {
		if asked[next] {
			return nil, fmt.Errorf("list the tags of %s: the registry names the page %q twice", r.named.Name(), next)
		}
		asked[next] = true
		resp, err := r.get(ctx, next, "application/json")
		if err != nil {
			return nil, fmt.Errorf("list the tags of %s: %w", r.named.Name(), r.noList(err))
		}
		b, err := io.ReadAll(io.LimitReader(resp.Body, maxList+1))
		_ = resp.Body.Close()
		if err != nil {
			return nil, fmt.Errorf("list the tags of %s: %w", r.named.Name(), err)
		}
		var page struct {
			Tags []string `json:"tags"`
		}
		if len(b) > maxList {
			return nil, fmt.Errorf("list the tags of %s: a page of more than %d bytes", r.named.Name(), maxList)
		}
		if err := json.Unmarshal(b, &page); err != nil {
			return nil, fmt.Errorf("list the tags of %s: the registry's list is no JSON: %w", r.named.Name(), err)
		}
		if out = append(out, page.Tags...); len(out) > maxTags {
			return nil, fmt.Errorf("%s has more than %d tags: choose some with --tags", r.named.Name(), maxTags)
		}
		next = nextPage(resp.Header.Get("Link"), reference.Path(r.named))
	}
	return out, nil
}

// noList tells a registry without a list of tags from a repository that is not there.
func (r *repository) noList(err error) error {
	var status remoteerrors.ErrUnexpectedStatus
	if !errors.As(err, &status) {
		return r.registry.Explain(r.named, err)
	}
	switch status.StatusCode {
	case http.StatusMethodNotAllowed, http.StatusNotImplemented, http.StatusBadRequest:
		return errNoList
	case http.StatusNotFound:
		if !bytes.Contains(status.Body, []byte("NAME_UNKNOWN")) {
			return fmt.Errorf("%w, or no such repository", errNoList)
		}
	}
	return r.registry.Explain(r.named, err)
}

// nextPage is what a Link header says of the next page, below the repository; "" if there
// is none. Only the query counts: no registry sends a list on to another place.
func nextPage(link, repository string) string {
	for one := range strings.SplitSeq(link, ",") {
		target, params, _ := strings.Cut(strings.TrimSpace(one), ">")
		if !strings.HasPrefix(target, "<") || !strings.Contains(strings.ReplaceAll(params, `"`, ""), "rel=next") {
			continue
		}
		u, err := url.Parse(target[1:])
		if err != nil || !strings.HasSuffix(u.Path, "/"+repository+"/tags/list") && u.Path != "" || u.RawQuery == "" {
			return ""
		}
		return "tags/list?" + u.RawQuery
	}
	return ""
}

// document fetches a manifest by tag or digest, or a configuration by digest, and verifies it.
func (r *repository) document(ctx context.Context, path, accept string) ([]byte, string, error) {
	resp, err := r.get(ctx, path, accept)
	if err != nil {
		return nil, "", err
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(io.LimitReader(resp.Body, image.MaxDocument+1))
	if err == nil && len(b) > image.MaxDocument {
		err = fmt.Errorf("%s: more than %d bytes", path, image.MaxDocument)
	}
	kind, _, _ := strings.Cut(resp.Header.Get("Content-Type"), ";")
	return b, strings.TrimSpace(kind), err
}

// tagged reads what a tag names now: its digest is worked out, not believed.
func (r *repository) tagged(ctx context.Context, tag string) (ocispec.Descriptor, *documents, error) {
	b, kind, err := r.document(ctx, "manifests/"+tag, accepted)
	if err != nil {
		return ocispec.Descriptor{}, nil, err
	}
	var m struct {
		MediaType string `json:"mediaType"`
	}
	if json.Unmarshal(b, &m) == nil && m.MediaType != "" {
		kind = m.MediaType // registries serve documents under types of their own
	}
	d := ocispec.Descriptor{MediaType: kind, Digest: digest.FromBytes(b), Size: int64(len(b))}
	return d, &documents{r: r, have: map[digest.Digest][]byte{d.Digest: b}}, nil
}

// documents serve the manifests and configurations of one tag.
type documents struct {
	r    *repository
	have map[digest.Digest][]byte
}

// errLayer is the answer to whoever wants a layer.
var errLayer = fmt.Errorf("layers are not fetched: %w", errdefs.ErrNotFound)

// ReaderAt implements content.Provider. A document is fetched when it is first read: to
// look whether it is there costs no request.
func (p *documents) ReaderAt(ctx context.Context, d ocispec.Descriptor) (content.ReaderAt, error) {
	path := "manifests/"
	switch {
	case images.IsIndexType(d.MediaType), images.IsManifestType(d.MediaType):
	case images.IsConfigType(d.MediaType):
		path = "blobs/"
	default:
		return nil, errLayer
	}
	if err := d.Digest.Validate(); err != nil {
		return nil, err
	}
	return &reader{ctx: ctx, p: p, d: d, path: path + d.Digest.String()}, nil
}

// reader reads one document; it is not for several goroutines.
type reader struct {
	ctx  context.Context
	p    *documents
	d    ocispec.Descriptor
	path string
}

// Size implements content.ReaderAt.
func (r *reader) Size() int64 { return r.d.Size }

// Close implements io.Closer.
func (*reader) Close() error { return nil }

// ReadAt implements io.ReaderAt.
func (r *reader) ReadAt(b []byte, off int64) (int, error) {
	doc, ok := r.p.have[r.d.Digest]
	if !ok {
		var err error
		if doc, _, err = r.p.r.document(r.ctx, r.path, accepted); err != nil {
			return 0, err
		}
		r.p.have[r.d.Digest] = doc
	}
	return bytes.NewReader(doc).ReadAt(b, off)
}
