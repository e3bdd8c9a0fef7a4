package image

import "github.com/opencontainers/go-digest"

// Sizes are the bytes of an image under the names of docs/reference/measures.md.
type Sizes struct {
	Transfer  int64 `json:"transfer"`  // layer blobs as a push sends them, plus manifest and config
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
	DockerContainerd int64 `json:"docker-containerd"`
}

// Sizes sums up the layers of a measured image, but for Live, Waste and Duplicate,
// which need knowledge across layers (package ledger). A blob that stands twice in
// the manifest counts once in Transfer. It panics if the image was not measured and
// packed.
func (i *Image) Sizes() Sizes {
	s := Sizes{Transfer: i.Push.Manifest.Size + i.ConfigID.Size}
	seen := map[digest.Digest]bool{}
	for n, l := range i.Layers {
		if p := i.Push.Layers[n]; !seen[p.Digest] {
			seen[p.Digest] = true
			s.Transfer += p.Size
		}
		s.Tar += l.Sums.Tar
		s.Files += l.Sums.Files
		s.Docker += l.Sums.Docker
		s.Disk += l.Sums.Disk
	}
	s.Overhead = s.Tar - s.Files
	s.DockerContainerd = s.Disk + s.Transfer
	if i.Target.Digest != i.Manifest.Digest {
		s.DockerContainerd += i.Target.Size
	}
	return s
}
