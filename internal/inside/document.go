// Package inside looks into the files of an image: of programs and libraries it tells the
// sections, of archives the members. What a file's parts take sums up to the file.
package inside

import (
	"github.com/opencontainers/go-digest"

	"tare/internal/parts"
	"tare/internal/parts/elffile"
	"tare/internal/weigh"
)

// Schema names the form of Result as JSON: docs/reference/inside.schema.json.
const Schema = "tare.inside/v1"

// Result is what `tare weigh --inside` tells of the files of an image. Sizes are integer
// bytes.
type Result struct {
	Schema   string        `json:"schema"`
	Name     string        `json:"name"`
	Manifest digest.Digest `json:"manifest"`
	// Files are those that were looked into, the largest first. Bytes is their sum, and
	// Kinds divides it by the kind of part.
	Files []File           `json:"files"`
	Bytes int64            `json:"bytes"`
	Kinds map[string]int64 `json:"kinds"`
	// Other counts the files that the pattern means and that have no inside that is known.
	Other weigh.Sums `json:"other"`
	// Duplicates are members that stand more than once in the archives, those with most
	// bytes first. Duplicate is what all copies but the first take in them.
	Duplicates []Duplicate `json:"duplicates"`
	Duplicate  int64       `json:"duplicate"`
}

// File is a file and its parts.
type File struct {
	Path string `json:"path"`
	Size int64  `json:"size"`
	// Kind is the format: elf, zip, jar, war, wheel, jmod, jimage, ar, tar, tar.gz or gzip;
	// unknown for others.
	Kind string `json:"kind"`
	// Of ELF files: Type is program, library, object or core, Machine the processor.
	Type    string `json:"type,omitempty"`
	Machine string `json:"machine,omitempty"`
	// Stripped says that an ELF file has neither a symbol table nor debug information; absent
	// for other formats.
	Stripped *bool       `json:"stripped,omitempty"`
	BuildID  string      `json:"buildID,omitempty"`
	Go       *elffile.Go `json:"go,omitempty"`
	Layer    int         `json:"layer"` // from 1
	Owner    string      `json:"owner,omitempty"`
	Class    weigh.Class `json:"class"`
	// Apportioned says that the bytes of members are their part of the compressed file: it
	// is compressed as a whole.
	Apportioned bool `json:"apportioned,omitempty"`
	// Parts sum up to Size.
	Parts []parts.Part `json:"parts"`
}

// Duplicate is a member that stands more than once.
type Duplicate struct {
	Name string `json:"name"` // of the first
	Size int64  `json:"size"` // unpacked
	// By says how copies were told: "crc32+size", by the checksum and the size that archives
	// have of their members.
	By    string `json:"by"`
	Extra int64  `json:"extra"` // bytes that all copies but the first take in their archives
	// In are the archives, one for each copy, each with the member's path in it.
	In []string `json:"in"`
}

// Module is a module of a Go program.
type Module = elffile.Module
