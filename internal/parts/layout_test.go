package parts

import (
	"bytes"
	"io"
	"math/rand/v2"
	"slices"
	"testing"
)

// Whatever is claimed, the parts are the file, and every byte is in one of them.
func TestPartsAreTheFile(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		size := r.Int64N(200)
		l := New(size)
		for range r.IntN(12) {
			l.Claim(r.Int64N(260)-30, r.Int64N(120)-10, Part{Name: string(rune('a' + r.IntN(5))), Kind: Kinds[r.IntN(len(Kinds))]})
			if r.IntN(4) == 0 {
				l.Rest(r.Int64N(200), r.Int64N(100), Part{Name: "rest", Kind: Data})
			}
		}
		list := l.Parts()
		if n := Sum(list); n != size {
			t.Fatalf("%d bytes of %d: %+v", n, size, list)
		}
		var kinds int64
		for _, k := range Kinds {
			kinds += Of(list, k)
		}
		if kinds != size {
			t.Fatalf("kinds have %d bytes of %d", kinds, size)
		}
	}
}

// A byte belongs to the claim that begins first; what is left of the others is theirs.
func TestOverlaps(t *testing.T) {
	l := New(100)
	l.Claim(10, 30, Part{Name: "second", Kind: Data})
	l.Claim(0, 20, Part{Name: "first", Kind: Code})
	l.Claim(0, 20, Part{Name: "same place", Kind: Debug})
	l.Claim(90, 1<<40, Part{Name: "beyond", Kind: Data})
	l.Claim(200, 5, Part{Name: "outside", Kind: Data})
	l.Claim(-5, 8, Part{Name: "before", Kind: Data})
	want := map[string]int64{"first": 20, "second": 20, "unclaimed": 50, "beyond": 10}
	got := map[string]int64{}
	for _, p := range l.Parts() {
		got[p.Name] += p.Bytes
	}
	if len(got) != len(want) {
		t.Errorf("%v, want %v", got, want)
	}
	for name, n := range want {
		if got[name] != n {
			t.Errorf("%s has %d bytes, not %d", name, got[name], n)
		}
	}
}

// Members stay apart, the empty ones and those of one name, too; sections of one name are one.
func TestMembersStayApart(t *testing.T) {
	l := New(10)
	for i := range int64(3) {
		l.Claim(i, 1, Part{Name: "x", Kind: Member})
		l.Claim(3+i, 1, Part{Name: "s", Kind: Data})
	}
	l.Claim(6, 0, Part{Name: "empty", Kind: Member})
	l.Claim(6, 0, Part{Name: "nothing", Kind: Data})
	var names []string
	for _, p := range l.Parts() {
		names = append(names, p.Name)
	}
	if want := []string{"x", "x", "x", "s", "empty", "unclaimed"}; !slices.Equal(names, want) {
		t.Errorf("%q, want %q", names, want)
	}
}

// Only zeros are padding, and no long ones.
func TestFill(t *testing.T) {
	b := make(Bytes, maxPadding+20)
	b[15] = 1
	for _, c := range []struct {
		r    Range
		want Kind
	}{{Range{0, 10}, Padding}, {Range{0, 16}, Unknown}, {Range{16, maxPadding}, Padding}, {Range{16, maxPadding + 1}, Unknown}} {
		l := New(b.Size())
		if err := l.Fill(b, c.r, "gap"); err != nil {
			t.Fatal(err)
		}
		if got := Of(l.Parts(), c.want); got < c.r.Len {
			t.Errorf("%+v: %d bytes are %s", c.r, got, c.want)
		}
	}
}

func TestRead(t *testing.T) {
	b := Bytes("0123456789")
	if got, err := Read(b, 3, 4); err != nil || string(got) != "3456" {
		t.Errorf("%q, %v", got, err)
	}
	for _, r := range []Range{{8, 3}, {-1, 2}, {2, -1}, {11, 0}, {1 << 62, 1 << 62}} {
		if _, err := Read(b, r.Off, r.Len); err == nil {
			t.Errorf("%+v was read", r)
		}
	}
	rest, err := io.ReadAll(b.From(7))
	if err != nil || !bytes.Equal(rest, []byte("789")) {
		t.Errorf("%q, %v", rest, err)
	}
}

func FuzzLayout(f *testing.F) {
	f.Add(int64(100), []byte("\x00\x05\x03\x08"))
	f.Fuzz(func(t *testing.T, size int64, b []byte) {
		if size < 0 || size > 1<<40 {
			return
		}
		l := New(size)
		for ; len(b) >= 3; b = b[3:] {
			l.Claim(int64(int8(b[0]))*size/128, int64(int8(b[1]))*size/128, Part{Name: string(b[2:3]), Kind: Kinds[int(b[2])%len(Kinds)]})
		}
		if n := Sum(l.Parts()); n != size {
			t.Fatalf("%d of %d", n, size)
		}
	})
}
