package advice_test

import (
	"testing"

	"tare/internal/advice"
)

func TestVCSData(t *testing.T) {
	const rule = "vcs-data"
	git := []E{kib("app/.git/objects/pack/p", 80), kib("app/main.py", 5)}
	l := image(t, distribution(), step{"COPY . /app", git})
	f := one(t, l, rule, 2, 80, "of version control data into the image: /app/.git", ".dockerignore")
	if contains(f.Text, "copies") {
		t.Error(f.Text)
	}
	if f.Live != 80*1024 {
		t.Error(f.Live)
	}
	// What a stage brought is not kept out by .dockerignore.
	l.Staged = map[int]bool{1: true}
	if f = one(t, l, rule, 2, 80, "COPY --exclude=.git"); contains(f.Remedy, ".dockerignore") {
		t.Error(f.Remedy)
	}
	one(t, hosted(t, git), rule, 2, 80, "list .git in .dockerignore; if a step of the build needs it, COPY --exclude=.git")
	one(t, image(t, distribution(), step{"RUN git clone x /app", git}), rule, 2, 80, "remove .git in the same RUN")
	// A later chown copies it: both copies go with the line that brought it.
	chown := step{"RUN chown -R app /app", []E{owned(git[0]), owned(git[1])}}
	l = image(t, distribution(), step{"COPY . /app", git}, chown)
	one(t, l, rule, 2, 160, "puts 81.9kB in 1 file", "and with the copies in later layers 164kB")
	// What the chown stores a second time is in both findings, and in the sum once.
	s := advice.Total(l, advice.Find(l))
	if s.Tar < 165*1024 || s.Tar > 175*1024 || s.Overlap < 80*1024 || s.Overlap > 82*1024 {
		t.Errorf("%+v", s)
	}
	// Deleted later, it is the deletion's.
	none(t, image(t, distribution(), step{"COPY . /app", git}, step{"RUN rm -r /app/.git", []E{whiteout("app/.git")}}), rule)
	none(t, image(t, distribution(), step{"COPY . /app", git}, chown, step{"RUN rm -r /app/.git", []E{whiteout("app/.git")}}), rule)
	none(t, image(t, distribution(), step{"COPY . /app", []E{kib("app/.github/x", 9), kib("app/.gitignore", 1)}}), rule)
	none(t, image(t, distribution(kib("src/.git/x", 9)), step{"RUN true", nil}), rule)
}
