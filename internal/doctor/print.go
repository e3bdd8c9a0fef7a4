package doctor

import (
	"fmt"
	"io"
	"strings"
)

// Formats are those of tare doctor.
var Formats = []string{"text", "json"}

// Help is what tare doctor --help says.
const Help = `Check whether this machine lets tare build and run containers: the container
runtime, mounting, user namespaces and subordinate ids, control groups, seccomp,
AppArmor, no new privileges, /proc, overlayfs, the image store. In the end a
container is started. Each check is

  fine      all is well
  limits    building works; something is slower or missing
  forbids   building and running inside tare is impossible

and says what to do. With --builder the builder is asked instead. What works
whatever was found (weigh, compare, pull …) is listed.

The exit code is 0 if tare can build here, else 1.`

// Print writes a report as text: a line a check, and below it what to do.
func Print(w io.Writer, r Report) error {
	var b strings.Builder
	switch {
	case r.Builds && r.Builder != "":
		fmt.Fprintf(&b, "tare builds and runs on %s.\n\n", r.Builder)
	case r.Builds && r.Rootless:
		fmt.Fprintf(&b, "tare builds and runs containers here, as user %d without root.\n\n", r.User)
	case r.Builds:
		b.WriteString("tare builds and runs containers here.\n\n")
	default:
		b.WriteString("tare cannot build or run containers here.\n\n")
	}
	width := 0
	for _, c := range r.Checks {
		width = max(width, len(c.Name))
	}
	for _, c := range r.Checks {
		fmt.Fprintf(&b, "  %-7s  %-*s  %s\n", c.Verdict, width, c.Name, c.Found)
		// That a check forbids building is said by its verdict.
		if c.Effect != "" && c.Verdict == Limits {
			fmt.Fprintf(&b, "  %-7s  %-*s  %s\n", "", width, "", c.Effect)
		}
		if c.Remedy != "" {
			fmt.Fprintf(&b, "  %-7s  %-*s  → %s\n", "", width, "", c.Remedy)
		}
	}
	if r.Allow != "" {
		fmt.Fprintf(&b, "\n%s\nor build elsewhere: --builder ADDRESS, a buildkitd or \"tare serve\" on the host or another machine.\n", capital(r.Allow))
	}
	fmt.Fprintf(&b, "\nWorks here: %s.\n", strings.Join(r.Works, ", "))
	_, err := io.WriteString(w, b.String())
	return err
}

func capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }
