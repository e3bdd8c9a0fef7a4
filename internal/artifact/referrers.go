package artifact

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/containerd/containerd/v2/core/remotes/docker"
	"github.com/containerd/errdefs"
	"github.com/distribution/reference"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/repository"
)

// Via says how a registry tells what is attached to an image.
type Via string

// The ways of the distribution specification.
const (
	ViaAPI Via = "referrers API"
	ViaTag Via = "referrers tag" // a list under a tag that is made of the image's digest
)

// Bounds of what a registry may send as referrers.
const (
	maxPages     = 50
	maxReferrers = 5000
)

// Referrers lists what is attached to a manifest of the repository and is of a type, or may be: some registries do not tell the type. A
// registry without the API is asked for the list under the tag that the specification names. An empty list is no error.
func (r *Repository) Referrers(ctx context.Context, subject digest.Digest, artifactType string) (list []ocispec.Descriptor, via Via, err error) {
	for _, h := range r.able(docker.HostCapabilityPull) {
		list, via, err = r.referrersAt(ctx, h, subject, artifactType)
		if err == nil && len(list) > 0 || ctx.Err() != nil {
			break // else the next one: a mirror need not have what is attached to images
		}
	}
	if err != nil {
		return nil, via, r.registry.Explain(r.named, err)
	}
	return list, via, nil
}

// referrersAt is Referrers at one host.
func (r *Repository) referrersAt(ctx context.Context, h docker.RegistryHost, subject digest.Digest, artifactType string) ([]ocispec.Descriptor, Via, error) {
	list, err := r.listed(ctx, h, subject, artifactType)
	if !errors.Is(err, errNoAPI) {
		return list, ViaAPI, err
	}
	raw, media, err := r.tagged(ctx, h, TagOf(subject))
	if errdefs.IsNotFound(err) {
		return nil, ViaTag, nil
	}
	if err != nil {
		return nil, ViaTag, err
	}
	x, err := listOf(raw, media, subject)
	if err != nil {
		return nil, ViaTag, err
	}
	return ofType(nil, x.Manifests, artifactType), ViaTag, nil
}

// errNoAPI says that a registry has no referrers API.
var errNoAPI = errors.New("the registry has no referrers API")

// listed asks the referrers API, page by page. The error is errNoAPI where there is none: registries say that in several ways.
func (r *Repository) listed(ctx context.Context, h docker.RegistryHost, subject digest.Digest, artifactType string) (out []ocispec.Descriptor, err error) {
	asked := map[string]bool{}
	next := "?artifactType=" + url.QueryEscape(artifactType)
	for page := 0; next != ""; page++ {
		if asked[next] || page == maxPages {
			return nil, fmt.Errorf("list the referrers of %s: more than %d pages, or one page twice", subject, maxPages)
		}
		asked[next] = true
		resp, err := r.asked.Ask(ctx, h, "referrers/"+subject.String()+next, ocispec.MediaTypeImageIndex) //nolint:bodyclose // body closes it
		if page == 0 && err != nil {
			switch status(err) {
			case http.StatusNotFound, http.StatusBadRequest, http.StatusMethodNotAllowed, http.StatusNotAcceptable, http.StatusNotImplemented:
				return nil, errNoAPI
			}
		}
		if err != nil {
			return nil, err
		}
		raw, err := body(resp)
		if err != nil {
			return nil, err
		}
		media, _, _ := strings.Cut(resp.Header.Get("Content-Type"), ";")
		if page == 0 && media != ocispec.MediaTypeImageIndex {
			return nil, errNoAPI // a page for people, or something else that answers to any path
		}
		x, err := listOf(raw, media, subject)
		if err != nil {
			return nil, err
		}
		if out = ofType(out, x.Manifests, artifactType); len(out) > maxReferrers {
			return nil, fmt.Errorf("list the referrers of %s: more than %d", subject, maxReferrers)
		}
		next = repository.NextPage(resp.Header.Get("Link"), reference.Path(r.named)+"/referrers/"+subject.String())
	}
	return out, nil
}

// listOf reads a list of referrers.
func listOf(raw []byte, media string, subject digest.Digest) (*ocispec.Index, error) {
	var x ocispec.Index
	if media != ocispec.MediaTypeImageIndex {
		return nil, fmt.Errorf("the tag %s, where the referrers of an image are listed, is something else (%.60q)", TagOf(subject), media)
	}
	if err := json.Unmarshal(raw, &x); err != nil {
		return nil, fmt.Errorf("the list of the referrers of %s: %w", subject, err)
	}
	if len(x.Manifests) > maxReferrers {
		return nil, fmt.Errorf("list the referrers of %s: more than %d", subject, maxReferrers)
	}
	return &x, nil
}

// ofType adds to out what is, or may be, of a type. Registries from before OCI 1.1 give the type of the configuration, which is the empty
// one, or none.
func ofType(out, list []ocispec.Descriptor, artifactType string) []ocispec.Descriptor {
	for _, d := range list {
		if d.ArtifactType == artifactType || d.ArtifactType == "" || d.ArtifactType == ocispec.MediaTypeEmptyJSON {
			out = append(out, d)
		}
	}
	return out
}

// TagOf is the tag under which registries without the API keep the list of what is attached to a manifest.
func TagOf(d digest.Digest) string {
	algorithm, hex, _ := strings.Cut(d.String(), ":")
	return algorithm[:min(len(algorithm), 32)] + "-" + hex[:min(len(hex), 64)]
}
