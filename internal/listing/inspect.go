package listing

import (
	"encoding/json"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/image"
	"tare/internal/store"
)

// Inspected is all that is known of an image, with Docker's keys.
type Inspected struct {
	ID            string `json:"Id"`
	RepoTags      []string
	RepoDigests   []string
	Comment       string
	Created       string
	DockerVersion string
	Author        string
	Architecture  string
	Variant       string `json:",omitempty"`
	Os            string
	Size          int64
	RootFS        RootFS
	Metadata      map[string]string
	Descriptor    ocispec.Descriptor `json:",omitzero"` // not of an image without a manifest
	Config        image.RunConfig
}

// RootFS lists the layers of an image by DiffID.
type RootFS struct {
	Type   string
	Layers []string
}

// Inspect tells all that is known of an image whose layers are measured. target is the
// manifest or index that was opened; its names are the store's.
func Inspect(st *store.Store, target ocispec.Descriptor, img *image.Image) (Inspected, error) {
	c := img.Config
	v := Inspected{
		ID: img.ID().String(), RepoTags: []string{}, RepoDigests: []string{}, Comment: c.Comment,
		DockerVersion: c.DockerVersion, Author: c.Author, Architecture: c.Architecture,
		Variant: c.Variant, Os: c.OS, Size: DockerSize(img), RootFS: RootFS{Type: c.RootFS.Type},
		Config: c.Config, Descriptor: target, Metadata: map[string]string{},
	}
	if n := len(c.History); v.Comment == "" && n > 0 {
		v.Comment = c.History[n-1].Comment // as in Docker
	}
	if c.Created != nil {
		v.Created = c.Created.Format("2006-01-02T15:04:05.999999999Z07:00")
	}
	for _, d := range c.RootFS.DiffIDs {
		v.RootFS.Layers = append(v.RootFS.Layers, d.String())
	}
	if img.MadeUp {
		v.Descriptor = ocispec.Descriptor{}
	}
	recs, err := st.Records()
	if err != nil {
		return v, err
	}
	seen := map[string]bool{}
	for _, r := range recs {
		if r.Target.Digest != target.Digest {
			continue
		}
		if r.Name != "" {
			v.RepoTags = append(v.RepoTags, Familiar(r.Name))
		}
		if d := Familiar(r.Repo) + "@" + r.Target.Digest.String(); r.Repo != "" && !seen[d] {
			seen[d] = true
			v.RepoDigests = append(v.RepoDigests, d)
		}
	}
	return v, nil
}

// Typed is Inspected with fields that Docker's templates know and that are always empty
// here.
type Typed struct {
	Inspected
	Parent, Container string
	VirtualSize       int64
}

// MarshalJSON leaves them out.
func (t Typed) MarshalJSON() ([]byte, error) { return json.Marshal(t.Inspected) }
