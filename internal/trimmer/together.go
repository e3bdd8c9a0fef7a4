package trimmer

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"tare/internal/draft"
	"tare/internal/trim"
)

// together builds all kept edits at once from scratch; where the set fails, edits are left
// out until it passes, and it is said which two do not go together.
func (t *trimmer) together(ctx context.Context, list []*candidate) ([]*candidate, error) {
	instead(list)
	kept := slices.DeleteFunc(slices.Clone(list), func(c *candidate) bool { return !c.Kept })
	slices.SortStableFunc(kept, func(a, b *candidate) int {
		return cmp.Or(secret(a)-secret(b), cmp.Compare(b.Measured.Tar, a.Measured.Tar))
	})
	for len(kept) > 0 {
		t.tell(Progress{Subject: fmt.Sprintf("%d edits together", len(kept)), What: "building from scratch"})
		s, why, err := t.try(ctx, kept, true)
		if err != nil {
			return nil, err
		}
		if why == "" {
			if s.facts.Sizes.Tar > t.stands().facts.Sizes.Tar && !slices.ContainsFunc(kept, func(c *candidate) bool { return c.Candidate.Secret || c.Rebuild != nil }) {
				why = "together they save nothing"
			} else {
				t.out.After = trim.State{Sizes: s.facts.Sizes, Seconds: s.seconds}
				t.next = s
				t.out.Patch, err = t.patch(kept)
				return kept, err
			}
		}
		if kept, err = t.without(ctx, kept, why); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// instead leaves out edits that take a secret out and do more than another one of the same
// line that is kept.
func instead(list []*candidate) {
	for _, c := range list {
		if c.Kept && c.Instead && slices.ContainsFunc(list, func(d *candidate) bool {
			return d.Kept && d.Candidate.Secret && !d.Instead && d.Candidate.Line == c.Candidate.Line
		}) {
			c.Kept, c.Why = false, "another edit takes the secret out and changes less"
		}
	}
}

func secret(c *candidate) int {
	if c.Candidate.Secret {
		return 0
	}
	return 1
}

// try builds edits together and judges what comes out; why says why it is no good.
func (t *trimmer) try(ctx context.Context, list []*candidate, fresh bool) (s *state, why string, err error) {
	e, err := t.join(list)
	if err != nil {
		list[len(list)-1].clash = true
		return nil, err.Error(), nil
	}
	s, err = t.built(ctx, e, fresh)
	if ctx.Err() != nil {
		return nil, "", ctx.Err()
	}
	var fault *fault
	if errors.As(err, &fault) {
		return nil, "", err
	}
	if err != nil {
		return nil, err.Error(), nil
	}
	all := &candidate{Verdict: trim.Verdict{Kind: trim.Lossless}}
	for _, c := range list {
		if c.Verdict.Kind == trim.Checked {
			all.Verdict.Kind = trim.Checked
		}
		if c.patch != nil {
			all.patch = c.patch
		}
	}
	diff := t.differences(s)
	settings := settingsDiffer(t.original, s)
	all.Same = len(diff) == 0 && settings == ""
	if why = t.allowed(all, diff, settings); why != "" {
		return s, why, nil
	}
	_, why, err = t.passes(ctx, s)
	return s, why, err
}

// without leaves one edit out: it goes through them in their order, and drops the first with
// which those before it fail.
func (t *trimmer) without(ctx context.Context, kept []*candidate, why string) ([]*candidate, error) {
	for n := 1; n <= len(kept); n++ {
		t.tell(Progress{Subject: label(&kept[n-1].Verdict), What: "finding which edits do not go together", Done: n, Total: len(kept)})
		_, bad, err := t.try(ctx, kept[:n], false)
		if err != nil {
			return nil, err
		}
		if bad == "" {
			continue
		}
		c := kept[n-1]
		c.Kept, c.Why = false, "with the other edits: "+bad
		for _, d := range kept[:n-1] {
			pair := bad
			if n > 2 {
				if _, pair, err = t.try(ctx, []*candidate{d, c}, false); err != nil {
					return nil, err
				}
			}
			if pair != "" {
				c.Why = fmt.Sprintf("it does not go together with %s: %s", label(&d.Verdict), pair)
				break
			}
		}
		return slices.Delete(kept, n-1, n), nil
	}
	// Each set passes from the cache: what fails is the build from scratch.
	c := kept[len(kept)-1]
	c.Kept, c.Why = false, "built from scratch with the other edits: "+why
	return kept[:len(kept)-1], nil
}

// join makes one set of changes of those of several edits.
func (t *trimmer) join(list []*candidate) (edits, error) {
	out := edits{write: map[string][]byte{}}
	for _, c := range list {
		out.docker = append(out.docker, c.Edits...)
		for name, body := range c.Write {
			have, ok := out.write[name]
			orig := t.orig(name)
			switch {
			case !ok || bytes.Equal(have, body):
				out.write[name] = body
			case bytes.HasPrefix(have, orig) && bytes.HasPrefix(body, orig): // both add lines at its end
				out.write[name] = append(bytes.Clone(have), body[len(orig):]...)
			default:
				return out, fmt.Errorf("two edits write %s", name)
			}
		}
	}
	_, err := draft.Apply(t.src, out.docker)
	return out, err
}
