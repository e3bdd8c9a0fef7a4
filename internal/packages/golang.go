package packages

import (
	"bytes"
	"encoding/binary"
	"path"
	"strings"
	"sync"
)

// Go are programs with Go's build info.
var Go = register(Kind{
	Type: "golang", Title: "Go programs", Rank: 60, Version: 1, Caches: []string{"go/pkg/mod/"},
	Wants: func(f File) Want {
		if f.Mode&0o111 != 0 && f.Size > minGo && !strings.Contains(f.Path(), ".so") {
			return Want{Scan: func() Scanner { return &program{region: regions.Get().(*[]byte)} }}
		}
		return Want{}
	},
	Parse: func(f *finder) {
		f.derived(func(p string) bool { return !isJar(p) }, func(p string, b []byte) {
			if g, ok := goProgram(p, b); ok {
				f.add(g)
			}
		})
	},
})

// Smaller programs are not made by Go; and what is looked at of a larger one.
const (
	minGo      = 300 << 10
	goRegion   = 1 << 20
	headerSize = 4 << 10
)

// buildInfo marks Go's build info (package debug/buildinfo).
var buildInfo = []byte("\xff Go buildinf:")

// program looks for Go's build info in an ELF file that streams past: at the
// beginning of the writable segment, where Go's linker puts it. debug/buildinfo
// wants to seek to the section table at the end, which a stream cannot.
type program struct {
	region   *[]byte // from regions
	from, to int64   // what is kept of the file; 0,0 is none
}

// regions are buffers that programs use one after the other.
var regions = sync.Pool{New: func() any { return new([]byte) }}

// Look implements Scanner.
func (p *program) Look(at int64, b []byte) {
	if at == 0 {
		p.from = writable(b[:min(len(b), headerSize)])
		p.to = p.from + goRegion
	}
	if p.from == 0 {
		return
	}
	lo, hi := max(p.from, at), min(p.to, at+int64(len(b)))
	if lo < hi {
		*p.region = append(*p.region, b[lo-at:hi-at]...)
	}
}

// Found implements Scanner: the version of Go, a newline, and the text of the module's
// build info.
func (p *program) Found() []byte {
	region := *p.region
	defer func() {
		*p.region = region[:0]
		regions.Put(p.region)
	}()
	if p.from == 0 {
		return nil
	}
	// The inline form that Go 1.18 and later write: magic, pointer size, flags,
	// padding up to 32 bytes, then two strings with their lengths before them.
	i := bytes.Index(region, buildInfo)
	if i < 0 || len(region) < i+32 || region[i+15]&2 == 0 {
		return nil
	}
	rest := region[i+32:]
	version, rest := text(rest)
	mod, _ := text(rest)
	if len(mod) >= 33 && mod[len(mod)-17] == '\n' {
		mod = mod[16 : len(mod)-16] // between two sentinels
	} else {
		mod = nil
	}
	if !bytes.HasPrefix(version, []byte("go1")) && !bytes.HasPrefix(version, []byte("devel")) {
		return nil
	}
	return bytes.Join([][]byte{version, mod}, []byte("\n"))
}

// text cuts a string with its length before it.
func text(b []byte) (s, rest []byte) {
	n, size := binary.Uvarint(b)
	if size <= 0 || n > uint64(len(b)-size) {
		return nil, nil
	}
	return b[size : size+int(n)], b[size+int(n):]
}

// writable is the offset of the first writable, not executable segment that an ELF
// header names, 0 if there is none.
func writable(b []byte) int64 {
	if len(b) < 64 || !bytes.HasPrefix(b, []byte("\x7fELF")) {
		return 0
	}
	var order binary.ByteOrder = binary.LittleEndian
	if b[5] == 2 {
		order = binary.BigEndian
	}
	wide := b[4] == 2
	var table uint64
	var size, count int
	if wide {
		table, size, count = order.Uint64(b[32:]), int(order.Uint16(b[54:])), int(order.Uint16(b[56:]))
	} else {
		table, size, count = uint64(order.Uint32(b[28:])), int(order.Uint16(b[42:])), int(order.Uint16(b[44:]))
	}
	for i := range count {
		at := table + uint64(i*size)
		if size < 32 || table > headerSize || at+uint64(size) > uint64(len(b)) || wide && size < 56 {
			return 0
		}
		h := b[at:]
		flags, offset := order.Uint32(h[24:]), uint64(order.Uint32(h[4:]))
		if wide {
			flags, offset = order.Uint32(h[4:]), order.Uint64(h[8:])
		}
		if order.Uint32(h) == 1 && flags&3 == 2 && offset < 1<<50 {
			return int64(offset)
		}
	}
	return 0
}

// goProgram reads build info as `go version -m` prints it.
func goProgram(name string, info []byte) (Package, bool) {
	version, mod, _ := strings.Cut(string(info), "\n")
	p := Package{Location: name, Files: []string{name}, Contains: []string{"go " + version}}
	for line := range strings.Lines(mod) {
		f := strings.Split(strings.TrimRight(line, "\n"), "\t")
		switch {
		case f[0] == "path" && len(f) > 1:
			p.Name = f[1]
		case f[0] == "mod" && len(f) > 2:
			p.Version = f[2]
		case f[0] == "dep" && len(f) > 2:
			p.Contains = append(p.Contains, f[1]+" "+f[2])
		}
	}
	if p.Name == "" {
		p.Name = path.Base(name)
	}
	return p, strings.HasPrefix(version, "go1") || strings.HasPrefix(version, "devel")
}
