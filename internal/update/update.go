// Package update tells what a machine that has one image fetches, unpacks and keeps when it pulls another, before a byte of a layer is
// fetched.
package update

import (
	"github.com/opencontainers/go-digest"

	"tare/internal/units"
)

// Schema names the JSON form of an Update.
const Schema = "tare.update/v1"

// Update is what a pull of one image transfers to a machine that has others. Bytes are those of blobs as the registry sends them, without
// the heads of HTTP and without what a proxy adds.
type Update struct {
	Schema string `json:"schema"`
	Client string `json:"client"` // docker, containerd, podman, estargz or soci
	// Exact says that the client fetches these bytes and no others. An estimate is one of a client that fetches what containers happen to
	// read.
	Exact bool   `json:"exact"`
	From  Side   `json:"from"`
	To    Side   `json:"to"`
	Have  []Side `json:"have"` // what else the machine has pulled, before From
	// Download are the bytes that the pull fetches, Stays those of blobs that the image needs and that are there already. A blob that the
	// image names twice is fetched once.
	Download int64 `json:"download"`
	Stays    int64 `json:"stays"`
	// Unpack are the bytes of the tars that are unpacked, null if they are not known before the layers are read. UnpackBlobs are the
	// same layers as they are stored in the registry.
	Unpack      units.Amount `json:"unpack"`
	UnpackBlobs int64        `json:"unpackBlobs"`
	// Leftover are the blobs of layers of From that neither To nor the others use: they, or what was unpacked of them, stay until From is
	// removed.
	Leftover       int64  `json:"leftover"`
	LeftoverLayers int    `json:"leftoverLayers"`
	UpToDate       bool   `json:"upToDate"` // nothing is fetched
	Blobs          []Blob `json:"blobs"`    // of To: indexes, manifest, configuration, then layers from the bottom
	// Lazy is about the layers that the client mounts instead of fetching them; nothing for clients that do not.
	Lazy *Lazy `json:"lazy,omitempty"`
	// Notes are what can be said besides, each a sentence.
	Notes []string `json:"notes"`
}

// Side is an image.
type Side struct {
	Name     string        `json:"name"`     // as it was written
	Platform string        `json:"platform"` // as the configuration says; "" if it does not
	Digest   digest.Digest `json:"digest"`   // what the name points to: an index or a manifest; "" for scratch
}

// Blob is one that the image needs. Download, Stays and Lazy sum up to Size, but for a layer that the image names twice.
type Blob struct {
	Kind     string        `json:"kind"` // index, manifest, config or layer
	Digest   digest.Digest `json:"digest"`
	Size     int64         `json:"size"`     // bytes
	Download int64         `json:"download"` // bytes that the pull fetches of it
	Stays    int64         `json:"stays"`    // bytes of it that the machine has
	Lazy     int64         `json:"lazy"`     // bytes of it that are fetched when a container reads them, or never
	Layer    *Layer        `json:"layer,omitempty"`
}

// Layer is what else is known of a layer.
type Layer struct {
	DiffID digest.Digest `json:"diffID"`
	Unpack bool          `json:"unpack"` // it is unpacked
	// Tar are the bytes of its tar, null if they are not known.
	Tar    units.Amount `json:"tar"`
	Reason Reason       `json:"reason"`
	// Instruction is the one of the history that made it, "" if the history does not say.
	Instruction string `json:"instruction,omitempty"`
	// TOC is what its table of contents says, for clients that mount layers.
	TOC *TOC `json:"toc,omitempty"`
}

// Reason says why a layer is fetched or stays.
type Reason string

// Reasons, each told from digests and history alone.
const (
	Present      Reason = "present"      // it is there, and so are all below it
	Below        Reason = "below"        // its content is there, above other layers: a layer below it is different
	Recompressed Reason = "recompressed" // its content is there, as a blob with another digest
	Rebuilt      Reason = "rebuilt"      // From has a layer of the same instruction, with other content
	New          Reason = "new"          // From has no layer of its instruction
	Repeated     Reason = "repeated"     // the image names the blob twice; it is fetched with the first
	Unsaid       Reason = "unknown"      // it is not there, and the history does not say what made it
)

// Lazy is what a client does that mounts layers and fetches what containers read of them.
type Lazy struct {
	Layers int   `json:"layers"` // that are mounted
	Most   int64 `json:"most"`   // bytes of their blobs: more is not fetched of them
	// Start is an estimate of the bytes that are fetched before a container starts: tables of contents, and what the makers of the layers
	// marked to be prefetched. It is null if nothing is marked, or no table is known.
	Start units.Amount `json:"start"`
}

// TOC is what the table of contents of a layer says. Its digest is the one that the layer's annotations name.
type TOC struct {
	Format   string       `json:"format"`   // eStargz or zstd:chunked
	Bytes    int64        `json:"bytes"`    // of the table and of what leads to it, as they are stored
	Prefetch units.Amount `json:"prefetch"` // bytes from the beginning of the blob that are fetched first; null if it does not say
}

// Layers counts the layers, and those of which something is fetched.
func (u *Update) Layers() (all, fetched int) {
	for _, b := range u.Blobs {
		if b.Layer != nil {
			all++
			if b.Download > 0 {
				fetched++
			}
		}
	}
	return all, fetched
}
