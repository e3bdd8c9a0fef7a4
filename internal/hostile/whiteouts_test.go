package hostile_test

import (
	"archive/tar"
	"bytes"
	"fmt"
	"strings"
	"testing"

	"tare/internal/testkit"
)

// Whiteouts of every type and with every name that has a meaning to somebody.
func TestWhiteouts(t *testing.T) {
	lower := testkit.Tar(t, testkit.File("a", "1"), testkit.File("d/x/y", "22"), testkit.File("etc/passwd", "root"))
	for typ, flag := range map[string]byte{"file": tar.TypeReg, "directory": tar.TypeDir, "link": tar.TypeSymlink, "hard link": tar.TypeLink, "device": tar.TypeChar} {
		for what, name := range map[string]string{"a file": ".wh.a", "a directory": ".wh.d", "nothing": ".wh.", "itself": ".wh..", "a parent": "d/.wh...", "outside": "../../.wh.etc",
			"opaque": "d/.wh..wh..opq", "opaque root": ".wh..wh..opq", "AUFS": ".wh..wh.plnk", "a whiteout": ".wh..wh.a", "below one": ".wh.d/x", "escape": ".wh.\x1b[2J", "in a file": "a/.wh.b", "long": ".wh." + strings.Repeat("n", 5000)} {
			try(t, "whiteouts", typ+" of "+what, "*", func() (string, error) {
				var b bytes.Buffer
				w := tar.NewWriter(&b)
				for range 2 { // once more: a name may stand twice
					h := &tar.Header{Name: name, Typeflag: flag, Linkname: map[byte]string{tar.TypeSymlink: "/etc/passwd", tar.TypeLink: "a"}[flag], Mode: 0o644}
					if err := w.WriteHeader(h); err != nil {
						return "", nil
					}
				}
				_ = w.Close()
				return all("oci-dir://" + ofTars(t, lower, b.Bytes(), lower).dir)
			})
		}
	}
}

// Layers made to cost time or memory when they are laid over one another.
func TestExpensiveLayers(t *testing.T) {
	build := func(add func(w *tar.Writer)) []byte {
		var b bytes.Buffer
		w := tar.NewWriter(&b)
		add(w)
		_ = w.Close()
		return b.Bytes()
	}
	put := func(w *tar.Writer, typ byte, name, link string) {
		_ = w.WriteHeader(&tar.Header{Name: name, Linkname: link, Typeflag: typ, Mode: 0o644})
	}
	for what, b := range map[string][]byte{
		"a loop of 1,000 links, 5,000 files below": build(func(w *tar.Writer) {
			for i := range 1000 {
				put(w, tar.TypeSymlink, fmt.Sprint("l", i), fmt.Sprint("l", (i+1)%1000))
			}
			for i := range 5000 {
				put(w, tar.TypeReg, fmt.Sprint("l0/", i), "")
			}
		}),
		"40 links of 2,000 parts, 3,000 files behind": build(func(w *tar.Writer) {
			for i := range 40 {
				put(w, tar.TypeSymlink, fmt.Sprint("l", i), strings.Repeat("a/../", 800)+fmt.Sprint("l", i+1))
			}
			for i := range 3000 {
				put(w, tar.TypeReg, fmt.Sprint("l0/", i), "")
			}
		}),
		"a deep directory behind a link, 20,000 files": build(func(w *tar.Writer) {
			put(w, tar.TypeSymlink, "l", strings.Repeat("d/", 2000)+"d")
			for i := range 20_000 {
				put(w, tar.TypeReg, fmt.Sprint("l/", i), "")
			}
		}),
		"a directory that comes and goes 2,000 times": build(func(w *tar.Writer) {
			for i := range 2000 {
				put(w, tar.TypeReg, fmt.Sprint("d/", i), "")
				put(w, tar.TypeReg, "d", "")
			}
		}),
		"20,000 files of one name and 20,000 below it": build(func(w *tar.Writer) {
			for i := range 20_000 {
				put(w, tar.TypeReg, "d", "")
				put(w, tar.TypeReg, fmt.Sprint("d/", i), "")
			}
		}),
		"20,000 whiteouts of one name": build(func(w *tar.Writer) {
			for range 20_000 {
				put(w, tar.TypeReg, ".wh.d", "")
			}
		}),
		"20,000 links to one file, and that replaced": build(func(w *tar.Writer) {
			put(w, tar.TypeReg, "f", "")
			for i := range 20_000 {
				put(w, tar.TypeLink, fmt.Sprint("l", i), "f")
			}
			put(w, tar.TypeReg, "f", "")
		}),
		"a chain of 20,000 hard links": build(func(w *tar.Writer) {
			put(w, tar.TypeReg, "l0", "")
			for i := range 20_000 {
				put(w, tar.TypeLink, fmt.Sprint("l", i+1), fmt.Sprint("l", i))
			}
		}),
		"directories 2,000 deep, 500 times": build(func(w *tar.Writer) {
			for i := range 500 {
				put(w, tar.TypeReg, fmt.Sprint(i)+strings.Repeat("/d", 2000), "")
				put(w, tar.TypeReg, "x", "")
			}
		}),
		"opaque markers 500 deep": build(func(w *tar.Writer) {
			for i := range 500 {
				put(w, tar.TypeReg, strings.Repeat("d/", i)+".wh..wh..opq", "")
			}
		}),
	} {
		try(t, "expensive layers", what, "*", func() (string, error) { return all("oci-dir://" + ofTars(t, b).dir) })
		try(t, "expensive layers", what+", twice", "*", func() (string, error) { return all("oci-dir://" + ofTars(t, b, b).dir) })
	}
}

// Sparse files in layers: maps that lie, and holes without end.
func TestSparseLayers(t *testing.T) {
	block := func(s string) string { return s + strings.Repeat("\x00", (512-len(s)%512)%512) }
	for size, n := range map[string]string{"1 TB": "1099511627776", "8 EB": "9223372036854775807", "none": "0", "negative": "-1", "no number": "x"} {
		for what, m := range map[string]struct {
			records map[string]string
			body    string
		}{
			"PAX 0.0":              {map[string]string{"GNUxsparse.size": n, "GNUxsparse.numblocks": "1", "GNUxsparse.map": "0,1"}, "x"},
			"PAX 0.1 named":        {map[string]string{"GNUxsparse.major": "0", "GNUxsparse.minor": "1", "GNUxsparse.name": "\x1b[2J", "GNUxsparse.size": n, "GNUxsparse.numblocks": "1", "GNUxsparse.map": "0,1"}, "x"},
			"PAX 1.0":              {map[string]string{"GNUxsparse.major": "1", "GNUxsparse.minor": "0", "GNUxsparse.realsize": n}, block("1\n0\n1\n") + "x"},
			"PAX 1.0, many pieces": {map[string]string{"GNUxsparse.major": "1", "GNUxsparse.minor": "0", "GNUxsparse.realsize": n}, block("30000\n" + strings.Repeat("0\n0\n", 30000))},
			"PAX 1.0, endless":     {map[string]string{"GNUxsparse.major": "1", "GNUxsparse.minor": "0", "GNUxsparse.realsize": n}, block("999999999\n" + strings.Repeat("1\n", 60000))},
			"a package database":   {map[string]string{"GNUxsparse.size": n, "GNUxsparse.numblocks": "1", "GNUxsparse.map": "0,1", "GNUxsparse.name": "var/lib/dpkg/status"}, "x"},
		} {
			try(t, "sparse layers", what+" of "+size, "*", func() (string, error) {
				b := testkit.Tar(t, testkit.Entry{Header: tar.Header{Name: "f", Format: tar.FormatPAX, PAXRecords: m.records}, Body: m.body}, testkit.File("z", "1"))
				return all("oci-dir://" + ofTars(t, bytes.ReplaceAll(b, []byte("GNUxsparse"), []byte("GNU.sparse"))).dir)
			})
		}
	}
	t.Setenv("TARE_MAX_LAYER", "9223372036854775807")
	for what, c := range map[string]struct{ size, want string }{"1 TB": {"1099511627776", ""}, "4 EB": {"4611686018427387904", "TARE_MAX_LAYER"}} {
		b := testkit.Tar(t, testkit.Entry{Header: tar.Header{Name: "f", Format: tar.FormatPAX, PAXRecords: map[string]string{"GNUxsparse.size": c.size, "GNUxsparse.numblocks": "1", "GNUxsparse.map": "0,1"}}, Body: "x"})
		b = bytes.ReplaceAll(b, []byte("GNUxsparse"), []byte("GNU.sparse"))
		try(t, "sparse layers", what+" without a limit", c.want, func() (string, error) { return all("oci-dir://" + ofTars(t, b).dir) })
		try(t, "sparse layers", what+" without a limit, twice", c.want, func() (string, error) { return all("oci-dir://" + ofTars(t, b, b).dir) })
	}
}
