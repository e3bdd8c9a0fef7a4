package listing

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"tare/internal/request"
	"tare/internal/target"
)

// filters are the values of --filter, each key's in Docker's meaning.
type filters struct {
	tests    []func(Listed) bool
	patterns []string // of references: any of them
	dangling bool     // dangling images are asked for
}

// keep tells whether an image passes, and returns it as it is to be shown.
func (f *filters) keep(i Listed) (Listed, bool) {
	for _, t := range f.tests {
		if !t(i) {
			return i, false
		}
	}
	if len(f.patterns) == 0 {
		return i, true
	}
	var ok bool
	i.Record, ok = i.Matching(f.patterns)
	return i, ok
}

// filters reads KEY=VALUE filters. An unknown key is an error, as in Docker.
func (l Lister) filters(ctx context.Context, list []string) (*filters, error) {
	f := new(filters)
	for _, text := range list {
		k, v, ok := strings.Cut(text, "=")
		if !ok {
			return nil, request.Errorf("--filter %q: want KEY=VALUE", text)
		}
		var test func(Listed) bool
		var err error
		switch k {
		case "reference":
			f.patterns = append(f.patterns, v)
			continue
		case "dangling":
			test, err = f.danglingIs(v)
		case "label":
			test = labelled(v)
		case "before", "since":
			if test, err = l.made(ctx, k, v); err != nil {
				return nil, err // of a name that is not there, not of the filter
			}
		case "until":
			test, err = until(v, time.Now())
		default:
			err = fmt.Errorf("tare knows dangling, label, reference, before, since and until")
		}
		if err != nil {
			return nil, request.Errorf("--filter %q: %w", text, err)
		}
		f.tests = append(f.tests, test)
	}
	return f, nil
}

// danglingIs keeps images without a tag, or those with one. Docker lists an image that
// has a digest and no tag both ways.
func (f *filters) danglingIs(v string) (func(Listed) bool, error) {
	wish, err := strconv.ParseBool(v)
	if err != nil {
		return nil, fmt.Errorf("want true or false")
	}
	f.dangling = f.dangling || wish
	if wish {
		return func(i Listed) bool { return !i.Tagged }, nil
	}
	return func(i Listed) bool { return i.Name != "" || i.Repo != "" }, nil
}

func labelled(v string) func(Listed) bool {
	key, val, valued := strings.Cut(v, "=")
	return func(i Listed) bool {
		got, has := i.Image.Config.Config.Labels[key]
		return has && (!valued || got == val)
	}
}

// made keeps images that were made before or since another one.
func (l Lister) made(ctx context.Context, when, ref string) (func(Listed) bool, error) {
	_, other, err := target.Local(ctx, l.Store, ref, nil)
	if err != nil {
		return nil, err
	}
	at := other.Created()
	if when == "before" {
		return func(i Listed) bool { return i.Image.Created().Before(at) }, nil
	}
	return func(i Listed) bool { return i.Image.Created().After(at) }, nil
}

// until keeps images made before a time as Docker's filters have it: how long ago, a
// date, or seconds since 1970.
func until(v string, now time.Time) (func(Listed) bool, error) {
	at, err := timeOf(v, now)
	if err != nil {
		return nil, err
	}
	return func(i Listed) bool { return i.Image.Created().Before(at) }, nil
}

func timeOf(v string, now time.Time) (time.Time, error) {
	if d, err := time.ParseDuration(v); err == nil {
		return now.Add(-d), nil
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02T15", "2006-01-02Z07:00", "2006-01-02"} {
		if t, err := time.ParseInLocation(layout, v, time.Local); err == nil {
			return t, nil
		}
	}
	if n, err := strconv.ParseInt(v, 10, 64); err == nil {
		return time.Unix(n, 0), nil
	}
	return time.Time{}, fmt.Errorf("want how long ago (24h), a date (2006-01-02T15:04:05) or seconds since 1970")
}
