package advice_test

import "testing"

func TestChownCopiesLayer(t *testing.T) {
	const rule = "chown-copies-layer"
	copied := step{"COPY . /app", []E{kib("app/data", 40), kib("app/more", 20)}}
	l := image(t, distribution(kib("usr/lib/x", 10)), copied, step{"RUN chown -R app /app", []E{owned(kib("app/data", 40)), owned(kib("app/more", 20))}})
	f := one(t, l, rule, 3, 60, "changes only owner, permissions or times", "in 2 files from layer 2, and so copies them", "COPY --chown")
	if f.Other != 0 || f.Live != 0 || f.Paths[0] != "app/data" {
		t.Errorf("%+v", f)
	}
	f = one(t, lined(l, 1, 0, 7, 9), rule, 3, 60, "from line 7")
	if f.Line != 9 || f.Other != 7 {
		t.Errorf("%+v", f)
	}
	// A chown of the base's files copies them as well; but nobody can set their owner where
	// they were written.
	f = one(t, image(t, distribution(kib("usr/lib/x", 10)), step{"RUN chown app /usr/lib/x", []E{owned(kib("usr/lib/x", 10))}}), rule, 2, 10, "leave the base image's files as they are")
	if contains(f.Remedy, "COPY") {
		t.Error(f.Remedy)
	}
	// Files of both are two findings: one can be set where it is written, the other not.
	if both := only(image(t, distribution(kib("usr/lib/x", 10)), copied, step{"RUN chown app", []E{owned(kib("usr/lib/x", 10)), owned(kib("app/data", 40))}}), rule); len(both) != 2 || !contains(both[0].Text, "from layer 2,") || !contains(both[1].Text, "from the base image") {
		t.Errorf("%+v", both)
	}
	one(t, image(t, distribution(kib("usr/lib/x", 10)), step{"RUN chown app /usr/lib/x", []E{owned(kib("usr/lib/x", 10))}}), rule, 2, 10, "from the base image")
	// Set where they are copied, they are there once.
	none(t, image(t, distribution(), step{"COPY --chown=app . /app", []E{owned(kib("app/data", 40))}}), rule)
	// Another content is no chown.
	none(t, image(t, distribution(), copied, step{"RUN x", []E{owned(kib("app/data", 41))}}), rule)
	// What happens within the base is not ours.
	none(t, image(t, step{"ADD a /", []E{kib("a", 9)}}, step{"RUN chown", append([]E{owned(kib("a", 9))}, distribution().entries...)}, step{"RUN true", nil}), rule)
}
