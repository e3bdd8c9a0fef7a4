// Package doctor says whether this machine lets tare build and run containers, what
// forbids it, and what to do. It reads /proc and /sys and tries single system calls
// where that changes nothing; the engine itself is not needed.
package doctor

import (
	"fmt"
	"strings"
)

// Schema names the version of Report's JSON.
const Schema = "tare.doctor/v1"

// Verdict is what a check comes to.
type Verdict string

// The verdicts: all is well; building works, but something is slower or missing; building
// and running inside tare is impossible.
const (
	Fine    Verdict = "fine"
	Limits  Verdict = "limits"
	Forbids Verdict = "forbids"
)

// Check is one thing that building needs, and how it is here.
type Check struct {
	Name    string  `json:"name"`
	Verdict Verdict `json:"verdict"` // fine, limits or forbids
	Found   string  `json:"found"`   // how it is here
	// Effect is what is limited, Remedy what to do about it; both empty where all is fine.
	Effect string `json:"effect,omitempty"`
	Remedy string `json:"remedy,omitempty"`

	flags []string // of docker run that would allow it
}

// Report is what tare doctor found.
type Report struct {
	Schema string `json:"schema"`
	// Builds tells whether tare build and tare run work here.
	Builds bool `json:"builds"`
	// User is the user that tare runs as; Rootless that it builds in a user namespace.
	User     int  `json:"user"`
	Rootless bool `json:"rootless"`
	// Inside is what this process runs in: docker, podman, kubernetes, another kind of
	// container, or "" for none that is known.
	Inside string `json:"inside,omitempty"`
	// Builder is the address of the builder that is used instead of the engine in tare.
	Builder string  `json:"builder,omitempty"`
	Checks  []Check `json:"checks"`
	// Allow is what to change so that building works, in one line; empty where it does.
	Allow string `json:"allow,omitempty"`
	// Works are the commands that work here whatever was found.
	Works []string `json:"works"`
}

// Commands that start no container: those that only read, and those that need a store
// that can be written.
var (
	reading = []string{"weigh", "compare", "diff", "history", "cat", "inspect"}
	storing = []string{"images", "pull", "push", "load", "save", "tag", "rmi", "fsck", "system df"}
)

func forbidding(checks []Check) []Check {
	var out []Check
	for _, c := range checks {
		if c.Verdict == Forbids {
			out = append(out, c)
		}
	}
	return out
}

// Refused says that this machine does not let tare build or run containers.
type Refused struct {
	Checks []Check // those that forbid it
	Allow  string  // what to change

	enter error // with which entering the user namespace failed
}

// Error implements error. All that is missing is in one message.
func (e *Refused) Error() string {
	var b strings.Builder
	b.WriteString("containers cannot be built or run here:\n")
	for _, c := range e.Checks {
		fmt.Fprintf(&b, "    %s: %s\n", c.Name, c.Found)
	}
	fmt.Fprintf(&b, "%s\nor build elsewhere: --builder ADDRESS, a buildkitd or \"tare serve\" on the host or another machine\n", e.Allow)
	b.WriteString("what starts no container works here: weigh, compare, diff, pull, push …; the whole list: tare doctor")
	return b.String()
}

// refuse is the error for what forbids building, nil if nothing does.
func refuse(f Facts, checks []Check) error {
	bad := forbidding(checks)
	if len(bad) == 0 {
		return nil
	}
	return &Refused{Checks: bad, Allow: allow(f, checks), enter: f.Enter}
}

// allow is what to change so that building works, in one line: the flags of docker run
// that all checks ask for, and what else they say.
func allow(f Facts, checks []Check) string {
	var flags, rest []string
	add := func(list []string, s string) []string {
		for _, have := range list {
			if have == s {
				return list
			}
		}
		return append(list, s)
	}
	if len(forbidding(checks)) == 0 {
		return ""
	}
	for _, c := range checks {
		for _, flag := range c.flags {
			flags = add(flags, flag)
		}
		if c.Verdict == Forbids && len(c.flags) == 0 && c.Remedy != "" {
			rest = add(rest, c.Remedy)
		}
	}
	for _, flag := range flags {
		if flag == privileged { // it includes the others
			flags = []string{privileged}
			break
		}
	}
	if len(flags) > 0 {
		word := map[string]string{"docker": "docker run ", "podman": "podman run "}[f.Inside]
		rest = append([]string{word + strings.Join(flags, " ")}, rest...)
	}
	return "to allow it: " + strings.Join(rest, "; ")
}
