package target

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/containerd/platforms"
	"github.com/opencontainers/go-digest"

	"tare/internal/daemon"
	"tare/internal/image"
	"tare/internal/logs"
	"tare/internal/request"
	"tare/internal/source"
	"tare/internal/store"
	"tare/internal/units"
)

// The places where a plain name is looked for, as TARE_SOURCES and schemes call them.
const (
	inStore    = "store"
	inDocker   = "daemon"
	inPodman   = "podman"
	inRegistry = "registry"
)

// SourcesVariable names the places where names without a scheme are looked for.
const SourcesVariable = "TARE_SOURCES"

var usualOrder = []string{inStore, inDocker, inPodman, inRegistry}

// order is where names are looked for, the first place first.
func order() ([]string, error) {
	text := os.Getenv(SourcesVariable)
	if strings.TrimSpace(text) == "" {
		return usualOrder, nil
	}
	var out []string
	for _, s := range strings.Split(text, ",") {
		s = strings.ToLower(strings.TrimSpace(s))
		if s == "docker" {
			s = inDocker
		}
		if !slices.Contains(usualOrder, s) {
			return nil, request.Errorf("%s=%q: %q is not one of %s", SourcesVariable, text, s, strings.Join(usualOrder, ", "))
		}
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out, nil
}

// kinds are the daemons among places.
func kinds(places []string) (out []daemon.Kind) {
	for _, p := range places {
		switch p {
		case inDocker:
			out = append(out, daemon.Docker)
		case inPodman:
			out = append(out, daemon.Podman)
		}
	}
	return out
}

// patience bounds the question whether a daemon has another image of a name that was
// found already: nobody waits for a hint.
const patience = 300 * time.Millisecond

// search looks for a plain name where names are looked for.
type search struct {
	f    *Finder
	name string
	o    Options
	want platforms.MatchComparer
	not  []string // why places were not asked, or had nothing that fits
}

// named finds the image that a name means.
func (f *Finder) named(ctx context.Context, name string, o Options, want platforms.MatchComparer) (*Image, func() error, error) {
	places, err := order()
	if err != nil {
		return nil, nil, err
	}
	if o.Names == Here {
		places = slices.DeleteFunc(slices.Clone(places), func(p string) bool { return p == inRegistry })
	}
	if isPath(name) {
		places = []string{inStore} // where else could a path be a name
	}
	s := &search{f: f, name: name, o: o, want: want}
	for _, p := range places {
		var img *Image
		var closer func() error
		done := logs.Took("look for image", "name", name, "in", p)
		switch p {
		case inStore:
			img, err = s.store(ctx, places)
		case inRegistry:
			if img, closer = s.known(ctx); img == nil && ctx.Err() == nil {
				img, err = s.registry(ctx)
			}
		default:
			img, closer, err = s.daemons(ctx, kinds([]string{p})[0])
		}
		done(err)
		if img != nil || err != nil {
			logs.Info("image", "name", name, "found", img != nil, "in", p)
			return img, closer, err
		}
	}
	switch {
	case o.Names == Here:
		_, _, err := f.Local(ctx, name, want)
		return nil, nil, s.explain(err)
	case isPath(name):
		return nil, nil, missingPath(name)
	}
	return nil, nil, s.explain(fmt.Errorf("no such image in %s (%s)", strings.Join(places, ", "), SourcesVariable))
}

// store finds the image in the store; nil if it is not there.
func (s *search) store(ctx context.Context, places []string) (*Image, error) {
	rec, img, err := s.f.Local(ctx, s.name, s.want)
	if err != nil {
		if Missing(err) {
			return nil, nil
		}
		return nil, err
	}
	st, err := s.f.Store()
	if err != nil {
		return nil, err
	}
	s.compare(ctx, places, img)
	return s.stored(st, rec), nil
}

// compare says whether a daemon has another image of the name.
func (s *search) compare(ctx context.Context, places []string, img *image.Image) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for e, other := range having(ctx, places, s.name, (*daemon.Endpoint).Local) {
		if s.want != nil && !s.want.Match(other.Platform) || slices.Contains([]digest.Digest{img.ID(), img.Manifest.Digest, img.Target.Digest}, other.ID) {
			continue
		}
		s.f.Note(fmt.Sprintf("%s: this is the store's image %s; %s has another of that name, %s: write %s://%s for that one", s.name, short(img.ID()), e, short(other.ID), scheme(e.Kind), s.name))
	}
}

// having are the daemons among places that have an image, with what they say of it; those
// alone that are worth asking.
func having(ctx context.Context, places []string, name string, worth func(*daemon.Endpoint) bool) iter.Seq2[*daemon.Endpoint, *daemon.Image] {
	return func(yield func(*daemon.Endpoint, *daemon.Image) bool) {
		for _, k := range kinds(places) {
			list, err := daemon.Endpoints(k)
			if err != nil {
				continue
			}
			for _, e := range list {
				if e.Absent() || !worth(e) {
					continue
				}
				d, i, err := daemon.Ask(ctx, e, name)
				if err != nil {
					continue
				}
				_ = d.Close()
				if !yield(e, i) {
					return
				}
			}
		}
	}
}

// daemons finds the image in the daemons of a kind; nil if none has it.
func (s *search) daemons(ctx context.Context, k daemon.Kind) (*Image, func() error, error) {
	list, err := daemon.Endpoints(k)
	if err != nil {
		s.not = append(s.not, err.Error())
		return nil, nil, nil
	}
	for _, e := range list {
		if e.Absent() {
			continue
		}
		d, i, err := daemon.Ask(ctx, e, s.name)
		if ctx.Err() != nil {
			return nil, nil, ctx.Err()
		}
		if err != nil {
			if !errors.Is(err, daemon.ErrNoImage) && !errors.Is(err, daemon.ErrNotRunning) {
				s.not = append(s.not, err.Error())
			}
			continue
		}
		if s.want != nil && !s.want.Match(i.Platform) {
			s.not = append(s.not, fmt.Sprintf("%s has it for %s", e, platforms.Format(i.Platform)))
			_ = d.Close()
			continue
		}
		s.f.Note(fmt.Sprintf("%s: taken from %s (image %s)", s.name, e, short(i.ID)))
		at, err := s.f.opened(ctx, s.want, func(o source.OpenOptions) (*source.Opened, error) { return source.OpenIn(ctx, d, i, o) })
		if err != nil {
			return nil, nil, err
		}
		return remote(at, sent{plain: true, saved: at.Saved, compress: s.o.Compress}), at.Close, nil
	}
	return nil, nil, nil
}

// registry pulls the image.
func (s *search) registry(ctx context.Context) (*Image, error) {
	rec, err := s.f.pulled(ctx, s.name, s.o.Platform, nil)
	if err != nil {
		if fi, serr := os.Stat(s.name); ctx.Err() == nil && serr == nil && fi.IsDir() {
			err = fmt.Errorf("%w\n  there is a directory of that name, without a Dockerfile", err)
		}
		return nil, s.explain(err)
	}
	st, err := s.f.Store()
	if err != nil {
		return nil, err
	}
	return s.stored(st, rec), nil
}

func (s *search) stored(st *store.Store, rec store.Record) *Image {
	i := stored(st, rec)
	i.sent.compress = s.o.Compress
	return i
}

// explain adds to an error why no daemon helped.
func (s *search) explain(err error) error {
	if err == nil || len(s.not) == 0 {
		return err
	}
	return &explained{err, s.not}
}

type explained struct {
	error
	not []string
}

// Error implements error.
func (e *explained) Error() string { return e.error.Error() + Why(e) }

// Unwrap returns the error without what daemons said.
func (e *explained) Unwrap() error { return e.error }

// Why are the lines of an error that say why no daemon helped, each indented after a line
// end; "" if there are none.
func Why(err error) string {
	var e *explained
	if !errors.As(err, &e) {
		return ""
	}
	return "\n  " + strings.Join(e.not, "\n  ")
}

// mention adds to the error of a pull which daemon has an image that is wanted in the
// store, and how it gets there.
func (f *Finder) mention(ctx context.Context, name string, failed error) error {
	places, err := order()
	if err != nil || ctx.Err() != nil {
		return failed
	}
	anywhere := func(*daemon.Endpoint) bool { return true }
	for e, i := range having(ctx, places, name, anywhere) {
		return fmt.Errorf("%w\n  %s has an image of that name (%s): %s save %s | tare load", failed, e, short(i.ID), e.Kind, name)
	}
	return failed
}

func scheme(k daemon.Kind) string {
	if k == daemon.Podman {
		return inPodman
	}
	return inDocker
}

func short(d digest.Digest) string { return units.ShortID(d.String()) }

// Inspect asks the Docker daemon that the docker command speaks to for an image. where is
// the daemon's address.
func Inspect(ctx context.Context, name string) (i *daemon.Image, where string, err error) {
	e, err := daemon.DockerEndpoint()
	if err != nil {
		return nil, "", err
	}
	d, i, err := daemon.Ask(ctx, e, name)
	if err != nil {
		return nil, "", err
	}
	return i, e.Host, d.Close()
}
