package lab_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"tare/internal/experiment"
	"tare/internal/lab"
)

// serving is a bench whose containers serve at an address, from their start to their stop.
type serving struct {
	fakeBench
	at string
}

func (b *serving) Run(ctx context.Context, o *lab.Obtained, c *experiment.Check, stdout, stderr io.Writer) (lab.Ran, error) {
	b.note("run %s", o.Variant.Name)
	l, err := net.Listen("tcp", b.at)
	if err != nil {
		_, _ = fmt.Fprintln(stderr, err)
		return lab.Ran{Exit: 1}, nil
	}
	s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") })}
	go func() { _ = s.Serve(l) }()
	<-ctx.Done()
	_ = s.Close()
	return lab.Ran{Exit: 137}, ctx.Err()
}

// A server that holds the port before the container starts is not the image's program: the
// check fails, says who holds it, and nothing is started.
func TestForeignServers(t *testing.T) {
	for _, at := range []string{"127.0.0.1:0", "[::1]:0"} {
		t.Run(at, func(t *testing.T) {
			l, err := net.Listen("tcp", at)
			if err != nil {
				t.Skip(err)
			}
			foreign := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") }))
			foreign.Listener = l
			foreign.Start()
			defer foreign.Close()
			address := l.Addr().String()
			file := "version: 1\nvariants: [{name: a, image: a}, {name: b, image: b}]\nmeasure: {repeat: 2, warmup: 0}\ncheck: {http: {url: 'http://" + address + "/', match: ok}, timeout: 5s}\n"
			b := &serving{at: address}
			r, rec := runner(t, b, file)
			if err := r.Run(t.Context()); err != nil {
				t.Fatal(err)
			}
			for _, v := range []string{"a", "b"} {
				c := rec.Variant(v).Check
				if c.Passed || !strings.Contains(c.Reason, address+" is held by ") || !strings.Contains(c.Reason, "before the container was started") || rec.Variant(v).Measure(experiment.StartReady) != nil {
					t.Errorf("%+v", c)
				}
			}
			if got := strings.Join(b.log, "|"); strings.Contains(got, "run ") {
				t.Errorf("it was started: %s", got)
			}
			// Without it the program itself answers, in every round.
			foreign.Close()
			r, rec = runner(t, b, file)
			if err := r.Run(t.Context()); err != nil {
				t.Fatal(err)
			}
			if c := rec.Variant("a").Check; !c.Passed || len(rec.Variant("a").Measure(experiment.StartReady).Samples) != 2 {
				t.Errorf("%+v", c)
			}
		})
	}
}

// Two labs at once check programs at one port one after the other.
func TestTwoLabsAtOnePort(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	_ = l.Close()
	done := make(chan string, 2)
	for range 2 {
		r, rec := runner(t, &serving{at: address}, "version: 1\nvariants: [{name: a, image: a}]\nmeasure: {repeat: 3, warmup: 0}\ncheck: {http: {url: 'http://"+address+"/'}}\n")
		go func() {
			if err := r.Run(context.Background()); err != nil {
				done <- err.Error()
			} else if c := rec.Variant("a").Check; !c.Passed || len(rec.Variant("a").Measure(experiment.StartReady).Samples) != 3 {
				done <- fmt.Sprintf("%+v", c)
			} else {
				done <- ""
			}
		}()
	}
	for range 2 {
		if why := <-done; why != "" {
			t.Error(why)
		}
	}
}
