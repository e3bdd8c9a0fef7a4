package seen_test

import (
	"archive/tar"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tare/internal/seen"
	"tare/internal/store"
	"tare/internal/testkit"
)

// of is what a container sees of an image made of layers.
func of(t *testing.T, layers ...[]testkit.Entry) map[string]seen.Entry {
	t.Helper()
	s := testkit.Store(t)
	var o testkit.Options
	for _, l := range layers {
		o.Layers = append(o.Layers, testkit.Tar(t, l...))
	}
	return seen.Of(testkit.Facts(t, s, testkit.Put(t, s, "x", store.Pulled, testkit.Image(t, o))))
}

func header(e testkit.Entry, change func(*tar.Header)) testkit.Entry {
	change(&e.Header)
	return e
}

// What is compared, and what is not: times are each build's own, and in which layer a file
// is no container sees.
func TestDifferences(t *testing.T) {
	type L = []testkit.Entry
	file, dir, link := testkit.File, testkit.Dir, testkit.Symlink
	for _, c := range []struct {
		name string
		a, b []L
		want map[string]string
	}{
		{"the same", []L{{file("a", "1"), dir("d")}}, []L{{dir("d"), file("a", "1")}}, nil},
		{"in two layers", []L{{file("a", "1"), file("b", "2")}}, []L{{file("a", "0")}, {file("a", "1"), file("b", "2")}}, nil},
		{"deleted below", []L{{file("a", "1")}}, []L{{file("a", "1"), file("b", "2")}, {file(".wh.b", "")}}, nil},
		{"another time", []L{{file("a", "1")}}, []L{{header(file("a", "1"), func(h *tar.Header) { h.ModTime = time.Unix(99, 0) })}}, nil},
		{"missing here and there", []L{{file("a", "1"), file("c", "1")}}, []L{{file("b", "1"), file("c", "1")}}, map[string]string{"a": "is in only one of them", "b": "is in only one of them"}},
		{"kind", []L{{file("a", "1")}}, []L{{dir("a")}}, map[string]string{"a": "is of another kind"}},
		{"content of one size", []L{{file("a", "1")}}, []L{{file("a", "2")}}, map[string]string{"a": "has another content"}},
		{"permissions", []L{{file("a", "1")}}, []L{{header(file("a", "1"), func(h *tar.Header) { h.Mode = 0o755 })}}, map[string]string{"a": "has other permissions"}},
		{"a directory's permissions", []L{{header(dir("d"), func(h *tar.Header) { h.Mode = 0o700 })}}, []L{{header(dir("d"), func(h *tar.Header) { h.Mode = 0o755 })}}, map[string]string{"d": "has other permissions"}},
		{"a symbolic link has none", []L{{link("l", "x")}}, []L{{header(link("l", "x"), func(h *tar.Header) { h.Mode = 0o700 })}}, nil},
		{"owner", []L{{file("a", "1")}}, []L{{header(file("a", "1"), func(h *tar.Header) { h.Gid = 5 })}}, map[string]string{"a": "has another owner"}},
		{"where a link leads", []L{{link("l", "x")}}, []L{{link("l", "y")}}, map[string]string{"l": "is linked otherwise"}},
		{"attributes", []L{{file("a", "1")}}, []L{{header(file("a", "1"), func(h *tar.Header) {
			h.PAXRecords = map[string]string{"SCHILY.xattr.user.x": "1"}
		})}}, map[string]string{"a": "has other attributes"}},
		{"two names of a file, and two files", []L{{file("a", "1"), testkit.Link("b", "a")}}, []L{{file("a", "1"), file("b", "1")}}, map[string]string{"b": "is linked otherwise"}},
		{"two names, whichever carries the bytes", []L{{file("a", "1"), testkit.Link("b", "a")}}, []L{{file("b", "1"), testkit.Link("a", "b")}}, nil},
		{"two at once: the first is named", []L{{file("a", "1")}}, []L{{header(file("a", "2"), func(h *tar.Header) { h.Uid = 5 })}}, map[string]string{"a": "has another content"}},
	} {
		got := map[string]string{}
		there, back := seen.Differences(of(t, c.a...), of(t, c.b...)), seen.Differences(of(t, c.b...), of(t, c.a...))
		for p, a := range there {
			got[p] = a.String()
		}
		if c.want == nil {
			c.want = map[string]string{}
		}
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, d)
		}
		if fmt.Sprint(there) != fmt.Sprint(back) {
			t.Errorf("%s: %v, the other way round %v", c.name, there, back)
		}
	}
	if s := seen.Aspects(0).String(); s != "is the same" {
		t.Error(s)
	}
}
