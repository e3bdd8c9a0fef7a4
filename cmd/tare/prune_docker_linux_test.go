package main

import (
	"slices"
	"strings"
	"testing"
)

// TestPruneKeepsWhatDockerKeeps: after the same prune the same steps come from the cache
// as with a real Docker daemon.
func TestPruneKeepsWhatDockerKeeps(t *testing.T) {
	needEngine(t)
	docker := dockerd(t)
	h := newHome(t)
	dir := h.write(t, "c/Dockerfile", "FROM probe AS other\nRUN probe write /other 1\nFROM probe\nRUN probe write /a 1\nRUN --mount=type=cache,target=/c probe write /b 2\nCOPY --from=other /other /o\nCOPY Dockerfile /\n")
	ours := func(args ...string) (string, error) {
		c := h.command(args...)
		out, err := c.CombinedOutput()
		return string(out), err
	}
	theirs := func(args ...string) (string, error) {
		if args[0] == "build" { // the progress is on standard error
			args = append([]string{"build", "--network", "host"}, args[1:]...)
		}
		return docker(args...)
	}
	archive := mustWorld(t).archive
	for _, c := range []struct {
		name  string
		steps []string
	}{
		{"builder prune", []string{"builder prune -f"}},
		{"builder prune -a", []string{"builder prune -af"}},
		{"the image is gone", []string{"rmi app", "builder prune -f"}},
		{"the image is gone, and system prune", []string{"rmi app", "system prune -f"}},
		{"the image has another name", []string{"tag app kept:1", "rmi app", "builder prune -f"}},
		{"system prune", []string{"system prune -f"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			cached := func(run func(...string) (string, error)) string {
				t.Helper()
				all := append([]string{"system prune -af", "load -q -i " + archive, "build --progress=plain -t app " + dir}, c.steps...)
				for _, s := range append(all, "load -q -i "+archive) {
					if out, err := run(strings.Fields(s)...); err != nil {
						t.Fatalf("%s: %v\n%s", s, err, out)
					}
				}
				out, err := run("build", "--progress=plain", "-t", "app", dir)
				if err != nil {
					t.Fatalf("%v\n%s", err, out)
				}
				return strings.Join(cachedSteps(out), "\n")
			}
			got, want := cached(ours), cached(theirs)
			for _, run := range []func(...string) (string, error){ours, theirs} {
				_, _ = run("rmi", "-f", "app", "kept:1")
			}
			if got != want {
				t.Errorf("from the cache come:\n%s\nwith Docker:\n%s", got, want)
			}
			t.Logf("cached:\n%s", want)
		})
	}
}

// cachedSteps lists the steps that plain progress says are cached, without BuildKit's
// own and FROM, which is none.
func cachedSteps(out string) []string {
	names := map[string]string{}
	var list []string
	for l := range strings.Lines(out) {
		id, rest, ok := strings.Cut(strings.TrimSpace(l), " ")
		if !ok || !strings.HasPrefix(id, "#") {
			continue
		}
		if strings.HasPrefix(rest, "[") {
			names[id] = rest
		}
		if rest == "CACHED" && !strings.Contains(names[id], "[internal]") && !strings.Contains(names[id], "] FROM ") {
			_, step, _ := strings.Cut(names[id], "] ")
			list = append(list, step)
		}
	}
	slices.Sort(list)
	return list
}
