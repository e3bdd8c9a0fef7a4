package inside

import (
	"cmp"
	"slices"
	"strings"

	"tare/internal/parts"
)

// byChecksum is how copies of members are told: their contents are not read for it.
const byChecksum = "crc32+size"

// copied is a member of an archive, and where it stands.
type copied struct {
	in    string
	name  string
	bytes int64
}

// duplicates finds members that stand more than once in the archives.
func (r *Result) duplicates() {
	type key struct {
		crc  string
		size int64
	}
	all := map[key][]copied{}
	// counts tells whether a member's bytes are bytes of the file: in an archive that is
	// compressed in another they are not.
	var each func(in string, list []parts.Part, counts bool)
	each = func(in string, list []parts.Part, counts bool) {
		for i := range list {
			p := &list[i]
			if p.Kind != parts.Member || p.What != "" || p.Size == 0 {
				continue
			}
			c := copied{in: in, name: p.Name}
			if counts {
				c.bytes = p.Bytes
			}
			k := key{p.CRC32, p.Size}
			if all[k] = append(all[k], c); len(all[k]) == 1 { // what is in a copy is counted with it
				each(in+"!/"+p.Name, p.Parts, counts && p.Bytes == p.Size)
			}
		}
	}
	for i := range r.Files {
		each(r.Files[i].Path, r.Files[i].Parts, true)
	}
	for k, list := range all {
		if len(list) < 2 || k.crc == "" {
			continue
		}
		d := Duplicate{Name: list[0].name, Size: k.size, By: byChecksum}
		for n, c := range list {
			if n > 0 {
				d.Extra += c.bytes
			}
			d.In = append(d.In, c.in+"!/"+c.name)
		}
		r.Duplicate += d.Extra
		r.Duplicates = append(r.Duplicates, d)
	}
	slices.SortFunc(r.Duplicates, func(a, b Duplicate) int {
		return cmp.Or(cmp.Compare(b.Extra, a.Extra), cmp.Compare(b.Size*int64(len(b.In)), a.Size*int64(len(a.In))), strings.Compare(a.In[0], b.In[0]))
	})
}
