package check

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/opencontainers/go-digest"

	"tare/internal/dockerfile"
	"tare/internal/gate"
	"tare/internal/outfile"
)

// lastKind is the kind of what the last check that passed saw, by what it checked.
const lastKind = "check-v1"

// key is what the last check of a job is found by.
func (j *job) key() digest.Digest {
	of := j.dir + "\x00" + j.file
	if j.word != "" {
		of = j.word
	}
	return digest.FromString(of + "\x00" + j.name + "\x00" + j.platform)
}

// last is what the last check that passed saw; nil if there was none.
func (c *checker) last(j *job) *gate.Subject {
	st, err := c.b.Store()
	if err != nil {
		return nil
	}
	out := new(gate.Subject)
	if !st.Builds(lastKind).Get(lastKind, j.key(), out) || out.Check() != nil {
		c.note("%s: no check of it has passed yet: nothing to compare with", j.name)
		return nil
	}
	return out
}

// keep writes what was checked, for baselines to come. A check that failed is none for the
// next: the change would be let in the second time.
func (c *checker) keep(ctx context.Context, jobs []*job, list []gate.Subject, passed bool) error {
	if st, err := c.b.Store(); err == nil && passed && len(jobs) == len(list) {
		for n, j := range jobs {
			st.Builds(lastKind).Keep(lastKind, j.key(), list[n])
		}
	}
	if c.Save == "" {
		return nil
	}
	b, err := json.Marshal(gate.Baseline{Schema: gate.BaselineSchema, Images: list})
	if err != nil {
		return err
	}
	if err := outfile.WriteBytes(ctx, c.Save, append(b, '\n')); err != nil {
		return fmt.Errorf("--save: %w", err)
	}
	return nil
}

func parseText(text string) (*dockerfile.File, error) {
	return dockerfile.Parse([]byte(text))
}
