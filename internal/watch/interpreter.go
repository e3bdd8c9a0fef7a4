package watch

import (
	"bytes"
	"encoding/binary"
	"io"
)

// interpreter is the program that the kernel opens by itself to run another: what #! or the
// ELF header names. Its name is empty where there is none.
type interpreter struct {
	name   string
	script bool // named by #!: its own interpreter is opened, too
}

const (
	scriptHead = 256  // BINPRM_BUF_SIZE: the kernel reads no further for #!
	longest    = 4096 // PATH_MAX
	maxHeaders = 512
	ptInterp   = 3
)

// readInterpreter reads the head of a program.
func readInterpreter(r io.ReaderAt) interpreter {
	head := make([]byte, scriptHead)
	n, _ := r.ReadAt(head, 0)
	head = head[:n]
	switch {
	case bytes.HasPrefix(head, []byte("#!")):
		return interpreter{scriptInterpreter(head[2:]), true}
	case bytes.HasPrefix(head, []byte("\x7fELF")):
		return interpreter{elfInterpreter(r, head), false}
	}
	return interpreter{}
}

// scriptInterpreter is the first word of a #! line, as the kernel reads it.
func scriptInterpreter(line []byte) string {
	line, _, _ = bytes.Cut(line, []byte("\n"))
	line, _, _ = bytes.Cut(line, []byte{0})
	line = bytes.TrimLeft(line, " \t")
	if i := bytes.IndexAny(line, " \t"); i >= 0 {
		line = line[:i]
	}
	return string(line)
}

// elfInterpreter is what PT_INTERP names.
func elfInterpreter(r io.ReaderAt, head []byte) string {
	if len(head) < 64 {
		return ""
	}
	var order binary.ByteOrder = binary.LittleEndian
	if head[5] == 2 {
		order = binary.BigEndian
	}
	var off uint64
	var size, count int
	wide := head[4] == 2
	if wide {
		off, size, count = order.Uint64(head[32:]), int(order.Uint16(head[54:])), int(order.Uint16(head[56:]))
	} else {
		off, size, count = uint64(order.Uint32(head[28:])), int(order.Uint16(head[42:])), int(order.Uint16(head[44:]))
	}
	if want := map[bool]int{true: 56, false: 32}[wide]; size != want || count > maxHeaders || off > 1<<40 {
		return ""
	}
	table := make([]byte, size*count)
	if n, _ := r.ReadAt(table, int64(off)); n < len(table) {
		return ""
	}
	for ; len(table) >= size; table = table[size:] {
		if order.Uint32(table) != ptInterp {
			continue
		}
		var at, length uint64
		if wide {
			at, length = order.Uint64(table[8:]), order.Uint64(table[32:])
		} else {
			at, length = uint64(order.Uint32(table[4:])), uint64(order.Uint32(table[16:]))
		}
		if length < 2 || length > longest || at > 1<<40 {
			return ""
		}
		name := make([]byte, length)
		if n, _ := r.ReadAt(name, int64(at)); n < len(name) {
			return ""
		}
		name, _, _ = bytes.Cut(name, []byte{0})
		return string(name)
	}
	return ""
}
