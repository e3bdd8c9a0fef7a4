package update

import (
	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/identity"

	"tare/internal/bill"
)

// Clients are the names of those that pull.
var Clients = []string{"docker", "containerd", "podman", "estargz", "soci"}

// client is the state of a machine. To pull an image changes it; what its earlier pulls have left decides what the next one fetches.
type client interface {
	// pull returns for each blob of the image what happens to it, in their order.
	pull(n *bill.Needed) []event
}

// event is what a pull does with a blob.
type event struct {
	fetch, unpack, repeated bool
}

func newClient(name string) client {
	switch name {
	case "docker":
		return &docker{documents: set{}, configs: set{}, chains: set{}, diffIDs: map[digest.Digest]digest.Digest{}}
	case "podman":
		return &podman{blobs: set{}, chains: set{}}
	}
	return &containerd{content: set{}, snapshots: set{}}
}

type set map[digest.Digest]bool

// add tells whether a digest was not there before.
func (s set) add(d digest.Digest) bool {
	if s[d] {
		return false
	}
	s[d] = true
	return true
}

// chains are the chain IDs of the layers: of each with all below it.
func chains(n *bill.Needed) []digest.Digest {
	ids := make([]digest.Digest, len(n.Layers))
	for i, l := range n.Layers {
		ids[i] = l.DiffID
	}
	return identity.ChainIDs(ids)
}

// docker is a Docker daemon that stores images with a graph driver: unpacked, by chain ID. It remembers the DiffID of each blob that it has
// pulled, from whatever repository, and keeps manifests. It looks for layers from the bottom; above the first that is missing it fetches
// all, even those that other images have.
type docker struct {
	documents, configs, chains set
	diffIDs                    map[digest.Digest]digest.Digest // of blobs
}

func (c *docker) pull(n *bill.Needed) []event {
	out := make([]event, len(n.Blobs))
	chain := chains(n)
	here, missing := c.configs[n.ConfigID.Digest], false
	fetched := set{}
	layer := 0
	for i, b := range n.Blobs {
		d := b.Descriptor.Digest
		switch b.Kind {
		case bill.Config:
			out[i].fetch = c.configs.add(d)
		case bill.Layer:
			diffID, id := n.Layers[layer].DiffID, chain[layer]
			layer++
			if here {
				continue // an image of this ID is there: its layers are not looked at
			}
			if !missing && c.diffIDs[d] == diffID && c.chains[id] {
				continue
			}
			missing = true
			out[i] = event{fetch: fetched.add(d), unpack: true}
			out[i].repeated = !out[i].fetch
			c.diffIDs[d] = diffID
			c.chains[id] = true
		default:
			out[i].fetch = c.documents.add(d)
		}
	}
	return out
}

// containerd has blobs by digest, and snapshots by chain ID. What has a snapshot is not fetched; of the layers from the first without one,
// those are that are no blobs here. So do nerdctl, Kubernetes and a Docker daemon with the containerd image store.
type containerd struct{ content, snapshots set }

func (c *containerd) pull(n *bill.Needed) []event {
	out := make([]event, len(n.Blobs))
	chain := chains(n)
	missing, fetched := false, set{}
	layer := 0
	for i, b := range n.Blobs {
		d := b.Descriptor.Digest
		if b.Kind == bill.Layer {
			id := chain[layer]
			layer++
			if missing = missing || !c.snapshots[id]; !missing {
				continue
			}
			out[i].unpack = c.snapshots.add(id)
		}
		out[i].repeated = fetched[d]
		if out[i].fetch = c.content.add(d); out[i].fetch {
			fetched.add(d)
		}
	}
	return out
}

// podman has layers by the digest of the blob that they came from, wherever in an image they stand. It keeps no manifest or configuration
// to be asked again: both are fetched each time.
type podman struct{ blobs, chains set }

func (c *podman) pull(n *bill.Needed) []event {
	out := make([]event, len(n.Blobs))
	chain := chains(n)
	fetched := set{}
	layer := 0
	for i, b := range n.Blobs {
		d := b.Descriptor.Digest
		if b.Kind != bill.Layer {
			out[i].fetch = true
			continue
		}
		out[i].repeated = fetched[d]
		if out[i].fetch = c.blobs.add(d); out[i].fetch {
			fetched.add(d)
		}
		c.blobs[n.Layers[layer].DiffID] = true // a layer that is stored uncompressed somewhere is this one
		out[i].unpack = c.chains.add(chain[layer])
		layer++
	}
	return out
}
