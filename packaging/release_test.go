// Package packaging_test makes the release for this machine's Linux and looks at it with
// other programs: those that install packages, show manual pages and complete words.
package packaging_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
)

// release is a directory of what scripts/release.sh makes.
type release struct {
	dir, version, program string
}

var dist string // removed when all tests are done

func TestMain(m *testing.M) {
	code := m.Run()
	if dist != "" {
		_ = os.RemoveAll(dist)
	}
	os.Exit(code)
}

// made makes the release once for all tests.
var made = sync.OnceValues(func() (release, error) {
	if runtime.GOOS != "linux" {
		return release{}, errors.New("packages are for Linux")
	}
	for _, tool := range []string{"bash", "git", "tar", "gzip"} {
		if _, err := exec.LookPath(tool); err != nil {
			return release{}, err
		}
	}
	script, err := os.ReadFile("../scripts/packages.sh")
	if err != nil {
		return release{}, err
	}
	pinned := regexp.MustCompile(`go run (github.com/\S+@v[0-9.]+)\}`).FindSubmatch(script)
	if pinned == nil {
		return release{}, errors.New("scripts/packages.sh pins no packager")
	}
	if dist, err = os.MkdirTemp("", "tare-dist-"); err != nil {
		return release{}, err
	}
	tools := filepath.Join(dist, "tools")
	install := exec.Command("go", "install", string(pinned[1]))
	install.Env = append(os.Environ(), "GOBIN="+tools, "GOFLAGS=")
	if out, err := install.CombinedOutput(); err != nil {
		return release{}, errors.New("no nfpm, which Go compiles from its module: " + string(out))
	}
	_ = os.Setenv("NFPM", filepath.Join(tools, "nfpm"))
	r := release{dir: filepath.Join(dist, "one"), version: "1.2.3-rc.1"}
	r.program = filepath.Join(r.dir, "tare-"+r.version+"-linux-"+runtime.GOARCH)
	if out, err := runScript("release.sh", []string{"VERSION=" + r.version, "TARGETS=linux/" + runtime.GOARCH, "BASE_URL="}, r.dir); err != nil {
		return release{}, failed{out}
	}
	return r, nil
})

// failed is what a script of ours said: no reason to skip.
type failed struct{ out string }

func (f failed) Error() string { return f.out }

// runScript runs a script of the repository.
func runScript(name string, env []string, args ...string) (string, error) {
	cmd := exec.Command(filepath.Join("..", "scripts", name), args...)
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// needRelease skips where the packager is not to be had.
func needRelease(t *testing.T) release {
	t.Helper()
	if testing.Short() {
		t.Skip("compiles the release")
	}
	r, err := made()
	if f := (failed{}); errors.As(err, &f) {
		t.Fatal(f.out)
	} else if err != nil {
		t.Skip("needs a release: ", err)
	}
	return r
}

// need skips where a program is missing.
func need(t *testing.T, program, pkg string) {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		t.Skipf("needs %s (apt-get install %s)", program, pkg)
	}
}

// output is what a program prints; it must succeed.
func output(t *testing.T, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s%s", name, strings.Join(args, " "), err, out, stderr.String())
	}
	return string(out)
}

// Every kind of package has the program, the pages, the completions where the shells of
// its distribution look for them, and the licenses, and nothing else.
func TestPackagesHold(t *testing.T) {
	r := needRelease(t)
	for _, c := range []struct {
		kind, tool, pkg string
		list            []string
		zsh, license    string
	}{
		{"deb", "dpkg-deb", "dpkg", []string{"dpkg-deb", "-c"}, "vendor-completions", "usr/share/doc/tare/copyright"},
		{"rpm", "rpm", "rpm", []string{"rpm", "-qlvp"}, "site-functions", "usr/share/licenses/tare/LICENSE"},
		{"apk", "tar", "tar", []string{"tar", "--warning=no-unknown-keyword", "-tvzf"}, "site-functions", "usr/share/licenses/tare/LICENSE"},
	} {
		t.Run(c.kind, func(t *testing.T) {
			need(t, c.tool, c.pkg)
			modes := map[string]string{}
			for line := range strings.Lines(output(t, c.list[0], append(c.list[1:], r.program+"."+c.kind)...)) {
				f := strings.Fields(line)
				if name := strings.TrimLeft(f[len(f)-1], "./"); !strings.HasSuffix(name, "/") && f[0][0] != 'd' {
					modes[name] = f[0]
					if !strings.HasPrefix(name, "usr/") && name != "PKGINFO" {
						t.Errorf("%s is not below /usr", name)
					}
				}
			}
			for name, mode := range map[string]string{"usr/bin/tare": "-rwxr-xr-x", "usr/share/man/man1/tare.1.gz": "-rw-r--r--", "usr/share/man/man1/tare-weigh.1.gz": "-rw-r--r--",
				"usr/share/man/man7/tare-measures.7.gz": "-rw-r--r--", "usr/share/bash-completion/completions/tare": "-rw-r--r--", "usr/share/zsh/" + c.zsh + "/_tare": "-rw-r--r--",
				"usr/share/fish/vendor_completions.d/tare.fish": "-rw-r--r--", "usr/share/doc/tare/README.md": "-rw-r--r--", "usr/share/doc/tare/changelog.gz": "-rw-r--r--", c.license: "-rw-r--r--"} {
				if modes[name] != mode {
					t.Errorf("%s is %q, want %q", name, modes[name], mode)
				}
			}
			for name := range modes {
				if strings.Contains(name, "/zsh/") && !strings.Contains(name, c.zsh) {
					t.Errorf("%s is where no zsh of this distribution looks", name)
				}
			}
		})
	}
}

// What package managers are told is what the version and the dependencies are.
func TestPackagesSay(t *testing.T) {
	r := needRelease(t)
	t.Run("deb", func(t *testing.T) {
		need(t, "dpkg-deb", "dpkg")
		out := output(t, "dpkg-deb", "-f", r.program+".deb")
		for _, want := range []string{"Package: tare\n", "Version: 1.2.3~rc.1\n", "Recommends: ca-certificates, runc, uidmap\n", "Description: profiler for container images\n tare pulls"} {
			if !strings.Contains(out, want) {
				t.Errorf("no %q in\n%s", want, out)
			}
		}
		if strings.Contains(out, "Depends:") {
			t.Errorf("the program is static, and the package depends on something:\n%s", out)
		}
	})
	t.Run("rpm", func(t *testing.T) {
		need(t, "rpm", "rpm")
		out := output(t, "rpm", "-qp", "--queryformat", "%{NAME} %{VERSION} %{LICENSE} %{BUILDHOST}|", "--recommends", r.program+".rpm")
		if want := "tare 1.2.3~rc.1 Apache-2.0 localhost|"; !strings.HasPrefix(out, want) || !strings.Contains(out, "runc\nshadow-utils\n") {
			t.Errorf("%s, want %s", out, want)
		}
		if out := output(t, "rpm", "-K", "--nosignature", r.program+".rpm"); !strings.Contains(out, "digests OK") {
			t.Error(out)
		}
	})
	t.Run("apk", func(t *testing.T) {
		out := output(t, "tar", "-xzOf", r.program+".apk", ".PKGINFO")
		for _, want := range []string{"pkgname = tare\n", "pkgver = 1.2.3_rc1\n", "pkgdesc = profiler for container images\n"} {
			if !strings.Contains(out, want) {
				t.Errorf("no %q in\n%s", want, out)
			}
		}
	})
}

// The same programs give the same packages, whatever the machine's clock, mask and zone.
func TestPackagesAreReproducible(t *testing.T) {
	r := needRelease(t)
	again := t.TempDir()
	for _, name := range []string{r.program, r.program + ".cdx.json"} {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(again, filepath.Base(name)), b, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := runScript("packages.sh", []string{"TZ=Asia/Tokyo", "LC_ALL=C.UTF-8", "BASE_URL="}, again, r.version); err != nil {
		t.Fatal(out)
	}
	files, err := os.ReadDir(r.dir)
	if err != nil {
		t.Fatal(err)
	}
	compared := 0
	for _, f := range files {
		if f.Name() == "SHA256SUMS" {
			continue
		}
		one, err := os.ReadFile(filepath.Join(r.dir, f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		two, err := os.ReadFile(filepath.Join(again, f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if compared++; !bytes.Equal(one, two) {
			t.Errorf("%s has other bytes when made again", f.Name())
		}
	}
	if compared != 6 {
		t.Errorf("compared %d files, want program, bill of materials, manual and three packages", compared)
	}
}

// SHA256SUMS names everything that is there, and is right.
func TestChecksums(t *testing.T) {
	r := needRelease(t)
	cmd := exec.Command("sha256sum", "-c", "--strict", "SHA256SUMS")
	cmd.Dir = r.dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	files, err := os.ReadDir(r.dir)
	if err != nil {
		t.Fatal(err)
	}
	var missing []string
	for _, f := range files {
		if f.Name() != "SHA256SUMS" && !strings.Contains(string(out), f.Name()+": OK") {
			missing = append(missing, f.Name())
		}
	}
	if len(missing) > 0 || !slices.ContainsFunc(files, func(f os.DirEntry) bool { return strings.HasSuffix(f.Name(), ".deb") }) {
		t.Errorf("no sum of %v\n%s", missing, out)
	}
}
