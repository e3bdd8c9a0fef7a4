package lab_test

import (
	"context"
	"crypto/rand"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/docker/cli/cli/config/configfile"

	"tare/internal/experiment"
	"tare/internal/source"
	"tare/internal/testkit"
)

// line is a network line: all connections through it share its bandwidth.
type line struct {
	mu   sync.Mutex
	free time.Time
	rate float64 // bytes a second
}

func (l *line) pass(n int) {
	l.mu.Lock()
	now := time.Now()
	if l.free.Before(now) {
		l.free = now
	}
	l.free = l.free.Add(time.Duration(float64(n) / l.rate * float64(time.Second)))
	wait := l.free.Sub(now)
	l.mu.Unlock()
	time.Sleep(wait)
}

// throttled listens on loopback and passes everything on to an address, what comes
// back not faster than mbit.
func throttled(t *testing.T, to string, mbit int) string {
	t.Helper()
	l := &line{rate: float64(mbit) * 1e6 / 8}
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = lis.Close() })
	go func() {
		for {
			in, err := lis.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial("tcp", to)
			if err != nil {
				_ = in.Close()
				return
			}
			go func() { _, _ = io.Copy(out, in); _ = out.(*net.TCPConn).CloseWrite() }()
			go func() {
				defer func() { _ = in.Close() }()
				buf := make([]byte, 8<<10)
				for {
					n, err := out.Read(buf)
					if n > 0 {
						l.pass(n)
						if _, err := in.Write(buf[:n]); err != nil {
							return
						}
					}
					if err != nil {
						return
					}
				}
			}()
		}
	}()
	return lis.Addr().String()
}

// The model of pulls, held against pulls through a throttled registry. The bounds are
// wide, since machines are noisy; the figures are logged.
func TestPullModel(t *testing.T) {
	reg := testkit.NewRegistry(t)
	for _, c := range []struct{ mbit, size int }{{10, 1_500_000}, {100, 12_000_000}} {
		body := make([]byte, c.size/2)
		_, _ = rand.Read(body)
		other := make([]byte, c.size/2)
		_, _ = rand.Read(other)
		reg.Push(t, "image", "1", testkit.Image(t, testkit.Options{Layers: [][]byte{testkit.Tar(t, testkit.File("a", string(body))), testkit.Tar(t, testkit.File("b", string(other)))}}))
		host := throttled(t, reg.Host, c.mbit)
		r := source.Registry{DockerConfig: configfile.New("")}
		st := testkit.Store(t)
		begin := time.Now()
		got, err := r.Pull(context.Background(), st, host+"/image:1", nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		real := time.Since(begin).Seconds()
		var bytes int64
		for _, l := range got.Image.Layers {
			bytes += l.Size
		}
		bytes += got.Image.Manifest.Size + got.Image.ConfigID.Size
		model := experiment.PullSeconds(bytes, c.mbit)
		t.Logf("%d bytes at %d Mbit/s: pulled in %.3f s, modelled %.3f s, ratio %.2f", bytes, c.mbit, real, model, real/model)
		if real < 0.9*model || real > 3*model+1 {
			t.Errorf("the model is off: %.3f s, modelled %.3f s", real, model)
		}
	}
}
