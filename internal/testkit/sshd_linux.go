package testkit

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// Sshd starts a real OpenSSH server on loopback, with keys and settings of its own, which
// lets this user in. address is USER@HOST:PORT, and bin a directory for PATH with an ssh
// that has the key; that of stranger has another key. It ends with the test. Where there
// is none, the test is skipped.
func Sshd(t testing.TB) (address, bin, stranger string) {
	t.Helper()
	const server = "/usr/sbin/sshd" // it wants to be called by its full path
	for _, p := range []string{server, "ssh", "ssh-keygen"} {
		if _, err := exec.LookPath(p); err != nil {
			t.Skipf("needs %s (Debian: openssh-server, openssh-client)", p)
		}
	}
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() == 0 {
		if err := os.MkdirAll("/run/sshd", 0o755); err != nil { // as its service does
			t.Skip("sshd needs /run/sshd: ", err)
		}
	}
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	for _, key := range []string{"host", "user", "other"} {
		if out, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", at(key)).CombinedOutput(); err != nil {
			t.Fatalf("ssh-keygen: %v: %s", err, out)
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	_ = l.Close()
	write := func(name, text string, mode os.FileMode) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(at(name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at(name), []byte(text), mode); err != nil {
			t.Fatal(err)
		}
	}
	write("server", fmt.Sprintf("Port %s\nListenAddress 127.0.0.1\nHostKey %s\nAuthorizedKeysFile %s\nPidFile none\nStrictModes no\nUsePAM no\nPermitRootLogin yes\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n",
		port, at("host"), at("user.pub")), 0o600)
	for _, key := range []string{"user", "other"} {
		write(key+".config", fmt.Sprintf("Host *\nIdentityFile %s\nIdentitiesOnly yes\nIdentityAgent none\nBatchMode yes\nUserKnownHostsFile %s\nGlobalKnownHostsFile /dev/null\nStrictHostKeyChecking accept-new\nLogLevel ERROR\n", at(key), at("known")), 0o600)
		write(key+".bin/ssh", fmt.Sprintf("#!/bin/sh\nexec /usr/bin/ssh -F '%s' \"$@\"\n", at(key+".config")), 0o755)
	}
	log, err := os.Create(at("log"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = log.Close() }()
	c := exec.Command(server, "-D", "-e", "-f", at("server"))
	c.Stdout, c.Stderr = log, log
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = c.Wait(); close(ended) }()
	t.Cleanup(func() {
		_ = syscall.Kill(-c.Process.Pid, syscall.SIGKILL)
		<-ended
	})
	for begin := time.Now(); time.Since(begin) < dockerPatience; time.Sleep(20 * time.Millisecond) {
		if conn, err := net.Dial("tcp", "127.0.0.1:"+port); err == nil {
			_ = conn.Close()
			return me.Username + "@127.0.0.1:" + port, at("user.bin"), at("other.bin")
		}
		select {
		case <-ended:
			b, _ := os.ReadFile(at("log"))
			t.Skipf("sshd does not start here: %s", b)
		default:
		}
	}
	t.Skip("sshd does not answer here")
	return "", "", ""
}
