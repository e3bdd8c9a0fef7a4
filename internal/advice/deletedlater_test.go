package advice_test

import "testing"

func TestDeletedLater(t *testing.T) {
	const rule = "deleted-later"
	made, gone := step{"RUN make", []E{kib("app/o", 50)}}, step{"RUN rm -r /app/o", []E{whiteout("app/o")}}
	one(t, image(t, distribution(), made, gone), rule, 3, 50, "deletes", "in 1 file from layer 2, where they stay", "delete in the RUN that writes")
	// A directory that goes takes its files along.
	one(t, image(t, distribution(), made, step{"RUN rm -r /app", []E{whiteout("app")}}), rule, 3, 50)
	// What was copied in is another rule's.
	none(t, image(t, distribution(), step{"COPY o /app/", []E{kib("app/o", 50)}}, gone), rule)
	none(t, image(t, distribution(), made), rule)
	// The base's files cannot be freed.
	none(t, image(t, distribution(kib("app/o", 50)), gone), rule)
}
