package main

import (
	"bufio"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// straced is what strace saw of a container: an account of its own of what its programs
// used, made of results that the kernel gave.
type straced struct {
	tree map[string]string // what the image has: "f", "d", or "l" and the target of a link
	// opened, executed and mapped are files as the kernel named them; touched is all that
	// any call found, with the links on the way.
	opened, executed, mapped, touched map[string]bool
	kids                              map[int]int // parent of a process or thread
	cwd                               map[int]string
	root                              map[int]string
}

// call is a system call in strace's words.
type syscalled struct {
	pid    int
	name   string
	args   []string
	result string
	failed bool
}

var (
	straceLine    = regexp.MustCompile(`^(\d+) +(.*)$`)
	straceCall    = regexp.MustCompile(`^(\w+)\((.*)\) += (.*)$`)
	straceResumed = regexp.MustCompile(`^<\.\.\. \w+ resumed>(.*)$`)
	outerPID      = regexp.MustCompile(`^\d+ /\* (\d+) in strace's PID NS \*/`)
	descriptor    = regexp.MustCompile(`^[-\w]+<(.*)>$`)
)

// readStrace reads a log of strace -f -y --pidns-translation.
func readStrace(t *testing.T, file string) []syscalled {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	var out []syscalled
	begun := map[int]string{}
	sc := bufio.NewScanner(f)
	sc.Buffer(nil, 1<<22)
	for sc.Scan() {
		m := straceLine.FindStringSubmatch(sc.Text())
		if m == nil {
			continue
		}
		pid, _ := strconv.Atoi(m[1])
		text := m[2]
		if head, ok := strings.CutSuffix(text, "<unfinished ...>"); ok {
			begun[pid] = strings.TrimSuffix(head, " ")
			continue
		}
		if r := straceResumed.FindStringSubmatch(text); r != nil {
			text = begun[pid] + r[1]
		}
		c := straceCall.FindStringSubmatch(text)
		if c == nil {
			continue
		}
		out = append(out, syscalled{pid: pid, name: c[1], args: straceArguments(c[2]), result: c[3], failed: strings.HasPrefix(c[3], "-1") || strings.HasPrefix(c[3], "?")})
	}
	return out
}

// arguments divides an argument list at its commas.
func straceArguments(s string) []string {
	var out []string
	depth, quoted, from := 0, false, 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case strings.IndexByte("[{(<", c) >= 0 && !(c == '<' && i+1 < len(s) && s[i+1] == '<'):
			depth++
		case strings.IndexByte("]})>", c) >= 0:
			depth--
		case c == ',' && depth == 0:
			out, from = append(out, strings.TrimSpace(s[from:i])), i+1
		}
	}
	return append(out, strings.TrimSpace(s[from:]))
}

// unquoted is a string argument; false for a null pointer.
func unquoted(arg string) (string, bool) {
	s, err := strconv.Unquote(strings.TrimSuffix(arg, "..."))
	return s, err == nil
}

// container runs over the calls of the container's processes, beginning with the first
// execve after the runtime's own.
func (s *straced) container(t *testing.T, calls []syscalled) {
	t.Helper()
	inside, start := map[int]bool{}, -1
	initPID := 0
	for n, c := range calls {
		if m := outerPID.FindStringSubmatch(c.result); m != nil {
			kid, _ := strconv.Atoi(m[1])
			s.kids[kid] = c.pid
		} else if strings.HasPrefix(c.name, "clone") || strings.HasSuffix(c.name, "fork") {
			if kid, err := strconv.Atoi(strings.Fields(c.result)[0]); err == nil {
				s.kids[kid] = c.pid
			}
		}
		if c.name == "execve" && !c.failed && len(c.args) > 1 {
			if strings.Contains(c.args[1], `"init"]`) && strings.Contains(c.args[0], "/proc/self/exe") {
				initPID = c.pid
			} else if initPID != 0 && start < 0 && c.pid != initPID {
				start = n
				inside[c.pid] = true
			}
		}
	}
	if start < 0 {
		t.Fatal("strace saw no container begin")
	}
	first := calls[start].pid
	isIn := func(pid int) bool {
		for p, n := pid, 0; n < 100; n++ {
			if inside[p] {
				inside[pid] = true
				return true
			}
			up, ok := s.kids[p]
			if !ok {
				return false
			}
			p = up
		}
		return false
	}
	s.cwd[first], s.root[first] = "/", "/"
	for _, c := range calls[start:] {
		if !c.failed && isIn(c.pid) {
			s.call(c)
		}
	}
}

// of is a process's directory, its parent's if it never changed its own.
func (s *straced) of(m map[int]string, pid int) string {
	for n := 0; n < 100; n++ {
		if d, ok := m[pid]; ok {
			return d
		}
		pid = s.kids[pid]
	}
	return "/"
}

// standsAt is where a descriptor of strace -y stands.
func standsAt(arg string) string {
	if m := descriptor.FindStringSubmatch(arg); m != nil {
		return m[1]
	}
	return ""
}

func (s *straced) call(c syscalled) {
	base := func(arg string) string {
		if strings.HasPrefix(arg, "AT_FDCWD") {
			if p := standsAt(arg); p != "" {
				return p
			}
			return s.of(s.cwd, c.pid)
		}
		return standsAt(arg)
	}
	here := s.of(s.cwd, c.pid)
	look := func(dir, arg string, follow bool) string {
		name, ok := unquoted(arg)
		if !ok || name == "" {
			return ""
		}
		return s.walk(s.of(s.root, c.pid), dir, name, follow, true)
	}
	flags := strings.Join(c.args[min(2, len(c.args)):], " ")
	switch c.name {
	case "open", "openat", "openat2", "creat":
		dir, name, rest := here, c.args[0], strings.Join(c.args[1:], " ")
		if strings.HasPrefix(c.name, "openat") {
			dir, name, rest = base(c.args[0]), c.args[1], flags
		}
		if p := standsAt(c.result); p != "" {
			s.opened[p], s.touched[p] = true, true
		}
		look(dir, name, !strings.Contains(rest, "O_NOFOLLOW"))
	case "execve":
		s.executed[look(here, c.args[0], true)] = true
	case "execveat":
		if p := look(base(c.args[0]), c.args[1], true); p != "" {
			s.executed[p] = true
		} else {
			s.executed[standsAt(c.args[0])] = true
		}
	case "mmap":
		if p := standsAt(c.args[4]); p != "" && strings.Contains(c.args[2], "PROT_EXEC") && !strings.Contains(c.args[3], "MAP_ANONYMOUS") {
			s.mapped[p] = true
		}
	case "chdir":
		s.cwd[c.pid] = look(here, c.args[0], true)
	case "fchdir":
		s.cwd[c.pid] = standsAt(c.args[0])
	case "chroot":
		s.root[c.pid] = look(here, c.args[0], true)
	case "stat", "access", "statfs", "getxattr", "listxattr", "chmod", "chown", "utime", "utimes", "truncate":
		look(here, c.args[0], true)
	case "lstat", "readlink", "lgetxattr", "llistxattr", "lchown", "unlink", "rmdir", "rename", "link":
		look(here, c.args[0], false)
	case "newfstatat", "statx", "faccessat", "faccessat2", "utimensat", "fchmodat", "fchmodat2", "fchownat":
		look(base(c.args[0]), c.args[1], !strings.Contains(flags, "AT_SYMLINK_NOFOLLOW"))
	case "readlinkat", "unlinkat", "renameat", "renameat2", "linkat":
		look(base(c.args[0]), c.args[1], strings.Contains(flags, "AT_SYMLINK_FOLLOW"))
	}
}

// walk resolves a name in the image's tree, and notes what it went through.
func (s *straced) walk(root, base, name string, follow, note bool) string {
	at := base
	if strings.HasPrefix(name, "/") {
		at = root
	}
	todo := strings.Split(name, "/")
	for n := 0; len(todo) > 0 && n < 400; n++ {
		c := todo[0]
		todo = todo[1:]
		switch c {
		case "", ".":
			continue
		case "..":
			if at != root {
				at = at[:max(1, strings.LastIndexByte(at, '/'))]
			}
			continue
		}
		next := strings.TrimSuffix(at, "/") + "/" + c
		to, link := strings.CutPrefix(s.tree[next], "l")
		if !link || len(todo) == 0 && !follow {
			at = next
			continue
		}
		if note {
			s.touched[next] = true
		}
		if strings.HasPrefix(to, "/") {
			at = root
		}
		todo = append(strings.Split(to, "/"), todo...)
	}
	if note {
		s.touched[at] = true
	}
	return at
}
