package layer

import (
	"slices"
	"strings"
)

// plainSize is the sum for the ordinary layer.
func plainSize(list []Entry) (int64, bool) {
	var n int64
	leaf, shown := "", -1 // the last entry that is not a directory, and the last that shows
	links := false
	for i := range list {
		e := &list[i]
		if leaf != "" && (below(e.Path, leaf) || e.Kind == Opaque && e.Path == leaf) {
			return 0, false
		}
		switch e.Kind {
		case Whiteout, Opaque, Meta:
			continue
		case File:
			n += e.Size
		case Symlink:
			n += int64(len(e.Link()))
			links = true
		case Link:
			j := first(list, e.Link())
			for ; j < len(list) && list[j].Path == e.Link(); j++ {
				if list[j].Offset > e.Offset || list[j].Kind == Opaque {
					return 0, false // it names what comes later, or a directory
				}
			}
			if j < len(list) && below(list[j].Path, e.Link()) {
				return 0, false
			}
		}
		if shown >= 0 && list[shown].Path == e.Path {
			return 0, false
		}
		shown = i
		if e.Kind != Dir {
			leaf = e.Path
		}
	}
	return n, !links || !linksThrough(list)
}

// linksThrough tells whether a hard link names its file through a symbolic link.
func linksThrough(list []Entry) bool {
	known := "" // a directory that is none
	for i := range list {
		if list[i].Kind != Link {
			continue
		}
		to := list[i].Link()
		dir := to[:max(0, strings.LastIndexByte(to, '/'))]
		if dir == known {
			continue
		}
		for k := 0; k <= len(dir); k++ {
			if k < len(dir) && dir[k] != '/' {
				continue
			}
			j := first(list, dir[:k])
			if j < len(list) && list[j].Path == dir[:k] && list[j].Kind == Symlink {
				return true
			}
		}
		known = dir
	}
	return false
}

// first is where a path stands in the list, or would.
func first(list []Entry, path string) int {
	i, _ := slices.BinarySearchFunc(list, path, func(e Entry, p string) int { return ComparePaths(e.Path, p) })
	return i
}

// below tells whether the clean path p lies in the directory dir.
func below(p, dir string) bool {
	return len(p) > len(dir) && p[len(dir)] == '/' && p[:len(dir)] == dir
}
