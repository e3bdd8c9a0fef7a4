package advice_test

import "testing"

func TestCopiedThenDeleted(t *testing.T) {
	const rule = "copied-then-deleted"
	gone := step{"RUN rm /app/a.deb", []E{whiteout("app/a.deb")}}
	f := one(t, ledger(t, distribution(), step{"COPY a.deb /app/", []E{kib("app/a.deb", 50)}}, gone).Lined([]int{0, 3, 5}, 1), rule, 3, 50, "from line 3", "they stay in the layer that copied them", ".dockerignore")
	if f.Line != 5 || f.Other != 3 || f.Severity != "warning" {
		t.Errorf("%+v", f)
	}
	none(t, ledger(t, distribution(), step{"RUN wget", []E{kib("app/a.deb", 50)}}, gone), rule)
	none(t, ledger(t, distribution(), step{"COPY a.deb /app/", []E{kib("app/a.deb", 50)}}), rule)
	// A base's COPY is not ours.
	none(t, ledger(t, step{"COPY a.deb /app/", append(distribution().entries, kib("app/a.deb", 50))}, gone), rule)
}
