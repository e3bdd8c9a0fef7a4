package fleet

import "github.com/opencontainers/go-digest"

// LayerName is the name of what a scan knows of a layer, by the digest of its blob.
func LayerName(d digest.Digest) string { return layerName(d) }
