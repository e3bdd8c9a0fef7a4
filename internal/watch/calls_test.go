package watch

import (
	"bytes"
	"encoding/binary"
	"slices"
	"testing"

	specs "github.com/opencontainers/runtime-spec/specs-go"
)

// Every call of a table has a shape, and every shape stands in a table.
func TestTables(t *testing.T) {
	used := map[string]bool{}
	for arch, table := range numbers {
		seen := map[int32]string{}
		for name, nr := range table {
			used[name] = true
			if _, ok := shapes[name]; !ok {
				t.Errorf("%#x: %s has no shape", arch, name)
			}
			if o := seen[nr]; o != "" {
				t.Errorf("%#x: %s and %s are both %d", arch, name, o, nr)
			}
			seen[nr] = name
		}
		if len(table) < 40 {
			t.Errorf("%#x: only %d calls", arch, len(table))
		}
	}
	for name := range shapes {
		if !used[name] && name != "umount" {
			t.Errorf("%s stands in no table", name)
		}
	}
	if c := tables()[arch386][5]; c == nil || c.name != "open" {
		t.Error("call 5 of i386 is open, whatever it is on amd64")
	}
}

func rule(p *specs.LinuxSeccomp, action specs.LinuxSeccompAction, name string) *specs.LinuxSyscall {
	for i, r := range p.Syscalls {
		if r.Action == action && slices.Contains(r.Names, name) {
			return &p.Syscalls[i]
		}
	}
	return nil
}

// What a profile allows and names files is notified; what it denies stays denied, and what
// names no file is none of the watcher's business.
func TestNotify(t *testing.T) {
	p := &specs.LinuxSeccomp{DefaultAction: specs.ActErrno, Syscalls: []specs.LinuxSyscall{
		{Names: []string{"openat", "read", "mmap"}, Action: specs.ActAllow},
		{Names: []string{"stat"}, Action: specs.ActAllow},
		{Names: []string{"io_uring_setup"}, Action: specs.ActErrno},
		{Names: []string{"personality"}, Action: specs.ActAllow, Args: []specs.LinuxSeccompArg{{Index: 0}}},
	}}
	n := Notify(p, "/socket")
	for name, want := range map[string]specs.LinuxSeccompAction{"openat": specs.ActNotify, "stat": specs.ActNotify, "read": specs.ActAllow, "io_uring_setup": specs.ActErrno, "personality": specs.ActAllow} {
		if rule(n, want, name) == nil {
			t.Errorf("%s is not %s: %+v", name, want, n.Syscalls)
		}
	}
	for _, name := range []string{"openat", "stat"} {
		if rule(n, specs.ActAllow, name) != nil {
			t.Errorf("%s is allowed beside its notification, which libseccomp prefers", name)
		}
	}
	if rule(n, specs.ActNotify, "open") != nil || rule(n, specs.ActNotify, "io_uring_setup") != nil {
		t.Error("what the profile does not allow is let through to the watcher")
	}
	if r := rule(n, specs.ActNotify, "mmap"); r == nil || len(r.Args) != 2 {
		t.Errorf("mmap: %+v", r)
	}
	if rule(p, specs.ActAllow, "mmap") == nil {
		t.Error("the profile itself was changed")
	}
	if n.ListenerPath != "/socket" {
		t.Errorf("listener %q", n.ListenerPath)
	}
	none := Notify(nil, "/socket")
	if none.DefaultAction != specs.ActAllow || rule(none, specs.ActNotify, "io_uring_setup") == nil || rule(none, specs.ActNotify, "mount") == nil {
		t.Error("without a profile io_uring and mount pass unseen")
	}
}

// elf makes a program whose header names an interpreter.
func elf(name string, wide bool) []byte {
	size, header := 32, 52
	if wide {
		size, header = 56, 64
	}
	b := make([]byte, header+size, 256)
	copy(b, "\x7fELF")
	b[4], b[5] = 1, 1
	le := binary.LittleEndian
	if wide {
		b[4] = 2
		le.PutUint64(b[32:], uint64(header))
		le.PutUint16(b[54:], uint16(size))
		le.PutUint16(b[56:], 1)
		le.PutUint32(b[header:], ptInterp)
		le.PutUint64(b[header+8:], uint64(len(b)))
		le.PutUint64(b[header+32:], uint64(len(name)+1))
	} else {
		le.PutUint32(b[28:], uint32(header))
		le.PutUint16(b[42:], uint16(size))
		le.PutUint16(b[44:], 1)
		le.PutUint32(b[header:], ptInterp)
		le.PutUint32(b[header+4:], uint32(len(b)))
		le.PutUint32(b[header+16:], uint32(len(name)+1))
	}
	return append(append(b, name...), 0)
}

func TestInterpreter(t *testing.T) {
	for text, want := range map[string]interpreter{
		"#!/bin/sh\necho":                 {"/bin/sh", true},
		"#! \t/usr/bin/env -S python3 -u": {"/usr/bin/env", true},
		"#!\n/bin/sh":                     {"", true},
		"echo #!/bin/sh":                  {},
		"":                                {},
		"\x7fELF":                         {},
		string(elf("/lib64/ld.so", true)): {"/lib64/ld.so", false},
		string(elf("/lib/ld32", false)):   {"/lib/ld32", false},
	} {
		if got := readInterpreter(bytes.NewReader([]byte(text))); got != want {
			t.Errorf("%q: %+v, want %+v", text, got, want)
		}
	}
}

func FuzzInterpreter(f *testing.F) {
	f.Add([]byte("#!/bin/sh -e\n"))
	f.Add(elf("/lib64/ld.so", true))
	f.Add(elf("/lib/ld", false))
	f.Fuzz(func(t *testing.T, b []byte) {
		if i := readInterpreter(bytes.NewReader(b)); len(i.name) > longest {
			t.Fatalf("a name of %d bytes", len(i.name))
		}
	})
}
