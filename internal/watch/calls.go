package watch

import (
	"sync"

	"tare/internal/engine"
)

// act says what a system call does with the name that it has.
type act uint8

const (
	looks   act = iota // finds it
	opens              // opens it, and may make it
	runs               // executes it
	makes              // makes it, if nothing is there
	takes              // takes it away
	moves              // gives what has the first name the second
	links              // gives it the second name, too
	roots              // makes it the root of names
	maps               // maps the file of a descriptor into memory
	shrouds            // does what nobody could follow: the trace is incomplete
)

// follows says whether a symbolic link at the end is followed.
type follows uint8

const (
	always follows = iota
	never
	unless // a flag is set
	only   // if a flag is set
)

// call is how a system call names a file: which arguments are the directory, the name and
// the flags (-1: none), and which flag decides about symbolic links.
type call struct {
	act              act
	use              engine.Use
	dir, path, flags int
	follow           follows
	flag             uint64
	dir2, path2      int // of moves and links
	name             string
}

// Flags of the kernel's headers, the same on all architectures but those of open.
const (
	atSymlinkNofollow = 0x100
	atSymlinkFollow   = 0x400
	atEmptyPath       = 0x1000
	inDontFollow      = 0x02000000
	renameExchange    = 2
)

func at(a act, u engine.Use, dir, path, flags int, f follows, flag uint64) call {
	return call{act: a, use: u, dir: dir, path: path, flags: flags, follow: f, flag: flag}
}

// plain is a call whose only name is its argument n, with links followed.
func plain(n int) call { return at(looks, engine.Found, -1, n, -1, always, 0) }

// bare is the same without following a link at the end.
func bare(n int) call { return at(looks, engine.Found, -1, n, -1, never, 0) }

// flagged is a look with a directory and AT_SYMLINK_NOFOLLOW among its flags.
func flagged(dir, path, flags int) call {
	return at(looks, engine.Found, dir, path, flags, unless, atSymlinkNofollow)
}

// shapes are all calls that name files, by the kernel's names. What names only sockets,
// devices and file systems to mount is not among them.
var shapes = map[string]call{
	"open":    at(opens, engine.Opened, -1, 0, 1, always, 0),
	"creat":   at(opens, engine.Opened, -1, 0, -1, always, 0),
	"openat":  at(opens, engine.Opened, 0, 1, 2, always, 0),
	"openat2": at(opens, engine.Opened, 0, 1, -1, always, 0),

	"execve":   at(runs, engine.Executed, -1, 0, -1, always, 0),
	"execveat": at(runs, engine.Executed, 0, 1, 4, unless, atSymlinkNofollow),
	"uselib":   at(opens, engine.Mapped, -1, 0, -1, always, 0),

	"stat": plain(0), "stat64": plain(0), "oldstat": plain(0),
	"lstat": bare(0), "lstat64": bare(0), "oldlstat": bare(0),
	"newfstatat": flagged(0, 1, 3), "fstatat64": flagged(0, 1, 3), "statx": flagged(0, 1, 2),
	"access": plain(0), "faccessat": at(looks, engine.Found, 0, 1, -1, always, 0), "faccessat2": flagged(0, 1, 3),
	"chdir": plain(0), "chroot": at(roots, engine.Found, -1, 0, -1, always, 0),
	"statfs": plain(0), "statfs64": plain(0),
	"readlink":   at(looks, engine.Followed, -1, 0, -1, never, 0),
	"readlinkat": at(looks, engine.Followed, 0, 1, -1, never, 0),

	"getxattr": plain(0), "setxattr": plain(0), "listxattr": plain(0), "removexattr": plain(0),
	"lgetxattr": bare(0), "lsetxattr": bare(0), "llistxattr": bare(0), "lremovexattr": bare(0),
	"getxattrat": flagged(0, 1, 2), "setxattrat": flagged(0, 1, 2), "listxattrat": flagged(0, 1, 2), "removexattrat": flagged(0, 1, 2),
	"file_getattr": flagged(0, 1, 4), "file_setattr": flagged(0, 1, 4),

	"chmod": plain(0), "fchmodat": at(looks, engine.Found, 0, 1, -1, always, 0), "fchmodat2": flagged(0, 1, 3),
	"chown": plain(0), "chown32": plain(0), "lchown": bare(0), "lchown32": bare(0), "fchownat": flagged(0, 1, 4),
	"utime": plain(0), "utimes": plain(0), "futimesat": at(looks, engine.Found, 0, 1, -1, always, 0),
	"utimensat": flagged(0, 1, 3), "utimensat_time64": flagged(0, 1, 3),
	"truncate": at(looks, engine.Opened, -1, 0, -1, always, 0), "truncate64": at(looks, engine.Opened, -1, 0, -1, always, 0),
	"inotify_add_watch": at(looks, engine.Found, -1, 1, 2, unless, inDontFollow),
	"name_to_handle_at": at(looks, engine.Found, 0, 1, 4, only, atSymlinkFollow),
	"fanotify_mark":     at(looks, engine.Found, 3, 4, -1, always, 0),
	"open_tree":         flagged(0, 1, 2),
	"acct":              at(opens, engine.Opened, -1, 0, -1, always, 0),

	"unlink": at(takes, engine.Found, -1, 0, -1, never, 0), "unlinkat": at(takes, engine.Found, 0, 1, -1, never, 0), "rmdir": at(takes, engine.Found, -1, 0, -1, never, 0),
	"mkdir": at(makes, 0, -1, 0, -1, never, 0), "mkdirat": at(makes, 0, 0, 1, -1, never, 0),
	"mknod": at(makes, 0, -1, 0, -1, never, 0), "mknodat": at(makes, 0, 0, 1, -1, never, 0),
	"symlink": at(makes, 0, -1, 1, -1, never, 0), "symlinkat": at(makes, 0, 1, 2, -1, never, 0),
	"rename":    {act: moves, use: engine.Found, dir: -1, path: 0, flags: -1, follow: never, dir2: -1, path2: 1},
	"renameat":  {act: moves, use: engine.Found, dir: 0, path: 1, flags: -1, follow: never, dir2: 2, path2: 3},
	"renameat2": {act: moves, use: engine.Found, dir: 0, path: 1, flags: 4, follow: never, dir2: 2, path2: 3},
	"link":      {act: links, use: engine.Found, dir: -1, path: 0, flags: -1, follow: never, dir2: -1, path2: 1},
	"linkat":    {act: links, use: engine.Found, dir: 0, path: 1, flags: 4, follow: only, flag: atSymlinkFollow, dir2: 2, path2: 3},

	"mmap": {act: maps, use: engine.Mapped}, "mmap2": {act: maps, use: engine.Mapped},

	"io_uring_setup": {act: shrouds}, "open_by_handle_at": {act: shrouds},
	"mount": {act: shrouds}, "move_mount": {act: shrouds}, "pivot_root": {act: shrouds}, "umount2": {act: shrouds}, "umount": {act: shrouds},
}

// whys say why nobody can follow what a call does.
var whys = map[string]string{
	"io_uring_setup":    "a program used io_uring, which opens files without a system call for each",
	"open_by_handle_at": "a program opened a file by its handle, not its name",
}

// why says why a call makes a trace incomplete.
func (c *call) why() string {
	if w := whys[c.name]; w != "" {
		return w
	}
	return "a program changed what is mounted (" + c.name + ")"
}

// Architectures as notifications name them (linux/audit.h).
const (
	archAMD64 uint32 = 0xc000003e
	arch386   uint32 = 0x40000003
	archARM64 uint32 = 0xc00000b7
	archARM   uint32 = 0x40000028
)

// tables has the calls of each architecture by number. It is made when something is traced, not when the program starts.
var tables = sync.OnceValue(func() map[uint32]map[int32]*call {
	out := map[uint32]map[int32]*call{}
	for arch, list := range numbers {
		t := map[int32]*call{}
		for name, nr := range list {
			c := shapes[name]
			c.name = name
			if name == "fanotify_mark" && (arch == arch386 || arch == archARM) {
				c.dir, c.path = 4, 5 // its mask takes two
			}
			t[nr] = &c
		}
		out[arch] = t
	}
	return out
})
