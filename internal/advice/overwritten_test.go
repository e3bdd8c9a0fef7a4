package advice_test

import "testing"

func TestOverwritten(t *testing.T) {
	const rule = "overwritten"
	l := ledger(t, distribution(), step{"RUN one", []E{kib("app/a", 30)}}, step{"RUN two", []E{kib("app/a", 31)}})
	f := one(t, l, rule, 3, 30, "overwrites", "in 1 file from layer 2 (/app/a), and both versions are in the image")
	if f.Severity != "note" || f.Base != 0 {
		t.Errorf("%+v", f)
	}
	// The base's bytes stay, whatever the line does: nothing is saved.
	f = one(t, ledger(t, distribution(kib("app/a", 30)), step{"RUN two", []E{kib("app/a", 31)}}), rule, 2, 0, "from the distribution's layer", "which frees nothing")
	if f.Tar != 0 || f.Base < 30*1024 || f.Frees() {
		t.Errorf("%+v", f)
	}
	one(t, ledger(t, distribution(kib("app/a", 30)), step{"RUN two", []E{kib("app/a", 31)}}).Lined([]int{0, 2}, 1), rule, 2, 0, "from the base image")
	none(t, ledger(t, distribution(), step{"RUN one", []E{kib("app/a", 30)}}, step{"RUN two", []E{kib("app/b", 31)}}), rule)
	none(t, ledger(t, distribution(), step{"RUN one", []E{kib("app/a", 30)}}, step{"RUN two", []E{owned(kib("app/a", 30))}}), rule)
}
