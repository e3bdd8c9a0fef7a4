package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const goSource = "package x\n" + `
func testOne(t *testing.T, sb integration.Sandbox) {
	dockerfile := []byte(integration.UnixOrWindows(` + "`\nFROM scratch\nCOPY foo /\n`" + `, ` + "`\nFROM nanoserver\nCOPY foo /\n`" + `))
	dir := integration.Tmpdir(t,
		fstest.CreateFile("Dockerfile", dockerfile, 0600),
		fstest.CreateDir("d", 0700),
		fstest.Symlink("foo", "link"),
		fstest.CreateFile("foo", []byte("a"+"b"), 0755),
		fstest.CreateFile("t.tar", buf.Bytes(), 0600),
	)
	f.Solve(ctx, c, client.SolveOpt{
		FrontendAttrs: map[string]string{"build-arg:X": "1", "target": "s"},
		LocalMounts: map[string]fsutil.FS{
			dockerui.DefaultLocalNameDockerfile: dir,
			dockerui.DefaultLocalNameContext:    dir,
		},
	}, nil)
	f.Solve(ctx, c, client.SolveOpt{
		FrontendAttrs: map[string]string{"frontend.caps": "x"},
		LocalMounts: map[string]fsutil.FS{dockerui.DefaultLocalNameDockerfile: dir},
	}, nil)
}

func testTwo(t *testing.T, sb integration.Sandbox) {
	checkLinterWarnings(t, sb, &lintTestParams{Dockerfile: []byte(` + "`FROM scratch\nADD a/b.txt c* https://x/y $V /\n`" + `)})
	d := fmt.Sprintf("FROM %s\nRUN x\n", target)
}
`

func TestGoSourceIsRead(t *testing.T) {
	r := &goReader{work: t.TempDir()}
	if err := r.read("dockerfile_x_test.go", []byte(goSource)); err != nil {
		t.Fatal(err)
	}
	if len(r.list) != 2 {
		t.Fatalf("%d inputs: %+v", len(r.list), r.list)
	}
	one, two := r.list[0], r.list[1]
	for name, want := range map[string]string{"Dockerfile": "\nFROM scratch\nCOPY foo /\n", "foo": "ab", "link": "ab"} {
		b, err := os.ReadFile(filepath.Join(one.context, name))
		if err != nil || string(b) != want {
			t.Errorf("%s: %q, %v", name, b, err)
		}
	}
	for name, mode := range map[string]os.FileMode{"foo": 0o755, "d": os.ModeDir | 0o700, "t.tar": 0o644} {
		fi, err := os.Stat(filepath.Join(one.context, name))
		if err != nil || fi.Mode() != mode || !fi.ModTime().Equal(longAgo) {
			t.Errorf("%s: %v, %v", name, fi, err)
		}
	}
	if flags, err := one.flags(); err != nil || strings.Join(flags, " ") != "--build-arg X=1 --target s" {
		t.Errorf("%q, %v", flags, err)
	}
	if got := strings.Join(two.madeUp, " "); got != "a/b.txt cx" {
		t.Errorf("made up: %q", got)
	}
	why := ""
	for _, l := range r.left {
		why += l.why + "\n"
	}
	if !strings.Contains(why, "frontend.caps") || !strings.Contains(why, "worked out while the test runs") {
		t.Errorf("left out: %q", why)
	}
}

func TestBatsLines(t *testing.T) {
	module := t.TempDir()
	tests := filepath.Join(module, "tests")
	for name, text := range map[string]string{
		"tests/bud/a/Dockerfile":    "FROM scratch\n",
		"tests/bud/a/sub/Other":     "FROM scratch\n",
		"tests/bud/b/Containerfile": "FROM scratch\n",
		"tests/x.bats": `
  run_buildah build $WITH_POLICY_JSON --build-arg=user=0 --build-arg "x=a b" -t test -f sub/Other $BUDFILES/a
  run_buildah 125 build --target one --label l=v ${BUDFILES}/b
  run_buildah build --build-arg foo=${x} $BUDFILES/a
  run_buildah images
`} {
		at := filepath.Join(module, name)
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	list := batsInputs(module, tests)
	if len(list) != 2 {
		t.Fatalf("%+v", list)
	}
	if in := list[0]; in.file != "Other" || filepath.Base(in.dockerfile) != "sub" || filepath.Base(in.context) != "a" || in.attrs["build-arg:user"] != "0" || in.attrs["build-arg:x"] != "a b" {
		t.Errorf("%+v", in)
	}
	if in := list[1]; in.file != "Containerfile" || in.attrs["target"] != "one" || in.attrs["label:l"] != "v" {
		t.Errorf("%+v", in)
	}
}

func TestDistinct(t *testing.T) {
	mk := func(text, target string) input {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "Dockerfile"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return input{name: text, context: dir, dockerfile: dir, file: "Dockerfile", attrs: map[string]string{"target": target}}
	}
	got, twice, err := distinct([]input{mk("a", ""), mk("a", ""), mk("b", ""), mk("a", "t")})
	if err != nil || len(got) != 3 || twice != 1 {
		t.Errorf("%d, %d, %v", len(got), twice, err)
	}
}

func TestRegistries(t *testing.T) {
	in := []input{{attrs: map[string]string{"build-arg:X": "quay.io/libpod/x"}, dockerfile: t.TempDir(), file: "Dockerfile"}}
	if err := os.WriteFile(filepath.Join(in[0].dockerfile, "Dockerfile"), []byte("FROM mirror.gcr.io/busybox\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(registries(in), " "); got != "docker.io mirror.gcr.io quay.io" {
		t.Error(got)
	}
}
