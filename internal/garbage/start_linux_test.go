package garbage

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// resident is what the kernel counts of files in memory, in kB.
func resident(t *testing.T) (kb int) {
	t.Helper()
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		if _, err := fmt.Sscanf(line, "RssFile: %d kB", &kb); err == nil {
			return kb
		}
	}
	t.Fatal("no RssFile")
	return 0
}

func TestStart(t *testing.T) {
	before := resident(t)
	Start()
	if after := resident(t); after > before*3/4 {
		t.Errorf("%d kB of the program before, %d kB after", before, after)
	}
	if s := fmt.Sprint(map[string]int{"all": 1, "still": 2, "there": 3}); s != "map[all:1 still:2 there:3]" {
		t.Error(s)
	}
}

func TestOnlyWhatIsNeverWrittenGoes(t *testing.T) {
	for _, c := range []struct {
		line string
		want bool
	}{
		{"00400000-01c7e000 r-xp 00000000 fe:00 1234                       /usr/bin/tare", true},
		{"01c7e000-035a6000 r--p 0187e000 fe:00 1234                       /usr/bin/tare", true},
		{"035a6000-036db000 rw-p 031a6000 fe:00 1234                       /usr/bin/tare", false},
		{"00400000-01c7e000 rwxp 00000000 fe:00 1234                       /usr/bin/tare", false},
		{"00400000-01c7e000 r-xp 00000000 fe:00 1234                       /usr/bin/other-tare", false},
		{"00400000-01c7e000 r--s 00000000 fe:00 1234                       /usr/bin/tare", false},
		{"7f0000000000-7f0000010000 rw-p 00000000 00:00 0 ", false},
		{"nonsense /usr/bin/tare", false},
		{"", false},
	} {
		if from, size, ok := constant(c.line, "/usr/bin/tare"); ok != c.want || ok && (from == 0 || size == 0) {
			t.Errorf("%q: %x %x %v", c.line, from, size, ok)
		}
	}
}
