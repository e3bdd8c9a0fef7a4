package buildkit

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// ociRuntime is the program that starts containers.
type ociRuntime struct {
	path string
	name string // runc, crun
}

// findRuntime looks for runc, then for a crun that can do what BuildKit needs.
func findRuntime(wish string) (ociRuntime, error) {
	candidates := []string{"runc", "crun"}
	if wish != "" {
		candidates = []string{wish}
	}
	var why []string
	for _, c := range candidates {
		p, err := exec.LookPath(c)
		if err != nil {
			continue
		}
		rt := ociRuntime{path: p, name: filepath.Base(p)}
		if err := rt.capable(); err != nil {
			why = append(why, err.Error())
			continue
		}
		return rt, nil
	}
	msg := "no container runtime: neither runc nor a capable crun is on PATH"
	if wish != "" {
		msg = fmt.Sprintf("the container runtime %q is not on PATH or not capable", wish)
	}
	if len(why) > 0 {
		msg += " (" + strings.Join(why, "; ") + ")"
	}
	return ociRuntime{}, errors.New(msg + "; install the package runc (Debian, Ubuntu: apt-get install runc; Fedora: dnf install runc; Alpine: apk add runc)")
}

// capable checks crun for "run --keep", which BuildKit's executor uses and crun
// knows since 1.9. Every runc that can be met has it.
func (r ociRuntime) capable() error {
	if !strings.Contains(r.name, "crun") {
		return nil
	}
	out, _ := exec.Command(r.path, "run", "--help").CombinedOutput()
	if !strings.Contains(string(out), "--keep") {
		return fmt.Errorf("%s is too old: its run has no --keep", r.path)
	}
	return nil
}

// cgroupParent is the control group that the builds of one engine run under. Each
// engine has its own: to remove a shared one when it is empty would take it from
// under the RUN that another tare is just starting.
func cgroupParent(root string) string {
	sum := sha256.Sum256([]byte(root))
	return "tare-" + hex.EncodeToString(sum[:6])
}

// removeCgroups takes the parent away, if it is empty: the kernel refuses to remove
// a cgroup in use.
func removeCgroups(parent string) {
	for _, pattern := range []string{"/sys/fs/cgroup", "/sys/fs/cgroup/*"} { // v2, v1
		dirs, _ := filepath.Glob(filepath.Join(pattern, parent))
		for _, d := range dirs {
			_ = os.Remove(filepath.Join(d, "buildkit")) // BuildKit puts this between
			_ = os.Remove(d)
		}
	}
}
