// Package gatereport writes what tare check found out.
package gatereport

import (
	"encoding/json"
	"fmt"
	"io"

	"tare/internal/gate"
)

// Options say how.
type Options struct {
	Format  string
	Details bool
}

// Formats are the names of the formats.
var Formats = []string{"text", "json"}

// Write writes a result.
func Write(w io.Writer, r *gate.Result, o Options) error {
	if o.Format == "json" {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(r)
	}
	for _, i := range r.Images {
		if _, err := fmt.Fprintf(w, "%s %s: %s\n", i.Name, i.Platform, r.Verdict); err != nil {
			return err
		}
	}
	for _, v := range r.Violations {
		if _, err := fmt.Fprintf(w, "%s: %s: %s\n", v.Image, v.Rule, v.Text); err != nil {
			return err
		}
	}
	return nil
}
