package profile_test

import (
	"fmt"
	"strings"
	"testing"

	"tare/internal/dockerfile"
	"tare/internal/engine"
	"tare/internal/profile"
	"tare/internal/testkit/frontend"
	"tare/internal/units"
	"tare/internal/weigh"
)

const file = `FROM alpine:3.20
ENV A=b
RUN apk add --no-cache python3
WORKDIR /app
COPY app.py ./
RUN adduser -D app && \
    chown app /app
CMD ["python3", "app.py"]
`

// Histories as other builders write them, and what becomes of the file's lines.
func TestForeignHistories(t *testing.T) {
	base := []profile.History{{"ADD alpine-minirootfs-3.20.3-x86_64.tar.gz / # buildkit", 0}, {`CMD ["/bin/sh"]`, -1}}
	for _, c := range []struct {
		name    string
		history []profile.History
		layers  int
		want    string // line=layer, with ? where it is unsure
	}{
		{"BuildKit", append(base[:2:2], []profile.History{{"ENV A=b", -1}, {"RUN apk add --no-cache python3", 1}, {"WORKDIR /app", 2}, {"COPY app.py ./", 3}, {"RUN adduser -D app && chown app /app", 4}, {`CMD ["python3" "app.py"]`, -1}}...), 5, "1=base 3=2 4=3 5=4 6=5"},
		{"classic", append(base[:2:2], []profile.History{{"ENV A=b", -1}, {"RUN apk add --no-cache python3", 1}, {"WORKDIR /app", 2}, {"COPY file:0123456789abcdef in ./", 3}, {"RUN adduser -D app && chown app /app", 4}, {`CMD ["python3" "app.py"]`, -1}}...), 5, "1=base 3=2 4=3 5=4? 6=5"},
		{"squashed", []profile.History{{"", 0}}, 1, "1=base"},
		{"no history", nil, 3, "1=base"},
		{"ko, nix, Bazel", []profile.History{{"ko build ko://x", 0}, {"", 1}, {"bazel build ...", 2}}, 3, "1=base"},
		{"kaniko", append(base[:2:2], []profile.History{{"RUN apk add --no-cache python3", 1}, {"COPY app.py ./", 2}, {"RUN adduser -D app && chown app /app", 3}}...), 4, "1=base 3=2 5=3 6=4"},
		{"another file", append(base[:2:2], []profile.History{{"RUN apt-get install nodejs", 1}, {"COPY . /srv", 2}}...), 3, "1=base 3=2? 5=3?"},
		{"fewer layers than entries say", append(base[:2:2], []profile.History{{"RUN apk add --no-cache python3", -1}, {"COPY app.py ./", 1}}...), 2, "1=base 5=2"},
		{"more layers than entries", append(base[:2:2], profile.History{"RUN apk add --no-cache python3", 1}), 4, "1=base 3=2"},
	} {
		f, err := dockerfile.Parse([]byte(file))
		if err != nil {
			t.Fatal(err)
		}
		rep := &weigh.Result{}
		for n := range c.layers {
			rep.Layers = append(rep.Layers, weigh.Layer{Tar: 100 * int64(n+1), Transfer: units.Known(10), Files: 1, Live: 1, Entries: 2})
			rep.Sizes.Tar += 100 * int64(n+1)
			rep.Sizes.Transfer = rep.Sizes.Transfer.Plus(units.Known(10))
			rep.Sizes.Files++
			rep.Sizes.Live++
		}
		rep.Sizes.Transfer = rep.Sizes.Transfer.Plus(units.Known(7)) // manifest and config
		r := profile.Make(profile.Input{Source: []byte(file), File: f, Image: &profile.Weighed{Report: rep, History: c.history}})
		if err := r.Check(); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		var got []string
		for _, l := range r.Lines {
			switch {
			case l.Keyword == "FROM" && l.Bytes.Tar > 0:
				got = append(got, "1=base")
			case l.Layer > 0:
				mark := ""
				if l.Unsure {
					mark = "?"
				}
				got = append(got, fmt.Sprintf("%d=%d%s", l.Lines[0], l.Layer, mark))
			}
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%s: %s, want %s", c.name, s, c.want)
		}
		if c.name != "BuildKit" && c.name != "kaniko" && len(profile.Doubts(r)) == 0 {
			t.Errorf("%s: no doubts", c.name)
		}
	}
}

// The critical path goes through what was waited for, and sums up.
func TestPath(t *testing.T) {
	src := "FROM a AS x\nRUN one\nFROM a AS y\nRUN two\nFROM a\nCOPY --from=x /1 /\nCOPY --from=y /2 /\n"
	f, err := dockerfile.Parse([]byte(src))
	if err != nil {
		t.Fatal(err)
	}
	d := frontend.Definition(t, src, frontend.Build{})
	took := map[string][2]float64{"FROM": {0.1, 0.2}, "RUN one": {0.2, 5.2}, "RUN two": {0.3, 2.3}, "COPY --from=x": {5.3, 5.5}, "COPY --from=y": {5.5, 5.6}}
	steps := frontend.Steps(d, 0)
	for i := range steps {
		for text, at := range took {
			if strings.Contains(steps[i].Name, text) {
				steps[i].Start, steps[i].End, steps[i].Busy = at[0], at[1], at[1]-at[0]
			}
		}
	}
	steps = append(steps, engine.Step{Digest: "out", Name: "exporting to image", Start: 5.7, End: 6, Busy: 0.3})
	r := profile.Make(profile.Input{Source: []byte(src), File: f, Steps: steps, Ops: d.Ops, Dockerfile: d.Dockerfile, Seconds: 6.1})
	var names []string
	sum := 0.0
	for _, p := range r.Path {
		names = append(names, fmt.Sprint(p.Line))
		sum += p.Wait + p.Seconds
	}
	if got := strings.Join(names, " "); got != "1 2 6 7 0 0" || sum < 6.099 || sum > 6.101 {
		t.Errorf("%s, %f: %+v", got, sum, r.Path)
	}
	if r.Ideal < 5.6 || r.Ideal > 6.1 {
		t.Errorf("ideal %f", r.Ideal)
	}
	for _, s := range r.Spans {
		if s.Critical == strings.Contains(s.Name, "RUN two") {
			t.Errorf("%+v", s)
		}
	}
}
