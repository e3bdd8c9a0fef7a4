package advice_test

import "testing"

func TestCopiedThenDeleted(t *testing.T) {
	const rule = "copied-then-deleted"
	gone := step{"RUN rm /app/a.deb", []E{whiteout("app/a.deb")}}
	f := one(t, lined(image(t, distribution(), step{"COPY a.deb /app/", []E{kib("app/a.deb", 50)}}, gone), 1, 0, 3, 5), rule, 3, 50, "that line 3 copied in, where they stay", ".dockerignore")
	if f.Line != 5 || f.Other != 3 || f.Severity != "warning" {
		t.Errorf("%+v", f)
	}
	// A chown between copies it once more: it is still what was copied in.
	chown := step{"RUN chown app /app/a.deb", []E{owned(kib("app/a.deb", 50))}}
	one(t, image(t, distribution(), step{"COPY a.deb /app/", []E{kib("app/a.deb", 50)}}, chown, gone), rule, 4, 50, "that layer 2 copied in")
	none(t, image(t, distribution(), step{"RUN wget", []E{kib("app/a.deb", 50)}}, gone), rule)
	none(t, image(t, distribution(), step{"COPY a.deb /app/", []E{kib("app/a.deb", 50)}}), rule)
	// A base's COPY is not ours.
	none(t, image(t, step{"COPY a.deb /app/", append(distribution().entries, kib("app/a.deb", 50))}, gone), rule)
}
