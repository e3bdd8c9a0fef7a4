package profile_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"tare/internal/dockerfile"
	"tare/internal/engine"
	"tare/internal/profile"
)

func pathOf(t *testing.T, seconds float64, steps ...engine.Step) *profile.Result {
	t.Helper()
	f, err := dockerfile.Parse([]byte("FROM a\n"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range steps {
		if s := &steps[i]; s.Busy == 0 {
			s.Busy = s.End - s.Start
		}
	}
	return profile.Make(profile.Input{Source: []byte("FROM a\n"), File: f, Steps: steps, Seconds: seconds})
}

func step(digest, name string, from, to float64, inputs ...string) engine.Step {
	return engine.Step{Digest: digest, Name: name, Start: from, End: to, Inputs: inputs}
}

func cached(s engine.Step) engine.Step { s.Cached = true; return s }

func words(r *profile.Result) string {
	var out []string
	for _, p := range r.Path {
		if p.Wait+p.Seconds >= 0.005 {
			out = append(out, p.Name)
		}
	}
	return strings.Join(out, " | ")
}

// asks are the frontend's steps of every build.
func asks() []engine.Step {
	return []engine.Step{step("d", "[internal] load build definition from Dockerfile", 0.1, 0.2), step("m", "[internal] load metadata for docker.io/library/a:1", 0.2, 0.3), step("i", "[internal] load .dockerignore", 0.3, 0.32)}
}

const asked = "load Dockerfile | look up the image docker.io/library/a:1 | load .dockerignore"

// Steps that come from the cache are noted when the context is there, as measured with
// buildkitd 0.34: what was waited for is the context, and no RUN that needs none.
func TestThePathHasTheContext(t *testing.T) {
	context := engine.Step{Digest: "c", Name: "[internal] load build context", Start: 0.4, End: 4.8, Sent: 119_000_000}
	steps := append(asks(), cached(step("f", "[1/4] FROM docker.io/library/a:1@sha256:0", 0.33, 0.39)), context,
		cached(step("r", "[2/4] RUN sleep 1", 4.9, 4.9, "f")), step("p", "[3/4] COPY . /", 4.91, 5.5, "r", "c"), step("q", "[4/4] RUN x", 5.5, 6, "p"), step("e", "exporting to oci image format", 6.1, 7))
	r := pathOf(t, 7.5, steps...)
	want := asked + " | load build context: 119MB sent | [3/4] COPY . / | [4/4] RUN x | exporting to oci image format | storing the image"
	if got := words(r); got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	if p := r.Path[3]; p.Step != "[internal] load build context" || math.Abs(p.Seconds-4.4) > 1e-9 || p.Wait > 0.1 {
		t.Errorf("%+v", p)
	}
	// Nothing ran but the upload.
	steps = append(asks(), cached(step("f", "[1/3] FROM docker.io/library/a:1@sha256:0", 0.33, 0.39)), context,
		cached(step("r", "[2/3] RUN sleep 1", 4.9, 4.9, "f")), cached(step("p", "[3/3] COPY . /", 4.9, 4.9, "r", "c")), step("e", "exporting to oci image format", 4.95, 5))
	if got, want := words(pathOf(t, 5, steps...)), asked+" | load build context: 119MB sent | exporting to oci image format"; got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}

// A RUN that needs no context does not wait for it, though it ended just before.
func TestThePathLeavesTheContextOut(t *testing.T) {
	steps := append(asks(), step("f", "[1/3] FROM docker.io/library/a:1@sha256:0", 0.4, 2), step("c", "[internal] load build context", 0.4, 2.4),
		step("p", "[other 1/1] COPY . /", 2.4, 2.5, "c"), step("r", "[2/3] RUN sleep 5", 2.45, 8, "f"), step("e", "exporting to oci image format", 8, 8.5))
	r := pathOf(t, 8.5, steps...)
	if got, want := words(r), asked+" | load the base image docker.io/library/a:1 | [2/3] RUN sleep 5 | exporting to oci image format"; got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	if p := r.Path[4]; math.Abs(p.Wait-0.45) > 1e-9 {
		t.Errorf("what it did wait for is unknown, and said to be a wait: %+v", p)
	}
	// More parallelism: the RUN could have begun with its base.
	if math.Abs(r.Ideal-(0.32+1.6+5.55+0.5)) > 1e-9 {
		t.Errorf("ideal %f", r.Ideal)
	}
}

// The base image of a second stage waits for no context, either.
func TestSourcesWaitForTheFrontendOnly(t *testing.T) {
	steps := append(asks(), step("c", "[internal] load build context", 0.4, 1), step("f", "[1/2] FROM docker.io/library/b:1@sha256:0", 1, 4), step("r", "[2/2] COPY . /", 4, 5, "f", "c"), step("e", "exporting to image", 5, 6))
	r := pathOf(t, 6, steps...)
	if got := words(r); strings.Contains(got, "context") || !strings.Contains(got, "load the base image docker.io/library/b:1 | [2/2] COPY . /") {
		t.Error(got)
	}
}

// Whatever the steps are, seconds and waits of the path sum up to the build's, and the
// ideal is not longer.
func TestThePathSumsUp(t *testing.T) {
	names := []string{"[internal] load build context", "[internal] load metadata for x", "[1/3] FROM a", "[2/3] RUN a", "[b 2/3] COPY b", "exporting to image", "[context x] load from client", "https://example.com/x", "[auth] x"}
	for seed := range uint64(500) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		var steps []engine.Step
		for n := range 2 + rnd.IntN(12) {
			s := engine.Step{Digest: string(rune('a' + n)), Name: names[rnd.IntN(len(names))], Start: rnd.Float64() * 10, Cached: rnd.IntN(3) == 0}
			s.End = s.Start + rnd.Float64()*3
			if rnd.IntN(5) == 0 {
				s.Start, s.End = 0, 0
			}
			s.Busy = (s.End - s.Start) * rnd.Float64()
			for range rnd.IntN(3) {
				s.Inputs = append(s.Inputs, string(rune('a'+rnd.IntN(14))))
			}
			steps = append(steps, s)
		}
		seconds := 8 + rnd.Float64()*6
		r := pathOf(t, seconds, steps...)
		sum := 0.0
		for _, p := range r.Path {
			if p.Wait < 0 || p.Seconds < 0 {
				t.Fatalf("seed %d: %+v", seed, p)
			}
			sum += p.Wait + p.Seconds
		}
		if len(r.Path) > 0 && math.Abs(sum-seconds) > 1e-6 || r.Ideal > seconds+1e-9 {
			t.Fatalf("seed %d: %f of %f s, ideal %f: %+v", seed, sum, seconds, r.Ideal, r.Path)
		}
	}
}

func TestPathWithoutAll(t *testing.T) {
	work := step("a", "[1/1] RUN a", 0, 2)
	for _, c := range []struct {
		name    string
		seconds float64
		steps   []engine.Step
		want    string // NAME=SECONDS
		ideal   float64
	}{
		{"how long it took is not known", 0, []engine.Step{work}, "[1/1] RUN a=2", 0},
		{"nothing was done", 5, nil, "", 0},
		{"it ended with its last step", 2, []engine.Step{work}, "[1/1] RUN a=2", 2},
		{"and later", 3, []engine.Step{work}, "[1/1] RUN a=2 storing the image=1", 3},
	} {
		r := pathOf(t, c.seconds, c.steps...)
		var got []string
		for _, p := range r.Path {
			got = append(got, fmt.Sprintf("%s=%v", p.Name, p.Seconds))
		}
		if s := strings.Join(got, " "); s != c.want || r.Ideal != c.ideal {
			t.Errorf("%s: %s, ideal %v, want %s and %v", c.name, s, r.Ideal, c.want, c.ideal)
		}
	}
}

func TestStepsInWords(t *testing.T) {
	for name, want := range map[string]string{
		"[internal] load build definition from Dockerfile.dev":                  "load Dockerfile.dev",
		"[internal] load .dockerignore":                                         "load .dockerignore",
		"[internal] load metadata for docker.io/library/a:1@sha256:00":          "look up the image docker.io/library/a:1",
		"[internal] load metadata for localhost:5000/a@sha256:00":               "look up the image localhost:5000/a@sha256:00",
		"resolve image config for docker-image://docker.io/docker/dockerfile:1": "look up the image docker.io/docker/dockerfile:1",
		"docker-image://docker.io/docker/dockerfile:1@sha256:00":                "load the image docker.io/docker/dockerfile:1",
		"[internal] load build context":                                         "load build context",
		"[context extra] load from client":                                      "load build context extra",
		"[context extra] load .dockerignore":                                    "load .dockerignore of build context extra",
		"[auth] library/a:pull token for registry-1.docker.io":                  "log in: library/a:pull token for registry-1.docker.io",
		"exporting to image":                                                    "exporting to image",
		"[build 1/4] FROM docker.io/library/a:1@sha256:00":                      "load the base image docker.io/library/a:1",
		"[build 2/4] RUN echo ] FROM x":                                         "[build 2/4] RUN echo ] FROM x",
		"x] FROM y":                                                             "x] FROM y",
		"https://example.com/x.tgz":                                             "https://example.com/x.tgz",
		"[internal] settings cache mount permissions":                           "settings cache mount permissions",
	} {
		s := step("x", name, 1, 2)
		if strings.Contains(name, "RUN") {
			s.Inputs = []string{"y"}
		}
		if got := pathOf(t, 2, s).Path[0].Name; got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	s := step("x", "[context extra] load from client", 1, 2)
	s.Sent = 5_000_000
	if got := pathOf(t, 2, s).Path[0].Name; got != "load build context extra: 5MB sent" {
		t.Error(got)
	}
}
