package image

import (
	"github.com/opencontainers/go-digest"

	"tare/internal/units"
)

// Sizes are the bytes of an image under the names of docs/reference/measures.md.
type Sizes struct {
	// Transfer are the layer blobs as a push sends them, plus manifest and config. It is not
	// known where a layer's blob is not.
	Transfer units.Amount `json:"transfer"`
	// Stored are the blobs as the source has them, with the manifest, if it has one, and config.
	Stored    int64 `json:"stored"`
	Tar       int64 `json:"tar"`       // uncompressed layer tars
	Files     int64 `json:"files"`     // regular files in all layers
	Overhead  int64 `json:"overhead"`  // Tar - Files
	Live      int64 `json:"live"`      // the part of Files that a container sees
	Waste     int64 `json:"waste"`     // Files - Live
	Duplicate int64 `json:"duplicate"` // bytes of Live whose content stands elsewhere in Live
	Disk      int64 `json:"disk"`      // all layers unpacked, in 4 KiB blocks with directories: an estimate
	Docker    int64 `json:"docker"`    // what `docker images` prints with a graph driver
	// DockerContainerd is what `docker images` prints with the containerd image
	// store: Disk, Transfer and the index. An estimate, as Disk is.
	DockerContainerd units.Amount `json:"docker-containerd"`
}

// Sizes sums up the layers of a measured image, but for Live, Waste and Duplicate,
// which need knowledge across layers (package ledger). A blob that stands twice in
// the manifest counts once in Transfer. It panics if the image was not measured and
// packed.
func (i *Image) Sizes() Sizes {
	s := Sizes{Transfer: units.Known(i.Push.Manifest.Size + i.ConfigID.Size), Stored: i.ConfigID.Size}
	if !i.MadeUp {
		s.Stored += i.Manifest.Size
	}
	seen, stored := map[digest.Digest]bool{}, map[digest.Digest]bool{}
	for n, l := range i.Layers {
		if p := i.Push.Layers[n]; !seen[p.Digest] {
			seen[p.Digest] = true
			s.Transfer = s.Transfer.Plus(i.Push.Size(n))
		}
		if !stored[l.Digest] {
			stored[l.Digest] = true
			s.Stored += l.Size
		}
		s.Tar += l.Sums.Tar
		s.Files += l.Sums.Files
		s.Docker += l.Sums.Docker
		s.Disk += l.Sums.Disk
	}
	s.Overhead = s.Tar - s.Files
	s.DockerContainerd = s.Transfer.Plus(units.Known(s.Disk))
	if i.Target.Digest != i.Manifest.Digest {
		s.DockerContainerd = s.DockerContainerd.Plus(units.Known(i.Target.Size))
	}
	return s
}
