package ports

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestServe is no test: it is the program of another that serves at an address.
func TestServe(t *testing.T) {
	at := os.Getenv("PORTS_SERVE")
	if at == "" {
		return
	}
	l, err := net.Listen("tcp", at)
	if err != nil {
		t.Fatal(err)
	}
	_ = os.WriteFile(os.Getenv("PORTS_PID"), []byte(strconv.Itoa(os.Getpid())), 0o600)
	for end := time.Now().Add(time.Minute); time.Now().Before(end); {
		if c, err := l.Accept(); err == nil {
			_ = c.Close()
		}
	}
}

// serving starts a program that serves at an address, and returns its PID. Without a parent
// it is nobody's child.
func serving(t *testing.T, at string, orphan bool) int {
	t.Helper()
	file := t.TempDir() + "/pid"
	cmd := exec.Command(os.Args[0], "-test.run=^TestServe$")
	if orphan {
		cmd = exec.Command("sh", "-c", `"$0" -test.run='^TestServe$' >/dev/null 2>&1 &`, os.Args[0])
	}
	cmd.Env = append(os.Environ(), "PORTS_SERVE="+at, "PORTS_PID="+file)
	if err := cmd.Start(); err != nil {
		t.Skip(err)
	}
	if orphan {
		_ = cmd.Wait()
	}
	for range 1000 {
		if b, err := os.ReadFile(file); err == nil && len(b) > 0 {
			pid, _ := strconv.Atoi(string(b))
			t.Cleanup(func() {
				_ = unix.Kill(pid, unix.SIGKILL)
				if !orphan {
					_ = cmd.Wait()
				}
			})
			return pid
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("it does not serve")
	return 0
}

func free(t *testing.T) string {
	t.Helper()
	l := serve(t, "tcp4", "127.0.0.1:0")
	at := l.Addr().String()
	_ = l.Close()
	return at
}

// A server that this process started, at any remove, is its own; one of somebody else is
// foreign and named; of nobody nothing is said.
func TestAnswered(t *testing.T) {
	at := free(t)
	url := "http://" + at + "/"
	if who, by := Answered(t.Context(), url); who != Unknown || by != "" {
		t.Errorf("nobody: %v %s", who, by)
	}
	l := serve(t, "tcp4", at)
	if who, _ := Answered(t.Context(), url); who != Own {
		t.Errorf("this process: %v", who)
	}
	_ = l.Close()
	at = free(t)
	pid := serving(t, at, false)
	if who, by := Answered(t.Context(), "http://"+at); who != Own || !strings.Contains(by, fmt.Sprintf("(PID %d)", pid)) {
		t.Errorf("a child: %v %s", who, by)
	}
	at = free(t)
	pid = serving(t, at, true)
	if who, by := Answered(t.Context(), "http://"+at); who != Foreign || !strings.HasPrefix(by, at+" is held by ") || !strings.Contains(by, fmt.Sprintf("(PID %d)", pid)) {
		t.Errorf("somebody else's: %v %s", who, by)
	}
	// What listens at the address itself answers, not what listens everywhere.
	_, port, _ := net.SplitHostPort(at)
	all, err := net.Listen("tcp4", "0.0.0.0:"+port)
	if err == nil {
		defer func() { _ = all.Close() }()
		if who, _ := Answered(t.Context(), "http://"+at); who != Foreign {
			t.Errorf("beside one of ours that listens everywhere: %v", who)
		}
	}
}

// What cannot be followed to this process is none of its own.
func TestDescends(t *testing.T) {
	for pid, want := range map[string]bool{strconv.Itoa(os.Getpid()): true, strconv.Itoa(os.Getppid()): false, "1": false, "0": false, "nobody": false, "": false} {
		if descends(pid) != want {
			t.Errorf("%s: %v", pid, !want)
		}
	}
}
