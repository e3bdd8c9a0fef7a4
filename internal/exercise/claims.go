// Package exercise is what belongs to the course only, "Comparing Python images with and
// without multi-stage builds": its claims held against what was measured, its questions
// answered, its tables filled. Everything is a pure function of a comparison or a record.
package exercise

import (
	"fmt"
	"slices"

	"tare/internal/compare"
	"tare/internal/explain"
)

// Verdicts of claims.
const (
	Supported = "supported"
	Refuted   = "refuted"
)

// Sentences are those that answer the questions of the exercise, each that judges one of
// the beliefs it starts from with its Claim and Verdict. What is less than m is no reason
// to support one.
func Sentences(r *compare.Result, m explain.Material) []compare.Sentence {
	list := explain.Course(r, m)
	for i := range list {
		claim(r, &list[i], m)
	}
	return list
}

func claim(r *compare.Result, s *compare.Sentence, m explain.Material) {
	if len(s.Evidence) == 0 {
		return
	}
	e := s.Evidence[len(s.Evidence)-1]
	switch s.Kind {
	case explain.Smallest, explain.Largest:
		if slices.ContainsFunc(r.Images, func(i compare.Image) bool { return !i.Sizes.Transfer.Known() }) {
			return // nobody knows on all measures
		}
		s.Claim = e.Image + " is the " + s.Kind + " image"
		s.Verdict = verdict(everywhere(r, e.Image, s.Kind == explain.Largest))
	case explain.BuildTools:
		total := totalOf(r, e)
		larger, smaller := ends(e.From, e.To, total)
		s.Claim = fmt.Sprintf("%s is larger than %s because of build dependencies", larger, smaller)
		s.Verdict = verdict((e.Value > 0) == (total > 0) && m.Of(e.Value, total) && abs(e.Value)*2 >= abs(total))
	case explain.MoreTools:
		s.Claim, s.Verdict = s.Evidence[0].Image+" is larger but includes more tools", verdict(more(r, s, m))
	case explain.Stages:
		s.Claim, s.Verdict = e.Image+" is smaller for being built in several stages", verdict(m.Of(e.Value, r.Image(e.Image).Sizes.Live))
	}
}

// more tells whether what the larger image has of packages outweighs what it lacks itself,
// in number and in bytes.
func more(r *compare.Result, s *compare.Sentence, m explain.Material) bool {
	bytes, number := s.Evidence[0], s.Evidence[1]
	lost, lacks := s.Evidence[len(s.Evidence)-2], s.Evidence[len(s.Evidence)-1]
	return number.Value > lacks.Value && bytes.Value > lost.Value && m.Of(bytes.Value-lost.Value, r.Image(bytes.Image).Sizes.Live)
}

func verdict(ok bool) string {
	if ok {
		return Supported
	}
	return Refuted
}

// everywhere tells whether an image is the smallest, or the largest, on all measures
// that the exercise looks at. They are known.
func everywhere(r *compare.Result, name string, largest bool) bool {
	for _, m := range compare.Measures {
		switch m.Name {
		case "transfer", "tar", "files", "live", "docker":
		default:
			continue
		}
		mine := m.Value(&r.Image(name).Sizes).Or(0)
		for i := range r.Images {
			v := m.Value(&r.Images[i].Sizes).Or(0)
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
			return d.Bytes()
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
