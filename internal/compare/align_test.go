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
		if got := likeness(c.line, c.entry); got < c.from || got > c.to {
			t.Errorf("%q, %q: %f, not %f to %f", c.line, c.entry, got, c.from, c.to)
		}
	}
	if got := words(`--mount [a, "b"]='c'\`); !reflect.DeepEqual(got, []string{"--mount", "a", "b", "c"}) {
		t.Errorf("%q", got)
	}
}
