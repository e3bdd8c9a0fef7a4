package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tare/internal/engine"
)

func TestMounts(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	if err := os.Mkdir("there", 0o755); err != nil {
		t.Fatal(err)
	}
	at := func(name string) string { return filepath.Join(dir, name) }
	for _, c := range []struct {
		o    runOptions
		want []engine.Mount
		err  string
	}{
		{o: runOptions{volumes: []string{"./there:/x"}}, want: []engine.Mount{{Type: "bind", Source: at("there"), Target: "/x"}}},
		{o: runOptions{volumes: []string{".:/x/:ro,z"}}, want: []engine.Mount{{Type: "bind", Source: dir, Target: "/x", ReadOnly: true}}},
		{o: runOptions{volumes: []string{"./made:/x:rshared"}}, want: []engine.Mount{{Type: "bind", Source: at("made"), Target: "/x", Options: []string{"rshared"}}}},
		{o: runOptions{volumes: []string{"/anonymous"}}},
		{o: runOptions{volumes: []string{"name:/x"}}, err: "named volumes"},
		{o: runOptions{volumes: []string{"./there"}}, err: "want HOST:CONTAINER"},
		{o: runOptions{volumes: []string{"./there:x"}}, err: "absolute path"},
		{o: runOptions{volumes: []string{"a:b:c:d"}}, err: "want HOST:CONTAINER"},
		{o: runOptions{volumes: []string{"./there:/x:quick"}}, err: `unknown option "quick"`},
		{o: runOptions{mounts: []string{"type=bind,src=there,dst=/x,readonly"}}, want: []engine.Mount{{Type: "bind", Source: at("there"), Target: "/x", ReadOnly: true}}},
		{o: runOptions{mounts: []string{"type=bind,source=there,target=/x,readonly=false,bind-propagation=rslave"}}, want: []engine.Mount{{Type: "bind", Source: at("there"), Target: "/x", Options: []string{"rslave"}}}},
		{o: runOptions{mounts: []string{`type=bind,"src=there",destination=/x`}}, want: []engine.Mount{{Type: "bind", Source: at("there"), Target: "/x"}}},
		{o: runOptions{mounts: []string{"type=tmpfs,dst=/t,tmpfs-size=64k,tmpfs-mode=0700"}}, want: []engine.Mount{{Type: "tmpfs", Target: "/t", Options: []string{"size=64k", "mode=0700"}}}},
		{o: runOptions{mounts: []string{"type=volume,dst=/t"}}, err: "keeps no volumes"},
		{o: runOptions{mounts: []string{"dst=/t"}}, err: "type=bind and type=tmpfs"},
		{o: runOptions{mounts: []string{"type=tmpfs,dst=t"}}, err: "absolute"},
		{o: runOptions{mounts: []string{"type=bind,src=missing,dst=/x"}}, err: "no such file"},
		{o: runOptions{tmpfs: []string{"/t:size=1m,exec"}}, want: []engine.Mount{{Type: "tmpfs", Target: "/t", Options: []string{"size=1m", "exec"}}}},
		{o: runOptions{tmpfs: []string{"t"}}, err: "absolute"},
	} {
		got, err := mounts(c.o)
		switch {
		case c.err == "" && err != nil:
			t.Errorf("%+v: %v", c.o, err)
		case c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)):
			t.Errorf("%+v: error %v, want %q in it", c.o, err, c.err)
		case c.err == "":
			if d := cmp.Diff(c.want, got); d != "" {
				t.Errorf("%+v: (-want +got)\n%s", c.o, d)
			}
		}
	}
}
