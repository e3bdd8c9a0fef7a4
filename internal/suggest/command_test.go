package suggest

import (
	"os/exec"
	"runtime"
	"testing"
)

func TestCommand(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{nil, "tare weigh"},
		{[]string{"python:slim"}, "tare weigh python:slim"},
		{[]string{"--platform", "linux/arm64", "app"}, "tare weigh --platform linux/arm64 app"},
		{[]string{"a b", "it's", "", "$(x)", "a;b", "~"}, `tare weigh 'a b' 'it'\''s' '' '$(x)' 'a;b' '~'`},
	} {
		if got := Command("weigh", c.args...); got != c.want {
			t.Errorf("%q: %s, want %s", c.args, got, c.want)
		}
		if runtime.GOOS == "windows" {
			continue
		}
		// The shell makes the same words of it again.
		out, err := exec.Command("sh", "-c", "tare() { shift; printf '%s\\n' \"$@\"; }; "+Command("weigh", c.args...)).Output()
		want := ""
		for _, a := range c.args {
			want += a + "\n"
		}
		if len(c.args) == 0 {
			want = "\n"
		}
		if err != nil || string(out) != want {
			t.Errorf("%q: the shell makes %q of it (%v)", c.args, out, err)
		}
	}
}
