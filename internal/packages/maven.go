package packages

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"io"
	"path"
	"strings"

	"tare/internal/pattern"
)

// Java are Java archives.
var Java = register(Kind{
	Type: "maven", Title: "Java archives", Rank: 42, Version: 1, Caches: []string{"root/.m2/"},
	Wants: func(f File) Want {
		if isJar(f.Base) {
			return Want{Scan: func() Scanner { return &archive{} }}
		}
		return Want{}
	},
	Parse: func(f *finder) { f.derived(isJar, func(p string, b []byte) { f.add(jar(p, b)) }) },
})

// archive collects the beginning of a Java archive.
type archive struct{ head []byte }

// Look implements Scanner.
func (a *archive) Look(_ int64, b []byte) {
	if room := headSize - len(a.head); room > 0 {
		a.head = append(a.head, b[:min(room, len(b))]...)
	}
}

// Found implements Scanner: the manifest.
func (a *archive) Found() []byte { return jarManifest(a.head) }

// isJar knows Java archives by their names.
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

// jar is a Java archive by its manifest (JAR file specification), and by the name of
// the file where that says nothing.
func jar(name string, manifest []byte) Package {
	fields := map[string]string{}
	last := ""
	for line := range strings.Lines(string(manifest)) {
		line = strings.TrimRight(line, "\r\n")
		if line == "" {
			break
		}
		if rest, ok := strings.CutPrefix(line, " "); ok {
			fields[last] += rest
			continue
		}
		k, v, _ := strings.Cut(line, ": ")
		fields[k], last = v, k
	}
	first := func(keys ...string) string {
		for _, k := range keys {
			if v, _, _ := strings.Cut(fields[k], ";"); v != "" {
				return v
			}
		}
		return ""
	}
	base := strings.TrimSuffix(path.Base(name), path.Ext(name))
	p := Package{Name: first("Bundle-SymbolicName", "Automatic-Module-Name"), Version: first("Implementation-Version", "Bundle-Version", "Specification-Version"), Location: name, Files: []string{name}}
	if m := jarVersion().FindStringSubmatchIndex(base); m != nil {
		if p.Version == "" {
			p.Version = base[m[2]:]
		}
		base = base[:m[0]]
	}
	if p.Name == "" {
		p.Name = base
	}
	return p
}

var jarVersion = pattern.New(`-(\d[\w.+-]*)$`)
