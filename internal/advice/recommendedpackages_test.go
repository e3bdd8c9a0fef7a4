package advice_test

import (
	"strings"
	"testing"

	"tare/internal/testkit"
)

// debian are the files of Debian packages of 20 kB each: "git: Depends: git-man,
// Recommends: less". Those whose names end in a star apt installed on its own.
func debian(packages ...string) []E {
	var status, states strings.Builder
	var out []E
	for _, p := range packages {
		name, fields, _ := strings.Cut(p, ": ")
		auto := strings.HasSuffix(name, "*")
		name = strings.TrimSuffix(name, "*")
		status.WriteString("Package: " + name + "\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\n")
		if fields != "" {
			status.WriteString(strings.ReplaceAll(fields, "; ", "\n") + "\n")
		}
		status.WriteString("\n")
		if auto {
			states.WriteString("Package: " + name + "\nArchitecture: amd64\nAuto-Installed: 1\n\n")
		}
		out = append(out, testkit.File("var/lib/dpkg/info/"+name+".list", "/usr/bin/"+name+"\n"), kib("usr/bin/"+name, 20))
	}
	return append(out, testkit.File("var/lib/dpkg/status", status.String()), testkit.File("var/lib/apt/extended_states", states.String()))
}

func TestRecommendedPackages(t *testing.T) {
	const rule = "recommended-packages"
	install := func(packages ...string) step {
		return step{"RUN /bin/sh -c apt-get install -y x", debian(packages...)}
	}
	one(t, image(t, distribution(), install("x: Depends: a; Recommends: b", "a*", "b*: Depends: c", "c*")), rule, 2, 40,
		"of 2 packages that nothing needs and others only recommend: b and c", "--no-install-recommends")
	// What a base image's package recommends counts, too; what it has is its own.
	base := distribution(debian("bash")...)
	one(t, image(t, base, install("bash: Recommends: b", "x", "b*")), rule, 2, 20, "only recommend: b")
	none(t, image(t, distribution(debian("b*")...), install("x: Recommends: b", "b*")), rule)
	// Needed by somebody, of alternatives one is enough, or asked for.
	none(t, image(t, distribution(), install("x: Depends: a; Recommends: b", "a*: Depends: b", "b*")), rule)
	none(t, image(t, distribution(), install("x: Depends: a | b, a; Recommends: a", "a*")), rule)
	none(t, image(t, distribution(), install("x: Recommends: b", "b")), rule)
	none(t, image(t, distribution(), install("x: Depends: y; Recommends: b", "b*: Provides: y")), rule)
	// Nobody recommends it: it is a leftover, and why it is there is not known.
	none(t, image(t, distribution(), install("x", "b*")), rule)
	// apt was told not to: it came some other way.
	quiet := install("x: Recommends: b", "b*")
	quiet.by = "RUN apt-get install -y --no-install-recommends x"
	none(t, image(t, distribution(), quiet), rule)
	// Where nobody wrote down what was asked for, nothing is known.
	unknown := debian("x: Recommends: b", "b*")
	none(t, image(t, distribution(), step{"RUN apt-get install x", unknown[:len(unknown)-1]}), rule)
}
