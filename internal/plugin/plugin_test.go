package plugin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"

	"tare/internal/daemon"
)

// What docker starts a plugin with is docker's own flags, the plugin's name, and the rest.
func TestArguments(t *testing.T) {
	for _, c := range []struct{ program, args, want, env string }{
		{"/usr/bin/tare", "tare weigh app", "tare weigh app", ""},
		{"/x/docker-tare", "tare weigh app", "weigh app", ""},
		{"docker-tare.exe", "tare weigh --top 3 app", "weigh --top 3 app", ""},
		{"docker-tare", "--context colima tare weigh app", "weigh app", "DOCKER_CONTEXT=colima DOCKER_HOST="},
		{"docker-tare", "-c=colima tare weigh app", "weigh app", "DOCKER_CONTEXT=colima DOCKER_HOST="},
		{"docker-tare", "-H unix:///x --config /c tare weigh app", "weigh app", "DOCKER_CONFIG=/c DOCKER_HOST=unix:///x"},
		{"docker-tare", "--tlsverify -D tare weigh app", "--debug weigh app", "DOCKER_TLS_VERIFY=1"},
		{"docker-tare", "-l debug tare run --context x app", "run --context x app", ""},
		{"docker-tare", "tare tare", "tare", ""},
		{"docker-tare", "docker-cli-plugin-metadata", "plugin metadata", ""},
		{"docker-tare", "docker-cli-plugin-hooks {}", "plugin hook {}", ""},
		{"docker-tare", "tare docker-cli-plugin-hooks {}", "plugin hook {}", ""},
		{"docker-tare", "tare plugin install", "plugin install", ""},
		{"docker-tare", "__complete tare weigh a", "__complete weigh a", ""},
		{"docker-tare", "weigh app", "weigh app", ""},
		{"docker-tare", "--context", "", ""},
	} {
		own, env := Arguments(c.program, strings.Fields(c.args))
		var said []string
		for _, k := range slices.Sorted(maps.Keys(env)) {
			said = append(said, k+"="+env[k])
		}
		if got := strings.Join(own, " "); got != c.want || strings.Join(said, " ") != c.env {
			t.Errorf("%s %s: %q, %v", c.program, c.args, got, said)
		}
	}
}

// The image that a command line is about; none where it leaves none in the daemon.
func TestNamed(t *testing.T) {
	for args, want := range map[string]string{
		"build -t app .":                           "app",
		"build --tag=app:1 --tag other .":          "app:1",
		"build -tapp .":                            "app",
		"build --build-arg -t=x -t app .":          "x", // as far as words tell
		"--context x build -t app .":               "app",
		"buildx build --load -t a/b:1 .":           "a/b:1",
		"buildx b -t app .":                        "app",
		"image build -t app .":                     "app",
		"builder build -t app .":                   "app",
		"build .":                                  "",
		"buildx build --push -t app .":             "",
		"buildx build -t app -o type=tar,dest=x .": "",
		"buildx build --output=x -t app .":         "",
		"build --help":                             "",
		"build --check -t app .":                   "",
		"pull app":                                 "app",
		"pull -q --platform linux/arm64 app:1":     "app:1",
		"image pull app":                           "app",
		"pull -a app":                              "",
		"pull":                                     "",
		"run app":                                  "",
		"":                                         "",
		"build -t":                                 "",
		"-H tcp://h pull app":                      "app",
	} {
		if got := named(strings.Fields(args)); got != want {
			t.Errorf("docker %s: %q, not %q", args, got, want)
		}
	}
}

type memory map[string][]byte

func (m memory) Get(kind string, d digest.Digest, v any) bool {
	return json.Unmarshal(m[kind+d.String()], v) == nil
}

func (m memory) Keep(kind string, d digest.Digest, v any) {
	m[kind+d.String()], _ = json.Marshal(v)
}

func TestHook(t *testing.T) {
	layer := func(n int) digest.Digest { return digest.FromString(fmt.Sprint("layer", n)) }
	image := func(size int64, layers ...int) *daemon.Image {
		i := &daemon.Image{ID: digest.FromString(fmt.Sprint(size, layers)), Size: size}
		for _, n := range layers {
			i.DiffIDs = append(i.DiffIDs, layer(n))
		}
		return i
	}
	cache := memory{}
	where := "unix:///one"
	ask := func(parent, data string, i *daemon.Image) string {
		var b bytes.Buffer
		Hook(t.Context(), &b, HookRequest{Data: data, Parent: strings.Fields(parent), Cache: cache, Inspect: func(context.Context, string) (*daemon.Image, string, error) {
			if i == nil {
				return nil, "", errors.New("none")
			}
			return i, where, nil
		}})
		if b.Len() == 0 {
			return ""
		}
		var out struct{ Template string }
		if err := json.Unmarshal(b.Bytes(), &out); err != nil {
			t.Fatal(err)
		}
		return out.Template
	}
	const where1, build = ". Where it comes from: docker tare weigh app", `{"RootCmd":"build","Flags":{"tag":""}}`
	for _, c := range []struct {
		parent, data string
		i            *daemon.Image
		want         string
	}{
		{"build -t app .", build, image(100_000_000, 1, 2), "app is 100MB" + where1},
		{"build -t app .", build, image(100_000_000, 1, 2), "app is 100MB, the same image as before" + where1},
		{"build -t app:latest .", build, image(101_500_000, 1, 2, 3), "app:latest is 102MB, 1.5MB more than before (1 of its 3 layers is new)" + where1 + ":latest"},
		{"build -t app .", build, image(90_000_000, 4, 5), "app is 90MB, 11.5MB less than before (2 of its 2 layers are new)" + where1},
		{"build -t app .", build, image(90_000_000, 4, 6), "app is 90MB, as before (1 of its 2 layers is new)" + where1},
		{"pull other", `{"RootCmd":"pull"}`, image(5), "other is 5B. Where it comes from: docker tare weigh other"},
		// And where nothing can be said.
		{"build -t app .", `{"RootCmd":"build","CommandError":"failed"}`, image(1), ""},
		{"build -t app .", `{`, image(1), ""},
		{"build .", build, image(1), ""},
		{"build -t app .", build, nil, ""},
		{"build -t {{command}} .", build, image(1), ""},
		{"build -t APP .", build, image(1), ""},
	} {
		if got := ask(c.parent, c.data, c.i); got != c.want {
			t.Errorf("%s %s: %q, not %q", c.parent, c.data, got, c.want)
		}
	}
	where = "unix:///another" // a daemon of its own
	if got := ask("build -t app .", build, image(90_000_000, 4, 6)); got != "app is 90MB"+where1 {
		t.Error(got)
	}
	begin := time.Now()
	Hook(t.Context(), new(bytes.Buffer), HookRequest{Data: build, Parent: []string{"build", "-t", "app", "."}, Cache: cache, Inspect: func(ctx context.Context, _ string) (*daemon.Image, string, error) {
		<-ctx.Done()
		return nil, "", ctx.Err()
	}})
	if d := time.Since(begin); d > 10*Patience {
		t.Errorf("a daemon that hangs held the user up for %s", d)
	}
}

func TestInstall(t *testing.T) {
	dir := t.TempDir()
	p := Place{Config: filepath.Join(dir, "docker"), Self: filepath.Join(dir, "tare")}
	read := func() string {
		b, err := os.ReadFile(p.file())
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		return string(b)
	}
	links := func(want string) {
		t.Helper()
		if to, _ := os.Readlink(p.link()); to != want {
			t.Errorf("the link leads to %q, not %q", to, want)
		}
	}
	did, err := Install(p, true)
	if err != nil || len(did) != 3 || !strings.Contains(did[0], "linked") || !strings.Contains(did[2], "on (features.hooks)") || !strings.Contains(read(), Hooked) {
		t.Errorf("%v, %v, %s", did, err, read())
	}
	links(p.Self)
	if did, err = Install(p, true); err != nil || len(did) != 1 || !strings.Contains(did[0], "already") {
		t.Errorf("again: %v, %v", did, err)
	}
	if did, err = Remove(p); err != nil || len(did) != 3 || strings.Contains(read(), "hooks") {
		t.Errorf("remove: %v, %v, %s", did, err, read())
	}
	links("")
	if did, err = Remove(p); err != nil || len(did) != 0 {
		t.Errorf("remove again: %v, %v", did, err)
	}

	// What others wrote stays, and where docker's file is a link it stays one.
	other := filepath.Join(dir, "elsewhere.json")
	const mine = `{"auths":{"r":{"auth":"c2VjcmV0"}},"plugins":{"tare":{"x":"1"},"scout":{"x":"pull"}},"unknownToUs":{"n":1e2}}`
	if err := errors.Join(os.WriteFile(other, []byte(mine), 0o640), os.Remove(p.file()), os.Symlink(other, p.file())); err != nil {
		t.Fatal(err)
	}
	if _, err = Install(p, true); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"c2VjcmV0"`, `"n": 1e2`, `"x": "pull"`, `"x": "1"`, Hooked} {
		if !strings.Contains(read(), want) {
			t.Errorf("%s is gone: %s", want, read())
		}
	}
	if fi, err := os.Lstat(p.file()); err != nil || fi.Mode().Type() != os.ModeSymlink {
		t.Errorf("the link is gone: %v", err)
	}
	if fi, err := os.Stat(other); err != nil || fi.Mode().Perm() != 0o640 {
		t.Errorf("another mode: %v", fi.Mode())
	}
	if _, err = Remove(p); err != nil {
		t.Fatal(err)
	}
	var a, b any
	if json.Unmarshal([]byte(mine), &a) != nil || json.Unmarshal([]byte(read()), &b) != nil || fmt.Sprint(a) != fmt.Sprint(b) {
		t.Errorf("not as before: %s", read())
	}

	// What cannot be read, and what is not ours, is left alone.
	if err := os.WriteFile(other, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if did, err := Install(p, true); err == nil || read() != "{" || len(did) != 1 {
		t.Errorf("%v, %v, %s", did, err, read())
	}
	if err := errors.Join(os.Remove(p.link()), os.Symlink("/usr/bin/other", p.link())); err != nil {
		t.Fatal(err)
	}
	if _, err := Install(p, false); err == nil {
		t.Error("somebody's link was replaced")
	}
	if _, err := Remove(p); err == nil {
		t.Error("somebody's link was removed")
	}
	links("/usr/bin/other")
	if err := errors.Join(os.Remove(p.link()), os.WriteFile(p.link(), nil, 0o755)); err != nil {
		t.Fatal(err)
	}
	if _, err := Install(p, false); err == nil {
		t.Error("a program was replaced")
	}
	if err := errors.Join(os.Remove(p.link()), os.Symlink("/old/bin/tare", p.link())); err != nil {
		t.Fatal(err)
	}
	if _, err := Install(p, false); err != nil {
		t.Error(err)
	}
	links(p.Self)
}

// Docker shows hooks only where its configuration says so: that is said, an answer of the
// user's stays, and what is taken back is what was done.
func TestInstallSwitchesHooksOn(t *testing.T) {
	for _, c := range []struct{ name, before, installed, said, after string }{
		{"a new file", ``, `"true"`, "switched docker's hooks on", `{}`},
		{"nulls", `{"features":null,"plugins":null}`, `"true"`, "switched docker's hooks on", `{}`},
		{"a null of ours", `{"plugins":{"tare":null}}`, `"true"`, "switched docker's hooks on", `{}`},
		{"only null", `null`, `"true"`, "switched docker's hooks on", `{}`},
		{"another feature", `{"features":{"x":"y"}}`, `"true"`, "switched docker's hooks on", `{"features":{"x":"y"}}`},
		{"on already", `{"features":{"hooks":"1"}}`, `"1"`, "", `{"features":{"hooks":"1"}}`},
		{"off by the user", `{"features":{"hooks":"false"}}`, `"false"`, "keeps them so", `{"features":{"hooks":"false"}}`},
		{"others' hooks", `{"plugins":{"scout":{"hooks":"pull"}}}`, `"true"`, "switched docker's hooks on", `{"features":{"hooks":"true"},"plugins":{"scout":{"hooks":"pull"}}}`},
	} {
		p := Place{Config: filepath.Join(t.TempDir(), "docker"), Self: "/tare"}
		if c.before != "" {
			if err := errors.Join(os.MkdirAll(p.Config, 0o700), os.WriteFile(p.file(), []byte(c.before), 0o600)); err != nil {
				t.Fatal(err)
			}
		}
		did, err := Install(p, true)
		b, rerr := os.ReadFile(p.file())
		var doc struct{ Features map[string]json.RawMessage }
		if err := errors.Join(err, rerr, json.Unmarshal(b, &doc)); err != nil {
			t.Fatal(c.name, err)
		}
		text := strings.Join(did, "\n")
		if string(doc.Features["hooks"]) != c.installed || c.said != "" && !strings.Contains(text, c.said) || c.said == "" && strings.Contains(text, "features.hooks") {
			t.Errorf("%s: %s\n%s", c.name, text, b)
		}
		if _, err := Remove(p); err != nil {
			t.Fatal(c.name, err)
		}
		var got, want any
		b, _ = os.ReadFile(p.file())
		if err := errors.Join(json.Unmarshal(b, &got), json.Unmarshal([]byte(c.after), &want)); err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: after removal %s, not %s", c.name, b, c.after)
		}
	}
}

// A hook is started without docker's own flags: which daemon it was about they say.
func TestTold(t *testing.T) {
	if got := Told(strings.Fields("-H unix:///x --config=/c pull --context y app")); len(got) != 2 || got["DOCKER_HOST"] != "unix:///x" || got["DOCKER_CONFIG"] != "/c" {
		t.Errorf("%v", got)
	}
	if got := Told([]string{"pull", "app"}); len(got) != 0 {
		t.Errorf("%v", got)
	}
}
