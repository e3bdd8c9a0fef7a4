package shard_test

import (
	"errors"
	"strings"
	"testing"

	"tare/internal/request"
	"tare/internal/shard"
)

func env(pairs ...string) func(string) string {
	return func(name string) string {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1]
			}
		}
		return ""
	}
}

func TestShardsAreFoundInTheEnvironment(t *testing.T) {
	slurm := func(id, first, last, count, step string) []string {
		return []string{"SLURM_ARRAY_TASK_ID", id, "SLURM_ARRAY_TASK_MIN", first, "SLURM_ARRAY_TASK_MAX", last, "SLURM_ARRAY_TASK_COUNT", count, "SLURM_ARRAY_TASK_STEP", step}
	}
	for _, c := range []struct {
		name string
		env  []string
		want shard.Shard
		from string
		err  string
	}{
		{"nothing", nil, shard.Shard{1, 1}, "", ""},
		{"kubernetes first", []string{"JOB_COMPLETION_INDEX", "0", "TARE_SHARDS", "4"}, shard.Shard{1, 4}, "JOB_COMPLETION_INDEX", ""},
		{"kubernetes last", []string{"JOB_COMPLETION_INDEX", "3", "TARE_SHARDS", "4"}, shard.Shard{4, 4}, "JOB_COMPLETION_INDEX", ""},
		{"kubernetes without a count", []string{"JOB_COMPLETION_INDEX", "3"}, shard.Shard{}, "", "TARE_SHARDS"},
		{"kubernetes beyond", []string{"JOB_COMPLETION_INDEX", "4", "TARE_SHARDS", "4"}, shard.Shard{}, "", "shard 5 of 4"},
		{"slurm from 1", slurm("2", "1", "4", "4", "1"), shard.Shard{2, 4}, "SLURM_ARRAY_TASK_ID", ""},
		{"slurm from 0", slurm("0", "0", "3", "4", ""), shard.Shard{1, 4}, "SLURM_ARRAY_TASK_ID", ""},
		{"slurm in steps", slurm("14", "10", "16", "4", "2"), shard.Shard{3, 4}, "SLURM_ARRAY_TASK_ID", ""},
		{"slurm one again", slurm("3", "3", "3", "1", "1"), shard.Shard{1, 1}, "SLURM_ARRAY_TASK_ID", ""},
		{"slurm with holes", slurm("7", "1", "7", "3", "1"), shard.Shard{}, "", "no plain range"},
		{"slurm without a count", []string{"SLURM_ARRAY_TASK_ID", "1"}, shard.Shard{}, "", "SLURM_ARRAY_TASK_COUNT"},
		{"gitlab", []string{"CI_NODE_INDEX", "3", "CI_NODE_TOTAL", "3"}, shard.Shard{3, 3}, "CI_NODE_INDEX", ""},
		{"gitlab without parallel", []string{"CI_NODE_TOTAL", "1"}, shard.Shard{1, 1}, "", ""},
		{"gitlab from 0", []string{"CI_NODE_INDEX", "0", "CI_NODE_TOTAL", "3"}, shard.Shard{}, "", "shard 0 of 3"},
		{"circleci", []string{"CIRCLE_NODE_INDEX", "0", "CIRCLE_NODE_TOTAL", "2"}, shard.Shard{1, 2}, "CIRCLE_NODE_INDEX", ""},
		{"no number", []string{"CI_NODE_INDEX", "-1", "CI_NODE_TOTAL", "2"}, shard.Shard{}, "", "CI_NODE_INDEX"},
		{"two that agree", []string{"JOB_COMPLETION_INDEX", "1", "TARE_SHARDS", "3", "CI_NODE_INDEX", "2", "CI_NODE_TOTAL", "3"}, shard.Shard{2, 3}, "JOB_COMPLETION_INDEX", ""},
		{"two that do not", []string{"JOB_COMPLETION_INDEX", "0", "TARE_SHARDS", "3", "CI_NODE_INDEX", "2", "CI_NODE_TOTAL", "3"}, shard.Shard{}, "", "JOB_COMPLETION_INDEX says that this is shard 1 of 3, and CI_NODE_INDEX that it is shard 2 of 3"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, from, err := shard.Detect(env(c.env...))
			if c.err != "" {
				var usage request.Error
				if err == nil || !strings.Contains(err.Error(), c.err) || !errors.As(err, &usage) {
					t.Errorf("%v", err)
				}
				return
			}
			if err != nil || s != c.want || from != c.from {
				t.Errorf("%v from %q, %v", s, from, err)
			}
		})
	}
}

func TestShardsAreWrittenAsIOfN(t *testing.T) {
	for text, want := range map[string]shard.Shard{"1/1": {1, 1}, "4/4": {4, 4}, "100000/100000": {100000, 100000}} {
		if s, err := shard.Parse(text); err != nil || s != want {
			t.Errorf("%s: %v, %v", text, s, err)
		}
	}
	for _, text := range []string{"", "1", "/", "0/4", "5/4", "-1/4", "1/-4", "+1/4", " 1/4", "1/4/4", "a/b", "1/0", "1/100001", "99999999999999999999/4"} {
		if s, err := shard.Parse(text); err == nil || !strings.Contains(err.Error(), "count from 1") {
			t.Errorf("%q: %v, %v", text, s, err)
		}
	}
}
