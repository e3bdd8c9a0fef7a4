package advice

import (
	"strings"
	"testing"
)

func TestLogFiles(t *testing.T) {
	got := of(imageOf(t, base, step{"RUN apt-get install", append(base.entries[:0:0], big("var/log/apt/term.log", 5000), big("var/log/dpkg.log", 100))}), "log-files")
	if len(got) != 1 || got[0].Layer != 2 || !strings.Contains(got[0].Text, "5.1kB in 2 files of logs in the image, most in /var/log/apt") {
		t.Errorf("%+v", got)
	}
	if got := of(imageOf(t, base, step{"RUN x", append(base.entries[:0:0], big("srv/log.txt", 5000))}), "log-files"); len(got) > 0 {
		t.Errorf("%+v", got)
	}
	// Of the base image nobody can change them.
	if got := of(imageOf(t, step{"base", append(base.entries, big("var/log/dpkg.log", 5000))}, step{"RUN x", append(base.entries[:0:0], big("srv/x", 5))}), "log-files"); len(got) > 0 {
		t.Errorf("%+v", got)
	}
}
