package layer

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"io"
	"path"
	"strings"
)

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
	k        *keeper
	from, to int64 // the region that is kept; 0,0 is none
}

func (p *program) look(at int64, b []byte) {
	if at == 0 {
		p.k.region = p.k.region[:0]
		p.from = writable(b[:min(len(b), headerSize)])
		p.to = p.from + goRegion
	}
	if p.from == 0 {
		return
	}
	lo, hi := max(p.from, at), min(p.to, at+int64(len(b)))
	if lo < hi {
		p.k.region = append(p.k.region, b[lo-at:hi-at]...)
	}
}

// info is the version of Go, a newline, and the text of the module's build info.
func (p *program) info() []byte {
	if p.from == 0 {
		return nil
	}
	// The inline form that Go 1.18 and later write: magic, pointer size, flags,
	// padding up to 32 bytes, then two strings with their lengths before them.
	i := bytes.Index(p.k.region, buildInfo)
	if i < 0 || len(p.k.region) < i+32 || p.k.region[i+15]&2 == 0 {
		return nil
	}
	rest := p.k.region[i+32:]
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

func isJar(name string) bool {
	switch path.Ext(name) {
	case ".jar", ".war", ".ear":
		return true
	}
	return false
}

// jarManifest finds META-INF/MANIFEST.MF, which stands first in a Java archive, in
// the beginning of one. An archive without it there yields an empty manifest: it
// is an archive all the same.
func jarManifest(b []byte) []byte {
	none := []byte{}
	for len(b) >= 30 && binary.LittleEndian.Uint32(b) == 0x04034b50 {
		flags, method := binary.LittleEndian.Uint16(b[6:]), binary.LittleEndian.Uint16(b[8:])
		size := int(binary.LittleEndian.Uint32(b[18:]))
		nameLen, extra := int(binary.LittleEndian.Uint16(b[26:])), int(binary.LittleEndian.Uint16(b[28:]))
		if 30+nameLen+extra > len(b) {
			return none
		}
		name, rest := string(b[30:30+nameLen]), b[30+nameLen+extra:]
		if strings.EqualFold(name, "META-INF/MANIFEST.MF") {
			if method == 0 {
				return bytes.Clone(rest[:min(size, len(rest))])
			}
			out, _ := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(rest)), headSize))
			return out
		}
		if flags&8 != 0 || size < 0 || size > len(rest) {
			return none // the size stands behind the content: the next header is not known
		}
		b = rest[size:]
	}
	return none
}
