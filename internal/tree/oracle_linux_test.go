package tree_test

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"golang.org/x/sys/unix"

	"tare/internal/layer"
	"tare/internal/testkit"
	"tare/internal/tree"
)

// shown lists what a tree shows: paths with d for directories, else the size.
func shown(t *tree.Tree) map[string]string {
	out := map[string]string{}
	for k := range t.Lists {
		for i := range t.Lists[k] {
			r := tree.Ref{Layer: int32(k), Entry: int32(i)}
			e := t.Entry(r)
			if e.Path == "" || !t.Seen(r, len(t.Lists)-1) {
				continue
			}
			for p := filepath.Dir(e.Path); p != "."; p = filepath.Dir(p) {
				out[p] = "d" // implied
			}
			switch e.Kind {
			case layer.Dir:
				out[e.Path] = "d"
			case layer.Symlink:
				out[e.Path] = fmt.Sprint(len(e.Link()))
			default:
				out[e.Path] = fmt.Sprint(t.Content(r).Size)
			}
		}
	}
	return out
}

// walk lists a real directory the same way.
func walk(t testing.TB, root string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if os.IsNotExist(err) {
			return nil // a whiteout in a directory that only one layer has is listed, but not there
		}
		if err != nil || p == root {
			return err
		}
		rel, _ := filepath.Rel(root, p)
		fi, err := d.Info()
		switch {
		case os.IsNotExist(err):
		case err != nil:
			return err
		case d.IsDir():
			out[rel] = "d"
		default:
			out[rel] = fmt.Sprint(fi.Size())
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// unpack makes a layer into an overlay's directory, whiteouts as the kernel knows them.
func unpack(t testing.TB, dir string, entries []testkit.Entry) {
	t.Helper()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, late := range []bool{false, true} { // whiteouts last: their order must not matter
		for _, e := range entries {
			p := filepath.Join(dir, e.Name)
			base := filepath.Base(p)
			if (strings.HasPrefix(base, ".wh.") && base != ".wh..wh..opq") != late {
				continue
			}
			if !late {
				check(os.MkdirAll(filepath.Dir(p), 0o755))
			}
			switch {
			case base == ".wh..wh..opq":
				check(unix.Setxattr(filepath.Dir(p), "trusted.overlay.opaque", []byte("y"), 0))
			case late:
				p = filepath.Join(filepath.Dir(p), strings.TrimPrefix(base, ".wh."))
				if fi, err := os.Lstat(p); err == nil {
					if fi.IsDir() { // the old content goes, the new stays
						check(unix.Setxattr(p, "trusted.overlay.opaque", []byte("y"), 0))
					}
					continue
				}
				if os.MkdirAll(filepath.Dir(p), 0o755) != nil {
					continue // a parent is whited out as a whole
				}
				check(unix.Mknod(p, unix.S_IFCHR, 0))
			case e.Typeflag == tar.TypeDir:
				check(os.MkdirAll(p, 0o755))
			default:
				check(os.WriteFile(p, []byte(e.Body), 0o644))
			}
		}
	}
}

func TestAgainstTheKernelsOverlay(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("mounting an overlay needs root")
	}
	for seed := range uint64(250) {
		layers := stack(rand.New(rand.NewPCG(seed, 11)), false)
		root := t.TempDir()
		lower := []string{}
		for k, l := range layers {
			dir := filepath.Join(root, fmt.Sprint("l", k))
			if err := os.Mkdir(dir, 0o755); err != nil {
				t.Fatal(err)
			}
			unpack(t, dir, l)
			lower = append([]string{dir}, lower...)
		}
		empty := filepath.Join(root, "empty") // an overlay wants two
		merged := filepath.Join(root, "merged")
		for _, d := range []string{empty, merged} {
			if err := os.Mkdir(d, 0o755); err != nil {
				t.Fatal(err)
			}
		}
		lower = append(lower, empty)
		if err := unix.Mount("overlay", merged, "overlay", unix.MS_RDONLY, "lowerdir="+strings.Join(lower, ":")); err != nil {
			t.Skipf("this kernel mounts no overlay here: %v", err)
		}
		t.Cleanup(func() { _ = unix.Unmount(merged, unix.MNT_DETACH) })
		want := walk(t, merged)
		if err := unix.Unmount(merged, 0); err != nil {
			t.Fatal(err)
		}
		got := shown(tree.New(index(t, layers...)))
		for p, what := range want {
			if what == "d" && got[p] == "" {
				delete(want, p) // only markers lie in it: it has no entry
			}
		}
		if d := cmp.Diff(want, got); d != "" {
			for k, l := range layers {
				for _, e := range l {
					t.Logf("layer %d: %c %s", k, e.Typeflag, e.Name)
				}
			}
			t.Fatalf("seed %d (-kernel +tree):\n%s", seed, d)
		}
	}
}

// simple makes stacks without a whiteout or marker at paths that the layer writes to
// as well: there the tools of the field differ from the kernel and from one another.
func simple(r *rand.Rand) [][]testkit.Entry {
	var out [][]testkit.Entry
	have := map[string]bool{}
	for k := range 2 + r.IntN(4) {
		l := []testkit.Entry{testkit.Dir("d"), testkit.Dir("d/e"), testkit.Dir("g")}
		touched := map[string]bool{}
		for range r.IntN(8) {
			p := []string{"a", "b", "d/a", "d/b", "d/e/f", "d/e/g", "g/x"}[r.IntN(7)]
			if touched[p] {
				continue
			}
			touched[p] = true
			if have[p] && r.IntN(3) == 0 {
				l = append(l, testkit.File(filepath.Join(filepath.Dir(p), ".wh."+filepath.Base(p)), ""))
				delete(have, p)
				continue
			}
			l = append(l, testkit.File(p, strings.Repeat("x", r.IntN(300)+k)))
			have[p] = true
		}
		out = append(out, l)
	}
	return out
}

func TestAgainstGoContainerRegistry(t *testing.T) {
	for seed := range uint64(200) {
		layers := simple(rand.New(rand.NewPCG(seed, 13)))
		img := v1.Image(empty.Image)
		for _, l := range layers {
			var err error
			if img, err = mutate.AppendLayers(img, static.NewLayer(testkit.Tar(t, l...), "application/vnd.oci.image.layer.v1.tar")); err != nil {
				t.Fatal(err)
			}
		}
		rc := mutate.Extract(img)
		want := map[string]string{}
		for tr := tar.NewReader(rc); ; {
			h, err := tr.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			p := filepath.Clean(h.Name)
			if h.Typeflag == tar.TypeDir {
				want[p] = "d"
			} else {
				want[p] = fmt.Sprint(h.Size)
			}
		}
		_ = rc.Close()
		if d := cmp.Diff(want, shown(tree.New(index(t, layers...)))); d != "" {
			t.Fatalf("seed %d (-mutate.Extract +tree):\n%s", seed, d)
		}
	}
}

func TestAgainstUmoci(t *testing.T) {
	umoci, err := exec.LookPath("umoci")
	if err != nil {
		t.Skip("no umoci on PATH")
	}
	if os.Geteuid() != 0 {
		t.Skip("umoci unpack needs root for whiteouts and owners")
	}
	from, to := seeds(t, 350)
	for seed := from; seed < to; seed++ {
		layers := soundStack(rand.New(rand.NewPCG(seed, 17)))
		dir, err := os.MkdirTemp("", "tare-umoci-")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = os.RemoveAll(dir) }()
		var tars [][]byte
		for _, l := range layers {
			tars = append(tars, testkit.Tar(t, l...))
		}
		testkit.Layout(t, filepath.Join(dir, "oci"), "test", testkit.Image(t, testkit.Options{Layers: tars}))
		bundle := filepath.Join(dir, "bundle")
		cmd := exec.Command(umoci, "unpack", "--image", filepath.Join(dir, "oci")+":test", bundle)
		var said bytes.Buffer
		cmd.Stdout, cmd.Stderr = &said, &said
		if err := cmd.Run(); err != nil {
			show(t, layers)
			t.Fatalf("seed %d: umoci: %v\n%s", seed, err, said.String())
		}
		if d := cmp.Diff(walk(t, filepath.Join(bundle, "rootfs")), shown(tree.New(index(t, layers...)))); d != "" {
			show(t, layers)
			t.Errorf("seed %d (-umoci +tree):\n%s", seed, d)
		}
		_ = os.RemoveAll(dir)
	}
}
