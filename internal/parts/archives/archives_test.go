package archives

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
	"time"

	"tare/internal/parts"
)

func TestZip(t *testing.T) {
	long := strings.Repeat("text ", 1000)
	b := zipOf(t, file{"a/b.txt", long, false}, file{"raw", "12345", true}, file{"empty", "", true}, file{"dir/", "", true})
	list, err := Zip(parts.Bytes(b), nil, nil)
	whole(t, b, list, err)
	if p := find(list, "a/b.txt"); p == nil || p.Size != 5000 || p.Bytes <= 0 || p.Bytes > 200 || p.CRC32 == "" {
		t.Errorf("%+v", p)
	}
	if p := find(list, "raw"); p == nil || p.Size != 5 || p.Bytes != 5 {
		t.Errorf("%+v", p)
	}
	if find(list, "empty") == nil || find(list, "dir/") == nil {
		t.Errorf("members without content are missing: %+v", list)
	}
	if n := parts.Of(list, parts.Unknown); n != 0 {
		t.Errorf("%d bytes are unknown: %+v", n, list)
	}
	if bytesOf(list, "central directory") == 0 || bytesOf(list, "headers of members") == 0 {
		t.Errorf("%+v", list)
	}
}

// A script before an archive moves all offsets; what it is is not known.
func TestZipBehindAScript(t *testing.T) {
	script := "#!/usr/bin/env python3\n"
	b := append([]byte(script), zipOf(t, file{"x.py", "pass", true})...)
	list, err := Zip(parts.Bytes(b), nil, nil)
	whole(t, b, list, err)
	if bytesOf(list, "before the archive") != int64(len(script)) || find(list, "x.py") == nil {
		t.Errorf("%+v", list)
	}
}

// zip64 sizes and offsets are those of the extra fields and of the wide end.
func TestZip64(t *testing.T) {
	extra := make([]byte, 28)
	binary.LittleEndian.PutUint16(extra, 1)
	binary.LittleEndian.PutUint16(extra[2:], 24)
	for i, v := range []uint64{7, 5, 3} {
		binary.LittleEndian.PutUint64(extra[4+8*i:], v)
	}
	m := member{size: 0xffffffff, packed: 0xffffffff, header: 0xffffffff}
	m.wide(extra)
	if m.size != 7 || m.packed != 5 || m.header != 3 {
		t.Errorf("%+v", m)
	}
	m = member{size: 1, packed: 0xffffffff, header: 2}
	m.wide(extra)
	if m.size != 1 || m.packed != 7 || m.header != 2 {
		t.Errorf("only what is missing stands in the field: %+v", m)
	}
	b := zipOf(t, file{"a", "abc", true})
	end := b[len(b)-endSize:]
	size, off := uint64(binary.LittleEndian.Uint32(end[12:])), uint64(binary.LittleEndian.Uint32(end[16:]))
	b = b[:len(b)-endSize]
	at := len(b)
	rec := make([]byte, end64Size+locatorSize)
	binary.LittleEndian.PutUint32(rec, end64Sig)
	binary.LittleEndian.PutUint64(rec[4:], end64Size-12)
	binary.LittleEndian.PutUint64(rec[40:], size)
	binary.LittleEndian.PutUint64(rec[48:], off)
	binary.LittleEndian.PutUint32(rec[end64Size:], locatorSig)
	binary.LittleEndian.PutUint64(rec[end64Size+8:], uint64(at))
	last := bytes.Clone(end)
	copy(last[8:], bytes.Repeat([]byte{0xff}, 12))
	b = append(append(b, rec...), last...)
	list, err := Zip(parts.Bytes(b), nil, nil)
	whole(t, b, list, err)
	if p := find(list, "a"); p == nil || p.Bytes != 3 {
		t.Errorf("%+v", list)
	}
}

// A jar in a jar is divided, too; the same without a budget is one member.
func TestInner(t *testing.T) {
	in := zipOf(t, file{"A.class", "class", false})
	b := zipOf(t, file{"lib/in.jar", string(in), true}, file{"lib/packed.jar", string(in), false})
	var inner Inner
	inner = func(name string, s parts.Source) []parts.Part {
		list, err := Zip(s, inner, nil)
		whole(t, in, list, err)
		return list
	}
	list, err := Zip(parts.Bytes(b), inner, budget())
	whole(t, b, list, err)
	for _, name := range []string{"lib/in.jar", "lib/packed.jar"} {
		if p := find(list, name); p == nil || find(p.Parts, "A.class") == nil {
			t.Errorf("%s: %+v", name, p)
		}
	}
	list, err = Zip(parts.Bytes(b), inner, &Budget{})
	whole(t, b, list, err)
	if p := find(list, "lib/in.jar"); p == nil || p.Parts != nil {
		t.Errorf("%+v", p)
	}
}

// Thousands of members over the same bytes, and members that unpack to more than they say,
// take neither time nor memory.
func TestZipBombs(t *testing.T) {
	one := zipOf(t, file{"x", strings.Repeat("0", 100_000), false})
	end := len(one) - endSize
	off := int(binary.LittleEndian.Uint32(one[end+16:]))
	row := one[off:end]
	b := bytes.Clone(one[:off])
	for range 50_000 {
		b = append(b, row...)
	}
	last := bytes.Clone(one[end:])
	binary.LittleEndian.PutUint32(last[12:], uint32(50_000*len(row)))
	b = append(b, last...)
	begin := time.Now()
	list, err := Zip(parts.Bytes(b), func(string, parts.Source) []parts.Part { return nil }, budget())
	whole(t, b, list, err)
	if took := time.Since(begin); took > 3*time.Second {
		t.Errorf("it took %s", took)
	}
	lie := zipOf(t, file{"x.jar", strings.Repeat("0", 1<<20), false})
	end = len(lie) - endSize
	off = int(binary.LittleEndian.Uint32(lie[end+16:]))
	binary.LittleEndian.PutUint32(lie[off+24:], 10) // the size when unpacked
	list, err = Zip(parts.Bytes(lie), func(string, parts.Source) []parts.Part {
		t.Error("a member that lies was looked into")
		return nil
	}, budget())
	whole(t, lie, list, err)
}

func TestAr(t *testing.T) {
	b := arOf(file{"/", "index", true}, file{"//", "a_very_long_name.o/\n", true}, file{"/0", "odd", true}, file{"short.o/", "even", true}, file{"#1/8", "bsd.o\x00\x00\x00content", true})
	list, err := Ar(parts.Bytes(b))
	whole(t, b, list, err)
	for name, n := range map[string]int64{"a_very_long_name.o": 3, "short.o": 4, "bsd.o": 7, "index of symbols": 5, "long names": 20, "headers of members": 8 + 5*60 + 1 + 1 + 1 + 8} {
		if got := bytesOf(list, name); got != n {
			t.Errorf("%s: %d bytes, want %d (%+v)", name, got, n, list)
		}
	}
	cut := b[:len(b)-3]
	list, err = Ar(parts.Bytes(cut))
	if whole(t, cut, list, err); find(list, "bsd.o") != nil || parts.Of(list, parts.Unknown) == 0 {
		t.Errorf("a member that is cut: %+v", list)
	}
	thin := append([]byte(thinMagic), arOf(file{"elsewhere.o/", "", true})[8:]...)
	list, err = Ar(parts.Bytes(thin))
	whole(t, thin, list, err)
}

func TestTar(t *testing.T) {
	b := tarOf(t, file{"a", "12345", true}, file{"b/c", strings.Repeat("x", 2000), true})
	list, err := Tar(parts.Bytes(b))
	whole(t, b, list, err)
	if find(list, "a").Bytes != 5 || find(list, "b/c").Bytes != 2000 || parts.Of(list, parts.Unknown) != 0 {
		t.Errorf("%+v", list)
	}
	cut := b[:1700]
	list, err = Tar(parts.Bytes(cut))
	if whole(t, cut, list, err); find(list, "b/c") != nil || parts.Of(list, parts.Unknown) == 0 {
		t.Errorf("%+v", list)
	}
}

// The compressed bytes of a tar.gz are divided among its members: what is random has as many
// as it is long, what repeats few.
func TestGzip(t *testing.T) {
	var noise strings.Builder
	for i := uint64(1); noise.Len() < 300_000; i++ {
		x := i * 0x9e3779b97f4a7c15
		x ^= x >> 29
		x *= 0xbf58476d1ce4e5b9
		noise.WriteByte(byte(x >> 33))
	}
	plain := tarOf(t, file{"noise", noise.String(), true}, file{"zeros", strings.Repeat("0", 3_000_000), true})
	b := gzipOf(t, plain)
	list, members, err := Gzip(parts.Bytes(b), budget())
	whole(t, b, list, err)
	n, z := find(list, "noise"), find(list, "zeros")
	if !members || n == nil || z == nil || n.Size != 300_000 || z.Size != 3_000_000 || n.Bytes < 280_000 || z.Bytes > 20_000 {
		t.Errorf("%v %+v", members, list)
	}
	if parts.Of(list, parts.Unknown) != 0 {
		t.Errorf("unknown: %+v", list)
	}
	list, members, err = Gzip(parts.Bytes(b), &Budget{Left: 1_000_000})
	if whole(t, b, list, err); find(list, "noise") == nil || find(list, "zeros") != nil || parts.Of(list, parts.Unknown) == 0 || !members {
		t.Errorf("beyond the budget: %+v", list)
	}
	garbage := append(bytes.Clone(b), "garbage behind the end"...)
	list, _, err = Gzip(parts.Bytes(garbage), budget())
	if whole(t, garbage, list, err); parts.Of(list, parts.Unknown) == 0 {
		t.Errorf("what follows the end is known: %+v", list)
	}
	text := gzipOf(t, []byte("no tar"))
	list, members, err = Gzip(parts.Bytes(text), budget())
	if whole(t, text, list, err); members || bytesOf(list, "compressed content") != int64(len(text)-18) {
		t.Errorf("%+v", list)
	}
}

// jimageOf makes an image of modules: pairs of a module and the length of a resource of it.
func jimageOf(modules []string, sizes []int) []byte {
	text, at := []byte{0}, map[string]int{}
	for _, m := range modules {
		at[m] = len(text)
		text = append(append(text, m...), 0)
	}
	var locations, offsets, body []byte
	for i, m := range modules {
		offsets = binary.LittleEndian.AppendUint32(offsets, uint32(len(locations)))
		locations = append(locations, 1<<3, byte(at[m]), 5<<3|3)
		locations = binary.BigEndian.AppendUint32(locations, uint32(len(body)))
		locations = append(locations, 7<<3|1)
		locations = binary.BigEndian.AppendUint16(locations, uint16(sizes[i]))
		locations = append(locations, 0)
		body = append(body, bytes.Repeat([]byte("r"), sizes[i])...)
	}
	h := make([]byte, jimageHeader)
	for i, v := range []uint32{0xcafedada, 1 << 16, 0, uint32(len(modules)), uint32(len(modules)), uint32(len(locations)), uint32(len(text))} {
		binary.LittleEndian.PutUint32(h[4*i:], v)
	}
	h = append(append(h, make([]byte, 4*len(modules))...), offsets...)
	return append(append(append(h, locations...), text...), body...)
}

func TestJimage(t *testing.T) {
	b := jimageOf([]string{"java.base", "java.xml", "java.base"}, []int{100, 30, 7})
	list, err := Jimage(parts.Bytes(b))
	whole(t, b, list, err)
	if bytesOf(list, "java.base") != 107 || bytesOf(list, "java.xml") != 30 || parts.Of(list, parts.Unknown) != 0 {
		t.Errorf("%+v", list)
	}
	if !IsJimage(b) {
		t.Error("not known by its first bytes")
	}
	for n := range b {
		list, err = Jimage(parts.Bytes(b[:n]))
		whole(t, b[:n], list, err)
	}
}

// FuzzArchives holds every format to its sums, whatever the bytes.
func FuzzArchives(f *testing.F) {
	z := zipOf(f, file{"a", "abc", true}, file{"b.jar", string(zipOf(f, file{"c", "d", false})), false})
	for _, b := range [][]byte{z, arOf(file{"/", "i", true}, file{"a.o/", "odd", true}), tarOf(f, file{"a", "b", true}), gzipOf(f, tarOf(f, file{"a", "b", true})), jimageOf([]string{"m"}, []int{9})} {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		s := parts.Bytes(b)
		list, err := Zip(s, func(string, parts.Source) []parts.Part { return nil }, budget())
		whole(t, b, list, err)
		list, err = Ar(s)
		whole(t, b, list, err)
		list, err = Tar(s)
		whole(t, b, list, err)
		list, _, err = Gzip(s, budget())
		whole(t, b, list, err)
		list, err = Jimage(s)
		whole(t, b, list, err)
	})
}

func TestFormatsByTheirFirstBytes(t *testing.T) {
	for name, c := range map[string]struct {
		b  []byte
		is func([]byte) bool
	}{"zip": {zipOf(t), IsZip}, "ar": {arOf(), IsAr}, "tar": {tarOf(t, file{"a", "b", true}), IsTar}, "gzip": {gzipOf(t, nil), IsGzip}} {
		if !c.is(c.b) {
			t.Errorf("%s is not known", name)
		}
		if c.is([]byte(fmt.Sprintf("%512s", "text"))) || c.is(nil) {
			t.Errorf("text is %s", name)
		}
	}
}
