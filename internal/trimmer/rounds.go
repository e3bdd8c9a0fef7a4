package trimmer

import (
	"context"
	"slices"

	"tare/internal/draft"
	"tare/internal/trim"
)

// maxRounds bounds how often the rules look at a file that they have changed.
const maxRounds = 3

// stands is the image that an edit is measured against: the original, or that of the edits
// that earlier rounds kept.
func (t *trimmer) stands() *state {
	if t.stand != nil {
		return t.stand
	}
	return t.original
}

// rounds lets the rules look again at the file with the kept edits, where others were left
// out only because they changed the same bytes: on the changed file they may do. What a
// container sees is compared with the original still.
func (t *trimmer) rounds(ctx context.Context, list, kept []*candidate) ([]*candidate, error) {
	for range maxRounds - 1 {
		if !slices.ContainsFunc(list, func(c *candidate) bool { return c.clash }) || len(kept) == 0 || t.next == nil {
			break
		}
		next, err := t.round(ctx, kept)
		if err != nil {
			return nil, err
		}
		more := next.among(list)
		if len(more) == 0 {
			break
		}
		if err := next.judge(ctx, more); err != nil {
			return nil, err
		}
		if kept, err = next.together(ctx, more); err != nil {
			return nil, err
		}
		if len(kept) == 0 {
			break
		}
		list = replaced(list, kept)
		t = next
	}
	return list, nil
}

// round is a trimmer of the file with the kept edits.
func (t *trimmer) round(ctx context.Context, kept []*candidate) (*trimmer, error) {
	files, err := t.result(kept)
	if err != nil {
		return nil, err
	}
	next := *t
	if next.given == nil {
		next.given = t.src
	}
	next.stand, next.next, next.laid = t.next, nil, files
	// From the copy's own build: the steps' lines are those of the changed file.
	next.src = files[t.name]
	if next.src == nil {
		next.src = t.src
	}
	if next.f, err = draft.Read(next.src); err != nil {
		return nil, err
	}
	return &next, next.project()
}

// among are the candidates of the changed file that an earlier round left out for the bytes
// that they change, by their rules; each with its line in the file as it was given.
func (t *trimmer) among(list []*candidate) []*candidate {
	var out []*candidate
	found := trim.Find(t.p, trim.Lossless)
	if t.Drop {
		found = append(found, trim.Find(t.p, trim.Checked)...)
	}
	for _, c := range found {
		n := slices.IndexFunc(list, func(d *candidate) bool { return d.clash && !d.Kept && d.Verdict.Rule == c.Rule })
		if n < 0 {
			continue
		}
		v := trim.Verdict{Rule: c.Rule, Kind: c.Kind, File: t.name, Line: list[n].Verdict.Line, What: c.What, Predicted: c.Predicted, Exact: c.Exact, Secret: c.Secret, Unknown: c.Unknown}
		out = append(out, &candidate{Candidate: c, Verdict: v})
	}
	return out
}

// replaced are candidates with those that a later round kept in the places of theirs.
func replaced(list, kept []*candidate) []*candidate {
	for _, c := range kept {
		n := slices.IndexFunc(list, func(d *candidate) bool { return d.clash && !d.Kept && d.Verdict.Rule == c.Verdict.Rule })
		if n < 0 {
			list = append(list, c)
			continue
		}
		list[n] = c
	}
	return list
}
