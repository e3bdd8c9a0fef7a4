package advice_test

import "testing"

func TestWrittenTwice(t *testing.T) {
	const rule = "written-twice"
	a := step{"COPY a /", []E{kib("app/a", 30)}}
	f := one(t, ledger(t, distribution(), a, a, step{"RUN true", nil}), rule, 3, 30, "writes", "from layer 2 again, unchanged (/app/a)", "write these files once")
	if f.Severity != "warning" {
		t.Error(f.Severity)
	}
	none(t, ledger(t, distribution(), a, step{"RUN true", nil}), rule)
	none(t, ledger(t, distribution(), a, step{"RUN chown", []E{owned(kib("app/a", 30))}}), rule)
}
