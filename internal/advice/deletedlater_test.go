package advice_test

import "testing"

func TestDeletedLater(t *testing.T) {
	const rule = "deleted-later"
	made, gone := step{"RUN make", []E{kib("app/o", 50)}}, step{"RUN rm -r /app/o", []E{whiteout("app/o")}}
	one(t, ledger(t, distribution(), made, gone), rule, 3, 50, "deletes", "in 1 file from layer 2 (/app/o), and they stay in the layer below", "delete in the RUN that writes")
	// A directory that goes takes its files along.
	one(t, ledger(t, distribution(), made, step{"RUN rm -r /app", []E{whiteout("app")}}), rule, 3, 50, "/app/o")
	// What was copied in is another rule's.
	none(t, ledger(t, distribution(), step{"COPY o /app/", []E{kib("app/o", 50)}}, gone), rule)
	none(t, ledger(t, distribution(), made), rule)
	// The base's files cannot be freed.
	f := one(t, ledger(t, distribution(kib("app/o", 50)), gone), rule, 2, 0, "which frees nothing")
	if f.Severity != "note" || f.Base < 50*1024 || f.Tar != 0 {
		t.Errorf("%+v", f)
	}
}
