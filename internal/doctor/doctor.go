package doctor

import (
	"context"
	"errors"
	"slices"
)

// Host is what the checks ask the engine's packages. Nil functions are not asked.
type Host struct {
	Runtime  func() (path string, err error)             // the OCI runtime, or what to install
	Mappable func() error                                // why no subordinate ids can be mapped
	Entered  func() bool                                 // this process is root of tare's own user namespace
	Trial    func(ctx context.Context, dir string) error // starts a container with its files below dir
}

// Before says, before this process enters a user namespace of its own or mounts anything,
// what keeps it from running containers: nil or a *Refused. It takes about a millisecond.
func Before(h Host) error {
	f := take(h)
	return refuse(f, judge(&f, false))
}

// NotEntered explains why the user namespace could not be entered.
func NotEntered(h Host, err error) error {
	if err == nil {
		return nil
	}
	f := take(h)
	f.Enter = err
	return refuse(f, judge(&f, false))
}

// Request asks for the whole list.
type Request struct {
	Host
	// Enter is the error with which entering the user namespace failed; nil if it did not.
	Enter error
	// Store opens the store and returns its directory.
	Store func() (string, error)
	// Builder is the address of a builder, "" for the engine in tare, and Ask asks it.
	Builder string
	Ask     func(ctx context.Context) error
}

// Examine finds out everything, and starts a container where nothing forbids it.
func Examine(ctx context.Context, r Request) Report {
	f := take(r.Host)
	f.Enter, f.Builder = asEntered(r.Enter), r.Builder
	if f.Store, f.StoreErr = r.Store(); f.StoreErr == nil {
		f.FileSystem = fileSystem(f.Store)
	}
	if f.Builder != "" {
		f.BuilderErr = r.Ask(ctx)
	} else if f.StoreErr == nil && len(forbidding(judge(&f, true))) == 0 {
		f.tryOverlay(f.Store)
		if r.Trial != nil {
			f.Trial, f.TrialTried = r.Trial(ctx, f.Store), true
		}
	}
	out := Report{Schema: Schema, User: f.User, Rootless: f.System == "linux" && f.rootless(), Inside: f.Inside, Builder: f.Builder, Checks: judge(&f, true)}
	out.Builds = len(forbidding(out.Checks)) == 0
	out.Allow = allow(f, out.Checks)
	out.Works = slices.Clone(reading)
	if f.StoreErr == nil {
		out.Works = append(out.Works, storing...)
	}
	if out.Builds {
		out.Works = append(out.Works, "build", "run", "profile", "lab")
	}
	return out
}

// asEntered is what entering the user namespace failed with.
func asEntered(err error) error {
	var r *Refused
	if errors.As(err, &r) {
		return r.enter
	}
	return err
}
