package check_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"tare/internal/check"
	"tare/internal/engine"
	"tare/internal/testkit"
)

// A build that fails says which side it was, at which line, and what the step had printed; one
// that does not fail says nothing.
func TestFailedBuild(t *testing.T) {
	w := newWorld(t)
	var said bytes.Buffer
	w.bench.Watched.Err, w.bench.Watched.Progress = &said, "quiet"
	ok := w.eng.Make
	w.eng.Make = func(r engine.Build) (*testkit.Built, []engine.Step, error) {
		src, err := os.ReadFile(r.Dockerfile)
		if err != nil {
			return nil, nil, err
		}
		_, _ = fmt.Fprint(r.Stderr, "#5 [2/2] RUN 1\n#5 0.1 hello\n")
		if !strings.Contains(string(src), "fails") {
			return ok(r)
		}
		_, _ = fmt.Fprint(r.Stderr, "#5 ERROR: process\n------\n > [2/2] RUN fails:\n0.1 ------\n0.2 out of eggs\n------\n")
		return nil, []engine.Step{{Name: "[2/2] RUN fails", Error: "exit code: 1"}}, &engine.BuildError{Err: errors.New("exit code: 1"), Sources: []byte("Dockerfile:3\n------\n   3 | RUN fails\n------\n")}
	}
	w.git("init", "-q", "-b", "main")
	w.write("app/Dockerfile", "FROM base\n\nRUN fails\n")
	commit := w.commit()
	w.write("app/Dockerfile", "FROM base\n\nRUN 1\n")
	w.commit()
	fails := func(r check.Request, want ...string) {
		t.Helper()
		said.Reset()
		_, err := check.Run(t.Context(), w.bench, r)
		var be *engine.BuildError
		if !errors.As(err, &be) {
			t.Fatalf("%v", err)
		}
		for _, s := range want {
			if !strings.Contains(be.Error(), s) {
				t.Errorf("%q has no %q", be.Error(), s)
			}
		}
		if got := said.String(); got != "------\n > [2/2] RUN fails:\n0.1 ------\n0.2 out of eggs\n------\n" {
			t.Errorf("it says %q", got)
		}
	}
	fails(check.Request{Target: "app", Baseline: "git:HEAD~1"}, "failed to build: app: the baseline git:HEAD~1 (commit "+commit[:12]+"), app/Dockerfile:3 (RUN fails): exit code: 1")
	w.write("app/Dockerfile", "FROM base\nRUN fails\n")
	fails(check.Request{Target: "app", Baseline: "git:HEAD"}, "app: the working tree, app/Dockerfile:3: exit code: 1")
	said.Reset()
	w.write("app/Dockerfile", "FROM base\n\nRUN 1\n")
	if w.run(check.Request{Target: "app", Baseline: "git:HEAD"}); said.Len() > 0 {
		t.Errorf("a build that did not fail says %q", said.String())
	}
}
