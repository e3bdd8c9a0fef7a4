package bench

import (
	"context"
	"fmt"
	"os"
	"strings"

	"tare/internal/exercise"
	"tare/internal/lab"
	"tare/internal/outfile"
)

// FillFile fills the tables of a course's file in with what an experiment found. A file
// that has none is an error, which names the rows that would be filled.
func FillFile(ctx context.Context, rec *lab.Record, name string) error {
	b, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	out, n, err := exercise.Fill(b, rec)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if n == 0 {
		var rows []string
		for i := range rec.Variants {
			rows = append(rows, rec.Variants[i].Name)
		}
		return fmt.Errorf("%s: no table has a cell to fill beside the name of an image or a variant (%s)", name, strings.Join(rows, ", "))
	}
	return outfile.WriteBytes(ctx, name, out)
}
