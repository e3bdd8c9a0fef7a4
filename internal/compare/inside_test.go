package compare_test

import (
	"strings"
	"testing"

	"tare/internal/compare"
	"tare/internal/store"
	"tare/internal/testkit"
)

// A library that changed is divided by its sections, also under a name with another version;
// what did not change, and what only one image has, is not.
func TestInside(t *testing.T) {
	s := testkit.Store(t)
	lib := func(code, debug int) string {
		return testkit.ELF(t, testkit.Section{Name: ".text", Size: code}, testkit.Section{Name: ".debug_info", Size: debug})
	}
	subject := func(name string, files ...testkit.Entry) compare.Subject {
		return compare.Subject{Name: name, Facts: testkit.Facts(t, s, testkit.Put(t, s, name, store.Pulled, testkit.Image(t, testkit.Options{Layers: [][]byte{testkit.Tar(t, files...)}})))}
	}
	same := testkit.File("bin/same", lib(300_000, 1))
	a := subject("a:1", testkit.File("bin/prog", lib(300_000, 0)), testkit.File("lib/libx.so.1.2", lib(400_000, 10)), testkit.File("bin/old", lib(300_000, 5)), testkit.File("lib/liby.so.1", lib(300_000, 0)), testkit.File("lib/liby.so.2", lib(300_000, 0)), same)
	b := subject("b:1", testkit.File("bin/prog", lib(301_000, 41_000)), testkit.File("lib/libx.so.1.3", lib(390_000, 10)), testkit.File("bin/new", lib(500_000, 5)), testkit.File("lib/liby.so.3", lib(310_000, 0)), same)
	r, err := compare.Compare([]compare.Subject{a, b}, compare.Options{})
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, d := range r.Differences {
		if (d.Inside != nil) != (d.Measure == "live") {
			t.Errorf("%s: %+v", d.Measure, d.Inside)
		}
		if d.Inside == nil {
			continue
		}
		seen++
		in := d.Inside
		if in.Changed != 2 || len(in.Files) != 2 || in.Delta.Debug != 41_000 || in.Delta.Code != -9000 || in.Delta.Total != 32_000 {
			t.Errorf("%+v", in)
		}
		for _, f := range in.Files {
			x := f.Delta
			if x.Code+x.Data+x.Debug+x.Symbols+x.GPU+x.Rest != x.Total || x.Total != f.To-f.From {
				t.Errorf("%+v does not sum up", f)
			}
			if strings.Contains(f.Path, "libx") != (f.Was == "lib/libx.so.1.2") {
				t.Errorf("%+v", f)
			}
		}
		if in.Files[0].Path != "bin/prog" {
			t.Errorf("%+v", in.Files)
		}
	}
	if seen != 1 {
		t.Errorf("%d differences with sections", seen)
	}
	r, err = compare.Compare([]compare.Subject{a, a}, compare.Options{})
	if err != nil || r.Differences[0].Inside != nil {
		t.Errorf("an image and itself: %v, %+v", err, r.Differences[0].Inside)
	}
}
