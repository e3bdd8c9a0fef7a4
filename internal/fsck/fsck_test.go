package fsck_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"tare/internal/engine"
	"tare/internal/fsck"
	"tare/internal/store"
	"tare/internal/testkit"
)

// left is a check over a sound store and what the engine's directory is said to hold.
func left(t *testing.T, repair bool, open func(context.Context) (engine.Engine, error), found ...engine.Leftover) *store.Check {
	t.Helper()
	st := testkit.Store(t)
	testkit.Put(t, st, "a:1", store.Pulled, testkit.Image(t, testkit.Options{Layers: [][]byte{testkit.Numbered(t, 1, 100)}}))
	check, err := fsck.Run(t.Context(), fsck.Request{Store: st, Options: store.CheckOptions{Repair: repair}, Engine: open,
		Leftovers: func(_ context.Context, root string, remove bool, inStore func(os.FileInfo) bool) ([]engine.Leftover, string, error) {
			if root != st.EngineRoot() || remove != repair {
				t.Errorf("%s %v", root, remove)
			}
			blobs, _ := filepath.Glob(filepath.Join(st.Root(), "blobs", "sha256", "*"))
			for file, want := range map[string]bool{blobs[0]: true, filepath.Join(st.Root(), "index.json"): false} {
				if fi, err := os.Stat(file); err != nil || inStore(fi) != want {
					t.Errorf("%s: %v", file, err)
				}
			}
			return found, "a note", nil
		}})
	if err != nil {
		t.Fatal(err)
	}
	return check
}

func TestRun(t *testing.T) {
	e := &testkit.Engine{T: t}
	if c := left(t, false, e.Open); !c.Clean || len(c.Problems) != 0 || len(c.Notes) != 1 {
		t.Errorf("%+v", c)
	}
	if c := left(t, true, e.Open, engine.Leftover{Kind: "mount", Path: "/x", Text: "a mount", Removed: true}); !c.Clean || len(c.Problems) != 1 || !c.Problems[0].Repaired {
		t.Errorf("%+v", c)
	}
	if c := left(t, false, e.Open, engine.Leftover{Kind: "mount", Path: "/x", Text: "a mount"}); c.Clean {
		t.Error("a mount that is left over is no problem")
	}
}

// A damaged blob of the build cache makes the whole cache go, but only to repair.
func TestDamage(t *testing.T) {
	damage := engine.Leftover{Kind: engine.Damage, Path: filepath.Join(t.TempDir(), "gone"), Text: "a blob"}
	e := &testkit.Engine{T: t}
	if c := left(t, false, e.Open, damage); c.Clean || e.Prunes != 0 {
		t.Errorf("looking pruned %d times: %+v", e.Prunes, c)
	}
	if c := left(t, true, e.Open, damage); !c.Clean || e.Prunes != 1 {
		t.Errorf("pruned %d times: %+v", e.Prunes, c)
	}
	broken := func(context.Context) (engine.Engine, error) { return nil, errors.New("no engine") }
	if c := left(t, true, broken, damage); c.Clean {
		t.Errorf("a repair that failed counts as one: %+v", c)
	}
	// Contexts that were not received whole: to open the engine is to drop them.
	if c := left(t, true, e.Open, engine.Leftover{Kind: engine.Contexts, Path: "/c", Text: "contexts"}); !c.Clean || e.Prunes != 1 {
		t.Errorf("%+v", c)
	}
	if c := left(t, true, broken, engine.Leftover{Kind: engine.Contexts, Path: "/c", Text: "contexts"}); c.Clean {
		t.Errorf("%+v", c)
	}
}
