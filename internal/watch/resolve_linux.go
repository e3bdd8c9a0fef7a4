package watch

import (
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"

	"tare/internal/engine"
)

// use notes a use, to count once the call goes on.
func (s *supervisor) use(n *node, u engine.Use) {
	if n != nil && n.image && u != 0 {
		s.pending = append(s.pending, mark{n, u})
	}
}

// found notes what a query that succeeds used: where it ended, and the links on the way.
func (s *supervisor) found(a answer, w *walk, u engine.Use) {
	s.use(a.at, u)
	for _, l := range w.links {
		s.use(l, engine.Followed)
	}
}

// resolve works out what the call in hand uses.
func (s *supervisor) resolve() {
	c := tables()[s.n.Arch][s.n.Nr]
	if c == nil {
		s.lose(fmt.Sprintf("a program made system call %d of another architecture (%#x)", s.n.Nr, s.n.Arch))
		return
	}
	var q query
	q.name = s.name()
	switch c.act {
	case shrouds:
		s.lose(c.why())
		return
	case maps:
		if s.n.Arch == arch386 && c.name == "mmap" {
			return // its arguments lie elsewhere; the file was opened
		}
		s.use(s.open(4), engine.Mapped)
		return
	case makes:
		if s.query(&q, c.dir, c.path) {
			s.makes(&q, nil)
		}
		return
	case moves, links:
		s.gives(c, &q)
		return
	}
	if !s.query(&q, c.dir, c.path) {
		s.empty(c, &q)
		return
	}
	flags := s.arg(c.flags)
	switch c.follow {
	case always:
		q.follow = true
	case unless:
		q.follow = flags&c.flag == 0
	case only:
		q.follow = flags&c.flag != 0
	}
	switch c.act {
	case opens:
		s.opens(c, &q)
	case runs:
		s.runs(&q)
	case takes:
		a := s.t.find(&s.walk, &q)
		s.found(a, &s.walk, c.use)
		dir, last := s.t.parent(&s.again, &q)
		if a.found {
			s.t.change(dir, last, nil)
		}
	default:
		if a := s.t.find(&s.walk, &q); a.found && s.succeeds(c, a.at) {
			s.found(a, &s.walk, c.use)
		}
		s.chrooted = s.chrooted || c.act == roots
	}
}

// succeeds tells of a look whether what it found lets it succeed, as far as that can be
// told from the kind of it.
func (s *supervisor) succeeds(c *call, n *node) bool {
	if n == nil {
		return true
	}
	const executable = 1 // X_OK
	switch c.name {
	case "readlink", "readlinkat":
		return n.kind == engine.LinkName
	case "chdir", "chroot":
		return n.kind == engine.DirName
	case "access":
		return n.kind != engine.FileName || n.exec || s.n.Args[1]&executable == 0
	case "faccessat", "faccessat2":
		return n.kind != engine.FileName || n.exec || s.n.Args[2]&executable == 0
	case "truncate", "truncate64":
		return n.kind == engine.FileName
	}
	return true
}

// name is room for the name of a call.
func (s *supervisor) name() []byte { return s.room[:0] }

// empty is a call without a name, which means the descriptor that takes the directory's
// place.
func (s *supervisor) empty(c *call, q *query) {
	if len(q.name) > 0 || c.dir < 0 {
		return
	}
	switch {
	case c.act == runs && s.arg(c.flags)&atEmptyPath != 0:
		if p := s.leads("/fd/", int(int32(s.n.Args[c.dir]))); p != "" {
			q.root, q.base, q.thread, q.name, q.follow = "/", "/", int(s.n.PID), append(q.name, p...), true
			s.runs(q)
		}
	case c.use == engine.Followed: // readlinkat of a link that was opened itself
		s.use(s.open(c.dir), engine.Followed)
	}
}

// open is what of the image stands at the name of the descriptor that argument n holds.
func (s *supervisor) open(n int) *node {
	p := s.leads("/fd/", int(int32(s.n.Args[n])))
	if p == "" {
		return nil
	}
	at := s.t.stand(p)
	if at.n == nil || at.n.kind == engine.DirName {
		return nil
	}
	return at.n
}

// opens is a call that opens a file, and may make it.
func (s *supervisor) opens(c *call, q *query) {
	flags := s.arg(c.flags)
	switch c.name {
	case "creat":
		flags = unix.O_CREAT | unix.O_WRONLY | unix.O_TRUNC
	case "openat2":
		var how unix.OpenHow
		if !s.how(&how) {
			return
		}
		flags = how.Flags
		q.noLinks = how.Resolve&unix.RESOLVE_NO_SYMLINKS != 0
		q.beneath = how.Resolve&unix.RESOLVE_BENEATH != 0
		q.inRoot = how.Resolve&unix.RESOLVE_IN_ROOT != 0
		if q.beneath || q.inRoot {
			if q.base = s.leads("/cwd", -1); int32(s.n.Args[0]) != unix.AT_FDCWD {
				q.base = s.leads("/fd/", int(int32(s.n.Args[0])))
			}
			if q.base == "" {
				return
			}
		}
	}
	alone := flags&(unix.O_CREAT|unix.O_EXCL) == unix.O_CREAT|unix.O_EXCL
	q.follow = flags&oNofollow == 0 && !alone
	a := s.t.find(&s.walk, q)
	switch {
	case !a.found:
		if flags&unix.O_CREAT != 0 && !a.must {
			s.t.change(a.dir, a.last, nil)
		}
		return
	case alone || a.at == nil:
		// It exists, which is an error; or it is not the image's, but links on the way are.
		if alone {
			return
		}
		s.found(a, &s.walk, 0)
		return
	}
	use := c.use
	switch a.at.kind {
	case engine.DirName:
		if flags&(unix.O_CREAT|unix.O_WRONLY|unix.O_RDWR) != 0 && flags&unix.O_TMPFILE != unix.O_TMPFILE {
			return // EISDIR
		}
		if use = engine.Listed; flags&unix.O_PATH != 0 {
			use = engine.Found
		}
	case engine.LinkName:
		if flags&unix.O_PATH == 0 {
			return // ELOOP
		}
	default:
		if flags&oDirectory != 0 {
			return // ENOTDIR
		}
	}
	s.found(a, &s.walk, use)
}

// how reads openat2's struct open_how.
func (s *supervisor) how(how *unix.OpenHow) bool {
	want := min(int(s.n.Args[3]), int(unsafe.Sizeof(*how)))
	if want < int(unsafe.Sizeof(*how)) {
		return false // EINVAL
	}
	local := unix.Iovec{Base: (*byte)(unsafe.Pointer(how))}
	local.SetLen(want)
	n, err := unix.ProcessVMReadv(int(s.n.PID), []unix.Iovec{local}, []unix.RemoteIovec{{Base: uintptr(s.n.Args[2]), Len: want}}, 0)
	return err == nil && n == want
}

// runs is an execution: of a program, and of what the kernel opens to run it.
func (s *supervisor) runs(q *query) {
	a := s.t.find(&s.walk, q)
	if !a.found || a.at != nil && (a.at.kind != engine.FileName || !a.at.exec) {
		return
	}
	s.found(a, &s.walk, engine.Executed)
	const nested = 5 // interpreters that are scripts themselves
	for range nested {
		i := s.interpreter(a)
		if i.name == "" {
			return
		}
		by := query{root: q.root, base: s.leads("/cwd", -1), name: []byte(i.name), follow: true, thread: q.thread}
		if a = s.t.find(&s.walk, &by); !a.found {
			return
		}
		s.found(a, &s.walk, engine.Executed)
		if !i.script {
			return
		}
	}
}

// interpreter is what the program at a place names. What an image has is read once.
func (s *supervisor) interpreter(a answer) interpreter {
	if a.at == nil {
		i, _ := s.world.interpreterOf(a.path)
		return i
	}
	if a.at.interp != nil {
		return *a.at.interp
	}
	i, ok := s.world.interpreterOf(a.at.path())
	if ok {
		a.at.interp = &i
	}
	return i
}

// makes is a call that makes a name where there is none, out of nothing or out of from.
func (s *supervisor) makes(q *query, from *node) {
	dir, last := s.t.parent(&s.again, q)
	if dir == nil {
		return
	}
	if k := dir.kids[last]; k != nil && k.image && !k.changed {
		return // EEXIST
	}
	s.t.change(dir, last, from)
}

// gives is a call that gives a second name.
func (s *supervisor) gives(c *call, q *query) {
	var from *node
	var dir *node
	var last string
	if s.query(q, c.dir, c.path) {
		q.follow = c.follow == only && s.arg(c.flags)&c.flag != 0
		a := s.t.find(&s.walk, q)
		if a.found {
			s.found(a, &s.walk, c.use)
			from = a.at
		}
		dir, last = s.t.parent(&s.again, q)
	}
	second := query{name: s.other[:0]}
	if !s.query(&second, c.dir2, c.path2) {
		return
	}
	if c.act == links {
		s.makes(&second, from)
		return
	}
	newDir, newLast := s.t.parent(&s.again, &second)
	var back *node
	if c.flags >= 0 && s.arg(c.flags)&renameExchange != 0 {
		to := s.t.find(&s.walk, &second)
		s.found(to, &s.walk, c.use)
		back = to.at
	}
	s.t.change(dir, last, back)
	s.t.change(newDir, newLast, from)
}
