package profile

import "tare/internal/engine"

// Build is what a build was made from: kept of every build, to tell later why the next
// one could not use its results.
type Build struct {
	Source string            `json:"source"` // the Dockerfile
	Target string            `json:"target"`
	Args   map[string]string `json:"args"`
	// Ops are the operations of its definition.
	Ops []engine.Op `json:"ops"`
	// Files are what the operations could take of the contexts that stand on this
	// machine: by the context's name ("context" is the build context) and path.
	Files map[string]map[string]File `json:"files"`
	// Partial are the contexts of which too many files were found to remember all.
	Partial []string `json:"partial,omitempty"`
	// Unseen are files that were changed without the builder seeing it.
	Unseen []Unseen `json:"-"`
	// Idle is what was sent of the build context though no operation takes it; nil where
	// that is not known.
	Idle *Idle `json:"-"`
	// Dir is where it was built from, File the Dockerfile, Builder the address of what built it; "" for the
	// embedded one.
	Dir     string `json:"dir"`
	File    string `json:"file,omitempty"`
	Builder string `json:"builder,omitempty"`
}

// File is what of a file decides whether a COPY is in the cache. Its time does not.
type File struct {
	Mode uint32 `json:"m"`           // kind and permission bits, as os.FileMode
	Size int64  `json:"s,omitempty"` // bytes
	Link string `json:"l,omitempty"`
	Sum  string `json:"h,omitempty"` // of its content, as the builder has it
	// Time and Changed are the mtime and the ctime in nanoseconds, and Inode its number:
	// with the size they tell whether Sum still holds.
	Time    int64  `json:"t,omitempty"`
	Changed int64  `json:"c,omitempty"`
	Inode   uint64 `json:"i,omitempty"`
}

// Idle are files of a context that were sent to the builder and that no operation takes.
type Idle struct {
	Files int
	Bytes int64
	Top   []string // directories without anything that is taken, or files, that hold most
}

// Unseen is a file of a context whose content changed while its length, its mode and its
// mtime did not: the builder did not ask for it, and used the content that it had.
type Unseen struct {
	Context string `json:"context"` // "context" is the build context
	Path    string `json:"path"`
}

// String says what that means, and what to do.
func (u Unseen) String() string {
	return u.Path + " changed, but its length and modification time did not: the builder did not see it, and the image has its old content; build with --checksum-context"
}
