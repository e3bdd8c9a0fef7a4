package profiler

import (
	"strings"
	"testing"

	"tare/internal/engine"
)

// That the commands of a base are not split is said of those that could be, at the FROM
// that sets them off.
func TestTriggered(t *testing.T) {
	for name, want := range map[string]string{
		"[2/3] ONBUILD RUN cd /tmp && make && make install":               "cd /tmp && make && make install",
		"[2/3] ONBUILD RUN cd /tmp && make":                               "", // one command, and the state that it begins with
		"[b 2/3] ONBUILD RUN a;  b":                                       "a; b",
		"ONBUILD RUN a; b":                                                "a; b",
		"[2/3] ONBUILD RUN --mount=type=cache,target=/c a; b":             "a; b",
		"[2/3] ONBUILD RUN a; b (":                                        "a; b (", // no shell's text: it is not split either
		"[2/3] ONBUILD RUN make":                                          "",
		`[2/3] ONBUILD RUN ["a", ";", "b"]`:                               "",
		"[2/3] ONBUILD COPY a && b /":                                     "",
		"[2/3] RUN a; b":                                                  "",
		"[1/3] FROM base":                                                 "",
		"[2/3] ONBUILD RUN --mount=type=cache,target=/c --network=none a": "",
	} {
		ops := []engine.Op{{Name: name, Lines: [][2]int{{1, 1}, {7, 7}}}}
		for line, here := range map[int]bool{1: true, 7: true, 2: false} {
			s := triggered(ops, line)
			switch {
			case s == nil && (want == "" || !here):
			case s == nil || !here || s.Line != line || !strings.HasSuffix(s.Skipped, "no line of this file: "+want) || len(s.Commands) > 0:
				t.Errorf("%s at %d: %+v", name, line, s)
			}
		}
	}
}
