package trimmer

import (
	"context"
	"fmt"

	"tare/internal/touch"
	"tare/internal/trim"
	"tare/internal/units"
)

// watch traces the checks of the original: it says what they are worth, and edits that take
// something away need to know what they touch. Where nothing is concluded from it, a trace
// that cannot be had is not worth a word.
func (t *trimmer) watch(ctx context.Context, s *state) error {
	if len(t.checks) == 0 || t.Trace == nil {
		return nil
	}
	needed := t.Drop || len(t.Patches)+len(t.Propose) > 0
	note := func(text string) {
		if needed {
			t.out.Notes = append(t.out.Notes, text)
		}
	}
	t.tell(Progress{Subject: "original", What: "tracing its checks"})
	leave := t.clock.enter(checking)
	tr, err := t.Trace(ctx, s.image, t.checks)
	leave()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		note("its checks could not be traced: " + err.Error())
		return nil
	}
	if !tr.Complete {
		why := "calls were lost"
		if len(tr.Reasons) > 0 {
			why = tr.Reasons[0]
		}
		note("the trace of its checks is incomplete (" + why + "): nothing is concluded from it")
		return nil
	}
	t.trace = tr
	if tr.Bytes == nil {
		return nil
	}
	t.out.Touched = &trim.Touched{Files: tr.Bytes.Touched, Of: tr.Bytes.Files}
	if t.idle(tr) {
		t.out.Notes = append(t.out.Notes, fmt.Sprintf("the checks touch %s; a patch proven by them proves little: none of them is of what the Dockerfile itself puts into the image", units.Plural(len(tr.Files), "file")))
		return nil
	}
	note(fmt.Sprintf("the checks touch %d of %d files: what they do not touch they do not prove", tr.Bytes.Touched, tr.Bytes.Files))
	return nil
}

// idle tells whether checks touch nothing that the Dockerfile's own lines wrote, where these
// wrote anything.
func (t *trimmer) idle(tr *touch.Trace) bool {
	if t.p.Base >= len(t.original.facts.Image.Layers) {
		return false
	}
	for _, f := range tr.Files {
		if f.Layer > t.p.Base { // layers of files count from 1
			return false
		}
	}
	return true
}
