package layer

import (
	"archive/tar"
	"path"
	"strings"
)

// dockerSize counts a layer as a Docker graph driver does when it has unpacked
// the layer alone: each inode that still has a name counts once, a regular file
// with its size, a symbolic link with the length of its target, everything else
// (directories, devices, whiteouts) with 0. So a path that the same tar writes
// twice counts once, and a hard link keeps a file alive whose first name went.
type dockerSize struct {
	names  map[string]int // clean path -> inode
	links  []int          // inode -> names it has
	sizes  []int64        // inode -> bytes
	dirs   map[string]bool
	parent map[string]map[string]struct{} // directory -> children, for replaced directories
}

func newDockerSize() *dockerSize {
	return &dockerSize{names: map[string]int{}, dirs: map[string]bool{}, parent: map[string]map[string]struct{}{}}
}

func (d *dockerSize) add(h *tar.Header) {
	name := clean(h.Name)
	if name == "" {
		return // the root
	}
	switch h.Typeflag {
	case tar.TypeXGlobalHeader:
		return
	case tar.TypeDir:
		if !d.dirs[name] {
			d.remove(name)
			d.put(name, 0)
			d.dirs[name] = true
		}
		return
	case tar.TypeLink:
		inode, ok := d.names[clean(h.Linkname)]
		d.remove(name)
		if !ok {
			// The target is in a lower layer, which an unpacked layer alone has not.
			d.put(name, 0)
			return
		}
		d.link(name, inode)
		return
	}
	d.remove(name)
	switch h.Typeflag {
	case tar.TypeReg, tar.TypeGNUSparse:
		if strings.HasPrefix(path.Base(name), ".wh.") {
			d.put(name, 0) // unpacked as a device or an attribute
			return
		}
		d.put(name, h.Size)
	case tar.TypeSymlink:
		d.put(name, int64(len(h.Linkname)))
	default:
		d.put(name, 0)
	}
}

func (d *dockerSize) put(name string, size int64) {
	d.sizes = append(d.sizes, size)
	d.links = append(d.links, 0)
	d.link(name, len(d.sizes)-1)
}

func (d *dockerSize) link(name string, inode int) {
	d.names[name] = inode
	d.links[inode]++
	dir := path.Dir(name)
	kids := d.parent[dir]
	if kids == nil {
		kids = map[string]struct{}{}
		d.parent[dir] = kids
	}
	kids[name] = struct{}{}
}

// remove takes name away, with everything below it if it is a directory.
func (d *dockerSize) remove(name string) {
	for pending := []string{name}; len(pending) > 0; {
		n := pending[len(pending)-1]
		pending = pending[:len(pending)-1]
		inode, ok := d.names[n]
		if !ok {
			continue
		}
		d.links[inode]--
		delete(d.names, n)
		delete(d.parent[path.Dir(n)], n)
		if d.dirs[n] {
			delete(d.dirs, n)
			for kid := range d.parent[n] {
				pending = append(pending, kid)
			}
		}
	}
}

func (d *dockerSize) total() int64 {
	var sum int64
	for inode, n := range d.links {
		if n > 0 {
			sum += d.sizes[inode]
		}
	}
	return sum
}

// clean makes "./a//b/", "/a/b" and "a/../a/b" the same path, relative to the root.
func clean(name string) string {
	return strings.TrimPrefix(path.Clean("/"+name), "/")
}
