// Package shard says which part of a scan a process does, and writes what starts all parts on engines that people run already:
// Kubernetes, Slurm, GitLab, GitHub. It starts nothing itself.
package shard

import (
	"fmt"
	"strconv"
	"strings"

	"tare/internal/request"
)

// Shard is one of several equal parts of a scan.
type Shard struct {
	Index int // from 1
	Of    int
}

// String is the shard for people.
func (s Shard) String() string { return fmt.Sprintf("shard %d of %d", s.Index, s.Of) }

// Max is how many shards there may be.
const Max = 100_000

// Check tells whether there can be such a shard.
func (s Shard) Check() error {
	if s.Of < 1 || s.Of > Max || s.Index < 1 || s.Index > s.Of {
		return request.Errorf("%s: want I of N, from 1 of N to N of N, and N at most %d", s, Max)
	}
	return nil
}

// Parse reads I/N. Shards count from 1, as in 1/4 to 4/4.
func Parse(text string) (Shard, error) {
	a, b, ok := strings.Cut(text, "/")
	i, err1 := number(a)
	n, err2 := number(b)
	if s := (Shard{i, n}); ok && err1 == nil && err2 == nil && s.Check() == nil {
		return s, nil
	}
	return Shard{}, request.Errorf("--shard %.40q: want I/N, such as 1/4 to 4/4 (shards count from 1)", text)
}

// number reads digits alone: no sign, no space.
func number(s string) (int, error) {
	if s == "" || strings.Trim(s, "0123456789") != "" {
		return 0, strconv.ErrSyntax
	}
	return strconv.Atoi(s)
}

// engine is a program that starts several processes of one job, and tells each in its environment which it is.
type engine struct {
	name  string // the variable that tells it
	shard func(env func(string) string, index int) (Shard, error)
}

// CountVariable says how many shards there are where an engine says only which one this is: Kubernetes.
const CountVariable = "TARE_SHARDS"

// engines are those whose variables are known.
var engines = []engine{
	{"JOB_COMPLETION_INDEX", func(env func(string) string, i int) (Shard, error) {
		if env(CountVariable) == "" {
			return Shard{}, request.Errorf("JOB_COMPLETION_INDEX says which shard this is, and nothing says of how many: set %s to the job's completions (tare fleet manifest kubernetes does), or use --shard I/N", CountVariable)
		}
		n, err := of(env, CountVariable)
		return Shard{i + 1, n}, err
	}},
	{"SLURM_ARRAY_TASK_ID", slurm},
	{"CI_NODE_INDEX", func(env func(string) string, i int) (Shard, error) { // GitLab
		n, err := of(env, "CI_NODE_TOTAL")
		return Shard{i, n}, err
	}},
	{"CIRCLE_NODE_INDEX", func(env func(string) string, i int) (Shard, error) {
		n, err := of(env, "CIRCLE_NODE_TOTAL")
		return Shard{i + 1, n}, err
	}},
}

// slurm counts in the range of the array, which may begin anywhere and take steps. An array of single numbers says of no task how many
// are before it.
func slurm(env func(string) string, id int) (Shard, error) {
	n, err := of(env, "SLURM_ARRAY_TASK_COUNT")
	if err != nil {
		return Shard{}, err
	}
	first, err := of(env, "SLURM_ARRAY_TASK_MIN")
	if err != nil {
		return Shard{}, err
	}
	last, err := of(env, "SLURM_ARRAY_TASK_MAX")
	if err != nil {
		return Shard{}, err
	}
	step := 1
	if env("SLURM_ARRAY_TASK_STEP") != "" {
		if step, err = of(env, "SLURM_ARRAY_TASK_STEP"); err != nil {
			return Shard{}, err
		}
	}
	if step < 1 || (last-first)/step+1 != n || (id-first)%step != 0 {
		return Shard{}, request.Errorf("the Slurm array is no plain range (%d tasks from %d to %d): use --array=1-N, or --shard I/N", n, first, last)
	}
	return Shard{(id-first)/step + 1, n}, nil
}

// of reads a variable that has a number.
func of(env func(string) string, name string) (int, error) {
	n, err := number(env(name))
	if err != nil {
		return 0, request.Errorf("%s=%.40q: want a number, or use --shard I/N", name, env(name))
	}
	return n, nil
}

// Detect finds the shard that an engine has made this process; from is the variable that said so, "" if none did: then it is the only
// one. Two engines that say different things are an error.
func Detect(env func(string) string) (s Shard, from string, err error) {
	s = Shard{1, 1}
	for _, e := range engines {
		if env(e.name) == "" {
			continue
		}
		i, err := of(env, e.name)
		if err != nil {
			return s, "", err
		}
		found, err := e.shard(env, i)
		if err != nil {
			return s, "", err
		}
		if err := found.Check(); err != nil {
			return s, "", request.Errorf("%s=%s: %w", e.name, env(e.name), err)
		}
		if from != "" && found != s {
			return s, "", request.Errorf("%s says that this is %s, and %s that it is %s: say which with --shard I/N", from, s, e.name, found)
		}
		if from == "" {
			s, from = found, e.name
		}
	}
	return s, from, nil
}
