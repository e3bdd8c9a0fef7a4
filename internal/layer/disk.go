package layer

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
		case e.Kind == Symlink && last && len(e.Link()) > inlineLink:
			blocks++
		}
	}
	return blocks * block
}
