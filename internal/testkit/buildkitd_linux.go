package testkit

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// BuildxVersion is the version of the buildx that tests compile. tare does not link it.
const BuildxVersion = "v0.38.2"

// CompileBuildkitd builds the daemon from the module that tare links.
func CompileBuildkitd(scratch, program string) error {
	return CompileBuildKit(scratch, "buildkitd", program)
}

// CompileBuildKit builds a command of the BuildKit that tare links: buildkitd or buildctl.
func CompileBuildKit(scratch, command, program string) error {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/moby/buildkit").Output()
	if err != nil {
		return fmt.Errorf("find BuildKit's module: %w", err)
	}
	return compile(strings.TrimSpace(string(out)), "./cmd/"+command, scratch, program)
}

// CompileBuildx builds docker buildx from its module, which is none of tare's.
func CompileBuildx(scratch, program string) error {
	download := exec.Command("go", "mod", "download", "-json", "github.com/docker/buildx@"+BuildxVersion)
	download.Dir = scratch // it needs no module around it
	out, err := download.Output()
	var m struct{ Dir string }
	if err == nil {
		err = json.Unmarshal(out, &m)
	}
	if err != nil {
		return fmt.Errorf("download buildx: %w\n%s", err, out)
	}
	return compile(m.Dir, "./cmd/buildx", scratch, program)
}

// compile builds a package of a module with that module's own requirements: those of its
// clouds and networks are not tare's. The build cache keeps it, so only the first time
// takes minutes. scratch is a directory for the requirements: Go may add to them, and the
// module cache is read-only.
func compile(module, pkg, scratch, program string) error {
	for _, f := range []string{"go.mod", "go.sum"} {
		b, err := os.ReadFile(filepath.Join(module, f))
		if err == nil {
			err = os.WriteFile(filepath.Join(scratch, f), b, 0o644)
		}
		if err != nil {
			return fmt.Errorf("copy the requirements of %s: %w", module, err)
		}
	}
	build := exec.Command("go", "build", "-C", module, "-modfile", filepath.Join(scratch, "go.mod"), "-mod=mod", "-o", program, pkg)
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("compile %s of %s: %w\n%s", pkg, module, err, out)
	}
	return nil
}

// Buildkitd is a daemon that runs. It needs root and runc.
type Buildkitd struct {
	Addr string // unix://…
	Log  string // file with what it says

	dir, group string
	cmd        *exec.Cmd
}

// StartBuildkitd starts a compiled buildkitd with all its state in dir, and waits until
// it answers. group is the control group of what it runs; it goes with the daemon, so
// two daemons need two. config is added to its buildkitd.toml, env to its environment.
func StartBuildkitd(program, dir, group, config string, env ...string) (*Buildkitd, error) {
	sock := filepath.Join(dir, "b.sock")
	d := &Buildkitd{Addr: "unix://" + sock, Log: filepath.Join(dir, "log"), dir: dir, group: group}
	conf := filepath.Join(dir, "buildkitd.toml")
	if err := os.WriteFile(conf, []byte("[worker.oci]\ndefaultCgroupParent = \""+group+"\"\n"+config), 0o644); err != nil {
		return nil, err
	}
	log, err := os.Create(d.Log)
	if err != nil {
		return nil, err
	}
	defer func() { _ = log.Close() }() // the daemon has its own
	d.cmd = exec.Command(program, "--config", conf, "--addr", d.Addr, "--root", filepath.Join(dir, "root"),
		"--oci-worker=true", "--containerd-worker=false", "--oci-worker-binary=runc", "--oci-worker-net=host")
	d.cmd.Stdout, d.cmd.Stderr = log, log
	d.cmd.Env = append(os.Environ(), env...)
	d.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	if err := d.cmd.Start(); err != nil {
		return nil, err
	}
	for range 300 {
		if c, err := net.Dial("unix", sock); err == nil {
			_ = c.Close()
			return d, nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	d.Stop()
	said, _ := os.ReadFile(d.Log)
	return nil, fmt.Errorf("buildkitd does not answer; it says:\n%s", said)
}

// Stop ends the daemon and takes its mounts and control groups away. Its directory stays.
func (d *Buildkitd) Stop() {
	_ = d.cmd.Process.Signal(syscall.SIGTERM)
	ended := make(chan struct{})
	go func() { _ = d.cmd.Wait(); close(ended) }()
	select {
	case <-ended:
	case <-time.After(20 * time.Second):
		_ = d.cmd.Process.Kill()
		<-ended
	}
	for _, m := range mountsBelow(d.dir) {
		_ = syscall.Unmount(m, syscall.MNT_DETACH)
	}
	for _, pattern := range []string{"/sys/fs/cgroup", "/sys/fs/cgroup/*"} {
		groups, _ := filepath.Glob(filepath.Join(pattern, d.group))
		for _, g := range groups {
			removeGroup(g)
		}
	}
}

// removeGroup removes a control group and those below it. Their files go with them.
func removeGroup(dir string) {
	below, _ := os.ReadDir(dir)
	for _, e := range below {
		if e.IsDir() {
			removeGroup(filepath.Join(dir, e.Name()))
		}
	}
	_ = os.Remove(dir)
}

// mountsBelow lists what is mounted under a directory, the innermost first.
func mountsBelow(dir string) []string {
	f, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		return nil
	}
	defer func() { _ = f.Close() }()
	var out []string
	for sc := bufio.NewScanner(f); sc.Scan(); {
		if at := strings.Fields(sc.Text())[4]; strings.HasPrefix(at, dir+"/") {
			out = append([]string{at}, out...)
		}
	}
	return out
}
