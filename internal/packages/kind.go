package packages

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
	"sync"
)

// Kind is a package manager, or what a language's tools leave beside its libraries. All
// that tare knows of one stands in the file that registers it; docs/adding.md.
type Kind struct {
	Type  Type
	Title string // what reports call all packages of the kind: "Alpine packages (apk)"
	// Rank orders kinds: of several that claim a file the lowest owns it. Distributions
	// have 10 and more, environments 30, languages 40, programs 60.
	Rank int
	// Version rises when Wants or Parse changes: layers are indexed again then.
	Version int
	// System is true for the package manager of a distribution: a package is there only
	// once, whatever directory the database is in.
	System bool
	// Wants says what the index of a layer keeps of a file.
	Wants func(File) Want
	// Parse reads what was kept, as an image shows it.
	Parse func(*finder)
	// BuildTools tells by its name whether a package serves only for building others;
	// nil: none does.
	BuildTools func(name string) bool
	// Databases are directories, with a slash at the end, that hold what the manager
	// knows; Marks are ends of the names of such directories and files.
	Databases, Marks []string
	// Caches are directories, with a slash at the end, that can be fetched again.
	Caches []string
	// Installer is the package of this kind that installs more of it ("pip").
	Installer string
	// MadeFrom is the file that the one at a path was compiled from, "" for others: both
	// have the same owner. It may be nil.
	MadeFrom func(path string) string
}

// File is what is known of a regular file before it is read.
type File struct {
	Dir, Base string // of a clean path
	Mode      uint16 // permission bits
	Size      int64  // bytes
}

// Path is the whole path.
func (f File) Path() string {
	if f.Dir == "" {
		return f.Base
	}
	return f.Dir + "/" + f.Base
}

// Want says what is kept of a file: its content, or what Scan finds in it.
type Want struct {
	Limit   int64 // bytes; 0: no content
	Head    bool  // the first Limit bytes will do; else a file beyond the limit is not read
	Paths   bool  // the content is mostly a list of paths
	Records bool  // a binary database: package rpmdb makes records of it
	Scan    func() Scanner
}

// Scanner looks at the content of a file while it streams past.
type Scanner interface {
	// Look gets all of the content, piece by piece; at is where b begins.
	Look(at int64, b []byte)
	// Found is what View.Derived shows of the file, nil if it tells nothing.
	Found() []byte
}

// Limits of what is kept of a file, in bytes. An rpm database of a desktop has some
// 100 MB, dpkg's status of one 10 MB.
const (
	maxDatabase = 160 << 20
	maxDocument = 1 << 20
	headSize    = 64 << 10
)

// The wants that most kinds have.
var (
	database = Want{Limit: maxDatabase}
	listing  = Want{Limit: maxDatabase, Paths: true}
	document = Want{Limit: maxDocument}
	head     = Want{Limit: headSize, Head: true}
)

var registered []Kind

// register adds a kind; its file calls it for a variable of the package.
func register(k Kind) Type {
	registered = append(registered, k)
	return k.Type
}

// Kinds are all kinds by rank.
var Kinds = sync.OnceValue(func() []Kind {
	return slices.SortedFunc(slices.Values(registered), func(a, b Kind) int { return cmp.Compare(a.Rank, b.Rank) })
})

var byType = sync.OnceValue(func() map[Type]*Kind {
	m := map[Type]*Kind{}
	for i, list := 0, Kinds(); i < len(list); i++ {
		m[list[i].Type] = &list[i]
	}
	return m
})

// Kind is what is known of a type, the zero value for one that is not registered.
func (t Type) Kind() Kind {
	if k := byType()[t]; k != nil {
		return *k
	}
	return Kind{Type: t, Title: string(t), Rank: -1}
}

// Rank orders types: the lower one owns a file that both claim.
func (t Type) Rank() int {
	if k := byType()[t]; k != nil {
		return k.Rank
	}
	return -1
}

// System tells whether the type is that of a distribution's package manager.
func (t Type) System() bool {
	k := byType()[t]
	return k != nil && k.System
}

// Wanted says what the index of a layer keeps of a file for any of the kinds.
func Wanted(path string, mode uint16, size int64) Want {
	f := File{Base: path, Mode: mode, Size: size}
	if i := strings.LastIndexByte(path, '/'); i >= 0 {
		f.Dir, f.Base = path[:i], path[i+1:]
	}
	var scan Want
	list := Kinds()
	for i := range list {
		w := list[i].Wants(f)
		if w.Limit > 0 {
			return w
		}
		if scan.Scan == nil {
			scan = w
		}
	}
	return scan
}

// Edition names the kinds and their versions: what was kept by other ones is out of date.
var Edition = sync.OnceValue(func() string {
	h := fnv.New32a()
	for _, k := range Kinds() {
		_, _ = fmt.Fprintf(h, "%s %d\n", k.Type, k.Version)
	}
	return fmt.Sprintf("%08x", h.Sum32())
})

// BuildTool tells whether a package, by its key (type and name), serves only for
// building others.
func BuildTool(key string) bool {
	t, name, _ := strings.Cut(key, " ")
	k := byType()[Type(t)]
	return k != nil && k.BuildTools != nil && k.BuildTools(name)
}
