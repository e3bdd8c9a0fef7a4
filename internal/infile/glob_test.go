package infile_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tare/internal/infile"
)

func TestGlob(t *testing.T) {
	dir := filepath.Join(t.TempDir(), `home [a] *`)
	for _, name := range []string{"worker-1/b.db", "worker-1/a.db", "worker-2/a.db", "other/a.db", ".tmp-1"} {
		p := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := infile.Glob(dir, "worker-*", "*.db")
	want := []string{filepath.Join(dir, "worker-1", "a.db"), filepath.Join(dir, "worker-1", "b.db"), filepath.Join(dir, "worker-2", "a.db")}
	if d := cmp.Diff(want, got); err != nil || d != "" {
		t.Errorf("%v (-want +got)\n%s", err, d)
	}
	if got, err := infile.Glob(dir, ".tmp-*"); len(got) != 1 || err != nil {
		t.Errorf("%v %v", got, err)
	}
	if got, err := infile.Glob(filepath.Join(dir, "nothing"), "*"); len(got) != 0 || err != nil {
		t.Errorf("no directory: %v %v", got, err)
	}
	if _, err := infile.Glob(dir, "["); err == nil {
		t.Error("[ is a pattern")
	}
}
