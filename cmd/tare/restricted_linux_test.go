package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tare/internal/doctor"
	"tare/internal/testkit"
)

// restricted runs tare in containers of a real Docker daemon. Their programs are this
// machine's: runc, newuidmap and what they need.
type restricted struct {
	env  []string
	work string // /given in the container: an archive, a Dockerfile, a script
	tare string
}

func newRestricted(t *testing.T) *restricted {
	t.Helper()
	socket, _ := testkit.Dockerd(t)
	for _, p := range []string{"docker", "newuidmap", "newgidmap"} {
		if _, err := exec.LookPath(p); err != nil {
			t.Skipf("needs %s (Debian: docker.io, uidmap)", p)
		}
	}
	if to, err := os.Readlink("/bin"); err != nil || to != "usr/bin" {
		t.Skip("needs a system whose programs are all in /usr")
	}
	tare, err := exec.LookPath("tare")
	if err == nil {
		tare, err = filepath.EvalSymlinks(tare)
	}
	if err != nil {
		t.Fatal(err)
	}
	r := &restricted{env: append(os.Environ(), "DOCKER_HOST=unix://"+socket, "DOCKER_CONFIG="+t.TempDir()), tare: tare, work: t.TempDir()}
	files := []testkit.Entry{}
	for _, d := range []string{"usr", "etc", "opt", "work", "home", "root", "proc", "sys", "dev", "run"} {
		files = append(files, testkit.Dir(d))
	}
	for _, l := range []string{"bin", "sbin", "lib", "lib64"} {
		files = append(files, testkit.Symlink(l, "usr/"+l))
	}
	tmp, home := testkit.Dir("tmp"), testkit.Dir("home/u")
	tmp.Mode, home.Uid, home.Gid = 0o1777, 1000, 1000
	files = append(files, tmp, home, testkit.File("etc/passwd", "root:x:0:0::/root:/bin/sh\nu:x:1000:1000::/home/u:/bin/sh\n"),
		testkit.File("etc/subuid", "u:100000:65536\n"), testkit.File("etc/subgid", "u:100000:65536\n"))
	imported := exec.Command("docker", "import", "-", "restricted")
	imported.Env, imported.Stdin = r.env, strings.NewReader(string(testkit.Tar(t, files...)))
	if out, err := imported.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	open(t, r.work)
	if out, err := exec.Command("cp", mustWorld(t).archive, r.work+"/probe.tar").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for name, text := range map[string]string{"Dockerfile": "FROM probe\nRUN probe write /n built\nCMD [\"probe\", \"cat\", \"/n\"]\n", "try": try} {
		if err := os.WriteFile(filepath.Join(r.work, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	tools := filepath.Join(r.work, "tools") // without a runtime
	if err := errors.Join(os.Mkdir(tools, 0o755), os.Symlink("/usr/bin/cat", tools+"/cat")); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("chmod", "-R", "a+rX", r.work).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return r
}

// try runs commands and prints each one's exit code and output.
const try = `
export PATH=$TOOLS NO_PAGER=1
tare() { out=$(/opt/tare "$@" 2>/tmp/errors || echo "exit $?"); printf '%s\n%s\n%s\n\036' "$*" "$out" "$(cat /tmp/errors)"; }
: >/tmp/errors || exec 2>/dev/null
tare doctor --format json
tare load -i /given/probe.tar
tare weigh archive:///given/probe.tar
tare compare --no-stages archive:///given/probe.tar archive:///given/probe.tar
tare diff archive:///given/probe.tar archive:///given/probe.tar
tare build -t app /given
tare run app
tare images
tare history probe
tare fsck
tare system df
tare system prune -f
`

// run runs the script with these flags of docker run, and returns what each command said.
func (r *restricted) run(t *testing.T, flags ...string) map[string]string {
	t.Helper()
	args := slices.Concat([]string{"run", "--rm", "-v", "/usr:/usr:ro", "-v", r.tare + ":/opt/tare:ro", "-v", r.work + ":/given:ro", "-e", "TOOLS=/usr/sbin:/usr/bin"}, flags, []string{"restricted", "sh", "/given/try"})
	c := exec.Command("docker", args...)
	c.Env = r.env
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("docker %v: %v\n%s", args, err, out)
	}
	said := map[string]string{}
	for _, part := range strings.Split(string(out), "\x1e") {
		command, rest, _ := strings.Cut(strings.TrimLeft(part, "\n"), "\n")
		said[command] = rest
	}
	return said
}

// TestRestrictedContainers has tare in containers that forbid it one thing or another:
// doctor names what is missing and nothing else, build and run say the same before they
// do anything, and what needs no engine works.
func TestRestrictedContainers(t *testing.T) {
	r := newRestricted(t)
	asUser := []string{"--user", "1000", "-e", "HOME=/home/u"}
	noSeccomp, noMasks, admin := []string{"--security-opt", "seccomp=unconfined"}, []string{"--security-opt", "systempaths=unconfined"}, []string{"--cap-add", "SYS_ADMIN"}
	for _, c := range []struct {
		name    string
		flags   []string
		forbids []string // nil: it builds
		allow   string
	}{
		{"without flags", nil, []string{"seccomp", "mount", "cgroups"}, "docker run --privileged"},
		{"may mount", admin, []string{"seccomp", "cgroups"}, "docker run --privileged"},
		{"no seccomp", noSeccomp, []string{"mount", "cgroups"}, "docker run --privileged"},
		{"may mount, no seccomp", slices.Concat(admin, noSeccomp), []string{"cgroups"}, "docker run --privileged"},
		{"no runtime", slices.Concat(admin, noSeccomp, []string{"-e", "TOOLS=/given/tools"}), []string{"runtime", "cgroups"}, "install the package runc"},
		{"user", asUser, []string{"seccomp", "/proc"}, "--security-opt seccomp=unconfined --security-opt systempaths=unconfined"},
		{"user, no seccomp", slices.Concat(asUser, admin, noSeccomp), []string{"/proc"}, "--security-opt systempaths=unconfined"},
		{"user, no masks", slices.Concat(asUser, admin, noMasks), []string{"seccomp"}, "--security-opt seccomp=unconfined"},
		{"user, no new privileges", slices.Concat(asUser, admin, noSeccomp, noMasks, []string{"--security-opt", "no-new-privileges"}), []string{"no new privileges"}, "leave --security-opt no-new-privileges out"},
		{"user without subordinate ids", slices.Concat(admin, noSeccomp, noMasks, []string{"--user", "1001", "-e", "HOME=/tmp"}), []string{"subordinate ids"}, "usermod --add-subuids"},
		{"user, all allowed", slices.Concat(asUser, admin, noSeccomp, noMasks, []string{"--security-opt", "apparmor=unconfined"}), nil, ""},
		{"privileged user", slices.Concat(asUser, []string{"--privileged"}), nil, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			said := r.run(t, c.flags...)
			report := r.doctor(t, said, c.forbids)
			if !strings.Contains(report.Allow, c.allow) || report.Inside != "docker" {
				t.Errorf("inside %q, allow: %q, want %q", report.Inside, report.Allow, c.allow)
			}
			for _, command := range []string{"build -t app /given", "run app"} {
				got := said[command]
				if c.forbids == nil {
					if strings.Contains(got, "exit ") || command == "run app" && got != "built\n\n" {
						t.Errorf("%s: %s", command, got)
					}
					continue
				}
				code := map[string]string{"run app": "exit 125\n"}[command]
				if code == "" {
					code = "exit 1\n"
				}
				for _, check := range append(c.forbids, "--builder ADDRESS", report.Allow) {
					if !strings.HasPrefix(got, code) || !strings.Contains(got, check) || strings.Contains(got, "operation not permitted") {
						t.Errorf("%s, no %q:\n%s", command, check, got)
					}
				}
			}
			for _, command := range []string{"load -i /given/probe.tar", "weigh archive:///given/probe.tar", "compare --no-stages archive:///given/probe.tar archive:///given/probe.tar",
				"diff archive:///given/probe.tar archive:///given/probe.tar", "images", "history probe", "fsck", "system df", "system prune -f"} {
				if got, ok := said[command]; !ok || strings.Contains(got, "exit ") {
					t.Errorf("%s: %s", command, got)
				}
			}
		})
	}
	t.Run("read-only", func(t *testing.T) {
		said := r.run(t, "--read-only", "--tmpfs", "/tmp")
		report := r.doctor(t, said, []string{"store", "seccomp", "mount", "cgroups"})
		if !strings.Contains(report.Allow, "set TARE_HOME") || slices.Contains(report.Works, "pull") {
			t.Errorf("%+v", report)
		}
		for _, command := range []string{"weigh archive:///given/probe.tar", "compare --no-stages archive:///given/probe.tar archive:///given/probe.tar", "diff archive:///given/probe.tar archive:///given/probe.tar"} {
			if got, ok := said[command]; !ok || strings.Contains(got, "exit ") {
				t.Errorf("%s: %s", command, got)
			}
		}
	})
}

// doctor reads what tare doctor said: these checks forbid building, and no other does.
func (r *restricted) doctor(t *testing.T, said map[string]string, forbids []string) doctor.Report {
	t.Helper()
	var report doctor.Report
	text := said["doctor --format json"]
	if err := json.NewDecoder(strings.NewReader(text)).Decode(&report); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	var got []string
	for _, c := range report.Checks {
		// AppArmor is not on every machine.
		if c.Verdict == doctor.Forbids && (c.Name != "AppArmor" || slices.Contains(forbids, c.Name)) {
			got = append(got, c.Name)
		}
	}
	want := slices.Clone(forbids)
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) || report.Builds != (forbids == nil) || strings.Contains(text, "exit 1") != (forbids != nil) {
		t.Errorf("builds %v, forbidden by %q, want %q\n%s", report.Builds, got, want, text)
	}
	trials := fmt.Sprint(strings.Count(text, `"trial"`))
	if want := map[bool]string{true: "1", false: "0"}[forbids == nil]; trials != want {
		t.Errorf("%s trials, want %s", trials, want)
	}
	return report
}
