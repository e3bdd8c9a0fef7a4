package weigh_test

import (
	"errors"
	"strings"
	"testing"

	"tare/internal/store"
	"tare/internal/testkit"
	"tare/internal/weigh"
)

// What is not there is an error that names what there is.
func TestSelectNamesWhatThereIs(t *testing.T) {
	s := testkit.Store(t)
	db := testkit.File("lib/apk/db/installed", "P:curl\nV:1\n\nP:libcurl\nV:1\n\nP:perl\nV:1\n\nP:a\nV:1\n\nP:b\nV:1\n\nP:c\nV:1\n\n")
	facts := func(name string, layers ...[]byte) *weigh.Facts {
		return testkit.Facts(t, s, testkit.Put(t, s, name, store.Pulled, testkit.Image(t, testkit.Options{Layers: layers})))
	}
	full := facts("full", testkit.Tar(t, db, testkit.Dir("empty"), testkit.File("usr/bin/x", "x"), testkit.File("gone", "x")), testkit.Tar(t, testkit.File(".wh.gone", "")))
	bare := facts("bare", testkit.Tar(t, testkit.File("x", "1")))
	for _, c := range []struct {
		f     *weigh.Facts
		q     weigh.Query
		wants string // "" for no error
	}{
		{full, weigh.Query{Layer: weigh.NoLayer}, "layer 0: not found: the image has layers 1 to 2"},
		{full, weigh.Query{Layer: 3}, "layer 3: not found: the image has layers 1 to 2"},
		{full, weigh.Query{Layer: 2}, ""},
		{full, weigh.Query{Package: "crl"}, `package "crl": not found in this image: it has a, b, c, curl, libcurl and 1 more (tare weigh --show packages --top 0 IMAGE lists them); did you mean curl?`},
		{full, weigh.Query{Package: "url"}, `package "url": not found in this image: it has curl, libcurl`},
		{full, weigh.Query{Package: "curl"}, ""},
		{bare, weigh.Query{Package: "curl"}, `package "curl": not found in this image: it has no packages`},
		{full, weigh.Query{Path: "/nowhere/**"}, `path "/nowhere/**": not found in this image: it has /empty, /lib, /usr`},
		{full, weigh.Query{Path: "/empty"}, ""}, // a directory without files
		{full, weigh.Query{Path: "/gone"}, ""},  // a file that is not live
		{full, weigh.Query{Path: "*.x"}, `path "*.x"`},
		{full, weigh.Query{Path: "usr"}, ""},
	} {
		_, err := c.f.Select("x", c.q)
		switch {
		case c.wants == "" && err != nil:
			t.Errorf("%+v: %v", c.q, err)
		case c.wants != "" && (err == nil || !errors.Is(err, weigh.ErrNothing) || !strings.HasPrefix(err.Error(), c.wants)):
			t.Errorf("%+v: %v, want %s", c.q, err, c.wants)
		}
	}
}
