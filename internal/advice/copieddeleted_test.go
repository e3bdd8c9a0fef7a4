package advice_test

import "testing"

func TestCopiedThenDeleted(t *testing.T) {
	const rule = "copied-then-deleted"
	gone := step{"RUN rm /app/a.deb", []E{whiteout("app/a.deb")}}
	f := one(t, ledger(t, distribution(), step{"COPY a.deb /app/", []E{kib("app/a.deb", 50)}}, gone).Lined([]int{0, 3, 5}, 1), rule, 3, 50, "from line 3", "they stay in the layer that copied them", ".dockerignore")
	if f.Line != 5 || f.Other != 3 || f.Severity != "warning" {
		t.Errorf("%+v", f)
	}
	// A chown between copies it once more: it is still what was copied in.
	chown := step{"RUN chown app /app/a.deb", []E{owned(kib("app/a.deb", 50))}}
	one(t, ledger(t, distribution(), step{"COPY a.deb /app/", []E{kib("app/a.deb", 50)}}, chown, gone), rule, 4, 50, "from layer 3")
	chown.entries = append(chown.entries, kib("app/made", 50))
	none(t, ledger(t, distribution(), step{"COPY a.deb /app/", []E{kib("app/a.deb", 50)}}, chown, gone), rule)
	none(t, ledger(t, distribution(), step{"RUN wget", []E{kib("app/a.deb", 50)}}, gone), rule)
	none(t, ledger(t, distribution(), step{"COPY a.deb /app/", []E{kib("app/a.deb", 50)}}), rule)
	// A base's COPY is not ours.
	none(t, ledger(t, step{"COPY a.deb /app/", append(distribution().entries, kib("app/a.deb", 50))}, gone), rule)
}
