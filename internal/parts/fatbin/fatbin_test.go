package fatbin

import (
	"encoding/binary"
	"testing"

	"tare/internal/parts"
)

// made is an entry of a container: its kind, architecture, and the lengths of its header and
// payload.
type made struct {
	kind       uint16
	arch       uint32
	head, body int
}

// contain makes a container; more makes it say that it is longer than its entries.
func contain(more int, list ...made) []byte {
	var body []byte
	for _, e := range list {
		h := make([]byte, e.head+e.body)
		binary.LittleEndian.PutUint16(h, e.kind)
		binary.LittleEndian.PutUint16(h[2:], 0x101)
		binary.LittleEndian.PutUint32(h[4:], uint32(e.head))
		binary.LittleEndian.PutUint64(h[8:], uint64(e.body))
		binary.LittleEndian.PutUint32(h[28:], e.arch)
		for i := range e.body {
			h[e.head+i] = 0xee
		}
		body = append(body, h...)
	}
	b := make([]byte, headerSize)
	binary.LittleEndian.PutUint32(b, magic)
	binary.LittleEndian.PutUint16(b[4:], 1)
	binary.LittleEndian.PutUint16(b[6:], headerSize)
	binary.LittleEndian.PutUint64(b[8:], uint64(len(body)+more))
	return append(b, body...)
}

// walk divides a section that is the whole file, by the names of parts.
func walk(t *testing.T, b []byte) map[string]int64 {
	t.Helper()
	l := parts.New(int64(len(b)))
	if err := Walk(parts.Bytes(b), 0, int64(len(b)), ".nv_fatbin", l); err != nil {
		t.Fatal(err)
	}
	list := l.Parts()
	if n := parts.Sum(list); n != int64(len(b)) {
		t.Fatalf("%d bytes of %d", n, len(b))
	}
	out := map[string]int64{}
	for _, p := range list {
		out[string(p.Kind)+" "+p.Name] += p.Bytes
	}
	return out
}

// Entries are divided by architecture, and by whether they are compiled.
func TestByArchitecture(t *testing.T) {
	b := contain(0, made{kindPTX, 75, 80, 1000}, made{kindELF, 89, 64, 200}, made{kindELF, 120, 104, 56})
	b = append(b, make([]byte, 24)...) // between containers
	b = append(b, contain(0, made{kindELFOnly, 89, 64, 8}, made{9, 89, 64, 8}, made{kindELF, 5, 64, 0})...)
	got := walk(t, b)
	want := map[string]int64{"gpu PTX sm_75": 1080, "gpu SASS sm_89": 264 + 72, "gpu SASS sm_120": 160, "gpu .nv_fatbin": 32, "padding padding": 24, "unknown .nv_fatbin": 72 + 64}
	for name, n := range want {
		if got[name] != n {
			t.Errorf("%s: %d, want %d", name, got[name], n)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%v", got)
	}
}

// A container that its entries do not fill to the byte is unknown as a whole; those after it
// are not.
func TestWhatDoesNotFitIsUnknown(t *testing.T) {
	good := contain(0, made{kindELF, 80, 64, 8})
	for name, b := range map[string][]byte{
		"longer than its entries": append(contain(8, made{kindELF, 86, 64, 100}), make([]byte, 8)...),
		"an entry without header": contain(0, made{kindELF, 86, 64, 100}, made{kindELF, 86, 32, 32}),
		"an entry too long":       contain(-4, made{kindELF, 86, 64, 100}),
	} {
		got := walk(t, append(b, good...))
		if got["gpu SASS sm_86"] != 0 || got["unknown .nv_fatbin"] == 0 {
			t.Errorf("%s: %v", name, got)
		}
		if name != "an entry too long" && got["gpu SASS sm_80"] != 72 {
			t.Errorf("%s: what follows is not read: %v", name, got)
		}
	}
	for name, b := range map[string][]byte{"text": []byte("no container at all, but text"), "cut": good[:40], "huge": contain(1<<60, made{kindELF, 86, 64, 100}), "short": {0x50}} {
		if got := walk(t, b); got["unknown .nv_fatbin"] != int64(len(b)) {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// Containers without entries cost memory, too: their number is bounded.
func TestManyContainers(t *testing.T) {
	var b []byte
	for empty := contain(0); len(b) < (maxEntries+10)*headerSize; {
		b = append(b, empty...)
	}
	if got := walk(t, b); got["gpu .nv_fatbin"] != maxEntries*headerSize || got["unknown .nv_fatbin"] != 10*headerSize {
		t.Errorf("%v", got)
	}
}

func FuzzWalk(f *testing.F) {
	f.Add(contain(0, made{kindPTX, 75, 80, 100}, made{kindELF, 89, 64, 20}))
	f.Add(append(contain(8, made{kindELF, 86, 64, 100}), make([]byte, 40)...))
	f.Fuzz(func(t *testing.T, b []byte) { walk(t, b) })
}
