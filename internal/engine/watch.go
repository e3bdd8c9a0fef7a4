package engine

// Watch asks that a run is watched: which files of the image its programs use, and which
// they only look at. The container is killed if the watch ends before it.
type Watch struct {
	// Names are all that a container of the image finds in its root file system before
	// anything runs, directories included, in any order.
	Names []Name
	// Seen is filled in when the program has ended, also where Run returns an error.
	Seen Seen
}

// Name is a path of an image.
type Name struct {
	Path string // clean, without a leading slash
	Kind NameKind
	Link string // the target of a symbolic link, as written
	Exec bool   // somebody may execute it
}

// NameKind is what stands at a path.
type NameKind uint8

// Kinds of names. Other is a device, a socket or a pipe.
const (
	FileName NameKind = iota
	DirName
	LinkName
	OtherName
)

// Use says how a path was used, as a set of bits.
type Use uint16

// Uses of a path: opened; executed, or named by #! or an ELF header of what was; mapped as
// code; found (stat, access, …); read or followed as a symbolic link; opened as a directory.
const (
	Opened Use = 1 << iota
	Executed
	Mapped
	Found
	Followed
	Listed
)

// Seen is what a watch noted of one run.
type Seen struct {
	// Used are the paths of the image that were used. Links on the way are resolved, and
	// paths of their own.
	Used map[string]Use
	// Wrote are the files and links in the container's writable layer when it ended, with
	// their length in bytes.
	Wrote map[string]int64
	// Lost counts calls of which it is not known what they used; Why says in words what
	// that were, or what else makes the watch incomplete.
	Lost int64
	Why  []string
	// Witness tells that the kernel's list of opened files was held against Used.
	Witness bool
	// Calls counts the system calls that were looked at.
	Calls int64
}
