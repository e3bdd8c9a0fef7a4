package advice_test

import "testing"

func TestWrittenTwice(t *testing.T) {
	const rule = "written-twice"
	a := step{"COPY a /", []E{kib("app/a", 30)}}
	f := one(t, image(t, distribution(), a, a, step{"RUN true", nil}), rule, 3, 30, "writes", "in 1 file from layer 2 again, unchanged", "write these files once")
	if f.Severity != "warning" {
		t.Error(f.Severity)
	}
	// Of the base's files only this line can be changed.
	if f := one(t, image(t, distribution(kib("app/a", 30)), a), rule, 2, 30, "leave these files out: the base image has them"); contains(f.Remedy, "write these") {
		t.Error(f.Remedy)
	}
	none(t, image(t, distribution(), a, step{"RUN true", nil}), rule)
	none(t, image(t, distribution(), a, step{"RUN chown", []E{owned(kib("app/a", 30))}}), rule)
}
