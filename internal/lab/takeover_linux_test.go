package lab_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"tare/internal/experiment"
	"tare/internal/lab"
)

// TestServeElsewhere is no test: it is another program of this machine, which answers.
func TestServeElsewhere(t *testing.T) {
	at := os.Getenv("LAB_SERVE")
	if at == "" {
		return
	}
	l, err := net.Listen("tcp", at)
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		time.Sleep(20 * time.Second)
		os.Exit(0)
	}()
	_ = http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "ok")
		if r.URL.Path == "/end" {
			os.Exit(0)
		}
	}))
}

// overtaken is a bench whose container starts when another program has just taken its port.
type overtaken struct {
	fakeBench
	at string
}

func (b *overtaken) Run(ctx context.Context, _ *lab.Obtained, _ *experiment.Check, _, _ io.Writer) (lab.Ran, error) {
	cmd := exec.Command("sh", "-c", `"$0" -test.run='^TestServeElsewhere$' >/dev/null 2>&1 &`, os.Args[0])
	cmd.Env = append(os.Environ(), "LAB_SERVE="+b.at)
	if err := cmd.Run(); err != nil {
		return lab.Ran{}, err
	}
	<-ctx.Done()
	return lab.Ran{Exit: 137}, ctx.Err()
}

// A server that takes the port after it was looked at, and before the container does, gives
// an answer that would pass: the check fails and names it.
func TestAServerThatTakesThePort(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := l.Addr().String()
	_ = l.Close()
	b := &overtaken{at: at}
	t.Cleanup(func() { _, _ = http.Get("http://" + at + "/end") })
	r, rec := runner(t, b, "version: 1\nvariants: [{name: a, image: a}]\nmeasure: {repeat: 2, warmup: 0}\ncheck: {http: {url: 'http://"+at+"/', match: ok}, timeout: 10s}\n")
	if err := r.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	c := rec.Variant("a").Check
	if c.Passed || !strings.Contains(c.Reason, at+" is held by ") || !strings.Contains(c.Reason, "which answered instead of the image's program") || rec.Variant("a").Measure(experiment.StartReady) != nil {
		t.Errorf("%+v", c)
	}
}

// What a check says for itself: nothing if it passed, and its own program is known to have
// answered.
func TestWhatChecksSay(t *testing.T) {
	for want, c := range map[string]*experiment.Checked{
		"":                           {Passed: true},
		" did not pass its check: x": {Reason: "x", Unproven: "y"},
		" passed its check, if its own program answered: y": {Passed: true, Unproven: "y"},
	} {
		if got := c.Says(); got != want {
			t.Errorf("%+v: %q", c, got)
		}
	}
	var none *experiment.Checked
	if none.Says() != "" {
		t.Error("no check says something")
	}
}

// leaving is a bench whose container stops listening before it answers.
type leaving struct {
	fakeBench
	at string
}

func (b *leaving) Run(ctx context.Context, _ *lab.Obtained, _ *experiment.Check, _, _ io.Writer) (lab.Ran, error) {
	l, err := net.Listen("tcp", b.at)
	if err != nil {
		return lab.Ran{}, err
	}
	s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_ = l.Close()
		_, _ = io.WriteString(w, "ok")
	})}
	go func() { _ = s.Serve(l) }()
	<-ctx.Done()
	_ = s.Close()
	return lab.Ran{Exit: 137}, ctx.Err()
}

// Whose answer it was cannot be told of a program that is gone: the check passes, and says so.
func TestAServerThatIsGone(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := l.Addr().String()
	_ = l.Close()
	r, rec := runner(t, &leaving{at: at}, "version: 1\nvariants: [{name: a, image: a}]\nmeasure: {repeat: 1, warmup: 0, what: []}\ncheck: {http: {url: 'http://"+at+"/'}, timeout: 10s}\n")
	if err := r.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if c := rec.Variant("a").Check; !c.Passed || c.Unproven != "nothing listens there any more" {
		t.Errorf("%+v", c)
	}
}
