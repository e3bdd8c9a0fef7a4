package profiler_test

import (
	"encoding/json"
	"fmt"
	"io"
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
	// named says that BuildKit has no lines for it, but calls it by an instruction: what
	// ADD fetches. It may count as that instruction's, or as nobody's.
	named bool
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
	p := w.statement(t, out.Target).Predicate
	config := p.BuildDefinition.InternalParameters.BuildConfig
	source := map[string]bool{}
	for _, d := range config.Definition {
		source[d.ID] = d.Op.Op.Source != nil
	}
	ids, at, called := identities(out.Steps), located{}, map[string][]int{}
	for _, step := range out.Steps {
		of, ok := config.DigestMapping[step.Digest]
		if !ok {
			continue
		}
		x := place{source: source[of]}
		for _, l := range p.RunDetails.Metadata.BuildKit.Source.Locations[of].Locations {
			if len(l.Ranges) > 0 && l.SourceIndex == 0 && !slices.Contains(x.lines, l.Ranges[0].Start.Line) {
				x.lines = append(x.lines, l.Ranges[0].Start.Line)
			}
		}
		slices.Sort(x.lines)
		if other, twice := at[ids[step.Digest]]; twice && !slices.Equal(other.lines, x.lines) {
			return nil, fmt.Errorf("two steps cannot be told apart: %s", step.Name)
		}
		at[ids[step.Digest]] = x
		if len(x.lines) > 0 {
			called[step.Name] = x.lines
		}
	}
	for _, step := range out.Steps {
		if x, ok := at[ids[step.Digest]]; ok && x.source && len(x.lines) == 0 && called[step.Name] != nil {
			at[ids[step.Digest]] = place{lines: called[step.Name], source: true, named: true}
		}
	}
	return at, nil
}

// statement is the provenance of a built image.
func (w *world) statement(t *testing.T, target ocispec.Descriptor) *statement {
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
				return s
			}
		}
	}
	t.Fatalf("no provenance in %+v", x)
	return nil
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
		text := s.Name
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
