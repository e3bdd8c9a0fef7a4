package doctor

import "strings"

// Facts are what was found out about the machine. They are taken first and judged
// afterwards, so that every judgement can be tested with the facts that call for it.
type Facts struct {
	System string // linux, darwin, windows
	User   int    // effective user id, outside of the namespace that tare made for itself
	// Entered says that this process is root in the user namespace that tare made for
	// itself; InUserNS that it is in one, whoever made it.
	Entered, InUserNS bool
	Inside            string

	// Of /proc/self/status.
	Effective, Bounding uint64 // capabilities
	NoNewPrivs          bool
	Seccomp             bool // a filter is on

	// Blocked are the system calls that fail whatever their arguments are.
	Blocked []string
	// Mount and Keyring say why a file system cannot be mounted, a session keyring not be
	// joined; nil also where it was not tried.
	Mount, Keyring error
	Profile        string // AppArmor's for this process, "" where there is none
	// Restricted says that AppArmor takes the rights of user namespaces away
	// (kernel.apparmor_restrict_unprivileged_userns), NoUserNS which sysctl forbids them.
	Restricted bool
	NoUserNS   string

	Masks   []string // what lies over parts of /proc, where no other /proc is whole
	Cgroup  string   // the first control group file system that cannot be written, and why
	Cgroups string   // "v1", "v2" or "" for none

	Runtime    string // path of the OCI runtime
	RuntimeErr error
	MapTool    string // what is wrong with newuidmap or newgidmap, "" if nothing
	MapSetuid  bool   // they are setuid root, without file capabilities
	SubIDs     error  // why no subordinate ids can be mapped
	Enter      error  // why the user namespace could not be entered

	Store    string
	StoreErr error
	// Overlay says why overlayfs cannot be mounted in the store; the trial why a container
	// that was really started did not run. Tried says whether each was tried.
	Overlay, Trial           error
	OverlayTried, TrialTried bool
	Builder                  string // an address
	BuilderErr               error
	FileSystem               string // of the store
}

// privileged is the flag of docker run that allows everything.
const privileged = "--privileged"

const capSysAdmin = 21

func has(caps uint64, n int) bool { return caps&(1<<n) != 0 }

// rootless tells whether containers run in a user namespace of tare's own.
func (f *Facts) rootless() bool { return f.Entered || f.User != 0 }

// mayMount tells whether this process has the capability to mount.
func (f *Facts) mayMount() bool { return has(f.Effective, capSysAdmin) }

// remedy is what allows something: a flag of docker run and podman run, a field of a
// pod's securityContext, or what to do on the machine itself.
type remedy struct{ docker, podman, kubernetes, machine string }

// needs makes a check that forbids building.
func (f *Facts) needs(name, found string, r remedy) *Check {
	c := &Check{Name: name, Verdict: Forbids, Found: found, Effect: "tare build and tare run do not work", Remedy: r.machine}
	switch f.Inside {
	case "docker", "podman":
		flag := r.docker
		if f.Inside == "podman" && r.podman != "" {
			flag = r.podman
		}
		if flag == "" {
			break
		}
		// Root of a container has its control groups read-only unless it is privileged.
		if !f.rootless() {
			flag = privileged
		}
		c.flags = []string{flag}
		c.Remedy = f.Inside + " run " + flag
	case "kubernetes":
		if r.kubernetes != "" {
			c.Remedy = "in the pod's securityContext: " + r.kubernetes
		}
	}
	return c
}

func fine(name, found string) *Check { return &Check{Name: name, Verdict: Fine, Found: found} }

// halves splits an error of tare's into what is wrong and what to do.
func halves(err error) (found, remedy string) {
	found, remedy, _ = strings.Cut(err.Error(), "; ")
	return found, remedy
}

// blocked tells whether a system call is filtered.
func (f *Facts) blocked(call string) bool {
	for _, b := range f.Blocked {
		if b == call {
			return true
		}
	}
	return false
}
