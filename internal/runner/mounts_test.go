package runner

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
		o    Options
		want []engine.Mount
		err  string
	}{
		{o: Options{Volumes: []string{"./there:/x"}}, want: []engine.Mount{{Type: "bind", Source: at("there"), Target: "/x"}}},
		{o: Options{Volumes: []string{".:/x/:ro,z"}}, want: []engine.Mount{{Type: "bind", Source: dir, Target: "/x", ReadOnly: true}}},
		{o: Options{Volumes: []string{"./made:/x:rshared"}}, want: []engine.Mount{{Type: "bind", Source: at("made"), Target: "/x", Options: []string{"rshared"}}}},
		{o: Options{Volumes: []string{"/anonymous"}}},
		{o: Options{Volumes: []string{"name:/x"}}, err: "named volumes"},
		{o: Options{Volumes: []string{"./there"}}, err: "want HOST:CONTAINER"},
		{o: Options{Volumes: []string{"./there:x"}}, err: "absolute path"},
		{o: Options{Volumes: []string{"a:b:c:d"}}, err: "want HOST:CONTAINER"},
		{o: Options{Volumes: []string{"./there:/x:quick"}}, err: `unknown option "quick"`},
		{o: Options{Mounts: []string{"type=bind,src=there,dst=/x,readonly"}}, want: []engine.Mount{{Type: "bind", Source: at("there"), Target: "/x", ReadOnly: true}}},
		{o: Options{Mounts: []string{"type=bind,source=there,target=/x,readonly=false,bind-propagation=rslave"}}, want: []engine.Mount{{Type: "bind", Source: at("there"), Target: "/x", Options: []string{"rslave"}}}},
		{o: Options{Mounts: []string{`type=bind,"src=there",destination=/x`}}, want: []engine.Mount{{Type: "bind", Source: at("there"), Target: "/x"}}},
		{o: Options{Mounts: []string{"type=tmpfs,dst=/t,tmpfs-size=64k,tmpfs-mode=0700"}}, want: []engine.Mount{{Type: "tmpfs", Target: "/t", Options: []string{"size=64k", "mode=0700"}}}},
		{o: Options{Mounts: []string{"type=volume,dst=/t"}}, err: "keeps no volumes"},
		{o: Options{Mounts: []string{"dst=/t"}}, err: "type=bind and type=tmpfs"},
		{o: Options{Mounts: []string{"type=tmpfs,dst=t"}}, err: "absolute"},
		{o: Options{Mounts: []string{"type=bind,src=missing,dst=/x"}}, err: "no such file"},
		{o: Options{Tmpfs: []string{"/t:size=1m,exec"}}, want: []engine.Mount{{Type: "tmpfs", Target: "/t", Options: []string{"size=1m", "exec"}}}},
		{o: Options{Tmpfs: []string{"t"}}, err: "absolute"},
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
