package elffile

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"runtime/debug"
	"slices"
	"strings"

	"tare/internal/parts"
)

// Go is what a program says that Go made.
type Go struct {
	Version string   `json:"version"`        // of Go
	Path    string   `json:"path,omitempty"` // the main package
	Modules []Module `json:"modules"`        // the main module first
	// Code are the bytes of all functions that Go compiled, Std those of the standard
	// library and Other those of neither it nor a module; absent where the program has no
	// table of functions that could be read. Together with the modules' they are Code.
	Code  int64 `json:"code,omitempty"`
	Std   int64 `json:"std,omitempty"`
	Other int64 `json:"other,omitempty"`
}

// Module is a module that a program is made of.
type Module struct {
	Path    string `json:"path"`
	Version string `json:"version,omitempty"`
	// Code are the bytes of its functions, with what aligns the next; what is inlined counts
	// where it is inlined. Absent where Go.Code is.
	Code int64 `json:"code,omitempty"`
}

// Bounds of what is read of a program, in bytes.
const (
	maxInfo = 4 << 20
	maxTab  = 256 << 20
)

// buildInfo reads the section that Go 1.18 and later write: a header of 32 bytes, then two
// strings with their lengths before them. Older programs have pointers there: no claim.
func (k *look) buildInfo(off, n int64) error {
	b, err := parts.Read(k.Source, off, min(n, maxInfo))
	if err != nil {
		return again(err)
	}
	if len(b) < 32 || !bytes.HasPrefix(b, []byte("\xff Go buildinf:")) || b[15]&2 == 0 {
		return nil
	}
	version, rest := text(b[32:])
	if version == "" {
		return nil
	}
	k.out.Go = &Go{Version: version, Modules: []Module{}}
	mod, _ := text(rest)
	if len(mod) < 33 || mod[len(mod)-17] != '\n' {
		return nil
	}
	info, err := debug.ParseBuildInfo(mod[16 : len(mod)-16]) // between two sentinels
	if err != nil {
		return nil
	}
	k.out.Go.Path = info.Path
	if info.Main.Path != "" {
		k.out.Go.Modules = append(k.out.Go.Modules, Module{Path: info.Main.Path, Version: info.Main.Version})
	}
	for _, d := range info.Deps {
		m := Module{Path: d.Path, Version: d.Version}
		if d.Replace != nil && d.Replace.Version != "" {
			m.Version = d.Replace.Version
		}
		k.out.Go.Modules = append(k.out.Go.Modules, m)
	}
	return nil
}

// text cuts a string with its length before it.
func text(b []byte) (string, []byte) {
	n, size := binary.Uvarint(b)
	if size <= 0 || n > uint64(len(b)-size) {
		return "", nil
	}
	return string(b[size : size+int(n)]), b[size+int(n):]
}

// function is a function of a program: its package, and its bytes up to the next function.
type function struct {
	pkg  string
	size int64
}

// functions reads the table of functions (pclntab) of Go 1.18 and later.
func (k *look) functions(off, n int64) error {
	if n > maxTab {
		return nil
	}
	b, err := parts.Read(k.Source, off, n)
	if err != nil {
		return again(err)
	}
	k.code = table(b, k.h.order)
	return nil
}

// table reads a table of functions; nil if it is not whole.
func table(b []byte, o binary.ByteOrder) []function {
	if len(b) < 8 || b[4] != 0 || b[5] != 0 || b[7] != 4 && b[7] != 8 {
		return nil
	}
	if v := o.Uint32(b); v != 0xfffffff0 && v != 0xfffffff1 { // Go 1.18, 1.20
		return nil
	}
	word := func(n int) uint64 {
		at := 8 + n*int(b[7])
		if at+8 > len(b) {
			return 1 << 62
		}
		if b[7] == 4 {
			return uint64(o.Uint32(b[at:]))
		}
		return o.Uint64(b[at:])
	}
	count, names, tab, size := word(0), word(3), word(7), uint64(len(b))
	if names > size || tab > size || count > (size-tab)/8 || tab+count*8+4 > size {
		return nil
	}
	out := make([]function, 0, count)
	for f := tab; f < tab+count*8; f += 8 {
		entry, at, next := o.Uint32(b[f:]), tab+uint64(o.Uint32(b[f+4:])), o.Uint32(b[f+8:])
		if next < entry || at+8 > size {
			return nil
		}
		name := names + uint64(o.Uint32(b[at+4:]))
		if name >= size {
			return nil
		}
		end := bytes.IndexByte(b[name:min(size, name+4096)], 0)
		if end < 0 {
			return nil
		}
		out = append(out, function{packageOf(string(b[name : name+uint64(end)])), int64(next - entry)})
	}
	return out
}

// packageOf is the package of a function, by the name that the linker gives it; "" for what
// the compiler makes for no package.
func packageOf(name string) string {
	if strings.HasPrefix(name, "type:") || strings.HasPrefix(name, "go:") {
		return ""
	}
	if i := strings.IndexByte(name, '['); i >= 0 {
		name = name[:i] // the arguments of a generic function have packages, too
	}
	slash := strings.LastIndexByte(name, '/') + 1
	dot := strings.IndexByte(name[slash:], '.')
	if dot < 0 {
		return ""
	}
	return strings.ReplaceAll(name[:slash+dot], "%2e", ".")
}

// modules says how many bytes of code each module has, if the functions lie in the program's
// code and each has a package: else nothing is said of any.
func (k *look) modules() {
	g := k.out.Go
	if g == nil {
		return
	}
	var code, all int64
	for i := range k.sections {
		if s := &k.sections[i]; s.flags&elf.SHF_EXECINSTR != 0 {
			code += s.inFile(k.Size())
		}
	}
	for _, f := range k.code {
		all += f.size
	}
	if all == 0 || all > code || len(g.Modules) == 0 {
		return
	}
	at, seen := map[string]int{}, map[string]int64{}
	for i, m := range g.Modules {
		at[m.Path] = i
	}
	for _, f := range k.code {
		seen[f.pkg] += f.size
	}
	for pkg, n := range seen {
		switch i := owner(pkg, g, at); {
		case i >= 0:
			g.Modules[i].Code += n
		case standard(pkg):
			g.Std += n
		default:
			g.Other += n
		}
	}
	g.Code = all
}

// owner is the module that has a package: the one with the longest path; -1 for none.
func owner(pkg string, g *Go, at map[string]int) int {
	if pkg == "main" {
		if i, ok := at[g.Modules[0].Path]; ok && strings.HasPrefix(g.Path+"/", g.Modules[0].Path+"/") {
			return i
		}
		pkg = g.Path
	}
	for {
		if i, ok := at[pkg]; ok {
			return i
		}
		slash := strings.LastIndexByte(pkg, '/')
		if slash < 0 {
			return -1
		}
		pkg = pkg[:slash]
	}
}

// standard tells whether a package is the standard library's: the first name of its path has
// no dot.
func standard(pkg string) bool {
	first, _, _ := strings.Cut(pkg, "/")
	return pkg != "" && pkg != "main" && !strings.Contains(first, ".") && !slices.Contains([]string{"command-line-arguments", "_cgoexp"}, first)
}
