package weigh_test

import (
	"testing"

	"tare/internal/store"
	"tare/internal/testkit"
)

// Live programs are summed up by the kinds of their sections; what is hidden, too small or no
// program is not among them.
func TestInside(t *testing.T) {
	s := testkit.Store(t)
	prog := testkit.ELF(t, testkit.Section{Name: ".text", Size: 300_000}, testkit.Section{Name: ".debug_info", Size: 50_000}, testkit.Section{Name: ".symtab", Size: 7000})
	gpu := testkit.ELF(t, testkit.Section{Name: ".text", Size: 1000}, testkit.Section{Name: ".nv_fatbin", Size: 400_000})
	plain := testkit.ELF(t, testkit.Section{Name: ".text", Size: 270_000}, testkit.Section{Name: ".rodata", Size: 10})
	small := testkit.ELF(t, testkit.Section{Name: ".debug_info", Size: 1000})
	facts := testkit.Facts(t, s, testkit.Put(t, s, "app:1", store.Pulled, testkit.Image(t, testkit.Options{Layers: [][]byte{
		testkit.Tar(t, testkit.File("bin/prog", prog), testkit.File("bin/gone", prog), testkit.File("lib/gpu.so", gpu), testkit.File("bin/plain", plain), testkit.File("bin/small", small)),
		testkit.Tar(t, testkit.File("bin/.wh.gone", "")),
	}})))
	in := facts.Report("app:1", 0).Inside
	if in == nil || in.Files != 3 || in.Debug != 50_000 || in.Symbols != 7000 || in.GPU != 400_000 || in.Code != 571_000 {
		t.Fatalf("%+v", in)
	}
	if n := in.Code + in.Data + in.Debug + in.Symbols + in.GPU + in.Rest; n != in.Bytes || n != int64(len(prog)+len(gpu)+len(plain)) {
		t.Errorf("%d bytes of %d", n, in.Bytes)
	}
	if len(in.Largest) != 2 || in.Largest[0].Path != "lib/gpu.so" || in.Largest[1].Path != "bin/prog" {
		t.Errorf("%+v", in.Largest)
	}
	if one := facts.Report("app:1", 1).Inside; len(one.Largest) != 1 || one.Files != 3 {
		t.Errorf("%+v", one)
	}
	none := testkit.Facts(t, s, testkit.Put(t, s, "none:1", store.Pulled, testkit.Image(t, testkit.Options{Layers: [][]byte{testkit.Tar(t, testkit.File("a", "text"))}})))
	if in := none.Report("none:1", 0).Inside; in != nil {
		t.Errorf("%+v", in)
	}
}
