package trimmer

import (
	"strings"
	"testing"

	"tare/internal/engine"
)

// Two edits that change the same bytes are both kept: the second is found again on the file
// that the first has changed. One that fails for another reason is not tried again.
func TestRounds(t *testing.T) {
	f := newFake(t, "FROM base\nCOPY a /tmp/a\nCOPY b /tmp/b\nRUN put opt/c 10 && rm -f /tmp/a /tmp/b\n", map[string]string{"a": strings.Repeat("a", 9000), "b": strings.Repeat("b", 5000)})
	r := conduct(t, f, f.order(t))
	if got := strings.Join(kept(r), " "); got != "copied-then-deleted copied-then-deleted" {
		t.Fatalf("kept %q: %+v", got, r.Candidates)
	}
	for n, line := range []int{2, 3} {
		if c := r.Candidates[n]; c.Line != line || c.Why != "" || c.Measured.Tar != c.Predicted.Tar {
			t.Errorf("%+v", c)
		}
	}
	for _, want := range []string{"-COPY a", "-COPY b", "-RUN put opt/c 10 && rm", "+RUN --mount=type=bind,source=b,target=/tmp/b --mount=type=bind,source=a,target=/tmp/a put opt/c 10\n"} {
		if !strings.Contains(r.Patch, want) {
			t.Errorf("the patch has no %q:\n%s", want, r.Patch)
		}
	}
	if r.Saved() != 9216+5120+2*1024+4*512 {
		t.Errorf("%d bytes saved", r.Saved())
	}

	// Both pass by themselves, and not together: only one of them is kept, in one round.
	f = newFake(t, wasteful, nil)
	f.refuse = func(b engine.Build) error {
		if text := f.started[len(f.started)-1]; strings.Count(text, "&& rm") == 2 {
			return errTest
		}
		return nil
	}
	o := f.order(t)
	o.Jobs = 1
	r = conduct(t, f, o)
	if len(r.Kept()) != 1 || !strings.Contains(r.Candidates[1].Why, "it does not go together with deleted-later, line 5") {
		t.Errorf("%+v", r.Candidates)
	}
	if n := len(f.started); n != 8 { // twice the original, two edits, both, to find the one, the pair, and what is left
		t.Errorf("%d builds", n)
	}
}

type testError string

func (e testError) Error() string { return string(e) }

const errTest = testError("not both")

// What an edit is worth that saves rebuilds is what the builder's records say: the step ran,
// and comes from the cache.
func TestRebuilds(t *testing.T) {
	files := map[string]string{"main.py": strings.Repeat("print(1)\n", 100), "requirements.txt": "x\n"}
	f := newFake(t, "FROM base\nCOPY . .\nRUN pip install -r requirements.txt\n", files)
	r := conduct(t, f, f.order(t))
	if got := strings.Join(kept(r), " "); got != "manifest-order" {
		t.Fatalf("kept %q: %+v", got, r.Candidates)
	}
	c := r.Candidates[0]
	if w := c.Rebuild; w == nil || w.File != "main.py" || w.Line != 3 || w.Before.Cached || !w.After.Cached || w.Before.Bytes == 0 || w.After.Bytes == 0 {
		t.Errorf("%+v", w)
	}
	if c.Predicted != nil || c.Unknown == "" {
		t.Errorf("%+v", c)
	}
	// Where the install runs again all the same, the edit is not kept.
	f = newFake(t, "FROM base\nCOPY . .\nRUN pip install -r requirements.txt\n", files)
	f.forgetful = true
	r = conduct(t, f, f.order(t))
	if len(r.Kept()) > 0 || r.Candidates[0].Why != "after a change of main.py, line 3 runs again all the same" {
		t.Errorf("%+v", r.Candidates)
	}
}

// A secret that nothing needs is kept out of the context; the edit that does more is left out.
func TestInstead(t *testing.T) {
	list := []*candidate{{}, {}, {}}
	for n, c := range list {
		c.Kept, c.Candidate.Secret, c.Candidate.Line = true, true, 3
		c.Instead = n == 1
	}
	list[2].Candidate.Line = 4
	list[2].Instead = true
	instead(list)
	if !list[0].Kept || list[1].Kept || list[1].Why == "" || !list[2].Kept {
		t.Errorf("%+v %+v %+v", list[0].Verdict, list[1].Verdict, list[2].Verdict)
	}
}
