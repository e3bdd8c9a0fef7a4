package ports

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"
)

// serve listens at an address; a machine without IPv6 skips.
func serve(t *testing.T, network, at string) net.Listener {
	t.Helper()
	l, err := net.Listen(network, at)
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func portOf(l net.Listener) int { return l.Addr().(*net.TCPAddr).Port }

// Whoever listens where the container is to serve is named, on IPv4 and on IPv6.
func TestClaimOfAHeldPort(t *testing.T) {
	for _, c := range []struct{ network, at, host, held string }{
		{"tcp4", "127.0.0.1:0", "127.0.0.1", "127.0.0.1"},
		{"tcp4", "0.0.0.0:0", "127.0.0.1", "127.0.0.1"},
		{"tcp6", "[::1]:0", "[::1]", "[::1]"},
		{"tcp6", "[::]:0", "[::1]", "[::1]"},
		{"tcp", "[::]:0", "127.0.0.1", "127.0.0.1"}, // serves both
		{"tcp4", "127.0.0.1:0", "localhost", "127.0.0.1"},
	} {
		t.Run(c.at+" "+c.host, func(t *testing.T) {
			l := serve(t, c.network, c.at)
			_, err := Claim(t.Context(), fmt.Sprintf("http://%s:%d/x?y", c.host, portOf(l)), time.Second)
			if err == nil || !strings.HasPrefix(err.Error(), fmt.Sprintf("%s:%d is held by ", c.held, portOf(l))) {
				t.Fatalf("%v", err)
			}
			if runtime.GOOS == "linux" && !strings.Contains(err.Error(), fmt.Sprintf("(PID %d), which answered before the container was started", os.Getpid())) {
				t.Errorf("%v does not name this process", err)
			}
			_ = l.Close()
			release, err := Claim(t.Context(), fmt.Sprintf("http://%s:%d/", c.host, portOf(l)), time.Second)
			if err != nil {
				t.Fatalf("a port that is free again: %v", err)
			}
			release()
		})
	}
}

// A host that has both addresses is asked at both: its client may get either's answer.
func TestClaimOfAName(t *testing.T) {
	l := serve(t, "tcp6", "[::1]:0")
	if list, err := addresses(t.Context(), "localhost", 80); err != nil || len(list) < 2 {
		t.Skip("localhost has one address here")
	}
	if _, err := Claim(t.Context(), fmt.Sprintf("http://localhost:%d", portOf(l)), time.Second); err == nil || !strings.HasPrefix(err.Error(), "[::1]:") {
		t.Errorf("%v", err)
	}
}

// What another address has is in nobody's way.
func TestClaimBesideAHeldPort(t *testing.T) {
	l := serve(t, "tcp6", "[::1]:0")
	release, err := Claim(t.Context(), fmt.Sprintf("http://127.0.0.1:%d", portOf(l)), time.Second)
	if err != nil {
		t.Fatal(err)
	}
	release()
	if release, err = Claim(t.Context(), "http://no-such-host.invalid:8080/", time.Second); err != nil {
		t.Fatalf("the request itself will tell: %v", err)
	}
	release()
}

func TestParts(t *testing.T) {
	for in, want := range map[string]string{"http://a/": "a 80", "https://a": "a 443", "http://[::1]:8080/x": "::1 8080", "http://a:8080": "a 8080"} {
		host, port, err := parts(in)
		if got := fmt.Sprint(host, " ", port); err != nil || got != want {
			t.Errorf("%s: %s %v", in, got, err)
		}
	}
	for _, bad := range []string{"http://a:99999/", "http://a:x/"} {
		if _, _, err := parts(bad); err == nil {
			t.Errorf("%s: no error", bad)
		}
	}
}

// freePort is a port at which nothing listens.
func freePort(t *testing.T) int {
	t.Helper()
	l := serve(t, "tcp4", "127.0.0.1:0")
	_ = l.Close()
	return portOf(l)
}

// Two processes that check programs at one port do so one after the other.
func TestTwoProcesses(t *testing.T) {
	if at := os.Getenv("TARE_TEST_CLAIM"); at != "" { // the other one
		release, err := Claim(context.Background(), at, 10*time.Second)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Println("claimed")
		_, _ = os.Stdin.Read(make([]byte, 1))
		release()
		return
	}
	if runtime.GOOS != "linux" {
		t.Skip("only Linux has a lock that belongs to a port")
	}
	at := fmt.Sprintf("http://127.0.0.1:%d/", freePort(t))
	other := exec.Command(os.Args[0], "-test.run=^TestTwoProcesses$")
	other.Env = append(os.Environ(), "TARE_TEST_CLAIM="+at)
	in, err := other.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := other.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Wait() }()
	if n, err := out.Read(make([]byte, 100)); n == 0 || err != nil {
		t.Fatal(err)
	}
	if _, err := Claim(t.Context(), at, 50*time.Millisecond); err == nil || !strings.Contains(err.Error(), "another tare checks a program at port") {
		t.Errorf("%v", err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Claim(gone, at, time.Minute); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	got := make(chan error, 1)
	go func() {
		release, err := Claim(t.Context(), at, 10*time.Second)
		if err == nil {
			release()
		}
		got <- err
	}()
	select {
	case err := <-got:
		t.Errorf("it did not wait: %v", err)
	case <-time.After(100 * time.Millisecond):
	}
	_ = in.Close() // the other one ends
	if err := <-got; err != nil {
		t.Error(err)
	}
}

func TestHolderOfNothing(t *testing.T) {
	at := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), uint16(freePort(t)))
	if h := holder(at); h != "" || listens(at) {
		t.Errorf("%q", h)
	}
}
