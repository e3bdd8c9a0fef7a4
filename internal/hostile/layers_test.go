package hostile_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/testkit"
)

// names are what strangers call files.
var names = map[string]string{
	"traversal":     "../../../../etc/passwd",
	"inner":         "a/../../../b",
	"absolute":      "/etc/cron.d/x",
	"dots":          "..",
	"dot":           ".",
	"slashes":       "a///b//c",
	"escape":        "a\x1b[2J\x1b]0;owned\x07",
	"newline":       "a\nb\r\nc",
	"right to left": "a\u202egpj.exe",
	"isolate":       "a\u2066b\u2069",
	"C1":            "a\u009b31mb",
	"invalid UTF-8": "a\xff\xfe\x80",
	"markup":        "<img src=x onerror=alert(1)>",
	"script":        "</script><script>boom()</script>",
	"markdown":      "[x](javascript:alert(1))|`*_",
	"formula":       "=cmd|' /C calc'!A0",
	"option":        "--config=/etc/passwd",
	"shell":         "$(touch /tmp/x);`id`",
	"long":          strings.Repeat("n", 100_000),
	"deep":          strings.Repeat("d/", 5000) + "x",
	"whiteout":      ".wh...",
	"bare whiteout": ".wh.",
	"opaque":        ".wh..wh..opq/x",
	"AUFS":          ".wh..wh.plnk/x",
	"DEL":           "a\x7fb",
	"template":      "{{.Secret}}%s%n%d",
}

func TestTarNames(t *testing.T) {
	for what, name := range names {
		for kind, e := range map[string][]testkit.Entry{
			"file":    {{Header: tar.Header{Name: name, Mode: 0o644}, Body: "x"}},
			"link":    {testkit.File("a", "1"), {Header: tar.Header{Typeflag: tar.TypeLink, Name: "l", Linkname: name}}},
			"symlink": {{Header: tar.Header{Typeflag: tar.TypeSymlink, Name: "s", Linkname: name}}, testkit.File("s/through", "x")},
			"parent":  {{Header: tar.Header{Typeflag: tar.TypeSymlink, Name: "p", Linkname: "/etc"}}, {Header: tar.Header{Name: "p/" + name, Mode: 0o644}, Body: "x"}},
		} {
			try(t, "tar names", what+" "+kind, "*", func() (string, error) {
				var b bytes.Buffer
				w := tar.NewWriter(&b)
				for _, x := range e {
					h := x.Header
					h.Size = int64(len(x.Body))
					if h.Typeflag == 0 {
						h.Typeflag = tar.TypeReg
					}
					if err := w.WriteHeader(&h); err != nil {
						return "", nil // archive/tar cannot write it: raw headers below can
					}
					_, _ = w.Write([]byte(x.Body))
				}
				_ = w.Close()
				return all("oci-dir://" + ofTars(t, b.Bytes()).dir)
			})
		}
	}
}

func TestTarHeaders(t *testing.T) {
	file := func() *tar.Header { return &tar.Header{Name: "f", Mode: 0o644, Size: 0, Typeflag: tar.TypeReg} }
	octal := func(at, n int, s string) func([]byte) {
		return func(b []byte) { copy(b[at:at+n], s) }
	}
	big := func(at, n int, first byte) func([]byte) { // base 256
		return func(b []byte) {
			for i := range n {
				b[at+i] = 0xff
			}
			b[at] = first
		}
	}
	for what, c := range map[string]struct {
		patch func([]byte)
		want  string
	}{
		"size beyond the end":  {octal(124, 12, "00000100000\x00"), "layer"},
		"size of exabytes":     {big(124, 12, 0x80), "layer"},
		"negative size":        {big(124, 12, 0xff), "layer"},
		"size no number":       {octal(124, 12, "hello world\x00"), "layer"},
		"huge mode":            {octal(100, 8, "7777777\x00"), "*"},
		"huge owner":           {big(108, 8, 0x80), "*"},
		"negative time":        {big(136, 12, 0xff), "*"},
		"unknown type":         {func(b []byte) { b[156] = 'Z' }, "*"},
		"type NUL":             {func(b []byte) { b[156] = 0 }, "*"},
		"character device":     {func(b []byte) { b[156] = '3' }, "*"},
		"FIFO":                 {func(b []byte) { b[156] = '6' }, "*"},
		"name of NULs":         {func(b []byte) { clear(b[:100]) }, "*"},
		"GNU long name, alone": {func(b []byte) { b[156] = 'L' }, "*"},
		"PAX, alone":           {func(b []byte) { b[156] = 'x' }, "*"},
		"GNU sparse, empty":    {func(b []byte) { b[156] = 'S'; copy(b[257:265], "ustar  \x00") }, "*"},
		"no magic":             {func(b []byte) { clear(b[257:265]) }, "*"},
		"devmajor no number":   {octal(329, 8, "zzzzzzz\x00"), "*"},
	} {
		try(t, "tar headers", what, c.want, func() (string, error) { return all("oci-dir://" + ofTars(t, raw(t, file(), c.patch)).dir) })
	}
	sum := testkit.Tar(t, testkit.File("a", "1"))
	sum[150] ^= 1
	good := testkit.Tar(t, testkit.File("a", strings.Repeat("x", 5000)), testkit.File("b", "2"))
	var many bytes.Buffer
	w := tar.NewWriter(&many)
	for range 50_000 {
		_ = w.WriteHeader(&tar.Header{Name: "same", Mode: 0o644, Typeflag: tar.TypeReg})
	}
	_ = w.Close()
	pax := func(records map[string]string) []byte {
		var b bytes.Buffer
		w := tar.NewWriter(&b)
		if err := w.WriteHeader(&tar.Header{Name: "f", Mode: 0o644, Format: tar.FormatPAX, PAXRecords: records}); err != nil {
			return nil
		}
		_ = w.Close()
		return b.Bytes()
	}
	for what, c := range map[string]struct {
		tar  []byte
		want string
	}{
		"checksum":             {sum, "layer"},
		"cut in a header":      {good[:700], "*"},
		"cut in a body":        {good[:3000], "layer"},
		"no end":               {good[:len(good)-1024], "*"},
		"data after the end":   {append(bytes.Clone(good), good...), "*"},
		"nothing":              {nil, "*"},
		"only zeros":           {make([]byte, 1<<20), ""},
		"garbage":              {bytes.Repeat([]byte("garbage!"), 1000), "layer"},
		"50,000 of one name":   {many.Bytes(), ""},
		"an xattr of 1 MB":     {pax(map[string]string{"SCHILY.xattr.user.x": strings.Repeat("x", 900_000)}), "*"},
		"an xattr with markup": {pax(map[string]string{"SCHILY.xattr.<img>\x1b": "x"}), "*"},
		"a comment":            {pax(map[string]string{"comment": "\x1b[31m"}), "*"},
		"a loop of links":      {testkit.Tar(t, testkit.Symlink("a", "b"), testkit.Symlink("b", "a"), testkit.File("a/x", "1")), "*"},
		"a link to itself":     {testkit.Tar(t, testkit.Link("a", "a")), "*"},
		"a link to later":      {testkit.Tar(t, testkit.Link("a", "b"), testkit.File("b", "1")), "*"},
		"file, then directory": {testkit.Tar(t, testkit.File("a", "1"), testkit.File("a/b", "2"), testkit.File("a", "3")), "*"},
	} {
		try(t, "tar streams", what, c.want, func() (string, error) { return all("oci-dir://" + ofTars(t, c.tar).dir) })
	}
}

func TestCompression(t *testing.T) {
	good := testkit.Tar(t, testkit.File("a", strings.Repeat("some text ", 3000)))
	diff := digest.FromBytes(good)
	gz, zs := testkit.Gzip(t, good), testkit.Zstd(t, good)
	one := func(media string, body []byte, size int64) func() (string, error) {
		return func() (string, error) {
			l := newLayout(t)
			d := l.blob(t, media, body)
			if size != 0 {
				d.Size = size
			}
			return all("oci-dir://" + single(t, []ocispec.Descriptor{d}, []digest.Digest{diff}, l, nil).dir)
		}
	}
	for kind, body := range map[string][]byte{"gzip": gz, "zstd": zs} {
		media := ocispec.MediaTypeImageLayer + "+" + kind
		for _, cut := range []int{0, 1, 3, 9, 12, len(body) / 2, len(body) - 9, len(body) - 1} {
			try(t, "compression", fmt.Sprintf("%s cut at %d", kind, cut), "layer", one(media, body[:cut], 0))
		}
		r := rand.New(rand.NewPCG(1, 2))
		for range 12 {
			bad := bytes.Clone(body)
			at := r.IntN(len(bad))
			bad[at] ^= 1 << r.IntN(8)
			try(t, "compression", fmt.Sprintf("%s, a bit at %d", kind, at), "*", one(media, bad, 0))
		}
		try(t, "compression", kind+" and garbage", "*", one(media, append(bytes.Clone(body), "garbage"...), 0))
		try(t, "compression", kind+" announced as a tar", "", one(ocispec.MediaTypeImageLayer, body, 0))
		try(t, "compression", kind+" announced as the other", "", one(ocispec.MediaTypeImageLayer+"+"+map[string]string{"gzip": "zstd", "zstd": "gzip"}[kind], body, 0))
		try(t, "compression", kind+" twice", "layer", one(media, testkit.Gzip(t, body), 0))
		try(t, "compression", kind+", size too small", "*", one(media, body, int64(len(body)-1)))
		try(t, "compression", kind+", size negative", "*", one(media, body, -5))
		try(t, "compression", kind+", size of exabytes", "*", one(media, body, 1<<62))
		try(t, "compression", kind+", unknown media type", "*", one("application/vnd.evil", body, 0))
	}
	// Two gigabytes of zeros in two megabytes, against a limit of 64 MB.
	t.Setenv("TARE_MAX_LAYER", fmt.Sprint(64<<20))
	zeros := make([]byte, 1<<20)
	var gb, zb bytes.Buffer
	gw, zw := gzip.NewWriter(&gb), must(zstd.NewWriter(&zb))
	for range 2048 {
		_, _ = gw.Write(zeros)
		_, _ = zw.Write(zeros)
	}
	_ = gw.Close()
	_ = zw.Close()
	try(t, "bombs", "gzip", "TARE_MAX_LAYER", one(ocispec.MediaTypeImageLayerGzip, gb.Bytes(), 0))
	try(t, "bombs", "zstd", "TARE_MAX_LAYER", one(ocispec.MediaTypeImageLayerZstd, zb.Bytes(), 0))
	sparse := raw(t, &tar.Header{Name: "f", Mode: 0o644, Typeflag: tar.TypeReg}, func(b []byte) {
		b[156] = 'S'
		copy(b[257:265], "ustar  \x00")
		copy(b[483:495], "77777777777\x00") // real size
	})
	try(t, "bombs", "sparse", "*", func() (string, error) { return all("oci-dir://" + ofTars(t, sparse).dir) })
	t.Setenv("TARE_MAX_ENTRIES", "1000")
	var many bytes.Buffer
	w := tar.NewWriter(&many)
	for i := range 2000 {
		_ = w.WriteHeader(&tar.Header{Name: fmt.Sprint(i), Mode: 0o644, Typeflag: tar.TypeReg})
	}
	_ = w.Close()
	try(t, "bombs", "entries", "TARE_MAX_ENTRIES", func() (string, error) { return all("oci-dir://" + ofTars(t, many.Bytes()).dir) })
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
