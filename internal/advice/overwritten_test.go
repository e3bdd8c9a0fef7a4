package advice_test

import "testing"

func TestOverwritten(t *testing.T) {
	const rule = "overwritten"
	f := one(t, image(t, distribution(), step{"RUN one", []E{kib("app/a", 30)}}, step{"RUN two", []E{kib("app/a", 31)}}), rule, 3, 30, "overwrites", "in 1 file from layer 2", "write these files once")
	if f.Severity != "note" {
		t.Errorf("%+v", f)
	}
	// The base's bytes stay, whatever the line does.
	none(t, image(t, distribution(kib("app/a", 30)), step{"RUN two", []E{kib("app/a", 31)}}), rule)
	none(t, lined(image(t, distribution(), step{"RUN base", []E{kib("app/a", 30)}}, step{"RUN two", []E{kib("app/a", 31)}}), 2, 0, 0, 5), rule)
	none(t, image(t, distribution(), step{"RUN one", []E{kib("app/a", 30)}}, step{"RUN two", []E{kib("app/b", 31)}}), rule)
	none(t, image(t, distribution(), step{"RUN one", []E{kib("app/a", 30)}}, step{"RUN two", []E{owned(kib("app/a", 30))}}), rule)
}
