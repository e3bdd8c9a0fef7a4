package runner

import (
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestEnvironment(t *testing.T) {
	t.Setenv("FROM_HERE", "outside")
	file := t.TempDir() + "/vars"
	if err := os.WriteFile(file, []byte("# comment\nA=file\nFROM_HERE\nB= spaced \n"), 0o600); err != nil {
		t.Fatal(err)
	}
	const path, name = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOSTNAME=box"
	for _, c := range []struct {
		img  []string
		o    Options
		want []string
	}{
		{nil, Options{}, []string{path, name}},
		{[]string{"PATH=/x", "A=image"}, Options{}, []string{"PATH=/x", name, "A=image"}},
		{nil, Options{TTY: true}, []string{path, name, "TERM=xterm"}},
		{[]string{"TERM=vt100"}, Options{TTY: true}, []string{path, name, "TERM=vt100"}},
		{[]string{"A=image", "C=image"}, Options{EnvFiles: []string{file}}, []string{path, name, "A=file", "FROM_HERE=outside", "B= spaced ", "C=image"}},
		{[]string{"A=image"}, Options{EnvFiles: []string{file}, Env: []string{"A=flag=1", "FROM_HERE", "NOT_HERE"}}, []string{path, name, "A=flag=1", "FROM_HERE=outside", "B= spaced "}},
		{[]string{"AB=1"}, Options{Env: []string{"A=2"}}, []string{path, name, "A=2", "AB=1"}},
		// A name that is not set here removes the variable.
		{[]string{"NOT_HERE=image", "B=1"}, Options{Env: []string{"NOT_HERE"}}, []string{path, name, "B=1"}},
		{nil, Options{Env: []string{"NOT_HERE=1", "NOT_HERE"}}, []string{path, name}},
		{nil, Options{Env: []string{"HOSTNAME=mine"}}, []string{path, "HOSTNAME=mine"}},
		{[]string{"HOSTNAME=image"}, Options{}, []string{path, "HOSTNAME=image"}},
		{[]string{"A=image"}, Options{Env: []string{"A="}}, []string{path, name, "A="}},
	} {
		got, err := environment(c.img, "box", c.o)
		if err != nil {
			t.Errorf("%v %+v: %v", c.img, c.o, err)
		}
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%v %+v: (-want +got)\n%s", c.img, c.o, d)
		}
	}
	for _, o := range []Options{{Env: []string{"=x"}}, {EnvFiles: []string{"missing"}}} {
		if _, err := environment(nil, "box", o); err == nil {
			t.Errorf("%+v: no error", o)
		}
	}
}
