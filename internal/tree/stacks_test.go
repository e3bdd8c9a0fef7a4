package tree_test

import (
	"archive/tar"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"tare/internal/testkit"
)

// seeds is how many random stacks a test tries, and from which seed on: TARE_TEST_SEED
// says where to begin, TARE_TEST_STACKS how many.
func seeds(t *testing.T, many uint64) (from, to uint64) {
	t.Helper()
	number := func(name string, def uint64) uint64 {
		if v := os.Getenv(name); v != "" {
			n, err := strconv.ParseUint(v, 10, 64)
			if err != nil {
				t.Fatalf("%s=%q: %v", name, v, err)
			}
			return n
		}
		return def
	}
	if testing.Short() { // make mutants runs it hundreds of times
		many /= 10
	}
	from = number("TARE_TEST_SEED", 1)
	to = from + number("TARE_TEST_STACKS", many)
	t.Logf("seeds %d to %d", from, to-1)
	return from, to
}

// wildStack makes layers of all that a tar may hold: whiteouts and opaque markers of
// every type, links through links, names twice and in odd spelling, what has no parent,
// what replaces its parents.
func wildStack(r *rand.Rand) [][]testkit.Entry {
	var out [][]testkit.Entry
	for range 1 + r.IntN(5) {
		var l []testkit.Entry
		for range 1 + r.IntN(10) {
			e := wildEntry(r)
			for !encodes(e) {
				e = wildEntry(r)
			}
			l = append(l, e)
		}
		out = append(out, l)
	}
	return out
}

// encodes tells whether archive/tar would write it: it refuses some spellings.
func encodes(e testkit.Entry) bool {
	h := e.Header
	h.Size = int64(len(e.Body))
	return tar.NewWriter(io.Discard).WriteHeader(&h) == nil
}

func pick[T any](r *rand.Rand, list ...T) T { return list[r.IntN(len(list))] }

func wildPath(r *rand.Rand) string {
	parts := []string{pick(r, "a", "b", "d", "e", "l", "d-x")}
	for r.IntN(5) < 3 && len(parts) < 4 {
		parts = append(parts, pick(r, "a", "b", "d", "e", "l"))
	}
	return strings.Join(parts, "/")
}

// spelled writes a path in one of the ways that mean the same.
func spelled(r *rand.Rand, p string) string {
	switch r.IntN(12) {
	case 0:
		return "/" + p
	case 1:
		return "../" + p
	case 2:
		return strings.ReplaceAll(p, "/", "//")
	case 3:
		return strings.ReplaceAll(p, "/", "/./")
	case 4, 5, 6:
		return "./" + p
	}
	return p
}

func wildEntry(r *rand.Rand) testkit.Entry {
	p := wildPath(r)
	dir, base := "", p
	if i := strings.LastIndexByte(p, '/'); i >= 0 {
		dir, base = p[:i+1], p[i+1:]
	}
	e := testkit.Entry{Header: tar.Header{Mode: pick[int64](r, 0o644, 0o644, 0o644, 0o755), ModTime: time.Unix(pick[int64](r, 1, 1, 1, 2), 0), Format: tar.FormatPAX}}
	if r.IntN(6) == 0 {
		e.Uid, e.Gid = pick(r, 5, 1<<32+5), pick(r, 0, 0, 1<<32, 7)
	}
	if r.IntN(12) == 0 {
		e.ModTime = time.Unix(1, pick[int64](r, 0, 1))
	}
	if r.IntN(8) == 0 {
		e.PAXRecords = map[string]string{"SCHILY.xattr.user.x": pick(r, "1", "2")}
	}
	anyType := func() byte {
		return pick[byte](r, tar.TypeReg, tar.TypeReg, tar.TypeDir, tar.TypeSymlink, tar.TypeLink, tar.TypeChar, tar.TypeFifo, tar.TypeBlock)
	}
	switch n := r.IntN(100); {
	case n < 38:
		e.Typeflag, e.Name, e.Body = tar.TypeReg, spelled(r, p), strings.Repeat(pick(r, "x", "x", "y"), pick(r, 0, 1, 100, 600))
	case n < 52:
		e.Typeflag, e.Name, e.Mode = tar.TypeDir, spelled(r, p)+pick(r, "", "/", "/", "//"), 0o755
	case n < 63:
		e.Typeflag, e.Name = tar.TypeSymlink, spelled(r, p)
		e.Linkname = pick(r, wildPath(r), "/"+wildPath(r), "../"+wildPath(r), "../../../"+wildPath(r), "./"+base, "nowhere/"+wildPath(r), ".", "/")
	case n < 72:
		e.Typeflag, e.Name, e.Linkname = tar.TypeLink, spelled(r, p), spelled(r, wildPath(r))
	case n < 85:
		e.Typeflag, e.Name = anyType(), spelled(r, dir+".wh."+base)
	case n < 91:
		e.Typeflag, e.Name = anyType(), spelled(r, pick(r, p+"/", p+"/", "")+".wh..wh..opq")
	case n < 94:
		e.Typeflag, e.Name = pick[byte](r, tar.TypeChar, tar.TypeFifo), spelled(r, p)
	case n < 97:
		e.Typeflag, e.Name, e.Body = pick[byte](r, tar.TypeReg, tar.TypeSymlink, tar.TypeDir), pick(r, "", ".", "./", "/", ".."), ""
	default:
		e.Typeflag, e.Name = tar.TypeReg, spelled(r, dir+pick(r, ".wh..wh.plnk", ".wh..wh.aufs", ".wh.", ".wh..", ".wh...", ".whx", "pax_global_header"))
	}
	switch e.Typeflag {
	case tar.TypeSymlink, tar.TypeLink:
		if e.Linkname == "" {
			e.Linkname = wildPath(r)
		}
		e.Body = ""
	case tar.TypeDir:
		if !strings.HasSuffix(e.Name, "/") && r.IntN(2) == 0 && e.Name != "" {
			e.Name += "/"
		}
	}
	return e
}

// show writes a stack into the log of a test that failed.
func show(t *testing.T, layers [][]testkit.Entry) {
	t.Helper()
	for k, l := range layers {
		for i, e := range l {
			link := ""
			if e.Linkname != "" {
				link = fmt.Sprintf(" -> %q", e.Linkname)
			}
			t.Logf("layer %d entry %d: %c %q%s %d bytes %o %d:%d", k, i, e.Typeflag, e.Name, link, len(e.Body), e.Mode, e.Uid, e.Gid)
		}
	}
}

// soundStack makes layers that every unpacker takes alike: none has a path twice, or
// anything below what is not a directory, or a link to what is not there; for what they do
// otherwise the tools of the field differ from one another. Whiteouts are of every type
// and at any place in the tar, and hide what is there or is not.
func soundStack(r *rand.Rand) [][]testkit.Entry {
	var out [][]testkit.Entry
	for range 1 + r.IntN(4) {
		var l []testkit.Entry
		used := map[string]byte{} // path -> type
		free := func(p string, leaf bool) bool {
			for q := range used {
				if q == p || strings.HasPrefix(q, p+"/") && leaf {
					return false
				}
			}
			for d := parent(p); d != ""; d = parent(d) {
				if t, ok := used[d]; ok && t != tar.TypeDir {
					return false
				}
			}
			return true
		}
		for range 1 + r.IntN(10) {
			e := wildEntry(r)
			if !encodes(e) || strings.Contains(e.Name, "..wh") || strings.Contains(e.Name, ".wh.wh") {
				continue
			}
			p := tidy(e.Name)
			base := p[strings.LastIndexByte(p, '/')+1:]
			switch hidden, white := strings.CutPrefix(base, ".wh."); {
			case p == "" || white && (hidden == "" || hidden[0] == '.' && hidden != ".wh..opq"):
				continue
			case base == ".wh..wh..opq":
				if dir := parent(p); dir != "" && used[dir] != tar.TypeDir {
					if !free(dir, false) {
						continue
					}
					l, used[dir] = append(l, testkit.Dir(dir)), tar.TypeDir
				}
			case white:
				target := strings.TrimPrefix(parent(p)+"/"+hidden, "/")
				if !free(target, true) {
					continue
				}
				used[target] = 'w'
			case e.Typeflag == tar.TypeLink:
				to := ""
				for q, t := range used {
					if t == tar.TypeReg && (to == "" || q < to) {
						to = q
					}
				}
				if e.Linkname = to; to == "" || !free(p, true) {
					continue
				}
				used[p] = tar.TypeLink
			default:
				if !free(p, e.Typeflag != tar.TypeDir) {
					continue
				}
				used[p] = e.Typeflag
			}
			// umoci does not put a directory in the place of what lower layers have there.
			parents := ancestors(p)
			slices.Reverse(parents)
			for _, d := range parents {
				if _, ok := used[d]; d != "" && !ok {
					l, used[d] = append(l, testkit.Dir(d)), tar.TypeDir
				}
			}
			e.Uid, e.Gid = e.Uid&0xffff, e.Gid&0xffff // what a file system takes
			if e.Typeflag != tar.TypeReg && e.Typeflag != tar.TypeDir {
				e.PAXRecords = nil
			}
			l = append(l, e)
		}
		out = append(out, l)
	}
	return out
}
