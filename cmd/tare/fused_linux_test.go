package main

import (
	"bufio"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"tare/internal/touch"
)

// fused runs containers on a root by FUSE, which notes what the kernel asks of it.
type fused struct {
	bin, log, runc string
}

// newFused is nil where FUSE cannot be had.
func newFused(t *testing.T, dir, runc string) *fused {
	t.Helper()
	if f, err := os.OpenFile("/dev/fuse", os.O_RDWR, 0); err != nil {
		t.Logf("without the second oracle: %v", err)
		return nil
	} else {
		_ = f.Close()
	}
	f := &fused{bin: filepath.Join(dir, "fused"), log: filepath.Join(dir, "fused.log"), runc: runc}
	c := exec.Command("go", "build", "-o", filepath.Join(f.bin, "runc"), "tare/internal/testkit/fused")
	c.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return f
}

// run runs a script in a container, and is what the kernel opened and which links it read.
func (f *fused) run(t *testing.T, h *home, image, script string) (opened, links map[string]bool) {
	t.Helper()
	_ = os.Remove(f.log)
	c := h.command("run", "--rm", image, "sh", "-c", script)
	c.Env = append(c.Env, "PATH="+f.bin+":"+os.Getenv("PATH"), "FUSED_RUNC="+f.runc, "FUSED_LOG="+f.log)
	var errs bytes.Buffer
	c.Stderr = &errs
	if err := c.Run(); err != nil {
		t.Fatalf("on FUSE: %v\n%s", err, errs.String())
	}
	file, err := os.Open(f.log)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	opened, links = map[string]bool{}, map[string]bool{}
	for s := bufio.NewScanner(file); s.Scan(); {
		what, path, _ := strings.Cut(s.Text(), " ")
		if path, err = strconv.Unquote(path); err != nil {
			t.Fatal(err)
		}
		switch what {
		case "open":
			opened[path] = true
		case "readlink":
			links[path] = true
		}
	}
	return opened, links
}

// runtimes are files that the runtime reads before the container's first program starts: no trace has begun.
var runtimes = []string{"/etc/passwd", "/etc/group"}

// lost are the absolute paths that calls named and did not find. A look-up that fails touches nothing, but reads the links on its way.
func lost(calls []syscalled) (out []string) {
	for _, c := range calls {
		for _, a := range c.args {
			if p, err := strconv.Unquote(strings.TrimSpace(a)); err == nil && c.failed && strings.HasPrefix(p, "/") {
				out = append(out, p)
			}
		}
	}
	return out
}

// toSockets are links through which programs look for a socket that is not there (nscd's): connect(2) names no file of an image,
// and is not watched.
var toSockets = []string{"/var/run"}

// compare holds a trace against what FUSE saw of another run of the same script; lost are look-ups that failed.
func (f *fused) compare(t *testing.T, tr *touch.Trace, tree map[string]string, opened, links map[string]bool, lost []string) {
	t.Helper()
	how, own := map[string][]touch.How{}, map[string]bool{}
	for _, e := range tr.Files {
		how["/"+e.Path] = e.How
	}
	for _, w := range tr.Wrote {
		own["/"+w.Path] = true
	}
	used := func(p string) bool {
		return slices.ContainsFunc(how[p], func(h touch.How) bool { return h == touch.Open || h == touch.Exec || h == touch.Map })
	}
	seen := 0
	for p := range opened {
		if tree[p] != "f" || own[p] {
			continue
		}
		seen++
		if !used(p) && !slices.Contains(runtimes, p) {
			t.Errorf("%s was opened on FUSE, and is in the trace as %q", p, how[p])
		}
	}
	for p := range links {
		through := func(failed string) bool { return strings.HasPrefix(failed, p+"/") }
		if strings.HasPrefix(tree[p], "l") && how[p] == nil && !own[p] && !slices.ContainsFunc(lost, through) && !slices.Contains(toSockets, p) {
			t.Errorf("the link %s was read on FUSE, and is not in the trace", p)
		}
	}
	for p := range how {
		if used(p) && !opened[p] && !own[p] {
			t.Errorf("%s: %q in the trace, and FUSE was not asked to open it", p, how[p])
		}
	}
	if seen < 3 {
		t.Errorf("only %d files of the image were opened on FUSE: that shows nothing", seen)
	}
}
