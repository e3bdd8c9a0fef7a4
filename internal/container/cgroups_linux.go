package container

import (
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// CgroupParent is the control group that the builds of one engine run under. Each
// engine has its own: to remove a shared one when it is empty would take it from
// under the RUN that another tare is just starting.
func CgroupParent(root string) string {
	sum := sha256.Sum256([]byte(root))
	return "tare-" + hex.EncodeToString(sum[:6])
}

// RemoveCgroups takes a control group of ours away in every hierarchy (one in
// cgroup v2, several in v1), with what is below it. Nothing of ours may be at work
// there: a process that is left in it is one whose runtime was killed before it
// could record it, and is killed.
func RemoveCgroups(name string) {
	for _, pattern := range []string{"/sys/fs/cgroup", "/sys/fs/cgroup/*"} {
		tops, _ := filepath.Glob(filepath.Join(pattern, name))
		for _, top := range tops {
			removeCgroupTree(top)
		}
	}
}

func removeCgroupTree(top string) {
	var dirs []string
	_ = filepath.WalkDir(top, func(p string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			dirs = append(dirs, p)
		}
		return nil
	})
	for n := len(dirs) - 1; n >= 0; n-- { // children before parents
		for try := 0; try < 20; try++ {
			killAll(filepath.Join(dirs[n], "cgroup.procs"))
			if err := os.Remove(dirs[n]); err == nil || os.IsNotExist(err) {
				break
			}
			time.Sleep(5 * time.Millisecond) // a killed process leaves a moment later
		}
	}
}

func killAll(procs string) {
	b, err := os.ReadFile(procs)
	if err != nil {
		return
	}
	for _, f := range strings.Fields(string(b)) {
		if pid, err := strconv.Atoi(f); err == nil && pid > 1 {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
}

// peakMemory is the most memory that a control group and those below it have held,
// in bytes: memory.peak of cgroup v2, memory.max_usage_in_bytes of v1; 0 if the kernel
// does not say.
func peakMemory(name string) int64 {
	for _, f := range []string{"/sys/fs/cgroup/" + name + "/memory.peak", "/sys/fs/cgroup/memory/" + name + "/memory.max_usage_in_bytes"} {
		b, err := os.ReadFile(f)
		if err != nil {
			continue
		}
		if n, err := strconv.ParseInt(strings.TrimSpace(string(b)), 10, 64); err == nil {
			return n
		}
	}
	return 0
}
