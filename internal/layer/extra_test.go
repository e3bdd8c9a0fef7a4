package layer

import (
	"archive/tar"
	"bytes"
	"fmt"
	"strings"
	"testing"
	"unsafe"
)

// TestAnEntryIsSmall: an image of 500,000 files has as many of them in memory.
func TestAnEntryIsSmall(t *testing.T) {
	if n := unsafe.Sizeof(Entry{}); n > 88 {
		t.Errorf("an entry takes %d bytes", n)
	}
}

func TestEntriesOfOneOwnerShareWhatTheyHave(t *testing.T) {
	var l extras
	a, b := l.of(Extra{UID: 7, GID: 8}), l.of(Extra{UID: 9})
	if again := l.of(Extra{UID: 7, GID: 8}); again != a || *a != (Extra{UID: 7, GID: 8}) {
		t.Errorf("%p %+v, then %p %+v", a, *a, again, *again)
	}
	if a == b || *b != (Extra{UID: 9}) {
		t.Errorf("two owners: %+v and %+v", *a, *b)
	}
	if got := l.of(Extra{}); got != nil {
		t.Errorf("root's has %+v", *got)
	}
	for i := range 3 * maxOwners { // as a hostile tar may have
		if x := l.of(Extra{UID: int64(i + 100), Xattrs: 5}); x.UID != int64(i+100) || x.Xattrs != 5 {
			t.Fatalf("owner %d is %+v", i+100, *x)
		}
	}
	if len(l.known) > maxOwners {
		t.Errorf("%d owners are remembered", len(l.known))
	}
	one, two := l.of(Extra{Link: "a", UID: 7}), l.of(Extra{Link: "b", UID: 7})
	if one.Link != "a" || two.Link != "b" {
		t.Errorf("targets %q and %q", one.Link, two.Link)
	}
}

func TestTextIsKeptWhatever(t *testing.T) {
	var keep text
	var want, got []string
	buf := make([]byte, 5000)
	for n := range 3000 {
		for i := range buf {
			buf[i] = byte('a' + n%26)
		}
		s := string(buf[:n*7%(len(buf)+1)])
		want, got = append(want, strings.Clone(s)), append(got, keep.keep(s))
	}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("text %d of %d bytes is another now", i, len(want[i]))
		}
	}
}

// TestReadTakesLittleForAnEntry counts what is allocated for each file of a layer: plain headers are read without archive/tar, which takes 12.
func TestReadTakesLittleForAnEntry(t *testing.T) {
	allocs := func(n int) (count float64) {
		var b bytes.Buffer
		w := tar.NewWriter(&b)
		for i := range n {
			if err := w.WriteHeader(&tar.Header{Name: fmt.Sprintf("usr/lib/dir%03d/file%06d", i/20, i), Mode: 0o644, Size: 3, Uid: 5, Typeflag: tar.TypeReg}); err != nil {
				t.Fatal(err)
			}
			if _, err := w.Write([]byte("abc")); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return testing.AllocsPerRun(3, func() {
			if _, err := Read(bytes.NewReader(b.Bytes()), Options{}); err != nil {
				t.Fatal(err)
			}
		})
	}
	small, large := allocs(2000), allocs(20000)
	if each := (large - small) / 18000; each > 1 {
		t.Errorf("%.1f allocations for each file", each)
	} else {
		t.Logf("%.1f allocations for each file", each)
	}
}
