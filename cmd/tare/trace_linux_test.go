package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"tare/internal/touch"
)

// traced runs a trace that ends with an exit code, and reads it.
func traced(t *testing.T, h *home, want int, args ...string) *touch.Trace {
	t.Helper()
	p := h.start(t, append([]string{"trace", "--format", "json"}, args...)...)
	if code := p.wait(); code != want {
		t.Fatalf("exit code %d, want %d\n%s%s", code, want, p.out.String(), p.err.String())
	}
	tr, err := touch.Read(strings.NewReader(p.out.String()))
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

// A container dies with its watcher, whose death is said; nothing stays behind, and
// nothing is concluded.
func TestTraceWatcherDies(t *testing.T) {
	needEngine(t)
	h := newHome(t)
	h.tare(t, "load", "-i", mustWorld(t).archive)
	mark := "mark-watcher-dies"
	p := h.start(t, "trace", "--format", "json", "probe", "--", "probe", "lines", "4000", mark)
	for deadline := time.Now().Add(60 * time.Second); !strings.Contains(p.err.String(), "line 0") && time.Now().Before(deadline); {
		time.Sleep(20 * time.Millisecond)
	}
	watcher := watcherOf(t, p.cmd.Process.Pid)
	if err := syscall.Kill(watcher, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if code := p.wait(); code != 3 {
		t.Errorf("exit code %d", code)
	}
	tr, err := touch.Read(strings.NewReader(p.out.String()))
	if err != nil {
		t.Fatal(err)
	}
	if tr.Complete || tr.Lost == 0 || tr.Bytes != nil || !strings.Contains(strings.Join(tr.Reasons, " "), "watcher ended early") {
		t.Errorf("complete %t, lost %d: %q", tr.Complete, tr.Lost, tr.Reasons)
	}
	h.clean(t, mark)
}

// A tare that is killed takes its container along: the watcher sees to that.
func TestTraceKilled(t *testing.T) {
	needEngine(t)
	h := newHome(t)
	h.tare(t, "load", "-i", mustWorld(t).archive)
	mark := "mark-trace-killed"
	p := h.start(t, "trace", "probe", "--", "probe", "lines", "4000", mark)
	p.expect("line 0")
	p.kill()
	for begin := time.Now(); ; time.Sleep(50 * time.Millisecond) {
		left := running(mark)
		if len(left) == 0 {
			break
		}
		if time.Since(begin) > 30*time.Second {
			t.Errorf("the container's program lives on: %q", left)
			break
		}
	}
	h.tare(t, "run", "probe") // sweeps
	h.clean(t, mark)
}

func watcherOf(t *testing.T, pid int) int {
	t.Helper()
	dirs, _ := filepath.Glob("/proc/[0-9]*")
	for _, d := range dirs {
		line, _ := os.ReadFile(d + "/cmdline")
		stat, _ := os.ReadFile(d + "/stat")
		_, rest, _ := strings.Cut(string(stat), ") ")
		f := strings.Fields(rest)
		if len(f) > 1 && f[1] == strconv.Itoa(pid) && strings.Contains(string(line), "\x00_watch\x00") {
			n, _ := strconv.Atoi(filepath.Base(d))
			return n
		}
	}
	t.Fatal("no watcher")
	return 0
}

// Without root the trace is the same but for the witness, and says that there is none.
func TestTraceRootless(t *testing.T) {
	needEngine(t)
	s := mustWorld(t)
	root := newHome(t)
	root.tare(t, "load", "-i", s.archive)
	args := []string{"probe", "--", "sh", "-c", "probe cat /etc/passwd && probe stat /etc/plain && probe write /new x && probe cat /new"}
	want := traced(t, root, 0, args...)
	h := newHome(t)
	ordinary(t, h)
	h.tare(t, "load", "-i", s.archive)
	got := traced(t, h, 0, args...)
	if !got.Complete || got.Witness || !want.Witness || len(got.Files) < 3 {
		t.Errorf("complete %t, witness %t (root's: %t), %d files: %q", got.Complete, got.Witness, want.Witness, len(got.Files), got.Reasons)
	}
	if a, b := fmt.Sprint(want.Files, want.Wrote), fmt.Sprint(got.Files, got.Wrote); a != b {
		t.Errorf("root's %s\nuser's %s", a, b)
	}
	if out := h.tare(t, append([]string{"trace"}, args...)...); !strings.Contains(out, "Without root") {
		t.Error(out)
	}
}

// TestTraceOdd traces a program that names files in every way: by numbers of another
// architecture, through descriptors, at the end of a page, and with an alarm that
// interrupts calls.
func TestTraceOdd(t *testing.T) {
	needEngine(t)
	gcc, err := exec.LookPath("gcc")
	if err != nil {
		t.Skip("needs gcc")
	}
	h := newHome(t)
	dir := filepath.Join(h.dir, "odd")
	h.write(t, "odd/Dockerfile", "FROM scratch\nCOPY odd /odd\nCOPY files /files\n")
	h.write(t, "odd/files/sub/m", "m")
	for _, n := range strings.Fields("a b c d e f g h i j k l n o p q r s t u v w x y z A B i386 i386stat eintr untouched") {
		h.write(t, "odd/files/"+n, n)
	}
	for _, n := range []string{"link", "link2", "link3", "link4", "link5"} {
		if err := os.Symlink("a", filepath.Join(dir, "files", n)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "files/script"), []byte("#!/odd storm 1\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(gcc, "-static", "-no-pie", "-o", filepath.Join(dir, "odd"), "testdata/odd.c").CombinedOutput(); err != nil {
		t.Skipf("gcc makes no static program here: %v\n%s", err, out)
	}
	tr := traced(t, h, 0, dir, "--", "/odd")
	var got []string
	for _, f := range tr.Files {
		var how []string
		for _, x := range f.How {
			how = append(how, string(x))
		}
		got = append(got, strings.TrimPrefix(f.Path, "files/")+":"+strings.Join(how, ","))
	}
	want := strings.Fields("A:open B:open a:open,stat b:open c:open d:stat e:stat f:stat g:stat h:stat j:stat k:stat l:stat link:readlink link2:stat link3:readlink link4:readlink n:open " +
		"o:stat p:stat q:stat r:open s:stat script:exec sub/m:open t:open,stat u:stat v:stat w:open z:open,map odd:open,exec")
	if !slices.Equal(got, want) || !tr.Complete || tr.Checks[0].Files != len(want) {
		t.Errorf("complete %t %q\n%q, want\n%q", tr.Complete, tr.Reasons, got, want)
	}
	if tr := traced(t, h, 0, dir, "--", "/odd", "i386"); tr.Complete && (!tr.Touched("files/i386") || !tr.Touched("files/i386stat")) {
		t.Errorf("i386's calls are lost, and the trace says that it is complete: %+v", tr.Files)
	}
	// The default profile denies io_uring: what a program cannot use hides nothing.
	if tr := traced(t, h, 0, dir, "--", "/odd", "uring"); !tr.Complete {
		t.Errorf("io_uring: %q", tr.Reasons)
	}
	p := h.start(t, "trace", "--format", "json", dir, "--", "/odd", "eintr")
	code := p.wait()
	tr, err = touch.Read(strings.NewReader(p.out.String()))
	if err != nil {
		t.Fatal(err)
	}
	switch c := tr.Checks[0]; {
	case c.Passed && code == 0:
		t.Log("nothing was interrupted this time")
	case c.Untraced == nil || code != 3, c.Untraced.Passed == tr.Complete:
		t.Errorf("exit code %d, complete %t, %+v: %q", code, tr.Complete, c, tr.Reasons)
	}
}
