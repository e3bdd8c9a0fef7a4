// Package exercise is what belongs to the course only, "Comparing Python images with and
// without multi-stage builds": its claims held against what was measured, its questions
// answered, its tables filled. Everything is a pure function of a comparison or a record.
package exercise

import (
	"fmt"

	"tare/internal/compare"
	"tare/internal/explain"
)

// Verdicts of claims.
const (
	Supported = "supported"
	Refuted   = "refuted"
)

// Claims holds the beliefs that the exercise starts from against the sentences of a
// comparison: it gives each sentence that judges one its Claim and Verdict.
func Claims(r *compare.Result) {
	for i := range r.Sentences {
		s := &r.Sentences[i]
		if len(s.Evidence) == 0 {
			continue
		}
		e := s.Evidence[len(s.Evidence)-1]
		switch s.Kind {
		case explain.Smallest, explain.Largest:
			s.Claim = e.Image + " is the " + s.Kind + " image"
			s.Verdict = verdict(everywhere(r, e.Image, s.Kind == explain.Largest))
		case explain.BuildTools:
			total := totalOf(r, e)
			larger, smaller := ends(e.From, e.To, total)
			s.Claim = fmt.Sprintf("%s is larger than %s because of build dependencies", larger, smaller)
			s.Verdict = verdict(e.Value*total > 0 && abs(e.Value)*2 >= abs(total))
		case explain.MoreTools:
			s.Claim, s.Verdict = e.Image+" is larger but includes more tools", Supported
		case explain.Stages:
			left := int64(0)
			for _, e := range s.Evidence {
				left += e.Value
			}
			s.Claim, s.Verdict = e.Image+" is smaller for being built in several stages", verdict(left > 0)
		case explain.OneStage:
			_, smaller := ends(e.From, e.To, totalOf(r, e))
			s.Claim, s.Verdict = smaller+" is smaller for being built in several stages", Refuted
		}
	}
}

func verdict(ok bool) string {
	if ok {
		return Supported
	}
	return Refuted
}

// everywhere tells whether an image is the smallest, or the largest, on all measures
// that the exercise looks at.
func everywhere(r *compare.Result, name string, largest bool) bool {
	for _, m := range compare.Measures {
		switch m.Name {
		case "transfer", "tar", "files", "live", "docker":
		default:
			continue
		}
		var mine int64
		for i := range r.Images {
			if r.Images[i].Name == name {
				mine = m.Value(&r.Images[i].Sizes)
			}
		}
		for i := range r.Images {
			v := m.Value(&r.Images[i].Sizes)
			if r.Images[i].Name != name && (v == mine || (v > mine) == largest) {
				return false
			}
		}
	}
	return true
}

// totalOf is the difference that a piece of evidence is about.
func totalOf(r *compare.Result, e compare.Evidence) int64 {
	for i := range r.Differences {
		if d := &r.Differences[i]; d.From == e.From && d.To == e.To && d.Measure == e.Measure {
			return d.Total
		}
	}
	return 0
}

func ends(from, to string, total int64) (larger, smaller string) {
	if total < 0 {
		return from, to
	}
	return to, from
}

func abs(n int64) int64 { return max(n, -n) }
