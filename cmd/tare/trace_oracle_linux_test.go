package main

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"tare/internal/touch"
)

// workloads are what the trace is held against strace with: ordinary programs, and those
// that name files in every way there is.
var workloads = []struct{ name, image, script string }{
	{"ls", "alpine", `ls -lR /etc /usr/bin; ls / /nowhere; true`},
	{"shell", "alpine", `for f in /bin/* /usr/bin/*; do [ -x $f ] && [ -L $f ] && readlink $f; done; cat /etc/os-release | grep -c A | tr 1 2`},
	{"find", "alpine", `find / -xdev -name '*.so*' -exec cat {} + > /dev/null`},
	{"apk", "alpine", `apk info -vv; apk info --contents musl; apk audit --system; true`},
	{"tar", "alpine", `tar cf /tmp/x.tar /etc && tar tf /tmp/x.tar && mkdir /tmp/e && tar xf /tmp/x.tar -C /tmp/e && cat /tmp/e/etc/os-release`},
	{"text", "alpine", `awk -F: '{print $1}' /etc/passwd | sort | uniq -c | sed 's/ //g' > /tmp/o; diff /tmp/o /etc/group; md5sum /etc/* 2>/dev/null; true`},
	{"copies", "alpine", `cp -a /etc /tmp/e; mv /tmp/e /tmp/f; ln -s /etc/os-release /tmp/l; cat /tmp/l; readlink -f /tmp/l; cd /tmp/f; cat ./os-release ../f/../f/passwd; ln /etc/passwd /tmp/h; cat /tmp/h; rm -r /tmp/f`},
	{"replaced", "alpine", `echo new > /tmp/motd; mv /tmp/motd /etc/motd; cat /etc/motd; rm /etc/issue; echo x > /etc/issue; cat /etc/issue; mkdir /opt/d; echo y > /opt/d/y; cat /opt/d/y`},
	{"own program", "alpine", `cp /bin/busybox /tmp/cat; /tmp/cat /etc/passwd; printf '#!/bin/sh\necho $0\n' > /tmp/s; chmod +x /tmp/s; /tmp/s; cd /tmp; ./s; PATH=/tmp:$PATH s`},
	{"chroot", "alpine", `mkdir -p /tmp/c; cp -a /bin /lib /tmp/c/; chroot /tmp/c /bin/ls /lib /bin/sh; chroot / /bin/cat /etc/passwd`},
	{"descriptors", "alpine", `exec 5</etc/passwd; cat /proc/self/fd/5 /dev/fd/5 < /etc/group; cat /dev/stdin < /etc/os-release; ls -l /proc/self/exe /proc/self/; cd /etc; cat /proc/self/cwd/group`},
	{"python", "python:slim", `python3 -c 'import json, ssl, sqlite3, decimal, ctypes'`},
	{"modules", "python:slim", `python3 -c 'import email.mime.text, http.server, xml.dom.minidom, asyncio, unittest, importlib.metadata as m; print(len(list(m.distributions())))'`},
	{"processes", "python:slim", `python3 -c '
import os, subprocess, multiprocessing as mp
print(subprocess.run(["cat", "/etc/hostname"], capture_output=True).returncode)
os.chdir("/usr/local/lib"); print(os.path.realpath("libpython3.so"), os.path.exists("nowhere"), os.path.isfile("../bin/python3"))
with mp.get_context("fork").Pool(2) as p: print(p.map(os.path.getsize, ["/etc/passwd", "/etc/group"]))
os.posix_spawn("/bin/true", ["true"], {})'`},
	{"threads", "python:slim", `python3 -c '
import glob, threading
files = [f for f in glob.glob("/usr/local/lib/python3*/*.py")]
def read(part):
    for f in part: open(f, "rb").read(1)
ts = [threading.Thread(target=read, args=(files[n::8],)) for n in range(8)]
[t.start() for t in ts]; [t.join() for t in ts]'`},
	{"pip", "python:slim", `pip list; pip --version`},
	{"perl and dpkg", "python:slim", `perl -e 'print join "\n", <"/etc/*">' > /dev/null; dpkg -l > /dev/null; dpkg -S /bin/ls; dpkg-query -W -f '${Package}\n' | head -3; ldd /bin/bash; bash -c 'type cat; cd /usr/lib; . /etc/profile; [[ -e ../bin/env ]]'`},
	{"apt", "python:slim", `apt-config dump > /dev/null; apt-cache policy > /dev/null; apt-mark showmanual > /dev/null; su -s /bin/sh nobody -c 'cat /etc/passwd; test -r /etc/shadow'; true`},
}

// TestTraceAgainstStrace holds traces against what strace sees of the same run. Every file
// of the image that strace saw opened, executed or mapped is in the trace, and so is what
// was only found; and the trace has nothing that no call found. A second oracle is a root by
// FUSE, which the kernel asks for each file that it opens and each link that it reads.
func TestTraceAgainstStrace(t *testing.T) {
	needEngine(t)
	needRoot(t)
	hub := needHub(t)
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("needs strace (package strace): what it sees is what traces are held against")
	}
	runc, err := exec.LookPath("runc")
	if err != nil {
		t.Skip("needs runc")
	}
	h := newHome(t)
	h.set("TARE_HOSTS_DIR", filepath.Join(hub, "hosts"))
	log := filepath.Join(h.dir, "strace.log")
	bin := filepath.Join(h.dir, "straced")
	script := fmt.Sprintf("#!/bin/sh\ncase \" $* \" in *\" run --bundle \"*) exec %s -f -y -s 8192 --pidns-translation -e trace=%%file,clone,clone3,fork,vfork,fchdir,mmap -e signal=none -o %s %s \"$@\";; esac\nexec %s \"$@\"\n", strace, log, runc, runc)
	if err := os.Mkdir(bin, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(bin+"/runc", []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	fuse := newFused(t, h.dir, runc)
	trees := map[string]map[string]string{}
	for _, w := range workloads {
		if trees[w.image] == nil {
			h.tare(t, "pull", "-q", w.image)
			trees[w.image] = treeOf(t, h, w.image)
		}
		t.Run(w.name, func(t *testing.T) {
			_ = os.Remove(log)
			c := h.command("trace", "--format", "json", w.image, "--", "sh", "-c", w.script)
			c.Env = append(c.Env, "PATH="+bin+":"+os.Getenv("PATH"))
			var out, errs bytes.Buffer
			c.Stdout, c.Stderr = &out, &errs
			if err := c.Run(); err != nil {
				t.Fatalf("%v\n%s", err, errs.String())
			}
			tr, err := touch.Read(&out)
			if err != nil {
				t.Fatal(err)
			}
			if !tr.Complete || !tr.Witness {
				t.Errorf("incomplete (%d lost): %q, witness %t", tr.Lost, tr.Reasons, tr.Witness)
			}
			s := &straced{tree: trees[w.image], opened: map[string]bool{}, executed: map[string]bool{}, mapped: map[string]bool{}, touched: map[string]bool{}, kids: map[int]int{}, cwd: map[int]string{}, root: map[int]string{}}
			calls := readStrace(t, log)
			s.container(t, calls)
			compareTraces(t, tr, s)
			if fuse != nil {
				opened, links := fuse.run(t, h, w.image, w.script)
				fuse.compare(t, tr, trees[w.image], opened, links, lost(calls))
			}
		})
	}
}

// interpreters are what the kernel opens by itself: no call names them.
var interpreters = regexp.MustCompile(`(^|/)ld-(linux|musl)|^lib64?$|^usr/local/bin/python3|^bin/(sh|busybox)$|^usr/bin/(dash|sh|env|perl)|^bin$`)

func compareTraces(t *testing.T, tr *touch.Trace, s *straced) {
	t.Helper()
	how := map[string][]touch.How{}
	for _, f := range tr.Files {
		how["/"+f.Path] = f.How
	}
	own := map[string]bool{}
	for _, w := range tr.Wrote {
		own["/"+w.Path] = true
	}
	seen := 0
	for _, c := range []struct {
		paths map[string]bool
		how   touch.How
	}{{s.opened, touch.Open}, {s.executed, touch.Exec}, {s.mapped, touch.Map}, {s.touched, ""}} {
		for p := range c.paths {
			if kind := s.tree[p]; kind != "f" && !(strings.HasPrefix(kind, "l") && c.how == "") {
				continue
			}
			seen++
			if own[p] {
				continue
			}
			if have, ok := how[p]; !ok {
				t.Errorf("%s was touched (%s) and is not in the trace", p, c.how)
			} else if c.how != "" && !slices.Contains(have, c.how) {
				t.Errorf("%s: %q in the trace, without %s", p, have, c.how)
			}
		}
	}
	if seen < 5 {
		t.Errorf("strace saw only %d files of the image: that shows nothing", seen)
	}
	for p := range how {
		if !s.touched[p] && !s.opened[p] && !s.executed[p] && !s.mapped[p] && !interpreters.MatchString(p[1:]) {
			t.Errorf("%s: %q in the trace, and no call found it", p, how[p])
		}
	}
}

// treeOf is what a container of an image has, as its own tar tells.
func treeOf(t *testing.T, h *home, image string) map[string]string {
	t.Helper()
	c := h.command("run", image, "sh", "-c", "cd / && tar cf - $(ls -A | grep -vE '^(dev|proc|sys)$')")
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	tree := map[string]string{}
	for tr := tar.NewReader(out); ; {
		e, err := tr.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		p := "/" + strings.Trim(e.Name, "/")
		switch e.Typeflag {
		case tar.TypeReg, tar.TypeLink:
			tree[p] = "f"
		case tar.TypeDir:
			tree[p] = "d"
		case tar.TypeSymlink:
			tree[p] = "l" + e.Linkname
		}
	}
	_, _ = io.Copy(io.Discard, out)
	if err := c.Wait(); err != nil || len(tree) < 50 {
		t.Fatalf("the tree of %s has %d entries: %v", image, len(tree), err)
	}
	for _, p := range []string{"/etc/hosts", "/etc/resolv.conf"} { // mounted
		delete(tree, p)
	}
	return tree
}
