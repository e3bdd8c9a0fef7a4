// Command weighimages makes the images that `make bench-weigh` weighs, out of a root
// file system of Debian packages (a tar of mmdebstrap) or out of nothing:
//
//	weighimages debian ROOT.tar OUT   S, M, its sibling M2 and L
//	weighimages scale OUT             many layers, many files, ten images of a family
//
// Each becomes OUT/NAME.tar (docker save), OUT/NAME.gzip and OUT/NAME.zstd (OCI layouts).
// Layers are cut by package, with dpkg's database as it would stand after each, so that
// every tool sees packages come layer by layer. The same input makes the same bytes.
package main

import (
	"archive/tar"
	"bytes"
	"cmp"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

func main() {
	log.SetFlags(0)
	var err error
	switch {
	case len(os.Args) == 4 && os.Args[1] == "debian":
		err = debian(os.Args[2], os.Args[3])
	case len(os.Args) == 3 && os.Args[1] == "scale":
		err = scale(os.Args[2])
	default:
		log.Fatal("weighimages debian ROOT.tar OUT | scale OUT")
	}
	if err != nil {
		log.Fatal("weighimages: ", err)
	}
}

// entry is a member of the root's tar, with its content's place in it.
type entry struct {
	h  *tar.Header
	at int64
}

// root is the root file system, by packages.
type root struct {
	f       *os.File
	entries []entry
	owner   map[string]string // path -> package
	status  []string          // paragraphs of dpkg's status
	names   []string          // their packages
}

func readRoot(file string) (*root, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	r := &root{f: f, owner: map[string]string{}}
	tr := tar.NewReader(f)
	for {
		h, err := tr.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		at, _ := f.Seek(0, io.SeekCurrent)
		h.Name = strings.TrimPrefix(h.Name, "./")
		h.PAXRecords, h.Format = nil, tar.FormatUnknown
		if h.Typeflag == tar.TypeLink {
			h.Linkname = strings.TrimPrefix(h.Linkname, "./")
		}
		clean := strings.TrimSuffix(h.Name, "/")
		if clean == "" || strings.HasPrefix(clean, "dev/") || strings.HasPrefix(clean, "usr/lib/jvm/") || strings.HasPrefix(clean, "usr/lib/llvm-14/") {
			continue
		}
		r.entries = append(r.entries, entry{h: h, at: at})
		if own, ok := strings.CutSuffix(strings.TrimPrefix(clean, "var/lib/dpkg/info/"), ".list"); ok && strings.HasPrefix(clean, "var/lib/dpkg/info/") {
			b, err := io.ReadAll(tr)
			if err != nil {
				return nil, err
			}
			name, _, _ := strings.Cut(own, ":")
			for line := range strings.Lines(string(b)) {
				r.owner[strings.Trim(line, "/\n.")] = name
			}
			r.owner[clean] = name
		}
		if clean == "var/lib/dpkg/status" {
			b, err := io.ReadAll(tr)
			if err != nil {
				return nil, err
			}
			for _, p := range strings.Split(strings.TrimSpace(string(b)), "\n\n") {
				r.status = append(r.status, p)
				first, _, _ := strings.Cut(p, "\n")
				r.names = append(r.names, strings.TrimPrefix(first, "Package: "))
			}
		}
	}
	return r, nil
}

// packageOf is the package of a path: dpkg's own files about one belong to it, and
// merged /usr is taken into account.
func (r *root) packageOf(p string) string {
	if own, ok := strings.CutPrefix(p, "var/lib/dpkg/info/"); ok {
		if i := strings.LastIndexByte(own, '.'); i > 0 {
			name, _, _ := strings.Cut(own[:i], ":")
			return name
		}
	}
	if o := r.owner[p]; o != "" {
		return o
	}
	return r.owner[strings.TrimPrefix(p, "usr/")]
}

// base are the packages of the first layer.
var base = []string{"base-files", "base-passwd", "bash", "bsdutils", "coreutils", "dash", "debianutils", "diffutils", "dpkg", "findutils", "grep", "gzip", "hostname", "init-system-helpers",
	"libc-bin", "libc6", "login", "mount", "ncurses-base", "ncurses-bin", "perl-base", "sed", "tar", "util-linux", "apt", "tzdata", "libssl3", "ca-certificates", "passwd", "mawk", "gpgv", "debian-archive-keyring", "libstdc++6", "libgnutls30", "libapt-pkg6.0", "adduser", "libunistring2", "openssl"}

// debian makes S, M, M2 and L.
func debian(file, out string) error {
	r, err := readRoot(file)
	if err != nil {
		return err
	}
	defer func() { _ = r.f.Close() }()
	group := r.groups(7)
	var layers []*layerFile
	for k := range 7 {
		l, err := r.layer(out, fmt.Sprintf("m%d", k+1), k, group, "", func(*tar.Header) bool { return true })
		if err != nil {
			return err
		}
		layers = append(layers, l)
	}
	if err := write(out, "S", layers[:1]); err != nil {
		return err
	}
	if err := write(out, "M", layers); err != nil {
		return err
	}
	sibling, err := r.changes(out, "sibling", "", 300)
	if err != nil {
		return err
	}
	if err := write(out, "M2", append(slices.Clone(layers[:6]), sibling, layers[6])); err != nil {
		return err
	}
	// L goes on from M: its trees once more below /opt, some of them twice, to come to
	// the size that is wanted; then layers that overwrite, chmod and delete.
	large := slices.Clone(layers)
	for n, prefix := range []string{"opt/first/", "opt/second/"} {
		l, err := r.layer(out, fmt.Sprintf("l%d", n+8), -1, group, prefix, func(h *tar.Header) bool {
			if n == 0 {
				return strings.HasPrefix(h.Name, "usr/lib/x86_64") || strings.HasPrefix(h.Name, "usr/share/") || strings.HasPrefix(h.Name, "usr/include/")
			}
			return strings.HasPrefix(h.Name, "usr/") && !strings.HasPrefix(h.Name, "usr/lib/x86_64")
		})
		if err != nil {
			return err
		}
		large = append(large, l)
	}
	for _, make := range []func() (*layerFile, error){
		func() (*layerFile, error) { return r.changes(out, "l10", "opt/second/", 2000) },
		func() (*layerFile, error) { return r.chmod(out, "l11", "opt/second/", 8000) },
		func() (*layerFile, error) { return r.whiteouts(out, "l12", "opt/second/usr/", 40) },
	} {
		l, err := make()
		if err != nil {
			return err
		}
		large = append(large, l)
	}
	return write(out, "L", large)
}

// groups assigns packages to layers: the base first, then by size, evenly.
func (r *root) groups(n int) map[string]int {
	size := map[string]int64{}
	for _, e := range r.entries {
		size[r.packageOf(strings.TrimSuffix(e.h.Name, "/"))] += e.h.Size
	}
	out := map[string]int{"": 0}
	for _, p := range base {
		out[p] = 0
	}
	var rest []string
	for _, p := range r.names {
		if _, ok := out[p]; !ok {
			rest = append(rest, p)
		}
	}
	slices.SortFunc(rest, func(a, b string) int { return cmp.Or(cmp.Compare(size[b], size[a]), cmp.Compare(a, b)) })
	full := make([]int64, n)
	for _, p := range rest {
		least := 1
		for k := 2; k < n; k++ {
			if full[k] < full[least] {
				least = k
			}
		}
		out[p] = least
		full[least] += size[p]
	}
	return out
}

// layer writes the files of a group (all groups if k < 0) below a prefix.
func (r *root) layer(out, name string, k int, group map[string]int, prefix string, want func(*tar.Header) bool) (*layerFile, error) {
	l, err := newLayer(out, name)
	if err != nil {
		return nil, err
	}
	in := map[string]bool{}
	for _, e := range r.entries {
		p := strings.TrimSuffix(e.h.Name, "/")
		if k >= 0 && group[r.packageOf(p)] != k && e.h.Typeflag != tar.TypeDir || !want(e.h) {
			continue
		}
		if e.h.Typeflag == tar.TypeDir && k > 0 {
			continue // those of the files follow from them
		}
		if e.h.Typeflag == tar.TypeLink && (k >= 0 && group[r.packageOf(e.h.Linkname)] != k || prefix != "" && !in[e.h.Linkname]) {
			continue
		}
		h := *e.h
		h.Name = prefix + h.Name
		if h.Typeflag == tar.TypeLink {
			h.Linkname = prefix + h.Linkname
		}
		body := io.Reader(io.NewSectionReader(r.f, e.at, h.Size))
		if p == "var/lib/dpkg/status" {
			continue
		}
		in[p] = true
		if err := l.add(&h, body); err != nil {
			return nil, err
		}
	}
	if k >= 0 {
		var status []string
		for i, p := range r.names {
			if group[p] <= k {
				status = append(status, r.status[i])
			}
		}
		b := []byte(strings.Join(status, "\n\n") + "\n")
		if err := l.add(&tar.Header{Name: "var/lib/dpkg/status", Mode: 0o644, Size: int64(len(b))}, bytes.NewReader(b)); err != nil {
			return nil, err
		}
	}
	return l, l.close()
}

// some picks files below a prefix, always the same.
func (r *root) some(n int, seed uint64) []entry {
	var files []entry
	for _, e := range r.entries {
		if e.h.Typeflag == tar.TypeReg && e.h.Size > 0 && strings.HasPrefix(e.h.Name, "usr/") && !strings.HasPrefix(e.h.Name, "usr/lib/x86_64") {
			files = append(files, e)
		}
	}
	rand.New(rand.NewPCG(seed, 1)).Shuffle(len(files), func(i, j int) { files[i], files[j] = files[j], files[i] })
	return files[:min(n, len(files))]
}

// changes overwrites files with other contents.
func (r *root) changes(out, name, prefix string, n int) (*layerFile, error) {
	l, err := newLayer(out, name)
	if err != nil {
		return nil, err
	}
	for _, e := range r.some(n, 1) {
		h := *e.h
		h.Name = prefix + h.Name
		body := []byte(strings.Repeat(fmt.Sprintf("%s was changed\n", h.Name), 1+int(h.Size/100)))
		h.Size = int64(len(body))
		if err := l.add(&h, bytes.NewReader(body)); err != nil {
			return nil, err
		}
	}
	return l, l.close()
}

// chmod writes files again with other permissions only.
func (r *root) chmod(out, name, prefix string, n int) (*layerFile, error) {
	l, err := newLayer(out, name)
	if err != nil {
		return nil, err
	}
	for _, e := range r.some(n, 2) {
		h := *e.h
		h.Name, h.Mode = prefix+h.Name, 0o600
		if err := l.add(&h, io.NewSectionReader(r.f, e.at, h.Size)); err != nil {
			return nil, err
		}
	}
	return l, l.close()
}

// whiteouts deletes directories.
func (r *root) whiteouts(out, name, prefix string, n int) (*layerFile, error) {
	l, err := newLayer(out, name)
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	for _, e := range r.some(20*n, 3) {
		dir := filepath.Dir(strings.TrimPrefix(e.h.Name, "usr/"))
		if len(seen) == n || seen[dir] || strings.Count(dir, "/") < 2 {
			continue
		}
		seen[dir] = true
		if err := l.add(&tar.Header{Name: prefix + filepath.Dir(dir) + "/.wh." + filepath.Base(dir), Mode: 0o644}, nil); err != nil {
			return nil, err
		}
	}
	return l, l.close()
}

// scale makes images that differ in one number only.
func scale(out string) error {
	file := func(l *layerFile, n, size int) error {
		body := bytes.Repeat([]byte(fmt.Sprintf("%d and what follows\n", n)), size/20+1)
		return l.add(&tar.Header{Name: fmt.Sprintf("usr/lib/dir%d/sub%d/file-%d.txt", n%97, n%1009, n), Mode: 0o644, Size: int64(len(body))}, bytes.NewReader(body))
	}
	many := func(name string, layers, files, size int) error {
		var list []*layerFile
		for k := range layers {
			l, err := newLayer(out, fmt.Sprintf("%s-%d", name, k))
			if err != nil {
				return err
			}
			for n := k; n < files; n += layers {
				if err := file(l, n, size); err != nil {
					return err
				}
			}
			if err := l.close(); err != nil {
				return err
			}
			list = append(list, l)
		}
		return write(out, name, list)
	}
	for _, n := range []int{10, 40, 120} {
		if err := many(fmt.Sprintf("layers%d", n), n, 20_000, 2000); err != nil {
			return err
		}
	}
	for _, n := range []int{10_000, 100_000, 500_000} {
		if err := many(fmt.Sprintf("files%d", n), 5, n, 200); err != nil {
			return err
		}
	}
	var shared []*layerFile
	for k := range 5 {
		l, err := newLayer(out, fmt.Sprintf("family-%d", k))
		if err != nil {
			return err
		}
		for n := range 2000 {
			if err := file(l, k*2000+n, 30_000); err != nil {
				return err
			}
		}
		if err := l.close(); err != nil {
			return err
		}
		shared = append(shared, l)
	}
	for i := range 10 {
		l, err := newLayer(out, fmt.Sprintf("own-%d", i))
		if err != nil {
			return err
		}
		if err := file(l, 1_000_000+i, 100_000); err != nil {
			return err
		}
		if err := l.close(); err != nil {
			return err
		}
		if err := write(out, fmt.Sprintf("family%d", i), append(slices.Clone(shared), l)); err != nil {
			return err
		}
	}
	return nil
}
