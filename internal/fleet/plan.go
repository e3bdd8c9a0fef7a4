// Package fleet answers for many images at once: which of them there are, what each layer of theirs holds, and what they cost together.
package fleet

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"github.com/opencontainers/go-digest"
)

// PlanSchema names the form of a plan.
const PlanSchema = "tare.fleet-plan/v1"

// Plan is what a scan is about: all images that its sources named, and every layer of theirs, as manifests and configurations state
// them. It is settled before a layer is read, so shards that have the same plan divide the same work, and results carry its digest.
type Plan struct {
	Schema string `json:"schema"`
	// Sources are the words that named the images, in the order given.
	Sources []string `json:"sources"`
	// Rules are what else was asked; a shard that asks otherwise has another plan.
	Rules Rules `json:"rules"`
	// Images are sorted by digest, each once.
	Images []Image `json:"images"`
	// Unreadable are the images and repositories that were named and could not be read, each with the reason: they are never skipped silently.
	Unreadable []Unreadable `json:"unreadable,omitempty"`
	// Nodes say which machine of a cluster has which images.
	Nodes []Node `json:"nodes,omitempty"`
}

// Rules choose among what the sources name.
type Rules struct {
	// Tags is a pattern that tags must match, such as 3.* or {1,2}.*; "" for all.
	Tags string `json:"tags,omitempty"`
	// Newest is how many images of a repository are taken, by the dates of their configurations; 0 for all.
	Newest int `json:"newest,omitempty"`
	// Platform is the one that is taken of multi-platform images; AllPlatforms or "" for every one.
	Platform string `json:"platform,omitempty"`
	// Lists are the digests of the lists that sources name, files and standard input, in the order of the sources.
	Lists []digest.Digest `json:"lists,omitempty"`
}

// AllPlatforms is the Platform of Rules that takes every image of a multi-platform image.
const AllPlatforms = "all"

// Image is one manifest for one platform.
type Image struct {
	// Digest is that of the image manifest, not of an index that lists it.
	Digest digest.Digest `json:"digest"`
	// Config is the digest of the configuration, Docker's image ID.
	Config digest.Digest `json:"config"`
	// ManifestBytes and ConfigBytes are the lengths of the two documents.
	ManifestBytes int64 `json:"manifestBytes"`
	ConfigBytes   int64 `json:"configBytes"`
	// Names are the references that lead to the image, REGISTRY/REPOSITORY:TAG or REGISTRY/REPOSITORY@DIGEST, sorted.
	Names []string `json:"names"`
	// Platform is OS/ARCH[/VARIANT].
	Platform string `json:"platform"`
	// Created is the date of the configuration; nil when it states none.
	Created *time.Time `json:"created,omitempty"`
	// BaseName and BaseDigest are the annotations org.opencontainers.image.base.*, if the image has them.
	BaseName   string `json:"baseName,omitempty"`
	BaseDigest string `json:"baseDigest,omitempty"`
	// Layers are the layers from the lowest to the highest.
	Layers []Layer `json:"layers"`
}

// Layer is one layer as a manifest and its configuration state it.
type Layer struct {
	// Digest is that of the blob as the registry holds it.
	Digest digest.Digest `json:"digest"`
	// DiffID is the digest of the uncompressed layer.
	DiffID digest.Digest `json:"diffId"`
	// Bytes is the length of the blob (the ledger's "blob").
	Bytes     int64  `json:"bytes"`
	MediaType string `json:"mediaType"`
}

// Unreadable is something that was named and could not be read.
type Unreadable struct {
	Name string `json:"name"`
	Why  string `json:"why"`
}

// Node is one machine of a cluster.
type Node struct {
	Name string `json:"name"`
	// Images are digests of images of the plan, sorted, each once.
	Images []digest.Digest `json:"images"`
}

// Encode gives the bytes of the plan; equal plans have equal bytes.
func (p *Plan) Encode() ([]byte, error) {
	q := *p
	q.Schema = PlanSchema
	if q.Sources == nil {
		q.Sources = []string{}
	}
	if q.Images == nil {
		q.Images = []Image{}
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	if err := e.Encode(q); err != nil {
		return nil, fmt.Errorf("encoding the plan: %w", err)
	}
	return b.Bytes(), nil
}
