package cli

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
	const path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
	for _, c := range []struct {
		img  []string
		o    runOptions
		want []string
	}{
		{nil, runOptions{}, []string{path}},
		{[]string{"PATH=/x", "A=image"}, runOptions{}, []string{"PATH=/x", "A=image"}},
		{nil, runOptions{tty: true}, []string{path, "TERM=xterm"}},
		{[]string{"TERM=vt100"}, runOptions{tty: true}, []string{path, "TERM=vt100"}},
		{[]string{"A=image"}, runOptions{envFiles: []string{file}}, []string{path, "A=file", "FROM_HERE=outside", "B= spaced "}},
		{[]string{"A=image"}, runOptions{envFiles: []string{file}, env: []string{"A=flag=1", "FROM_HERE", "NOT_HERE"}}, []string{path, "B= spaced ", "A=flag=1", "FROM_HERE=outside"}},
		{[]string{"AB=1"}, runOptions{env: []string{"A=2"}}, []string{path, "AB=1", "A=2"}},
	} {
		got, err := environment(c.img, c.o)
		if err != nil {
			t.Errorf("%v %+v: %v", c.img, c.o, err)
		}
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%v %+v: (-want +got)\n%s", c.img, c.o, d)
		}
	}
	for _, o := range []runOptions{{env: []string{"=x"}}, {envFiles: []string{"missing"}}} {
		if _, err := environment(nil, o); err == nil {
			t.Errorf("%+v: no error", o)
		}
	}
}
