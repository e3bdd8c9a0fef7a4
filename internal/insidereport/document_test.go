package insidereport_test

import (
	"bytes"
	"strings"
	"testing"

	"tare/internal/inside"
	"tare/internal/insidereport"
	"tare/internal/page"
	"tare/internal/parts"
	"tare/internal/parts/elffile"
	"tare/internal/report"
	"tare/internal/weigh"
)

// text is a report as text.
func text(t *testing.T, r *inside.Result, o insidereport.Options) string {
	t.Helper()
	var b bytes.Buffer
	f := page.FormatOf("text")
	out := page.Page{Data: r, Report: "weigh", Doc: insidereport.Documents([]*inside.Result{r}, o).View(report.View{}, f.Rest)}
	if err := f.Write(&b, &out, report.Style{Width: 100}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func result(files ...inside.File) *inside.Result {
	r := &inside.Result{Schema: inside.Schema, Name: "app:1", Kinds: map[string]int64{}}
	for i := range files {
		files[i].Size = parts.Sum(files[i].Parts)
		r.Bytes += files[i].Size
		for _, p := range files[i].Parts {
			r.Kinds[string(p.Kind)] += p.Bytes
		}
	}
	r.Files = files
	return r
}

func program(stripped bool, list ...parts.Part) inside.File {
	return inside.File{Path: "usr/bin/prog", Kind: "elf", Type: "program", Machine: "x86-64", Stripped: &stripped, Parts: append(list, parts.Part{Name: ".text", Kind: parts.Code, Bytes: 1000})}
}

func TestDocument(t *testing.T) {
	debug := parts.Part{Name: ".debug_info", Kind: parts.Debug, Bytes: 4000}
	symbols := parts.Part{Name: ".symtab", Kind: parts.Symbols, Bytes: 500}
	object := program(false, debug, symbols)
	object.Type = "object"
	golang := program(true)
	golang.Go = &elffile.Go{Version: "go1.26", Modules: []elffile.Module{{Path: "example.com/m", Version: "v1.2.3", Code: 600}}, Code: 1000, Std: 300, Other: 100}
	old := program(true)
	old.Go = &elffile.Go{Version: "go1.17", Modules: []elffile.Module{{Path: "example.com/m"}}}
	tgz := inside.File{Path: "a.tgz", Kind: "tar.gz", Apportioned: true, Parts: []parts.Part{{Name: "m", Kind: parts.Member, Bytes: 10, Size: 70}}}
	twice := result(tgz, tgz)
	twice.Duplicate, twice.Duplicates = 10, []inside.Duplicate{{Name: "m", Size: 70, Extra: 10, In: []string{"a.tgz!/m", "b.tgz!/m"}}}
	none := result()
	none.Other = weigh.Sums{Count: 3, Files: 30}
	some := result(program(true))
	some.Other = weigh.Sums{Count: 3, Files: 30}
	for name, c := range map[string]struct {
		r         *inside.Result
		want, not []string
	}{
		"not stripped":         {result(program(false, debug, symbols)), []string{"/usr/bin/prog: 5.5kB, ELF program for x86-64, not stripped", "Not stripped: 4.5kB", "debug information 4kB (72.7 %)"}, []string{"GPU", "MODULE", "more of no format"}},
		"stripped":             {result(program(true)), []string{"x86-64, stripped", "code 1kB (100.0 %)"}, []string{"Not stripped:", "FILES"}},
		"an object is not run": {result(object), []string{"ELF object for x86-64"}, []string{"Not stripped:"}},
		"gpu": {result(program(true, parts.Part{Name: "PTX sm_75", Kind: parts.GPU, What: "PTX", Arch: "sm_75", Bytes: 9000}, parts.Part{Name: "SASS sm_89", Kind: parts.GPU, What: "SASS", Arch: "sm_89", Bytes: 100})),
			[]string{"GPU CODE", "PTX, for newer GPUs, too", "SASS, compiled", "sm_89", "PTX is what the driver"}, nil},
		"gpu without ptx":   {result(program(true, parts.Part{Name: "SASS sm_89", Kind: parts.GPU, What: "SASS", Arch: "sm_89", Bytes: 100})), []string{"GPU CODE"}, []string{"PTX"}},
		"go":                {result(golang), []string{"go1.26", "CODE BY GO MODULE", "600B  example.com/m     v1.2.3", "standard library", "no module"}, nil},
		"go without code":   {result(old), []string{"Go: 1 module."}, []string{"CODE BY GO MODULE"}},
		"apportioned":       {result(tgz), []string{"Compressed as a whole", "UNPACKED"}, nil},
		"not apportioned":   {result(inside.File{Path: "a.jar", Kind: "jar", Parts: tgz.Parts}), []string{"jar archive"}, []string{"Compressed as a whole", "THE SAME MEMBERS"}},
		"duplicates":        {twice, []string{"THE SAME MEMBERS MORE THAN ONCE", "a.tgz!/m", "FILES"}, nil},
		"several":           {result(program(false, debug), program(false, symbols)), []string{"app:1: 2 files, 6.5kB", "2 files are not stripped: 4.5kB", "CODE  DEBUG  SYMBOLS"}, []string{"GPU"}},
		"several, stripped": {result(program(true), program(true)), []string{"2 files"}, []string{"not stripped"}},
		"others":            {some, []string{"3 files (30B) more of no format that has an inside"}, nil},
		"nothing":           {none, []string{"3 files", "of no format that has an inside"}, []string{"INSIDE", "more"}},
		"strangers":         {result(inside.File{Path: "a\x1b[31m\nb", Kind: "zip", Parts: []parts.Part{{Name: "m\x1b]0;x\a\nn", Kind: parts.Member, Bytes: 1}}}), []string{"zip archive"}, []string{"\x1b", "\a"}},
	} {
		got := text(t, c.r, insidereport.Options{})
		for _, w := range c.want {
			if !strings.Contains(got, w) {
				t.Errorf("%s: no %q in\n%s", name, w, got)
			}
		}
		for _, w := range c.not {
			if strings.Contains(got, w) {
				t.Errorf("%s: %q in\n%s", name, w, got)
			}
		}
	}
	if got := text(t, result(program(false, debug, symbols)), insidereport.Options{Top: 1}); !strings.Contains(got, "and 2 more (--top 0 lists all)") || strings.Contains(got, ".symtab") {
		t.Errorf("one row:\n%s", got)
	}
	if got := text(t, result(program(true)), insidereport.Options{Exact: true}); !strings.Contains(got, "1,000") && !strings.Contains(got, "1000") {
		t.Errorf("exactly:\n%s", got)
	}
}
