package experiment

import (
	"fmt"
	"io"
	"strings"

	"golang.org/x/perf/benchfmt"

	"tare/internal/compare"
)

// WriteBenchmarks writes an experiment in Go's benchmark format, so that benchstat
// reads it: one line for each repetition, and one for what is counted.
func (r *Record) WriteBenchmarks(w io.Writer) error {
	out := benchfmt.NewWriter(w)
	config := []benchfmt.Config{
		{Key: "experiment", Value: []byte(r.Name), File: true}, {Key: "run", Value: []byte(r.ID), File: true},
		{Key: "goos", Value: []byte(r.Machine.OS), File: true}, {Key: "goarch", Value: []byte(r.Machine.Arch), File: true},
		{Key: "cpu", Value: []byte(r.Machine.Model), File: true}, {Key: "kernel", Value: []byte(r.Machine.Kernel), File: true},
		{Key: "tare", Value: []byte(r.Machine.Tare), File: true},
	}
	for i := range config {
		if len(config[i].Value) == 0 {
			config[i].Value = []byte("unknown")
		}
	}
	line := func(name string, values ...benchfmt.Value) error {
		return out.Write(&benchfmt.Result{Config: config, Name: benchfmt.Name(name), Iters: 1, Values: values})
	}
	for i := range r.Variants {
		v := &r.Variants[i]
		name := benchName(v.Name)
		if img := r.Image(v.Name); img != nil {
			var values []benchfmt.Value
			for _, m := range compare.Measures {
				if n, ok := m.Value(&img.Sizes).Int(); ok {
					values = append(values, benchfmt.Value{Value: float64(n), Unit: m.Name + "-bytes"})
				}
			}
			if err := line("Image/"+name, values...); err != nil {
				return err
			}
		}
		for _, m := range v.Measures {
			samples := m.Samples
			if len(samples) == 0 {
				samples = []float64{m.Value}
			}
			unit := map[string]string{"seconds": "sec/op", "bytes": "B/op"}[m.Unit]
			for _, s := range samples {
				if err := line(benchTitle(m.Name)+"/"+name, benchfmt.Value{Value: s, Unit: unit}); err != nil {
					return err
				}
			}
		}
		for _, e := range v.Edits {
			if e.Skipped == "" {
				if err := line(fmt.Sprintf("Repull%s/%s", benchTitle(e.Name), name), benchfmt.Value{Value: float64(e.Repull), Unit: "B/op"}); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// benchName makes a name fit for the format, which separates by white space.
func benchName(s string) string {
	return strings.Map(func(r rune) rune {
		if r <= ' ' || r == 0x7f || r == '/' {
			return '_'
		}
		return r
	}, s)
}

// benchTitle turns start-exit into StartExit.
func benchTitle(s string) string {
	var b strings.Builder
	for _, word := range strings.FieldsFunc(s, func(r rune) bool { return r == '-' || r == ':' || r <= ' ' || r == '/' }) {
		runes := []rune(word)
		b.WriteString(strings.ToUpper(string(runes[0])) + string(runes[1:]))
	}
	return b.String()
}
