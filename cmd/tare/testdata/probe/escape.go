package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// escapes are ways out of a container. Each returns nil if it worked: that is what
// must not be.
var escapes = map[string]func(arg string) error{
	"mount proc":          func(string) error { return syscall.Mount("proc", "/proc", "proc", 0, "") },
	"mount tmpfs":         func(string) error { return syscall.Mount("none", "/", "tmpfs", 0, "") },
	"bind mount":          func(string) error { return syscall.Mount("/proc", "/bin", "", syscall.MS_BIND, "") },
	"remount sys":         func(string) error { return syscall.Mount("", "/sys", "", syscall.MS_REMOUNT|syscall.MS_BIND, "") },
	"unmount mask":        func(string) error { return syscall.Unmount("/proc/kcore", 0) },
	"pivot root":          func(string) error { return syscall.PivotRoot("/", "/") },
	"sysrq":               writes("/proc/sysrq-trigger", "h"),
	"core pattern":        writes("/proc/sys/kernel/core_pattern", "|/bin/x"),
	"modprobe path":       writes("/proc/sys/kernel/modprobe", "/x"),
	"uevent helper":       writes("/sys/kernel/uevent_helper", "/x"),
	"cgroup release":      writes("/sys/fs/cgroup/release_agent", "/x"),
	"cgroup limit":        writes("/sys/fs/cgroup/memory/memory.limit_in_bytes", "-1"),
	"oom of init":         writes("/proc/1/oom_score_adj", "-1000"),
	"kernel memory":       reads("/proc/kcore"),
	"kernel keys":         reads("/proc/keys"),
	"timers":              reads("/proc/timer_list"),
	"firmware":            reads("/sys/firmware/acpi/tables/DSDT"),
	"raw disk":            func(string) error { return device(syscall.S_IFBLK, 254, 0) },
	"memory device":       func(string) error { return device(syscall.S_IFCHR, 1, 1) },
	"kernel log":          func(string) error { _, err := syscall.Klogctl(3, make([]byte, 100)); return err },
	"set the clock":       func(string) error { return syscall.Settimeofday(&syscall.Timeval{Sec: 1}) },
	"reboot":              func(string) error { return syscall.Reboot(0) }, // a wrong command: EINVAL only with the right to it
	"host name":           func(string) error { return syscall.Sethostname([]byte("owned")) },
	"load a module":       func(string) error { return call(syscall.SYS_INIT_MODULE, 0, 0, 0) },
	"kexec":               func(string) error { return call(246, 0, 0, 0) },
	"swap":                func(string) error { return call(syscall.SYS_SWAPON, 0, 0, 0) },
	"keyctl":              func(string) error { return call(250, 0, 0xfffffffd, 0) },
	"add a key":           func(string) error { return call(248, 0, 0, 0) },
	"BPF":                 func(string) error { return call(321, 0, 0, 0) },
	"performance events":  func(string) error { return call(298, 0, 0, 0) },
	"userfaultfd":         func(string) error { return call(323, 0, 0, 0) },
	"open by handle":      func(string) error { return call(304, 0, 0, 0) },
	"new user namespace":  func(string) error { return syscall.Unshare(syscall.CLONE_NEWUSER) },
	"new mount namespace": func(string) error { return syscall.Unshare(syscall.CLONE_NEWNS) },
	"namespace of init": func(string) error {
		f, err := os.Open("/proc/1/ns/mnt")
		if err != nil {
			return err
		}
		return call(308, f.Fd(), 0, 0)
	},
	"sniff packets":      func(string) error { return socket(syscall.AF_PACKET, syscall.SOCK_RAW, 0x0300) },
	"sniff datagrams":    func(string) error { return socket(syscall.AF_PACKET, syscall.SOCK_DGRAM, 0x0300) },
	"forge packets":      func(string) error { return socket(syscall.AF_INET, syscall.SOCK_RAW, syscall.IPPROTO_RAW) },
	"read TCP raw":       func(string) error { return socket(syscall.AF_INET, syscall.SOCK_RAW, syscall.IPPROTO_TCP) },
	"read TCP raw, IPv6": func(string) error { return socket(syscall.AF_INET6, syscall.SOCK_RAW, syscall.IPPROTO_TCP) },
	"see host processes": func(string) error {
		list, _ := filepath.Glob("/proc/[0-9]*")
		if len(list) <= 8 {
			return errors.New("only its own")
		}
		return nil
	},
	"read a host file": func(arg string) error { _, err := os.ReadFile(arg); return err },
	"host file by link": func(arg string) error {
		if err := os.Symlink("/proc/1/root"+arg, "/link"); err != nil {
			return err
		}
		_, err := os.ReadFile("/link")
		return err
	},
	"host file by root of parent": func(arg string) error { _, err := os.ReadFile("/proc/self/root/../../../.." + arg); return err },
	"inherited descriptors": func(string) error {
		list, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			return err
		}
		for _, f := range list {
			to, _ := os.Readlink("/proc/self/fd/" + f.Name())
			if strings.HasPrefix(to, "/") && !strings.HasPrefix(to, "/proc/") && !strings.HasPrefix(to, "/dev/") && !strings.HasPrefix(to, "/sys/fs/cgroup/") { // Go's own
				return nil
			}
		}
		return errors.New("none")
	},
	"write to the runtime": func(string) error {
		f, err := os.OpenFile("/proc/1/exe", os.O_WRONLY, 0)
		if err == nil {
			_ = f.Close()
		}
		return err
	},
	"gain capabilities": func(string) error {
		b, err := os.ReadFile("/proc/self/status")
		if err != nil {
			return err
		}
		for line := range strings.Lines(string(b)) {
			if v, ok := strings.CutPrefix(line, "CapBnd:"); ok {
				set, err := strconv.ParseUint(strings.TrimSpace(v), 16, 64)
				if err != nil {
					return nil
				}
				for _, bad := range []uint{12, 13, 16, 17, 19, 21, 22, 25, 39} { // NET_ADMIN, NET_RAW, SYS_MODULE, RAWIO, PTRACE, ADMIN, BOOT, TIME, BPF
					if set&(1<<bad) != 0 {
						return nil
					}
				}
			}
		}
		return errors.New("none of the dangerous")
	},
}

func writes(name, text string) func(string) error {
	return func(string) error {
		f, err := os.OpenFile(name, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		_, err = f.WriteString(text)
		if cerr := f.Close(); err == nil {
			err = cerr
		}
		return err
	}
}

// reads is an escape only if something is read: masked files are there and empty.
func reads(name string) func(string) error {
	return func(string) error {
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		n, err := f.Read(make([]byte, 16))
		_ = f.Close()
		if n == 0 {
			return fmt.Errorf("nothing to read: %v", err)
		}
		return nil
	}
}

func device(kind uint32, major, minor int) error {
	name := "/tmp-device"
	if err := syscall.Mknod(name, kind|0o600, major<<8|minor); err != nil {
		return err
	}
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	_, err = f.Read(make([]byte, 16))
	return err
}

func socket(family, kind, protocol int) error {
	fd, err := syscall.Socket(family, kind, protocol)
	if err == nil {
		_ = syscall.Close(fd)
	}
	return err
}

func call(nr, a, b, c uintptr) error {
	_, _, e := syscall.Syscall(nr, a, b, c)
	if e == 0 {
		return nil
	}
	// Another reason than a missing right means that the way is open, but for wrong
	// arguments.
	if e == syscall.EPERM || e == syscall.ENOSYS || e == syscall.EACCES {
		return e
	}
	fmt.Println("open, but for its arguments:", e)
	return nil
}

// escape tries one way out, or all, and prints what became of it.
func escape(args []string, w io.Writer) error {
	arg := args[0]
	var names []string
	for n := range escapes {
		names = append(names, n)
	}
	slices.Sort(names)
	failed := false
	for _, n := range names {
		err := escapes[n](arg)
		if n == "reboot" && err == syscall.EINVAL {
			err = nil
		}
		if err == nil {
			failed = true
			_ = say(w, "ESCAPED: "+n)
		} else {
			_ = say(w, fmt.Sprintf("held: %s: %v", n, err))
		}
	}
	if failed {
		return errors.New("a way out is open")
	}
	return nil
}
