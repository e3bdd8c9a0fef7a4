package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestUmask builds and runs under different umasks: what an image and a container hold
// is the same, as with a daemon, and what tare writes for the user obeys the user's.
func TestUmask(t *testing.T) {
	needEngine(t)
	s := mustWorld(t)
	var first string
	for _, mask := range []string{"022", "077", "000", "027"} {
		t.Run(mask, func(t *testing.T) {
			h := newHome(t)
			under := func(args ...string) string {
				t.Helper()
				c := h.command(args...)
				c.Path, c.Args = "/bin/sh", append([]string{"sh", "-c", `umask "$0"; exec tare "$@"`, mask}, args...)
				out, err := c.CombinedOutput()
				if err != nil {
					t.Fatalf("tare %v: %v\n%s", args, err, out)
				}
				return string(out)
			}
			under("load", "-i", s.archive)
			h.write(t, "app/g/file", "x\n")
			dir := h.write(t, "app/Dockerfile", `FROM probe
COPY --chown=1000:1000 g /home/g
COPY Dockerfile /new/dir/
COPY <<X /here/doc
x
X
USER 1000
WORKDIR /home/g/public
RUN --mount=type=cache,target=/c,mode=0777 --mount=type=cache,target=/own,uid=1000 probe write /c/x 1 && probe write /own/x 1
RUN --mount=type=cache,target=/c,mode=0777 probe stat / /home/g /home/g/public /new /new/dir /here /here/doc /c
`)
			under("build", "-q", "-t", "app", dir)
			got := under("run", "-w", "/made/here", "app", "probe", "stat", "/home/g/public", "/new/dir", "/here/doc", "/made/here")
			for _, want := range []string{"/home/g/public drwxr-xr-x 1000:1000", "/new/dir drwxr-xr-x", "/here/doc -rw-r--r--", "/made/here drwxr-xr-x"} {
				if !strings.Contains(got, want) {
					t.Errorf("no %q in\n%s", want, got)
				}
			}
			if first == "" {
				first = got
			}
			if got != first {
				t.Errorf("under %s:\n%sunder 022:\n%s", mask, got, first)
			}
			under("build", "-q", "-o", "type=tar,dest=out.tar", dir)
			under("build", "-q", "--no-cache", "--cache-to", "type=local,dest=cache/c", "-o", "type=oci,tar=false,dest=oci/o", dir)
			for _, d := range []string{h.store(), filepath.Join(h.dir, "cache"), filepath.Join(h.dir, "oci")} {
				nothingIsEverybodys(t, d)
			}
			fi, err := os.Stat(filepath.Join(h.dir, "out.tar"))
			if err != nil {
				t.Fatal(err)
			}
			if want := map[string]os.FileMode{"022": 0o644, "077": 0o600, "000": 0o666, "027": 0o640}[mask]; fi.Mode() != want {
				t.Errorf("out.tar has mode %v, want %v", fi.Mode(), want)
			}
		})
	}
}

// nothingIsEverybodys looks for what another user could write to.
func nothingIsEverybodys(t *testing.T, root string) {
	t.Helper()
	n := 0
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		n++
		fi, err := d.Info()
		switch {
		case err != nil:
			return err
		case d.IsDir() && fi.Mode()&0o077 == 0: // nobody else comes in
			return fs.SkipDir
		case fi.Mode()&fs.ModeSymlink == 0 && fi.Mode()&0o002 != 0:
			t.Errorf("%s has mode %v", p, fi.Mode())
		}
		return nil
	})
	if err != nil || n == 0 {
		t.Errorf("%s: %d files, %v", root, n, err)
	}
}
