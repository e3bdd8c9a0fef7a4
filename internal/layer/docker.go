package layer

import (
	"cmp"
	"path"
	"slices"
)

// dockerSize is what a Docker graph driver (overlay2) reports for a layer: the
// layer unpacked alone, each inode that still has a name counted once, with a
// file's size and a symbolic link's length; all else 0. So a hard link to a file
// of the same layer adds nothing, and a name that is written twice counts once.
// The list is sorted.
func dockerSize(list []Entry) int64 {
	if n, plain := plainSize(list); plain {
		return n
	}
	order := make([]*Entry, len(list))
	for i := range list {
		order[i] = &list[i]
	}
	slices.SortFunc(order, func(a, b *Entry) int { return cmp.Compare(a.Offset, b.Offset) })
	d := &inodes{names: map[string]int{}, dirs: map[string]bool{}, parent: map[string]map[string]struct{}{}}
	for _, e := range order {
		d.add(e)
	}
	return d.total()
}

// plainSize is the sum for the ordinary layer in which no entry replaces another.
func plainSize(list []Entry) (int64, bool) {
	var n int64
	leaf := "" // the last entry that is no directory
	for i := range list {
		e := &list[i]
		if e.Kind == Whiteout || e.Kind == Opaque || e.Kind == Meta {
			continue
		}
		if i > 0 && list[i-1].Path == e.Path || leaf != "" && below(e.Path, leaf) {
			return 0, false
		}
		switch e.Kind {
		case File:
			n += e.Size
		case Symlink:
			n += int64(len(e.Link))
		}
		if e.Kind != Dir {
			leaf = e.Path
		}
	}
	return n, true
}

// below tells whether the clean path p lies in the directory dir.
func below(p, dir string) bool {
	return len(p) > len(dir) && p[len(dir)] == '/' && p[:len(dir)] == dir
}

// inodes is a layer unpacked in memory.
type inodes struct {
	names  map[string]int // path -> inode
	links  []int          // inode -> names it has
	sizes  []int64        // inode -> bytes
	dirs   map[string]bool
	parent map[string]map[string]struct{} // directory -> children, for replaced directories
}

// add unpacks the next entry of the tar.
func (d *inodes) add(e *Entry) {
	switch {
	case e.Path == "", e.Kind == Whiteout, e.Kind == Opaque, e.Kind == Meta:
	case e.Kind == Dir:
		if !d.dirs[e.Path] {
			d.remove(e.Path)
			d.put(e.Path, 0)
			d.dirs[e.Path] = true
		}
	case e.Kind == Link:
		inode, ok := d.names[e.Link]
		d.remove(e.Path)
		if !ok {
			// The target is in a lower layer, which an unpacked layer alone has not.
			d.put(e.Path, 0)
			return
		}
		d.link(e.Path, inode)
	default:
		d.remove(e.Path)
		size := e.Size
		if e.Kind == Symlink {
			size = int64(len(e.Link))
		}
		d.put(e.Path, size)
	}
}

func (d *inodes) put(name string, size int64) {
	d.sizes = append(d.sizes, size)
	d.links = append(d.links, 0)
	d.link(name, len(d.sizes)-1)
}

func (d *inodes) link(name string, inode int) {
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

// remove drops a name and, for a directory, all below it.
func (d *inodes) remove(name string) {
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

func (d *inodes) total() int64 {
	var sum int64
	for inode, n := range d.links {
		if n > 0 {
			sum += d.sizes[inode]
		}
	}
	return sum
}

// block is the unit in which ext4 and xfs give out space by default, in bytes.
const block = 4096

// inlineLink is the longest symbolic link that ext4 keeps in the inode.
const inlineLink = 59

// diskSize is an estimate of what the layer takes when it is unpacked alone, as
// containerd's snapshotters count it (st_blocks): every file in whole blocks, a
// block for each directory, whether it has an entry or only something in it, one
// for the root, and one for a symbolic link too long for its inode. Directories
// with very many names, and holes of sparse files, make the real number differ.
func diskSize(list []Entry) int64 {
	blocks := int64(1)
	var open []string // directories that lead to the current entry
	for i := range list {
		e := &list[i]
		if e.Kind == Meta || e.Path == "" {
			continue
		}
		for len(open) > 0 && !below(e.Path, open[len(open)-1]) && e.Path != open[len(open)-1] {
			open = open[:len(open)-1]
		}
		known := 0
		if len(open) > 0 {
			known = len(open[len(open)-1])
		}
		// Parents that nothing named yet.
		for k := known + 1; k < len(e.Path); k++ {
			if e.Path[k] == '/' {
				open = append(open, e.Path[:k])
				blocks++
			}
		}
		last := i+1 == len(list) || list[i+1].Path != e.Path // of several entries for a path the last stands
		switch {
		case e.Kind == Dir || e.Kind == Opaque:
			if len(open) == 0 || open[len(open)-1] != e.Path {
				open = append(open, e.Path)
				blocks++
			}
		case e.Kind == File && last:
			blocks += (e.Size + block - 1) / block
		case e.Kind == Symlink && last && len(e.Link) > inlineLink:
			blocks++
		}
	}
	return blocks * block
}
