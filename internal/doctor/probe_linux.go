package doctor

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"github.com/moby/sys/userns"
	"golang.org/x/sys/unix"
)

// take finds out what costs next to nothing to find out.
func take(h Host) Facts {
	f := Facts{System: "linux", User: os.Geteuid(), InUserNS: userns.RunningInUserNS(), Entered: h.Entered != nil && h.Entered(), Inside: inside()}
	if f.Entered {
		f.User = outerUser(read("/proc/self/uid_map"), f.User)
	}
	f.status(read("/proc/self/status"))
	f.Profile = profile(read("/proc/self/attr/apparmor/current"), read("/proc/self/attr/current"), exists("/sys/module/apparmor"))
	if f.rootless() && !f.Entered {
		f.Restricted = read("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == "1" && f.Profile == "unconfined"
		f.NoUserNS = forbidsUserNS(read("/proc/sys/user/max_user_namespaces"), read("/proc/sys/kernel/unprivileged_userns_clone"))
		f.MapTool, f.MapSetuid = mapTool("newuidmap", "newgidmap")
		if h.Mappable != nil {
			f.SubIDs = h.Mappable()
		}
	}
	if f.rootless() || f.InUserNS {
		f.Masks = masks(read("/proc/self/mountinfo"))
	} else {
		f.Cgroups, f.Cgroup = controlGroups(read("/proc/self/mountinfo"), writable)
	}
	if h.Runtime != nil {
		f.Runtime, f.RuntimeErr = h.Runtime()
	}
	alone(func() { f.calls() })
	return f
}

// read is a file's text without white space at its ends, "" where it cannot be read.
func read(path string) string {
	b, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	return string(bytes.TrimSpace(bytes.TrimRight(b, "\x00")))
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// inside tells what kind of container this is, by what each leaves in it.
func inside() string {
	switch {
	case os.Getenv("KUBERNETES_SERVICE_HOST") != "" || exists("/var/run/secrets/kubernetes.io"):
		return "kubernetes"
	case exists("/.dockerenv"):
		return "docker"
	case exists("/run/.containerenv"):
		return "podman"
	case os.Getenv("container") != "" || exists("/run/systemd/container"):
		return "container"
	}
	return ""
}

// outerUser is the user outside that is root in this user namespace.
func outerUser(uidMap string, otherwise int) int {
	for line := range strings.Lines(uidMap) {
		if p := strings.Fields(line); len(p) == 3 && p[0] == "0" {
			if n, err := strconv.Atoi(p[1]); err == nil {
				return n
			}
		}
	}
	return otherwise
}

// status reads /proc/self/status.
func (f *Facts) status(text string) {
	for line := range strings.Lines(text) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		value = strings.TrimSpace(value)
		switch key {
		case "CapEff":
			f.Effective, _ = strconv.ParseUint(value, 16, 64)
		case "CapBnd":
			f.Bounding, _ = strconv.ParseUint(value, 16, 64)
		case "NoNewPrivs":
			f.NoNewPrivs = value == "1"
		case "Seccomp":
			f.Seccomp = value == "2"
		}
	}
}

// profile is AppArmor's for this process. The older file is other security modules' too.
func profile(own, shared string, loaded bool) string {
	if own != "" {
		return own
	}
	if !loaded {
		return ""
	}
	return shared
}

func forbidsUserNS(most, clone string) string {
	switch {
	case most == "0":
		return "user.max_user_namespaces = 0"
	case clone == "0":
		return "kernel.unprivileged_userns_clone = 0"
	}
	return ""
}

// mapTool says what keeps newuidmap and newgidmap from getting rights; setuid tells
// whether they get them from the setuid bit alone.
func mapTool(names ...string) (wrong string, setuid bool) {
	for _, name := range names {
		path, err := exec.LookPath(name)
		if err != nil {
			return "", false // Mappable says so
		}
		var st unix.Stat_t
		var fs unix.Statfs_t
		if unix.Stat(path, &st) != nil || unix.Statfs(path, &fs) != nil {
			continue
		}
		n, err := unix.Getxattr(path, "security.capability", nil)
		caps := err == nil && n > 0
		bit := st.Mode&unix.S_ISUID != 0 && st.Uid == 0
		switch {
		case !caps && !bit:
			return path + " is neither setuid root nor has file capabilities", false
		case fs.Flags&unix.ST_NOSUID != 0:
			return path + " is on a file system that is mounted nosuid", false
		}
		setuid = setuid || !caps
	}
	return "", setuid
}

// masks are the places of /proc that something lies over, in the wholest /proc there is:
// the kernel mounts another one in a user namespace only if nothing is hidden there
// already (mount_too_revealing). What is mounted on directories that are always empty
// hides nothing.
func masks(mountinfo string) []string {
	type proc struct {
		at   string
		over []string
	}
	var all []*proc
	byID := map[string]*proc{}
	lines := strings.Split(mountinfo, "\n")
	for _, line := range lines {
		p := strings.Fields(line)
		if _, fs, ok := strings.Cut(line, " - "); ok && len(p) > 5 && p[3] == "/" && strings.HasPrefix(fs, "proc ") {
			one := &proc{at: p[4]}
			if strings.HasPrefix(p[5], "ro,") || p[5] == "ro" {
				one.over = []string{p[4] + " (read-only)"}
			}
			byID[p[0]] = one
			all = append(all, one)
		}
	}
	for _, line := range lines {
		p := strings.Fields(line)
		if len(p) < 5 || byID[p[1]] == nil {
			continue
		}
		one := byID[p[1]]
		switch strings.TrimPrefix(p[4], one.at) {
		case "/sys/fs/binfmt_misc", "/fs/nfsd", "/openprom", "/xen":
		default:
			one.over = append(one.over, p[4])
		}
	}
	var least []string
	for n, one := range all {
		if n == 0 || len(one.over) < len(least) {
			least = one.over
		}
	}
	return least
}

// writable says why a directory cannot be written, nil if it can.
func writable(dir string) error { return unix.Access(dir, unix.W_OK) }

// controlGroups tells which version is mounted, and which of it cannot be written.
func controlGroups(mountinfo string, writable func(string) error) (version, wrong string) {
	for line := range strings.Lines(mountinfo) {
		p := strings.Fields(line)
		_, fs, ok := strings.Cut(line, " - ")
		if !ok || len(p) < 5 {
			continue
		}
		switch kind, options, _ := strings.Cut(fs, " "); {
		case kind == "cgroup2" && p[4] == "/sys/fs/cgroup":
			version = "v2"
		case kind == "cgroup" && strings.HasPrefix(p[4], "/sys/fs/cgroup/") && !strings.Contains(options, "name="):
			version = "v1"
		default:
			continue // also named hierarchies: the runtime goes on without them
		}
		if err := writable(p[4]); err != nil && wrong == "" {
			wrong = fmt.Sprintf("%s: %v", p[4], err)
		}
	}
	return version, wrong
}

// alone calls f on a thread that ends with it, so that what f changes of the thread (its
// mount namespace) changes nothing for anybody.
func alone(f func()) {
	done := make(chan struct{})
	var try func()
	try = func() {
		runtime.LockOSThread() // and never unlocks
		if unix.Gettid() == unix.Getpid() {
			// The first thread of a process cannot end before it: another one it is.
			go try()
			<-done
			runtime.UnlockOSThread()
			return
		}
		defer close(done)
		f()
	}
	go try()
	<-done
}

// calls tries system calls, with arguments that do nothing: what is forbidden by a filter
// fails in another way than what is wrong.
func (f *Facts) calls() {
	filtered := func(err error) bool { return errors.Is(err, unix.EPERM) || errors.Is(err, unix.ENOSYS) }
	block := func(name string, yes bool) {
		if yes {
			f.Blocked = append(f.Blocked, name)
		}
	}
	block("mount", filtered(unix.Mount("", "", "", 0, "")))
	unshare := unix.Unshare(0)
	if unshare == nil && f.rootless() && !f.Entered {
		unshare = unix.Unshare(unix.CLONE_NEWUSER) // EINVAL with several threads
	}
	block("unshare", filtered(unshare))
	_, err := unix.KeyctlGetKeyringID(unix.KEY_SPEC_SESSION_KEYRING, false)
	if errors.Is(err, unix.EPERM) { // the runtime goes on where there are no keyrings: ENOSYS
		block("keyctl", f.Seccomp)
		if !f.Seccomp {
			f.Keyring = fmt.Errorf("keyctl: %w", err)
		}
	} else if errors.Is(err, unix.EACCES) {
		f.Keyring = fmt.Errorf("keyctl: %w", err)
	}
	if !f.mayMount() || len(f.Blocked) > 0 && f.Blocked[0] != "keyctl" {
		return
	}
	block("pivot_root", filtered(unix.PivotRoot("", "")) && f.Seccomp)
	if f.Mount = unix.Unshare(unix.CLONE_NEWNS); f.Mount != nil {
		f.Mount = fmt.Errorf("a mount namespace of its own: %w", f.Mount)
		return
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		f.Mount = fmt.Errorf("mount: %w", err)
	} else if err := unix.Mount("tmpfs", "/", "tmpfs", 0, ""); err != nil {
		f.Mount = fmt.Errorf("mount: %w", err)
	}
}

// tryOverlay mounts overlayfs in a directory, where nobody sees it.
func (f *Facts) tryOverlay(store string) {
	dir, err := os.MkdirTemp(store, ".tmp-doctor-")
	if err != nil {
		return
	}
	defer func() { _ = os.RemoveAll(dir) }()
	at := func(name string) string { return filepath.Join(dir, name) }
	for _, d := range []string{"lower", "upper", "work", "merged"} {
		if os.Mkdir(at(d), 0o700) != nil {
			return
		}
	}
	options := "lowerdir=" + at("lower") + ",upperdir=" + at("upper") + ",workdir=" + at("work")
	if f.InUserNS {
		options += ",userxattr"
	}
	alone(func() {
		if unix.Unshare(unix.CLONE_NEWNS) != nil || unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, "") != nil {
			return
		}
		f.OverlayTried = true
		f.Overlay = unix.Mount("overlay", at("merged"), "overlay", 0, options)
		_ = unix.Unmount(at("merged"), unix.MNT_DETACH)
	})
}

// fileSystem is the type of the file system that a path is on.
func fileSystem(path string) string {
	var st unix.Statfs_t
	if unix.Statfs(path, &st) != nil {
		return "?"
	}
	known := map[int64]string{unix.EXT4_SUPER_MAGIC: "ext4", unix.XFS_SUPER_MAGIC: "xfs", unix.BTRFS_SUPER_MAGIC: "btrfs", unix.OVERLAYFS_SUPER_MAGIC: "overlayfs",
		unix.TMPFS_MAGIC: "tmpfs", unix.NFS_SUPER_MAGIC: "nfs", unix.FUSE_SUPER_MAGIC: "fuse", unix.V9FS_MAGIC: "9p", unix.F2FS_SUPER_MAGIC: "f2fs", 0x2fc12fc1: "zfs"}
	if name := known[int64(st.Type)]; name != "" {
		return name
	}
	return fmt.Sprintf("file system 0x%x", st.Type)
}
