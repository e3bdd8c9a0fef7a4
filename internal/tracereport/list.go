package tracereport

import (
	"fmt"
	"io"

	"tare/internal/report"
	"tare/internal/touch"
)

// Paths is the name of the format that lists paths.
const Paths = "paths"

// Documents lays several traces out, one after the other.
func Documents(list []*touch.Trace, o Options) report.Document {
	var out report.Document
	for _, t := range list {
		out = append(out, Document(t, o)...)
	}
	return out
}

// List is what writes a list instead of a report: the paths that were touched, or those to
// fetch first. It is nil for other formats.
func List(list []*touch.Trace, format, prefetch string) func(io.Writer) error {
	switch {
	case prefetch != "":
		return func(w io.Writer) error {
			if len(list) != 1 {
				return fmt.Errorf("--prefetch: the variants have %d images: choose some with --variant", len(list))
			}
			return list[0].Prefetch(w, prefetch)
		}
	case format == Paths:
		return func(w io.Writer) error {
			for _, t := range list {
				if err := t.WritePaths(w); err != nil {
					return err
				}
			}
			return nil
		}
	}
	return nil
}
