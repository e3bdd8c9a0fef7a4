package container

import (
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
)

// Runtime is the program that starts containers.
type Runtime struct {
	Path string
	Name string // runc, crun
}

// FindRuntime looks for runc, then for a crun that can do what BuildKit needs; with a
// wish for that program only. The error says what to install.
func FindRuntime(wish string) (Runtime, error) {
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
		rt := Runtime{Path: p, Name: filepath.Base(p)}
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
	return Runtime{}, errors.New(msg + "; install the package runc (Debian, Ubuntu: apt-get install runc; Fedora: dnf install runc; Alpine: apk add runc)")
}

// capable checks crun for "run --keep", which BuildKit's executor uses and crun
// knows since 1.9. Every runc that can be met has it.
func (r Runtime) capable() error {
	if !strings.Contains(r.Name, "crun") {
		return nil
	}
	out, _ := exec.Command(r.Path, "run", "--help").CombinedOutput()
	if !strings.Contains(string(out), "--keep") {
		return fmt.Errorf("%s is too old: its run has no --keep", r.Path)
	}
	return nil
}
