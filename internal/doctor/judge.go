package doctor

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
)

// rules are the checks in the order in which they are shown. A rule returns nil where it
// does not apply. cheap ones are judged before every build and run as well.
var rules = []struct {
	cheap bool
	judge func(*Facts) *Check
}{
	{true, system}, {false, storeOf}, {false, builder}, {true, runtimeOf},
	{true, noNewPrivileges}, {true, subordinateIDs}, {true, mapTools}, {true, userNamespaces},
	{true, seccomp}, {true, appArmor}, {true, mounting}, {true, keyring}, {true, proc}, {true, cgroups},
	{false, overlay}, {false, trial},
}

// judge applies the rules. With a builder elsewhere only the store and it matter.
func judge(f *Facts, all bool) []Check {
	out := []Check{}
	for _, r := range rules {
		if !all && !r.cheap {
			continue
		}
		if c := r.judge(f); c != nil && (f.Builder == "" || c.Name == "store" || c.Name == "builder") {
			out = append(out, *c)
		}
	}
	return out
}

func system(f *Facts) *Check {
	if f.System == "linux" {
		return nil
	}
	return f.needs("system", "building inside tare needs Linux, this is "+f.System,
		remedy{machine: "build on a remote BuildKit with --builder ADDRESS (tcp://, ssh://, docker-container://…)"})
}

func storeOf(f *Facts) *Check {
	if f.StoreErr == nil {
		return fine("store", f.Store+" ("+f.FileSystem+")")
	}
	found, what := halves(f.StoreErr)
	return f.needs("store", found, remedy{machine: what})
}

func builder(f *Facts) *Check {
	switch {
	case f.Builder == "":
		return nil
	case f.BuilderErr == nil:
		return fine("builder", f.Builder+" answers")
	}
	found, what := halves(f.BuilderErr)
	if what == "" || strings.HasSuffix(what, "?") {
		what = "start it, or leave --builder, TARE_BUILDER and BUILDKIT_HOST out"
	}
	return f.needs("builder", found, remedy{machine: what})
}

func runtimeOf(f *Facts) *Check {
	switch {
	case f.System != "linux":
		return nil
	case f.RuntimeErr == nil:
		return fine("runtime", f.Runtime)
	}
	found, what := halves(f.RuntimeErr)
	return f.needs("runtime", found, remedy{machine: what})
}

// noNewPrivileges matters to ordinary users only: newuidmap gets its rights when it is
// executed.
func noNewPrivileges(f *Facts) *Check {
	switch {
	case f.System != "linux" || f.User == 0:
		return nil
	case !f.NoNewPrivs:
		return fine("no new privileges", "not set")
	}
	c := f.needs("no new privileges", "set: newuidmap gets no rights, and without it there are no subordinate ids",
		remedy{kubernetes: "allowPrivilegeEscalation: true", machine: "start tare without it (systemd: NoNewPrivileges=no)"})
	if f.Inside == "docker" || f.Inside == "podman" {
		c.Remedy = "leave --security-opt no-new-privileges out"
	}
	return c
}

func subordinateIDs(f *Facts) *Check {
	switch {
	case f.System != "linux" || f.User == 0:
		return nil
	case f.SubIDs == nil:
		return fine("subordinate ids", "/etc/subuid and /etc/subgid have some for this user")
	}
	found, what := halves(f.SubIDs)
	return f.needs("subordinate ids", found, remedy{machine: what})
}

func mapTools(f *Facts) *Check {
	if f.System != "linux" || f.User == 0 || f.SubIDs != nil || f.Entered {
		return nil
	}
	if f.MapTool != "" {
		return f.needs("newuidmap", f.MapTool, remedy{machine: "install the package uidmap again, or: chmod u+s /usr/bin/newuidmap /usr/bin/newgidmap"})
	}
	if f.MapSetuid && !has(f.Bounding, capSysAdmin) {
		c := f.needs("newuidmap", "setuid, and root lacks the capability SYS_ADMIN: Debian 12's cannot map ids then",
			remedy{docker: "--cap-add SYS_ADMIN", kubernetes: "capabilities: {add: [SYS_ADMIN]}", machine: "give it file capabilities instead: chmod u-s, setcap cap_setuid+ep"})
		c.Verdict, c.Effect = Limits, "entering a user namespace may fail"
		c.Remedy += "; or instead of setuid: setcap cap_setuid+ep newuidmap, cap_setgid+ep newgidmap"
		return c
	}
	return fine("newuidmap", "may map ids")
}

func userNamespaces(f *Facts) *Check {
	const name = "user namespaces"
	switch {
	case f.System != "linux" || f.User == 0:
		return nil
	case f.Entered:
		return fine(name, fmt.Sprintf("user %d is root of one", f.User))
	case f.blocked("unshare"), f.Enter != nil && (f.SubIDs != nil || f.MapTool != "" || f.NoNewPrivs):
		return nil // another check says why
	case f.NoUserNS != "":
		return f.needs(name, "forbidden by "+f.NoUserNS, remedy{machine: "as root on the host: sysctl -w " + userNSSysctl(f.NoUserNS)})
	case f.Restricted:
		return f.needs(name, "AppArmor gives them no rights (kernel.apparmor_restrict_unprivileged_userns)",
			remedy{machine: "as root on the host: sysctl -w kernel.apparmor_restrict_unprivileged_userns=0, or an AppArmor profile for tare with the rule userns,"})
	case f.Enter != nil:
		found, what := halves(f.Enter)
		if what == "" {
			what = "see what confines this process (AppArmor, SELinux, seccomp, capabilities)"
		}
		return f.needs(name, found, remedy{docker: "--cap-add SYS_ADMIN", machine: what})
	}
	return fine(name, "allowed")
}

// userNSSysctl is the value that allows what a sysctl forbids.
func userNSSysctl(found string) string {
	name, _, _ := strings.Cut(found, " = ")
	if strings.HasPrefix(name, "user.") {
		return name + "=15000"
	}
	return name + "=1"
}

func seccomp(f *Facts) *Check {
	switch {
	case f.System != "linux":
		return nil
	case len(f.Blocked) > 0:
		return f.needs("seccomp", "a filter forbids "+strings.Join(f.Blocked, ", "),
			remedy{docker: "--security-opt seccomp=unconfined", kubernetes: "seccompProfile: {type: Unconfined}", machine: "start tare without the filter (systemd: SystemCallFilter=)"})
	case f.Seccomp:
		return fine("seccomp", "a filter is on, and forbids nothing that was tried")
	}
	return fine("seccomp", "no filter")
}

// confined tells whether AppArmor has a profile for this process that is enforced.
func (f *Facts) confined() bool {
	return f.Profile != "" && f.Profile != "unconfined" && !strings.Contains(f.Profile, "(unconfined)") && !strings.Contains(f.Profile, "(complain)")
}

func appArmor(f *Facts) *Check {
	switch {
	case f.System != "linux":
		return nil
	case f.confined() && errors.Is(f.Mount, syscall.EACCES):
		return f.needs("AppArmor", fmt.Sprintf("the profile %s forbids to mount", f.Profile),
			remedy{docker: "--security-opt apparmor=unconfined", kubernetes: "appArmorProfile: {type: Unconfined}", machine: "start tare without that profile"})
	case f.Profile == "":
		return fine("AppArmor", "not in use")
	case f.confined() && f.rootless() && !f.Entered:
		// Whether it lets mount through shows only inside the user namespace.
		c := fine("AppArmor", f.Profile)
		if strings.HasPrefix(f.Profile, "docker-default") {
			c.flags = []string{"--security-opt apparmor=unconfined"}
		}
		return c
	}
	return fine("AppArmor", f.Profile)
}

func mounting(f *Facts) *Check {
	const name = "mount"
	switch {
	case f.System != "linux" || f.User != 0 && !f.Entered:
		return nil // an ordinary user mounts inside the namespace
	case !f.mayMount():
		return f.needs(name, "root lacks the capability SYS_ADMIN", remedy{docker: privileged, kubernetes: "privileged: true",
			machine: "start tare with all of root's capabilities, or as an ordinary user with subordinate ids"})
	case f.blocked("mount") || f.blocked("unshare"):
		return nil // seccomp's
	case f.Mount != nil && f.confined() && errors.Is(f.Mount, syscall.EACCES):
		return nil // AppArmor's
	case f.Mount != nil:
		return f.needs(name, f.Mount.Error(), remedy{docker: privileged, kubernetes: "privileged: true", machine: "see what confines this process (AppArmor, SELinux, seccomp)"})
	}
	return fine(name, "allowed")
}

func keyring(f *Facts) *Check {
	switch {
	case f.System != "linux" || f.blocked("keyctl"):
		return nil
	case f.Keyring != nil:
		return f.needs("session keyring", f.Keyring.Error(), remedy{docker: "--security-opt seccomp=unconfined", kubernetes: "seccompProfile: {type: Unconfined}", machine: "see what confines this process (seccomp, SELinux)"})
	}
	return nil
}

// proc matters in user namespaces: there the kernel mounts /proc for a container only
// where one is whole already.
func proc(f *Facts) *Check {
	switch {
	case f.System != "linux" || !f.rootless() && !f.InUserNS:
		return nil
	case len(f.Masks) == 0:
		return fine("/proc", "not masked")
	}
	found := f.Masks[0]
	if n := len(f.Masks) - 1; n > 0 {
		found = fmt.Sprintf("%s and %d more places", found, n)
	}
	return f.needs("/proc", "masked at "+found+": a container in a user namespace cannot have its own", remedy{docker: "--security-opt systempaths=unconfined",
		podman: "--security-opt unmask=ALL", kubernetes: "procMount: Unmasked", machine: "start tare with a /proc that nothing is mounted over"})
}

func cgroups(f *Facts) *Check {
	switch {
	case f.System != "linux":
		return nil
	case f.rootless():
		return &Check{Name: "cgroups", Verdict: Limits, Found: "none for ordinary users", Effect: "tare run -m and --cpus are refused, tare lab measures no peak memory", Remedy: "run tare as root where that matters"}
	case f.Cgroups == "":
		return f.needs("cgroups", "no control group file system is mounted", remedy{docker: privileged, kubernetes: "privileged: true", machine: "mount one on /sys/fs/cgroup"})
	case f.Cgroup != "":
		return f.needs("cgroups", f.Cgroup, remedy{docker: privileged, kubernetes: "privileged: true", machine: "mount it writable, or run tare as an ordinary user with subordinate ids"})
	}
	return fine("cgroups", f.Cgroups+", writable")
}

func overlay(f *Facts) *Check {
	switch {
	case !f.OverlayTried:
		return nil
	case f.Overlay == nil:
		return fine("overlayfs", "works on "+f.FileSystem)
	}
	c := &Check{Name: "overlayfs", Verdict: Limits, Found: fmt.Sprintf("cannot be mounted on %s: %v", f.FileSystem, f.Overlay),
		Effect: "layers are copied instead: more time and disk space", Remedy: "set TARE_HOME to a directory on another file system (ext4, xfs, btrfs)"}
	if f.Inside == "docker" || f.Inside == "podman" {
		c.Remedy = "a volume for the store: " + f.Inside + " run -v tare:" + f.Store
	}
	return c
}

func trial(f *Facts) *Check {
	switch {
	case !f.TrialTried:
		return nil
	case f.Trial == nil:
		return fine("trial", "a container was started, ran and ended")
	}
	return f.needs("trial", "a container did not run: "+f.Trial.Error(), remedy{docker: privileged, kubernetes: "privileged: true", machine: "see the message"})
}
