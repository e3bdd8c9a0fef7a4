package gate_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"tare/internal/gate"
	"tare/internal/units"
)

// line is an instruction that makes a layer.
func line(text, content string, bytes int64) part {
	return part{text: text, content: content, bytes: bytes}
}

// What an instruction stands on is an input of it, also where it stands no more.
func TestOrder(t *testing.T) {
	rm := func(content string, hides int64) part { return line("RUN rm -r /x", content, hides*0) }
	for name, c := range map[string]struct {
		before, after *gate.Subject
		want          []string
	}{
		"what an unchanged line makes of a line that is gone": {
			made(nil, base, line("RUN echo small >/conf", "c", 5), run("x", 10)), made(nil, base, run("y", 900)),
			[]string{"yours 890 app/Dockerfile:1 removed: RUN echo small >/conf; line 2 (RUN make) makes something else of it", "yours -5 app/Dockerfile:1 removed: RUN echo small >/conf"}},
		"a line that is gone, above": {
			made(nil, base, run("x", 10), line("RUN echo", "c", 5)), made(nil, base, run("y", 900)),
			[]string{"noise 890 app/Dockerfile:2 RUN make", "yours -5 app/Dockerfile:2 removed: RUN echo"}},
		"a copy does not stand on what is below": {
			made(map[string]string{"f": "1"}, base, run("x", 10), copied("a", "f", 10)), made(map[string]string{"f": "1"}, base, copied("b", "f", 11)),
			[]string{"yours -10 app/Dockerfile:1 removed: RUN make", "noise 1 app/Dockerfile:2 COPY f /srv/"}},
		"a line that moved past what it deletes": {
			made(nil, base, part{text: "RUN make", content: "x", bytes: 1000, hidden: map[int]int64{2: 700}}, rm("r", 700)), made(nil, base, rm("r2", 0), run("x", 1000)),
			[]string{"yours 700 app/Dockerfile:2 RUN rm -r /x (it was moved)"}},
		"the same, of a layer with other times": {
			made(nil, base, part{text: "RUN make", content: "x", bytes: 1000, hidden: map[int]int64{2: 700}}, rm("r", 700)), made(nil, base, rm("r2", 0), run("x2", 1000)),
			[]string{"yours 700 app/Dockerfile:2 RUN rm -r /x (it was moved)"}},
		"a line that makes something else in another place": {
			made(nil, base, line("RUN more", "m", 70), run("x", 10)), made(nil, base, run("x2", 10), line("RUN more", "m2", 71)),
			[]string{"yours 1 app/Dockerfile:3 RUN more (it was moved)"}},
		"a changed line deletes less of a layer with other times": {
			made(nil, base, part{text: "RUN make", content: "x", bytes: 1000, hidden: map[int]int64{2: 700}}, line("RUN rm -r /x", "r", 0)), made(nil, base, run("x2", 1000), line("RUN true", "t", 0)),
			[]string{`yours 700 app/Dockerfile:3 RUN true (was "RUN rm -r /x")`}},
		"a temporary file grows that a changed line deletes": {
			made(nil, base, part{text: "RUN make", content: "x", bytes: 1000, hidden: map[int]int64{2: 700}}, line("RUN rm -r /x", "r", 0)),
			made(nil, base, part{text: "RUN make", content: "x2", bytes: 1300, hidden: map[int]int64{2: 1000}}, line("RUN rm -rf /x", "r", 0)), nil},
	} {
		got := live(t, c.before, c.after)
		if name == "a temporary file grows that a changed line deletes" {
			if d, _, err := gate.Divide(c.before, c.after); err != nil || d.Yours.Live != 0 {
				t.Errorf("%s: %+v %v", name, d, err)
			}
			continue
		}
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%s (-want +got)\n%s", name, d)
		}
	}
	// A package that grew, while the temporary file shrank that a changed line deletes.
	got := live(t, made(nil, base, part{text: "RUN apk add curl", content: "x", bytes: 1000, pkgs: []string{"curl 1 300"}, hidden: map[int]int64{2: 700}}, line("RUN rm -r /x", "r", 0)),
		made(nil, base, part{text: "RUN apk add curl", content: "x2", bytes: 1100, pkgs: []string{"curl 2 700"}, hidden: map[int]int64{2: 400}}, line("RUN rm -rf /x", "r2", 0)))
	if d := cmp.Diff([]string{"packages 400 app/Dockerfile:2 apk curl 1 → 2", "packages 0 app/Dockerfile:2 what the package manager writes besides, of RUN apk add curl"}, got); d != "" {
		t.Error(d)
	}
	// The same bytes in another order, with other times: to move a line is not to change it.
	before, after := made(nil, base, line("RUN more", "m", 70), run("x", 10)), made(nil, base, run("x2", 10), line("RUN more", "m2", 70))
	after.Layers[2].Transfer, after.Sizes.Transfer = after.Layers[2].Transfer.Plus(units.Known(9)), after.Sizes.Transfer.Plus(units.Known(9))
	d, _, err := gate.Divide(before, after)
	if err != nil || d.Noise != (gate.Amounts{Transfer: units.Known(9)}) || d.Yours != (gate.Amounts{Transfer: units.Known(0)}) {
		t.Errorf("%+v %v", d, err)
	}
}

// What FROM calls its stage is no other base, and no stage is known by its number.
func TestStages(t *testing.T) {
	moved := part{text: "FROM alpine AS app", content: "base 2", bytes: 1500}
	if d := cmp.Diff([]string{"base 500 app/Dockerfile:1 FROM alpine AS app has other layers"}, live(t, made(nil, base), made(nil, moved))); d != "" {
		t.Error(d)
	}
	moved.text = "FROM debian AS app"
	if d := cmp.Diff([]string{`yours 500 app/Dockerfile:1 FROM debian AS app (was "FROM alpine")`}, live(t, made(nil, base), made(nil, moved))); d != "" {
		t.Error(d)
	}
	// A stage without a name comes first: the last one is still the last one.
	after := made(nil, part{text: "FROM golang"}, part{text: "RUN go build"}, part{text: "FROM alpine", content: "base 2", bytes: 1500}, run("x", 10))
	after.Source.Stages = []string{"0", "1"}
	for n := range after.Source.Lines {
		after.Source.Lines[n].Stage = n / 2
	}
	after.Source.Lines[2].Below = -1
	if d := cmp.Diff([]string{"base 500 app/Dockerfile:3 FROM alpine has other layers"}, live(t, made(nil, base, run("x", 10)), after)); d != "" {
		t.Error(d)
	}
}

// What is fetched from an address, and what stands on packages, drifts as packages do.
func TestFetched(t *testing.T) {
	fetched := func(content string, bytes int64) *gate.Subject {
		s := made(nil, base, line("ADD https://example.com/x /x", content, bytes), run("r"+content, 10+bytes))
		s.Source.Lines[1].Fetches = []string{"https://example.com/x"}
		return s
	}
	want := []string{"packages 400 app/Dockerfile:2 ADD https://example.com/x /x: what it fetches is not what it was", "packages 400 app/Dockerfile:3 RUN make, on line 2: what it fetches is not what it was"}
	if d := cmp.Diff(want, live(t, fetched("a", 100), fetched("b", 500))); d != "" {
		t.Error(d)
	}
	want = []string{"noise 3 app/Dockerfile:3 RUN make"}
	a, b := fetched("a", 100), made(nil, base, line("ADD https://example.com/x /x", "a", 100), run("rb", 113))
	b.Source.Lines[1].Fetches = a.Source.Lines[1].Fetches
	if d := cmp.Diff(want, live(t, a, b)); d != "" {
		t.Error(d)
	}
	want = []string{"packages 40 app/Dockerfile:2 apk curl 1 → 2", "packages 10 app/Dockerfile:3 RUN make, on line 2: packages of it have other versions"}
	if d := cmp.Diff(want, live(t, made(nil, base, install("a", 80, "curl 1 80"), run("x", 10)), made(nil, base, install("b", 120, "curl 2 120"), run("y", 20)))); d != "" {
		t.Error(d)
	}
}

// Settings reach instructions by more ways than a name in their text.
func TestSettings(t *testing.T) {
	heredoc := func(content string, bytes int64) part {
		return line("COPY <<EOF /conf", content, bytes)
	}
	body := func(s *gate.Subject) *gate.Subject { s.Source.Lines[2].Code = "COPY <<EOF /conf\n$SIZE\nEOF"; return s }
	got := live(t, body(made(nil, base, part{text: "ARG SIZE=1"}, heredoc("a", 10))), body(made(nil, base, part{text: "ARG SIZE=2"}, heredoc("b", 90))))
	if d := cmp.Diff([]string{`yours 80 app/Dockerfile:2 ARG SIZE=2 (was "ARG SIZE=1"); line 3 (COPY <<EOF /conf) makes something else of it`}, got); d != "" {
		t.Error(d)
	}
	files := map[string]string{"f": "1"}
	rel := func(content string) part {
		return part{text: "COPY f .", content: content, bytes: 10, takes: []string{"f"}}
	}
	got = live(t, made(files, base, part{text: "WORKDIR /a"}, rel("a")), made(files, base, part{text: "WORKDIR /b"}, part{text: "COPY f .", content: "b", bytes: 30, takes: []string{"f"}}))
	if d := cmp.Diff([]string{`yours 20 app/Dockerfile:2 WORKDIR /b (was "WORKDIR /a")`}, got); d != "" {
		t.Error(d)
	}
	got = live(t, made(files, base, part{text: "WORKDIR /a"}, copied("a", "f", 10)), made(files, base, part{text: "WORKDIR /b"}, copied("b", "f", 30)))
	if d := cmp.Diff([]string{`noise 20 app/Dockerfile:3 COPY f /srv/`}, got); d != "" {
		t.Error(d)
	}
	// An argument that is given another value: no line is another one, and the value stays unsaid.
	given := func(value string, s *gate.Subject) *gate.Subject {
		s.Source.Args = map[string]string{"TOKEN": value}
		return s
	}
	got = live(t, given("s3cret", made(nil, base, part{text: "ARG TOKEN"}, run("x", 10))), given("0ther", made(nil, base, part{text: "ARG TOKEN"}, run("y", 90))))
	if d := cmp.Diff([]string{"yours 80 app/Dockerfile:2 ARG TOKEN (was given another value); line 3 (RUN make) makes something else of it"}, got); d != "" {
		t.Error(d)
	}
}

// What a trigger of the base copies is the file's; what one makes of nothing is noise, and the
// same base has not moved.
func TestTriggers(t *testing.T) {
	from := func(content, digest string, bytes int64, files map[string]string) *gate.Subject {
		return made(files, part{text: "FROM trigger", content: content, bytes: bytes, images: []string{"trigger@" + digest}, takes: []string{"f"}})
	}
	old, now := map[string]string{"f": "1"}, map[string]string{"f": "2"}
	if d := cmp.Diff([]string{"yours 40 app/f changed"}, live(t, from("a", "sha256:1", 10, old), from("b", "sha256:1", 50, now))); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"noise 40 app/Dockerfile:1 FROM trigger"}, live(t, from("a", "sha256:1", 10, old), from("b", "sha256:1", 50, old))); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"base 40 app/Dockerfile:1 FROM trigger has other layers"}, live(t, from("a", "sha256:1", 10, old), from("b", "sha256:2", 50, old))); d != "" {
		t.Error(d)
	}
}

// Builders that record what was copied by its digest, and the arguments that a command got.
func TestHistories(t *testing.T) {
	alone := func(s *gate.Subject, steps ...string) *gate.Subject {
		s.Source = nil
		for n, text := range steps {
			s.Steps[n].Instruction = text
		}
		return s
	}
	from := func(content string, bytes int64) part {
		return part{text: "COPY --from=build /out /usr/bin/out", content: content, bytes: bytes}
	}
	before := alone(made(nil, base, run("x", 10), from("a", 10)), "ADD rootfs", "RUN make", "COPY file:1f2e in /usr/bin/out")
	if d := cmp.Diff([]string{"noise 5 app/Dockerfile:3 COPY --from=build /out /usr/bin/out"}, live(t, before, made(nil, base, run("x", 10), from("b", 15)))); d != "" {
		t.Error(d)
	}
	before = alone(made(nil, base, run("x", 10), from("a", 10)), "ADD rootfs", "RUN make", "COPY file:1f2e in /elsewhere")
	if d := cmp.Diff([]string{`yours 5 app/Dockerfile:3 COPY --from=build /out /usr/bin/out (was "COPY file:1f2e in /elsewhere")`}, live(t, before, made(nil, base, run("x", 10), from("b", 15)))); d != "" {
		t.Error(d)
	}
	// An image whose Dockerfile a label names, built with another argument than today's.
	arg := func(n string, content string, bytes int64) *gate.Subject {
		s := made(nil, base, part{text: "ARG N=10"}, run(content, bytes))
		s.Steps[2].Instruction = "RUN |1 N=" + n + " /bin/sh -c make"
		return s
	}
	if d := cmp.Diff([]string{"yours 80 app/Dockerfile:2 ARG N=10 (was given another value); line 3 (RUN make) makes something else of it"}, live(t, arg("10", "x", 10), arg("99", "y", 90))); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"noise 80 app/Dockerfile:3 RUN make"}, live(t, arg("10", "x", 10), arg("10", "y", 90))); d != "" {
		t.Error(d)
	}
}
