package compare

import (
	"reflect"
	"testing"
)

func TestLikeness(t *testing.T) {
	for _, c := range []struct {
		line, entry string
		from, to    float64
	}{
		{"RUN a b", "RUN a b", 2, 2},
		{"RUN a b", "run a b", 2, 2},
		{`CMD ["a","b"]`, "CMD a b", 2, 2},
		{"ENV a=b", "ENV a b", 2, 2},
		{"RUN", "RUN", 2, 2},
		{"RUN --mount=type=cache,target=/x a", "RUN a", 2, 2},
		{"RUN --network=none a", "RUN a", 2, 2},
		{"COPY --link a /", "COPY a /", 2, 2},
		{"COPY --from=x a /", "COPY a /", 2, 2},
		{"COPY --chown=1 a /", "COPY a /", 1.05, 1.05},
		{"RUN x --network=none", "RUN x", 0, 1.4}, // the command's own flag,
		{"RUN a", "COPY a", 0, 0},
		{"", "RUN a", 0, 0},
		{"RUN a", "", 0, 0},
		{"RUN a b", "RUN c d", 0.2, 0.2},
		{"RUN a a", "RUN a b", 1.05, 1.05},
		{"RUN a b", "RUN a a", 1.05, 1.05},
		{"RUN a b c d", "RUN a b c d e", 0.2 + 1.7*4/5 - 0.001, 0.2 + 1.7*4/5 + 0.001},
		{"RUN a b", "RUN |1 X=1 /bin/sh -c a b", 2, 2},
		{"RUN a b", "RUN |1 X=1 a b", 0.2, 1.9},
		{"RUN py -c a", "RUN py -c a", 2, 2}, // no shell of the builder's
	} {
		if got := likeness(c.line, command(c.entry, nil)); got < c.from || got > c.to {
			t.Errorf("%q, %q: %f, not %f to %f", c.line, c.entry, got, c.from, c.to)
		}
	}
	if got := words(`--mount [a, "b"]='c'\`); !reflect.DeepEqual(got, []string{"--mount", "a", "b", "c"}) {
		t.Errorf("%q", got)
	}
}

// A RUN under a SHELL of the file is the line's for sure; under one that the file does not
// have it is only alike.
func TestAlignUnderShell(t *testing.T) {
	for _, c := range []struct {
		shell, entry string
		unsure       bool
	}{
		{`SHELL ["/bin/sh", "-eu", "-c"]`, "RUN /bin/sh -eu -c apk add x", false},
		{`shell ["/bin/sh","-euc"]`, "RUN /bin/sh -euc apk add x", false},
		{`SHELL ["/bin/bash", "-o", "pipefail", "-ec"]`, "RUN |2 A=1 B=b c /bin/bash -o pipefail -ec apk add x", false},
		{`SHELL ["python3", "-c"]`, "RUN python3 -c apk add x", false},
		{`SHELL ["/bin/sh", "-c"]`, "RUN apk add x", false},
		{`SHELL ["/bin/sh", "-eu", "-c"]`, "RUN /bin/bash -eu -c apk add x", true},
		{`SHELL ["/bin/sh", "-eu", "-c"]`, "RUN echo /bin/sh -eu -c apk add x", true},
		{`SHELL /bin/sh -eu -c`, "RUN /bin/sh -eu -c apk add x", true},
		{`SHELL []`, "RUN |1 A=/bin/sh -eu -c apk add x y", true},
	} {
		owner, unsure := Align([]string{c.shell, "RUN apk add x"}, []string{c.entry})
		if owner[0] != 1 || unsure[0] != c.unsure {
			t.Errorf("%s, %s: line %d, unsure %v", c.shell, c.entry, owner[0], unsure[0])
		}
	}
}
