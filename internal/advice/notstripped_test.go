package advice_test

import (
	"strings"
	"testing"

	"tare/internal/advice"
	"tare/internal/packages"
	"tare/internal/testkit"
	"tare/internal/weigh"
)

// unstripped is a program with debug bytes of debug information and 10 kB of symbols.
func unstripped(t *testing.T, name string, debug int) testkit.Entry {
	return testkit.File(name, testkit.ELF(t, testkit.Section{Name: ".text", Size: 300_000}, testkit.Section{Name: ".debug_info", Size: debug}, testkit.Section{Name: ".symtab", Size: 10_000}))
}

func notStripped(list []advice.Finding) (out []advice.Finding) {
	for _, f := range list {
		if f.Rule == "not-stripped" {
			out = append(out, f)
		}
	}
	return out
}

func TestNotStripped(t *testing.T) {
	base := step{"base", []E{testkit.File("etc/os-release", "ID=debian\n"), unstripped(t, "usr/bin/based", 90_000)}}
	stripped := testkit.File("app/bin/stripped", testkit.ELF(t, testkit.Section{Name: ".text", Size: 500_000}))
	img := image(t, base, step{"COPY bin /app/bin", []E{unstripped(t, "app/bin/one", 200_000), unstripped(t, "app/bin/two", 100_000), stripped, unstripped(t, "usr/bin/based", 90_000)}})
	got := notStripped(advice.Find(img))
	if len(got) != 1 {
		t.Fatalf("%+v", got)
	}
	f := got[0]
	if f.Tar != 320_000 || f.Live != 320_000 || f.Layer != 2 || !strings.Contains(f.Text, "leaves 320kB in 2 files of debug information and symbol tables that they run without, most in /app/bin") || !strings.HasPrefix(f.Remedy, "strip --strip-unneeded them where they are built") {
		t.Errorf("%+v", f)
	}
	if n, ok := f.Transfer.Int(); !ok || n <= 0 || n > img.Sizes.Transfer.Or(0) {
		t.Errorf("transfer %v of %v", f.Transfer, img.Sizes.Transfer)
	}
	if got := notStripped(advice.Find(image(t, base, step{"COPY x /x", []E{stripped, unstripped(t, "usr/lib/debug/x.debug", 5_000)}}))); len(got) != 0 {
		t.Errorf("nothing to strip: %+v", got)
	}
	// A program that is to go as a whole does not save its symbols once more.
	list, s := advice.Of(image(t, base, step{"COPY one /tmp/../app", []E{unstripped(t, "app/one", 200_000)}}, step{"RUN chmod +x /app/one", []E{owned(unstripped(t, "app/one", 200_000))}}))
	var sum int64
	for _, f := range list {
		sum += f.AddsTar
		if f.Rule == "not-stripped" && (f.Tar != 420_000 || f.AddsTar != 210_000 || !strings.Contains(f.Text, "and with the copies in later layers 420kB")) {
			t.Errorf("%+v", f)
		}
	}
	if len(list) != 2 || sum != s.Tar {
		t.Errorf("%d: %+v", s.Tar, list)
	}
}

// What Go builds is linked without them.
func TestNotStrippedGo(t *testing.T) {
	files := []E{testkit.File("opt/a-1.dist-info/METADATA", "Name: a\nVersion: 1\n"), testkit.File("opt/a-1.dist-info/RECORD", "prog,,\n"), unstripped(t, "opt/prog", 200_000)}
	for remedy, more := range map[string][]E{`go build -ldflags="-s -w"`: nil, `go build -ldflags="-s -w" for what Go builds, strip --strip-unneeded for the rest`: {unstripped(t, "opt/other", 5000)}} {
		img := image(t, step{"COPY . /opt", append(files[:3:3], more...)})
		if len(img.Packages) != 1 {
			t.Fatalf("%+v", img.Packages)
		}
		img.Packages[0].Type = packages.Go
		if got := notStripped(advice.Find(img)); len(got) != 1 || got[0].Remedy != remedy || got[0].Severity != weigh.Note {
			t.Errorf("%+v, want %s", got, remedy)
		}
	}
	// A distribution's package is as the distribution wants it.
	img := image(t, step{"COPY . /opt", files})
	img.Packages[0].Type = packages.Deb
	if got := notStripped(advice.Find(img)); len(got) != 0 {
		t.Errorf("%+v", got)
	}
}
