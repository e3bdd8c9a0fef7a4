package buildkit

import (
	"errors"
	"fmt"
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
