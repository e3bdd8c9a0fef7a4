package builds

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/docker/cli/cli/config/configfile"

	"tare/internal/engine"
	"tare/internal/request"
)

// What was written is read into the request, or refused by the name of its flag.
func TestOptions(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "Dockerfile.x"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	env := map[string]string{"DOCKER_DEFAULT_PLATFORM": "linux/arm64", "BUILDKIT_PROGRESS": "plain"}
	lookup := func(name string) (string, bool) { v, ok := env[name]; return v, ok }
	o := Options{Build: engine.Build{Dockerfile: "Dockerfile.x"}, Tags: []string{"app"}, LabelPairs: []string{"a=b=c"}, BuildArgs: []string{"V=1"}, Shm: "64m", SBOM: "true", Provenance: "false", Check: true}
	if err := o.Complete(dir, configfile.New(""), lookup); err != nil {
		t.Fatal(err)
	}
	b := o.Build
	if b.Names[0] != "docker.io/library/app:latest" || b.Labels["a"] != "b=c" || b.Args["V"] != "1" || b.ShmSize != 64<<20 || !slices.Equal(b.Attests, []string{"type=sbom"}) ||
		b.Call != "check" || b.Progress != "plain" || b.Platforms[0] != "linux/arm64" || b.Dockerfile != filepath.Join(dir, "Dockerfile.x") {
		t.Errorf("%+v", b)
	}
	for want, o := range map[string]Options{
		"-t: ":               {Tags: []string{"A b"}},
		`--label "x"`:        {LabelPairs: []string{"x"}},
		`--annotation "=y"`:  {AnnotPairs: []string{"=y"}},
		`--build-context`:    {ContextArgs: []string{"x"}},
		"--shm-size: ":       {Shm: "much"},
		"; did you mean tty": {Build: engine.Build{Progress: "ttty"}},
	} {
		err := o.Complete(dir, configfile.New(""), lookup)
		var usage request.Error
		if !errors.As(err, &usage) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	quiet := Options{Quiet: true, Build: engine.Build{Progress: "plain"}}
	if err := quiet.Complete(dir, configfile.New(""), lookup); err != nil || quiet.Progress != "quiet" {
		t.Errorf("%v %q", err, quiet.Progress)
	}
}
