package trace

import (
	"tare/internal/request"
	"tare/internal/suggest"
	"tare/internal/touch"
)

// Help and Examples are the command's.
const (
	Help = `Run a command in a container of an image, or each check of a tare.yaml, and note
every file of the image that its programs open, execute, map or look at: the
whole process tree, from the first execve on. Then show what nothing touched,
by package, layer and Dockerfile line.

TARGET is an image, a Dockerfile, a directory with one, or a directory with a
tare.yaml (default .). COMMAND is the whole command line, without the image's
ENTRYPOINT; without one the image's own command runs.

A trace that lost anything says "incomplete", and nothing is concluded from
it. The exit code is 3 then, and where a check does not pass.`
	Examples = `  tare trace python:slim -- python3 -c 'import json, ssl'
  tare trace                          # each check of ./tare.yaml
  tare trace --stop-after 10s nginx   # a server, stopped after ten seconds
  tare trace --format json -o app.trace app -- ./selftest
  tare weigh --trace app.trace app
  tare trace --prefetch soci -o prefetch.json app -- ./serve`
)

// Words divides a command line into what is traced ("." if nothing is named) and the
// command. dash is how many words stand before "--"; -1 without one.
func Words(args []string, dash int) (word string, command []string, err error) {
	if dash >= 0 {
		args, command = args[:dash], args[dash:]
		if len(command) == 0 {
			return "", nil, request.Errorf("no command behind --")
		}
	}
	switch {
	case len(args) > 1 && dash < 0:
		return "", nil, request.Errorf("%q: put the command behind --: tare trace %s -- %s", args[1], args[0], args[1])
	case len(args) > 1:
		return "", nil, request.Errorf("%q: want one TARGET before --", args[1])
	case len(args) == 0:
		return ".", command, nil
	}
	return args[0], command, nil
}

// Check says what in a request cannot be. formatted says that another format than text was
// asked for.
func (r *Request) Check(formatted bool) error {
	if n := r.Options.Network; n != "" && n != "host" && n != "none" {
		return request.Errorf("--network %q: tare knows host and none", n)
	}
	if r.Top < 0 || r.StopAfter < 0 {
		return request.Errorf("--top and --stop-after: want 0 or more")
	}
	if r.Prefetch == "" {
		return nil
	}
	if formatted {
		return request.Errorf("--prefetch writes a list of its own: it goes with no --format")
	}
	return suggest.OneOf("--prefetch", r.Prefetch, touch.Prefetchers)
}
