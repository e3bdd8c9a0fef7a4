package trace

import (
	"context"
	"fmt"

	"tare/internal/compare"
	"tare/internal/infile"
	"tare/internal/profile"
	"tare/internal/touch"
	"tare/internal/tree"
	"tare/internal/weigh"
)

// FileHelp explains the flag that takes a trace.
const FileHelp = "show what was touched beside what is there, from a trace (tare trace --format json)"

// ReadFile reads a trace from a file. An error names it.
func ReadFile(ctx context.Context, name string) (*touch.Trace, error) {
	f, err := infile.Open(ctx, name)
	if err != nil {
		return nil, fmt.Errorf("--trace: %w", err)
	}
	defer func() { _ = f.Close() }()
	t, err := touch.Read(infile.Reader(ctx, f))
	if err != nil {
		return nil, fmt.Errorf("--trace %s: %w", name, err)
	}
	return t, nil
}

// onto reads a trace, if there is one, and puts it onto a result.
func onto(ctx context.Context, name string, put func(*touch.Trace) error) error {
	if name == "" {
		return nil
	}
	t, err := ReadFile(ctx, name)
	if err != nil {
		return err
	}
	if err := put(t); err != nil {
		return fmt.Errorf("--trace %s: %w", name, err)
	}
	return nil
}

// Weighed puts the trace in a file beside what was weighed; "" is none.
func Weighed(ctx context.Context, name string, list []*weigh.Result) error {
	return onto(ctx, name, func(t *touch.Trace) error { return t.OntoWeighed(list) })
}

// Compared puts the traces in files beside the images that were compared.
func Compared(ctx context.Context, names []string, r *compare.Result) error {
	for _, name := range names {
		if err := onto(ctx, name, func(t *touch.Trace) error { return touch.OntoCompared([]*touch.Trace{t}, r) }); err != nil {
			return err
		}
	}
	return nil
}

// Profiled puts the trace in a file beside the lines of a profile; "" is none.
func Profiled(ctx context.Context, name string, r *profile.Result) error {
	return onto(ctx, name, func(t *touch.Trace) error { return t.OntoProfile(r) })
}

// Contents reads the traces in files, and says of a weighed image what they saw: nil where
// none of them is of it. "" is no trace.
func Contents(ctx context.Context, names ...string) (func(*weigh.Facts) func(tree.Ref) (read, looked bool), error) {
	var list []*touch.Trace
	for _, name := range names {
		if err := onto(ctx, name, func(t *touch.Trace) error { list = append(list, t); return nil }); err != nil {
			return nil, err
		}
	}
	return func(f *weigh.Facts) func(tree.Ref) (bool, bool) {
		for _, t := range list {
			if says := t.Contents(f); says != nil {
				return says
			}
		}
		return nil
	}, nil
}
