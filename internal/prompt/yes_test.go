package prompt

import "testing"

func TestYes(t *testing.T) {
	for line, want := range map[string]bool{"y\n": true, "Y": true, "yes": true, " YES \r\n": true, "": false, "n": false, "no": false, "yess": false, "ye": false, "y y": false} {
		if got := Yes(line); got != want {
			t.Errorf("%q: %t", line, got)
		}
	}
}
