// Package scan finds the images of registries, lists and clusters, and reads each layer of theirs once: in shards that need nobody who
// coordinates them.
package scan

import (
	"fmt"
	"io"

	"tare/internal/fleet"
	"tare/internal/indexes"
	"tare/internal/progress"
	"tare/internal/request"
	"tare/internal/shard"
	"tare/internal/source"
	"tare/internal/store"
)

// Request says what is scanned.
type Request struct {
	Sources []string
	fleet.Rules
	Plan string // a file with the plan, in place of Sources; "" for none
	Out  string // where the results are
	// Shard is I/N, or "" for what Env says.
	Shard string
	// Parallel is how many layers are read at a time; 0 for one per core.
	Parallel int
}

// Session is what a scan needs of the program that it is part of.
type Session struct {
	Registry func() (*source.Registry, error)
	Store    func() (*store.Store, error) // for images and indexes that are here already
	Trust    indexes.Trust                // whose indexes in registries are used
	Env      func(string) string
	Stdin    io.Reader
	Note     func(text string)                          // tells the user something meanwhile
	Watch    func() (events progress.Func, done func()) // shows slow work
	// Log is told once a minute how far the work is; nil where people see it.
	Log func(text string)
}

// Check returns an error if the request cannot be understood.
func (q *Request) Check() error {
	if err := q.Rules.Check(); err != nil {
		return request.Error{Err: err}
	}
	if q.Parallel < 0 {
		return request.Errorf("--parallel %d: want a number, 0 or more", q.Parallel)
	}
	if q.Plan != "" && len(q.Sources) > 0 {
		return request.Errorf("--plan says already what is scanned: leave %q out", q.Sources[0])
	}
	if q.Plan != "" && (q.Tags != "" || q.Newest != 0 || q.Platform != "") {
		return request.Errorf("--tags, --newest and --platform are for tare fleet plan: the plan has settled them")
	}
	stdin := 0
	for _, s := range q.Sources {
		if _, err := parse(s, false); err != nil {
			return err
		}
		if s == "-" {
			stdin++
		}
	}
	if stdin > 1 {
		return request.Errorf("standard input can be read once: write - once")
	}
	_, _, err := q.shard(func(string) string { return "" })
	return err
}

// shard is the part that is asked for: by the flag, else by the engine that started this process.
func (q *Request) shard(env func(string) string) (shard.Shard, string, error) {
	if q.Shard != "" {
		s, err := shard.Parse(q.Shard)
		return s, "--shard", err
	}
	return shard.Detect(env)
}

// Job completes a job of an engine with what is scanned.
func (q *Request) Job(j *shard.Job) error {
	if err := q.Check(); err != nil {
		return err
	}
	if j.Out == "" {
		j.Out = "fleet"
		if j.Engine == "kubernetes" {
			j.Out = "/fleet"
		}
	}
	for _, r := range []struct{ flag, value string }{{"--tags", q.Tags}, {"--platform", q.Platform}} {
		if r.value != "" {
			j.Args = append(j.Args, r.flag+"="+r.value)
		}
	}
	if q.Newest > 0 {
		j.Args = append(j.Args, fmt.Sprint("--newest=", q.Newest))
	}
	j.Args = append(j.Args, q.Sources...)
	return nil
}
