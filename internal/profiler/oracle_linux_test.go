package profiler_test

import (
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/engine"
	"tare/internal/profile"
)

// statement is the part of BuildKit's provenance that says where steps come from.
type statement struct {
	Predicate struct {
		BuildDefinition struct {
			InternalParameters struct {
				BuildConfig struct {
					DigestMapping map[string]string `json:"digestMapping"`
					Definition    []struct {
						ID string
						Op struct{ Op struct{ Source *struct{} } }
					} `json:"llbDefinition"`
				} `json:"buildConfig"`
			} `json:"internalParameters"`
		} `json:"buildDefinition"`
		RunDetails struct {
			Metadata struct {
				BuildKit struct {
					Source struct {
						Locations map[string]struct {
							Locations []struct {
								SourceIndex int `json:"sourceIndex"`
								Ranges      []struct{ Start, End struct{ Line int } }
							} `json:"locations"`
						} `json:"locations"`
					} `json:"source"`
				} `json:"buildkit_metadata"`
			} `json:"metadata"`
		} `json:"runDetails"`
	} `json:"predicate"`
}

// place is where a step comes from: the lines at which its instructions begin, several
// for a step that stages share, and none for one of the frontend's own.
type place struct {
	lines  []int
	source bool // it loads something: an image, the build context, an address
	// near says that BuildKit has no lines for it: those of what takes its result are
	// here. What ADD fetches, a here-document, an image that is mounted may count for the
	// one instruction that needs it, or for nobody.
	near bool
}

// located is BuildKit's own record of a build: the places by the identity of the step. A
// step that is not there is none of the Dockerfile's.
type located map[string]place

// locate asks BuildKit: it builds once more, with an attestation, and reads that.
func (w *world) locate(t *testing.T, r engine.Build) (located, error) {
	t.Helper()
	r.Attests, r.Names, r.NoCache, r.NoCacheFilter = []string{"type=provenance,mode=max"}, []string{normal(t, "oracle")}, false, nil
	r.Progress, r.Stdout, r.Stderr = "quiet", io.Discard, io.Discard
	out, err := w.eng.Build(t.Context(), r)
	if err != nil {
		return nil, err
	}
	ids, at := identities(out.Steps), located{}
	for _, s := range w.statements(t, out.Target) { // one for each platform
		if err := s.places(out.Steps, ids, at); err != nil {
			return nil, err
		}
	}
	at.near(out.Steps, ids)
	return at, nil
}

// near gives steps without lines those of the steps that take their result.
func (at located) near(steps []engine.Step, ids map[string]string) {
	for range steps {
		for _, s := range steps {
			user, ok := at[ids[s.Digest]]
			if !ok || len(user.lines) == 0 {
				continue
			}
			for _, in := range s.Inputs {
				x, ok := at[ids[in]]
				if !ok || len(x.lines) > 0 && !x.near {
					continue
				}
				x.near = true
				x.lines = slices.Concat(x.lines, user.lines)
				slices.Sort(x.lines)
				x.lines = slices.Compact(x.lines)
				at[ids[in]] = x
			}
		}
	}
}

// places adds the places of the steps that a statement knows.
func (s *statement) places(steps []engine.Step, ids map[string]string, at located) error {
	config := s.Predicate.BuildDefinition.InternalParameters.BuildConfig
	source := map[string]bool{}
	for _, d := range config.Definition {
		source[d.ID] = d.Op.Op.Source != nil
	}
	known := located{}
	for _, step := range steps {
		of, ok := config.DigestMapping[step.Digest]
		if !ok {
			continue
		}
		x := place{source: source[of]}
		for _, l := range s.Predicate.RunDetails.Metadata.BuildKit.Source.Locations[of].Locations {
			if len(l.Ranges) > 0 && l.SourceIndex == 0 && !slices.Contains(x.lines, l.Ranges[0].Start.Line) {
				x.lines = append(x.lines, l.Ranges[0].Start.Line)
			}
		}
		slices.Sort(x.lines)
		if other, twice := known[ids[step.Digest]]; twice && !slices.Equal(other.lines, x.lines) {
			return fmt.Errorf("two steps cannot be told apart: %s", step.Name)
		}
		known[ids[step.Digest]] = x
	}
	for id, x := range known {
		x.lines = append(x.lines, at[id].lines...)
		slices.Sort(x.lines)
		x.lines = slices.Compact(x.lines)
		at[id] = x
	}
	return nil
}

// statements are the provenances of a built image, one for each platform.
func (w *world) statements(t *testing.T, target ocispec.Descriptor) (out []*statement) {
	t.Helper()
	var x ocispec.Index
	w.document(t, target, &x)
	for _, m := range x.Manifests {
		if m.Annotations["vnd.docker.reference.type"] != "attestation-manifest" {
			continue
		}
		var man ocispec.Manifest
		w.document(t, m, &man)
		for _, l := range man.Layers {
			if strings.HasPrefix(l.Annotations["in-toto.io/predicate-type"], "https://slsa.dev/provenance/") {
				s := new(statement)
				w.document(t, l, s)
				out = append(out, s)
			}
		}
	}
	if len(out) == 0 {
		t.Fatalf("no provenance in %+v", x)
	}
	return out
}

func (w *world) document(t *testing.T, d ocispec.Descriptor, v any) {
	t.Helper()
	b, err := content.ReadBlob(t.Context(), w.st.Content(), d)
	if err == nil {
		err = json.Unmarshal(b, v)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// platform is what stands before a stage's name in a build for several platforms.
var platform = regexp.MustCompile(`^\[[a-z0-9]+/[a-z0-9/]+ `)

// identities tell steps of one build and those of another apart, or that they are the
// same. BuildKit's digests do not where the build context is among their inputs: it has
// the number of a session.
func identities(steps []engine.Step) map[string]string {
	by := map[string]*engine.Step{}
	for i := range steps {
		by[steps[i].Digest] = &steps[i]
	}
	below := map[string]string{} // by what a step is called and stands on
	var of func(d string) string
	of = func(d string) string {
		if id, ok := below[d]; ok {
			return id
		}
		s := by[d]
		if s == nil {
			return "?"
		}
		text := platform.ReplaceAllString(s.Name, "[") // what platforms share is called by one of them
		for _, in := range s.Inputs {
			text += "\x00" + of(in)
		}
		below[d] = digest.FromString(text).Encoded()
		return below[d]
	}
	above := map[string][]string{} // by what stands on it: contexts have one name and no inputs
	for d, s := range by {
		for _, in := range s.Inputs {
			above[in] = append(above[in], of(d))
		}
	}
	out := map[string]string{}
	for d := range by {
		slices.Sort(above[d])
		out[d] = of(d) + " " + digest.FromString(strings.Join(above[d], " ")).Encoded()
	}
	return out
}

// unknown tells whether a row says that it does not know its step.
func unknown(l *profile.Line) bool {
	b, err := json.Marshal(l)
	var fields map[string]any
	if err != nil || json.Unmarshal(b, &fields) != nil {
		return false
	}
	for k, v := range fields {
		if strings.EqualFold(k, "unknown") && v != false && v != "" {
			return true
		}
	}
	return false
}

func unknownAt(r *profile.Result, line int) bool {
	for i := range r.Lines {
		if r.Lines[i].Lines[0] == line {
			return unknown(&r.Lines[i])
		}
	}
	return false
}
