package layer_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/opencontainers/go-digest"

	"tare/internal/layer"
	"tare/internal/testkit"
)

// usual is the index of a layer with most kinds of entries.
func usual(t testing.TB) *layer.Index {
	t.Helper()
	b := testkit.Tar(t, testkit.Dir("etc"), testkit.File("etc/os-release", "ID=x\n"), testkit.File("a/b/c", strings.Repeat("text ", 3000)), testkit.File("a/b/c", "again"),
		testkit.Symlink("link", "a/b/c"), testkit.Link("hard", "a/b/c"), testkit.File("etc/.wh.passwd", ""), testkit.File("a/.wh..wh..opq", ""))
	x, err := layer.Read(strings.NewReader(string(testkit.Gzip(t, b))), layer.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func encoded(t testing.TB, x *layer.Index) []byte {
	t.Helper()
	b, err := layer.Encode(x)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// What reading a layer gives is accepted from elsewhere, whole.
func TestForeign(t *testing.T) {
	x := usual(t)
	got, err := layer.DecodeForeign(encoded(t, x), layer.Options{Blob: x.Blob, DiffID: x.DiffID})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(x, got); diff != "" {
		t.Error(diff)
	}
	for want, o := range map[string]layer.Options{
		"of the blob":   {Blob: digest.FromString("x")},
		"of the layer":  {DiffID: digest.FromString("x")},
		"damaged":       {MaxEntries: 3},
		"out of bounds": {MaxBytes: 100},
	} {
		if _, err := layer.DecodeForeign(encoded(t, x), o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v", o, err)
		}
	}
}

// What no layer gives is refused, whatever it is that does not fit.
func TestForeignLies(t *testing.T) {
	for name, lie := range map[string]func(x *layer.Index){
		"docker":          func(x *layer.Index) { x.Docker++ },
		"disk":            func(x *layer.Index) { x.Disk -= 4096 },
		"entries":         func(x *layer.Index) { x.Entries++ },
		"os-release":      func(x *layer.Index) { x.OSRelease = "ID=y\n" },
		"files":           func(x *layer.Index) { x.Files++ },
		"order":           func(x *layer.Index) { x.List[0], x.List[3] = x.List[3], x.List[0] },
		"twice":           func(x *layer.Index) { x.List[1] = x.List[0] },
		"a path upwards":  func(x *layer.Index) { x.List[0].Path = "../a" },
		"an absolute one": func(x *layer.Index) { x.List[0].Path = "/a" },
		"a kind":          func(x *layer.Index) { x.List[0].Kind = 77 },
		"a mode":          func(x *layer.Index) { x.List[0].Mode = 0o17777 },
		"a time":          func(x *layer.Index) { x.List[0].Nsec = -1 },
		"an overlap": func(x *layer.Index) {
			for i := range x.List {
				x.List[i].Offset = 0
			}
		},
		"a size that wraps around": func(x *layer.Index) { x.List[1].Size, x.List[2].Size = 1<<62, 1<<62; x.List[3].Size = 1<<63 - 1 },
		"a link with bytes": func(x *layer.Index) {
			for i := range x.List {
				if e := &x.List[i]; e.Kind == layer.Symlink {
					e.Size, x.Files = 5, x.Files+5
				}
			}
		},
		"beyond the end": func(x *layer.Index) { x.List[len(x.List)-1].Offset = x.Tar },
	} {
		x := usual(t)
		lie(x)
		if _, err := layer.DecodeForeign(encoded(t, x), layer.Options{}); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// No bytes whatever make it panic, or take memory that is not in proportion.
func FuzzForeign(f *testing.F) {
	b := encoded(f, usual(f))
	f.Add(b)
	f.Add(b[:len(b)/2])
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		x, err := layer.DecodeForeign(b, layer.Options{MaxEntries: 1000})
		if err != nil {
			return
		}
		if again, err := layer.DecodeForeign(encoded(t, x), layer.Options{}); err != nil || again.Tar != x.Tar || len(again.List) != len(x.List) {
			t.Errorf("accepted, and not accepted when it is written again: %v", err)
		}
	})
}

// An index with the shares of another blob is that of the other blob.
func TestAsAnotherBlob(t *testing.T) {
	tar := testkit.Numbered(t, 1, 50_000)
	read := func(b []byte) *layer.Index {
		x, err := layer.Read(strings.NewReader(string(b)), layer.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	plain, zipped := read(tar), read(testkit.Gzip(t, tar))
	before := encoded(t, plain)
	if diff := cmp.Diff(zipped, plain.As(zipped.Shares())); diff != "" {
		t.Error(diff)
	}
	if string(before) != string(encoded(t, plain)) {
		t.Error("the index itself changed")
	}
}
