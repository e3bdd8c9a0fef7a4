package emulation

import (
	"os"
	"path/filepath"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/moby/buildkit/worker"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

type fake struct {
	worker.Worker
	asked int
	more  []ocispec.Platform
}

var own = ocispec.Platform{OS: "linux", Architecture: "amd64"}

func (f *fake) Platforms(noCache bool) []ocispec.Platform {
	if !noCache {
		return []ocispec.Platform{own}
	}
	f.asked++
	return append([]ocispec.Platform{own}, f.more...)
}

func TestRemembered(t *testing.T) {
	dir, seen, now := t.TempDir(), true, "boot 1"
	arm := []ocispec.Platform{{OS: "linux", Architecture: "arm64"}}
	ask := func(f *fake) []ocispec.Platform {
		w := Remember(f, dir)
		w.state = func() (string, bool) { return now, seen }
		if got := w.Platforms(false); len(got) != 1 {
			t.Errorf("own: %v", got)
		}
		got := w.Platforms(true)
		if again := w.Platforms(false); !reflect.DeepEqual(got, again) {
			t.Errorf("%v, then %v", got, again)
		}
		return got
	}
	steps := []struct {
		name  string
		do    func()
		more  []ocispec.Platform
		asked int
		want  int
	}{
		{"nothing is known", nil, arm, 1, 2},
		{"nothing has changed", nil, nil, 0, 2},
		{"the machine was started again", func() { now = "boot 2" }, nil, 1, 1},
		{"a handler was added", func() { now = "boot 2 qemu" }, arm, 1, 2},
		{"the state is not known", func() { now = "" }, nil, 1, 1},
		{"known again", func() { now = "boot 2 qemu" }, nil, 0, 2},
		{"handlers cannot be seen", func() { seen = false }, nil, 0, 2},
		{"and an hour is over", func() { old(t, dir) }, nil, 1, 1},
		{"damaged", func() { write(t, filepath.Join(dir, "platforms.json"), `{"state"`) }, arm, 1, 2},
		{"of another architecture", func() {
			write(t, filepath.Join(dir, "platforms.json"), `{"state":"boot 2 qemu","at":"`+time.Now().Format(time.RFC3339)+`","platforms":[{"os":"linux","architecture":"arm64"}]}`)
		}, nil, 1, 1},
		{"no place to keep it", func() { dir = filepath.Join(dir, "gone") }, arm, 1, 2},
	}
	for _, s := range steps {
		if s.do != nil {
			s.do()
		}
		f := &fake{more: s.more}
		if got := ask(f); len(got) != s.want || f.asked != s.asked {
			t.Errorf("%s: %v, asked %d times", s.name, got, f.asked)
		}
	}
}

// An engine that stays open sees a handler that comes meanwhile, and several builds may ask it at once.
func TestOpenEngine(t *testing.T) {
	now := "boot 1"
	f := &fake{}
	w := Remember(f, t.TempDir())
	w.state = func() (string, bool) { return now, true }
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if got := w.Platforms(true); len(got) != 1 {
				t.Error(got)
			}
			w.Platforms(false)
		})
	}
	all.Wait()
	if f.asked != 1 {
		t.Errorf("asked %d times", f.asked)
	}
	now, f.more = "boot 1 qemu", []ocispec.Platform{{OS: "linux", Architecture: "arm64"}}
	if got := w.Platforms(true); len(got) != 2 || f.asked != 2 {
		t.Errorf("%v, asked %d times", got, f.asked)
	}
}

// old lets what is kept be two hours old.
func old(t *testing.T, dir string) {
	write(t, filepath.Join(dir, "platforms.json"), `{"state":"boot 2 qemu","at":"`+time.Now().Add(-2*time.Hour).Format(time.RFC3339)+
		`","platforms":[{"os":"linux","architecture":"amd64"},{"os":"linux","architecture":"arm64"}]}`)
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestState(t *testing.T) {
	proc := t.TempDir()
	if s, seen := state(proc); s != "" || seen {
		t.Errorf("without a boot ID: %q", s)
	}
	write(t, filepath.Join(proc, "kernel/random/boot_id"), "one\n")
	bare, seen := state(proc)
	if bare == "" || seen {
		t.Errorf("without handlers: %q, seen %v", bare, seen)
	}
	misc := filepath.Join(proc, "fs/binfmt_misc")
	write(t, filepath.Join(misc, "status"), "enabled\n")
	none, seen := state(proc)
	if !seen || none == bare {
		t.Errorf("no handlers: %q, seen %v", none, seen)
	}
	program := filepath.Join(t.TempDir(), "qemu-arm")
	write(t, filepath.Join(misc, "qemu-arm"), "enabled\ninterpreter "+program+"\n")
	absent, _ := state(proc)
	write(t, program, "x")
	present, _ := state(proc)
	if absent == none || present == absent {
		t.Errorf("a handler: %q; its program: %q", absent, present)
	}
	if again, _ := state(proc); again != present {
		t.Errorf("nothing changed: %q, %q", present, again)
	}
}
