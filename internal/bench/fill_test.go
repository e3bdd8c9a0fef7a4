package bench_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tare/internal/bench"
	"tare/internal/compare"
	"tare/internal/experiment"
	"tare/internal/lab"
)

// A course's table is filled in place; a file without one is named, with the rows that
// would be filled.
func TestFillFile(t *testing.T) {
	rec := &lab.Record{Comparison: &compare.Result{}}
	for _, name := range []string{"one", "two"} {
		rec.Variants = append(rec.Variants, experiment.Result{Name: name})
	}
	dir := t.TempDir()
	plain := filepath.Join(dir, "plain.md")
	if err := os.WriteFile(plain, []byte("no table\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := bench.FillFile(t.Context(), rec, plain); err == nil || !strings.Contains(err.Error(), "(one, two)") {
		t.Error(err)
	}
	if b, _ := os.ReadFile(plain); string(b) != "no table\n" {
		t.Errorf("it was changed: %q", b)
	}
	if err := bench.FillFile(t.Context(), rec, filepath.Join(dir, "none.md")); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}
