package doctor

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"
)

// sound are facts of machines on which all is well: root's, and an ordinary user's before
// and after entering a user namespace.
func sound() map[string]Facts {
	all := uint64(1<<41 - 1)
	root := Facts{System: "linux", Effective: all, Bounding: all, Cgroups: "v2", Runtime: "/usr/sbin/runc", Store: "/s", FileSystem: "ext4", OverlayTried: true, TrialTried: true}
	user := Facts{System: "linux", User: 1000, Bounding: all, Runtime: "/usr/sbin/runc", Store: "/s", FileSystem: "ext4", MapSetuid: true}
	entered := root
	entered.User, entered.Entered, entered.InUserNS, entered.Cgroups = 1000, true, true, ""
	return map[string]Facts{"root": root, "user": user, "entered": entered}
}

func TestNothingForbidsWhereAllIsWell(t *testing.T) {
	for name, f := range sound() {
		checks := judge(&f, true)
		if bad := forbidding(checks); len(bad) > 0 || refuse(f, checks) != nil || allow(f, checks) != "" {
			t.Errorf("%s: %+v", name, bad)
		}
		for _, c := range checks {
			if c.Verdict == Fine && (c.Effect != "" || c.Remedy != "") || c.Verdict == Limits && (c.Name != "cgroups" || name == "root") {
				t.Errorf("%s: %+v", name, c)
			}
		}
	}
}

// Each obstacle is told by the check that it belongs to, in the words that say what it is
// and what to do; and by no other.
func TestObstacles(t *testing.T) {
	for _, c := range []struct {
		check   string
		in      string // the sound facts that are spoilt
		inside  string
		spoil   func(*Facts)
		verdict Verdict
		found   string
		remedy  string
	}{
		{"system", "root", "", func(f *Facts) { *f = Facts{System: "darwin", Store: "/s"} }, Forbids, "this is darwin", "--builder"},
		{"store", "root", "", func(f *Facts) { f.StoreErr = errors.New("mkdir /s: read-only; set TARE_HOME to a directory") }, Forbids, "mkdir /s: read-only", "set TARE_HOME"},
		{"builder", "root", "", func(f *Facts) { f.Builder, f.BuilderErr = "unix:///b", errors.New("builder unix:///b does not answer") }, Forbids, "does not answer", "start it"},
		{"runtime", "root", "", func(f *Facts) { f.RuntimeErr = errors.New("no container runtime; install the package runc") }, Forbids, "no container runtime", "install the package runc"},
		{"no new privileges", "user", "", func(f *Facts) { f.NoNewPrivs = true }, Forbids, "newuidmap gets no rights", "NoNewPrivileges=no"},
		{"no new privileges", "user", "docker", func(f *Facts) { f.NoNewPrivs = true }, Forbids, "set", "leave --security-opt no-new-privileges out"},
		{"no new privileges", "user", "kubernetes", func(f *Facts) { f.NoNewPrivs = true }, Forbids, "set", "allowPrivilegeEscalation: true"},
		{"subordinate ids", "user", "", func(f *Facts) { f.SubIDs = errors.New("/etc/subuid has no entry for u; add one as root: usermod") }, Forbids, "no entry for u", "usermod"},
		{"newuidmap", "user", "", func(f *Facts) { f.MapTool = "/usr/bin/newuidmap is neither" }, Forbids, "is neither", "chmod u+s"},
		{"newuidmap", "user", "docker", func(f *Facts) { f.Bounding = 0xa80425fb }, Limits, "SYS_ADMIN", "docker run --cap-add SYS_ADMIN"},
		{"user namespaces", "user", "", func(f *Facts) { f.NoUserNS = "user.max_user_namespaces = 0" }, Forbids, "user.max_user_namespaces = 0", "sysctl -w user.max_user_namespaces=15000"},
		{"user namespaces", "user", "", func(f *Facts) { f.NoUserNS = "kernel.unprivileged_userns_clone = 0" }, Forbids, "unprivileged_userns_clone = 0", "kernel.unprivileged_userns_clone=1"},
		{"user namespaces", "user", "", func(f *Facts) { f.Restricted = true }, Forbids, "AppArmor gives them no rights", "apparmor_restrict_unprivileged_userns=0"},
		{"user namespaces", "user", "docker", func(f *Facts) { f.Enter = errors.New("newuidmap: exit status 1") }, Forbids, "newuidmap: exit status 1", "--cap-add SYS_ADMIN"},
		{"seccomp", "root", "docker", func(f *Facts) { f.Seccomp, f.Blocked = true, []string{"mount", "keyctl"} }, Forbids, "mount, keyctl", "docker run --privileged"},
		{"seccomp", "user", "docker", func(f *Facts) { f.Seccomp, f.Blocked = true, []string{"unshare"} }, Forbids, "unshare", "docker run --security-opt seccomp=unconfined"},
		{"seccomp", "user", "kubernetes", func(f *Facts) { f.Seccomp, f.Blocked = true, []string{"unshare"} }, Forbids, "unshare", "seccompProfile: {type: Unconfined}"},
		{"AppArmor", "root", "docker", func(f *Facts) {
			f.Profile, f.Mount = "docker-default (enforce)", fmt.Errorf("mount: %w", syscall.EACCES)
		}, Forbids, "docker-default (enforce) forbids to mount", "docker run --privileged"},
		{"AppArmor", "entered", "docker", func(f *Facts) {
			f.Profile, f.Mount = "docker-default (enforce)", fmt.Errorf("mount: %w", syscall.EACCES)
		}, Forbids, "forbids to mount", "--security-opt apparmor=unconfined"},
		{"mount", "root", "docker", func(f *Facts) { f.Effective = 0xa80425fb }, Forbids, "lacks the capability SYS_ADMIN", "docker run --privileged"},
		{"mount", "root", "kubernetes", func(f *Facts) { f.Effective = 0xa80425fb }, Forbids, "SYS_ADMIN", "in the pod's securityContext: privileged: true"},
		{"mount", "root", "", func(f *Facts) { f.Mount = fmt.Errorf("mount: %w", syscall.EACCES) }, Forbids, "permission denied", "SELinux"},
		{"session keyring", "root", "", func(f *Facts) { f.Keyring = errors.New("keyctl: permission denied") }, Forbids, "keyctl: permission denied", "seccomp"},
		{"/proc", "user", "docker", func(f *Facts) { f.Masks = []string{"/proc/acpi", "/proc/keys"} }, Forbids, "masked at /proc/acpi and 1 more", "systempaths=unconfined"},
		{"/proc", "entered", "podman", func(f *Facts) { f.Masks = []string{"/proc/acpi"} }, Forbids, "masked at /proc/acpi:", "podman run --security-opt unmask=ALL"},
		{"cgroups", "root", "docker", func(f *Facts) { f.Cgroup = "/sys/fs/cgroup: read-only file system" }, Forbids, "read-only", "docker run --privileged"},
		{"cgroups", "root", "", func(f *Facts) { f.Cgroups = "" }, Forbids, "no control group file system", "/sys/fs/cgroup"},
		{"cgroups", "entered", "", func(*Facts) {}, Limits, "none for ordinary users", "as root"},
		{"overlayfs", "root", "docker", func(f *Facts) { f.FileSystem, f.Overlay = "overlayfs", syscall.EINVAL }, Limits, "invalid argument", "docker run -v tare:/s"},
		{"overlayfs", "root", "", func(f *Facts) { f.FileSystem, f.Overlay = "nfs", syscall.EINVAL }, Limits, "on nfs", "TARE_HOME"},
		{"trial", "root", "", func(f *Facts) { f.Trial = errors.New("exit code 3") }, Forbids, "did not run: exit code 3", "see the message"},
	} {
		f := sound()[c.in]
		before := map[string]Verdict{}
		for _, one := range judge(&f, true) {
			before[one.Name] = one.Verdict
		}
		c.spoil(&f)
		f.Inside = c.inside
		told := false
		for _, one := range judge(&f, true) {
			switch {
			case one.Name == c.check:
				told = one.Verdict == c.verdict && strings.Contains(one.Found, c.found) && strings.Contains(one.Remedy, c.remedy) && one.Effect != ""
				if !told {
					t.Errorf("%s %s: %+v", c.in, c.inside, one)
				}
			case one.Verdict != Fine && one.Verdict != before[one.Name]:
				t.Errorf("%s %s, spoilt for %s: %+v", c.in, c.inside, c.check, one)
			}
		}
		if !told {
			t.Errorf("%s %s: nothing says %s", c.in, c.inside, c.check)
		}
		if got := len(forbidding(judge(&f, true))) > 0; got != (c.verdict == Forbids) {
			t.Errorf("%s: forbids %v", c.check, got)
		}
	}
}

// What matters to root alone, or to ordinary users alone, is not told the others.
func TestWhomItConcerns(t *testing.T) {
	root, user := sound()["root"], sound()["user"]
	root.NoNewPrivs, root.Masks, root.SubIDs, root.NoUserNS = true, []string{"/proc/acpi"}, errors.New("none"), "user.max_user_namespaces = 0"
	user.Effective, user.Cgroup = 0, "/sys/fs/cgroup: read-only"
	for name, f := range map[string]Facts{"root": root, "user": user} {
		if bad := forbidding(judge(&f, true)); len(bad) > 0 {
			t.Errorf("%s: %+v", name, bad)
		}
	}
	// Root of somebody else's user namespace is concerned by /proc.
	root.InUserNS = true
	if bad := forbidding(judge(&root, true)); len(bad) != 1 || bad[0].Name != "/proc" {
		t.Errorf("%+v", bad)
	}
}

// One message names all that is missing, and one line what to allow.
func TestRefused(t *testing.T) {
	f := sound()["user"]
	f.Inside, f.Seccomp, f.Blocked, f.Masks, f.Bounding, f.NoNewPrivs = "docker", true, []string{"mount", "unshare", "keyctl"}, []string{"/proc/bus"}, 0xa80425fb, true
	err := refuse(f, judge(&f, false))
	var r *Refused
	if !errors.As(err, &r) || len(r.Checks) != 3 {
		t.Fatalf("%+v", err)
	}
	const allow = "to allow it: docker run --cap-add SYS_ADMIN --security-opt seccomp=unconfined --security-opt systempaths=unconfined; leave --security-opt no-new-privileges out"
	for _, want := range []string{"seccomp: a filter forbids mount, unshare, keyctl\n", "/proc: masked at /proc/bus", "no new privileges: set", "\n" + allow + "\n", "--builder ADDRESS", "tare doctor"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in\n%s", want, err)
		}
	}
	// Privileged includes the rest.
	f = sound()["root"]
	f.Inside, f.Blocked, f.Effective, f.Cgroup = "docker", []string{"keyctl"}, 0, "/sys/fs/cgroup: read-only file system"
	if got := refuse(f, judge(&f, false)).(*Refused).Allow; got != "to allow it: docker run --privileged" {
		t.Error(got)
	}
	// Where Docker's AppArmor profile is on, its flag belongs to the line.
	f = sound()["user"]
	f.Inside, f.Blocked, f.Profile = "docker", []string{"unshare"}, "docker-default (enforce)"
	if got := refuse(f, judge(&f, false)).(*Refused).Allow; !strings.Contains(got, "apparmor=unconfined") {
		t.Error(got)
	}
}

// A builder elsewhere makes what this machine forbids irrelevant.
func TestBuilder(t *testing.T) {
	f := sound()["root"]
	f.Effective, f.RuntimeErr, f.Builder = 0, errors.New("none"), "unix:///b"
	checks := judge(&f, true)
	if len(checks) != 2 || checks[1].Name != "builder" || checks[1].Found != "unix:///b answers" || len(forbidding(checks)) != 0 {
		t.Errorf("%+v", checks)
	}
}
