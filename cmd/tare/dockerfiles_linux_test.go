package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestDockerfileLimits: Dockerfiles that ask for more than there is end in a short error
// that says where, in every command that reads Dockerfiles, within bounds of time and
// memory that are measured from outside.
func TestDockerfileLimits(t *testing.T) {
	needEngine(t)
	h := newHome(t)
	h.write(t, "good/Dockerfile", "FROM scratch\nLABEL a=b\n")
	tenfold := func(line string) string {
		var b strings.Builder
		for i := 1; i <= 10; i++ {
			b.WriteString(strings.NewReplacer("NAME", fmt.Sprintf("A%d", i), "TEN", strings.Repeat(fmt.Sprintf("$A%d", i-1), 10)).Replace(line) + "\n")
		}
		return b.String()
	}
	value := strings.Repeat("x", 50_000)
	for _, c := range []struct{ name, file, want string }{
		{"env", "FROM scratch\nENV A0=0123456789\n" + tenfold("ENV NAME=TEN"), "line 8: "},
		{"arg", "ARG A0=0123456789\n" + tenfold("ARG NAME=TEN") + "FROM scratch\nLABEL a=b\n", "line 7: "},
		{"label", "FROM scratch\nENV A=" + value + "\nLABEL b=" + strings.Repeat("$A", 20_000) + "\n", "line 3: "},
		{"heredoc", "FROM scratch\nENV A=" + value + "\nCOPY <<E /x\n" + strings.Repeat("$A\n", 20_000) + "E\n", "line 3: "},
		{"from", "ARG A=" + value + "\nFROM " + strings.Repeat("$A", 20_000) + "\n", "line 2: "},
		{"replace", "FROM scratch\nENV A=" + value + "\nENV B=${A//x/" + value[:1000] + "}\n", "line 3: "},
		{"nested", "FROM scratch\nLABEL a=" + strings.Repeat("${x:-", 9000) + strings.Repeat("}", 9000) + "\n", "line 2: "},
		{"args", "FROM scratch\n" + strings.Repeat("ARG a=1\n", 100_000), "line 10001: more than 10000 instructions"},
		{"large", "FROM scratch\n" + strings.Repeat("# a line of a Dockerfile that has fifteen megabytes\n", 300_000), "8 MiB"},
		{"layers", "FROM scratch\n" + strings.Repeat("WORKDIR x\n", 600), "500 instructions that make a layer"},
		{"stages", strings.Repeat("FROM scratch\n", 6000), "5000 stages"},
		{"chain", "FROM scratch AS s\n" + strings.Repeat("FROM s AS s\n", 3000), "go on from"},
		{"utf16", "\xff\xfe" + strings.Join(strings.Split("FROM scratch\nLABEL a=b\n", ""), "\x00") + "\x00", "UTF-16"},
		{"cr", "FROM scratch\rLABEL a=b\r", "carriage returns"},
		{"nul", "FROM scratch\nLABEL a=\x00\n", "NUL byte in line 2"},
		{"binary", "\x7fELF\x02\x01\x01\x00\xff\xfe\xfd" + value, "binary"},
		{"empty", "\n\n", "empty"},
		{"line", "FROM scratch\nLABEL a=" + value + value + "\n", "65535"},
	} {
		dir := h.write(t, c.name+"/Dockerfile", c.file)
		h.write(t, c.name+".yaml", "version: 1\nname: x\nvariants:\n  - name: a\n    context: "+c.name+"\n  - name: b\n    context: good\n")
		for _, args := range [][]string{{"build", dir}, {"build", "--check", dir}, {"profile", dir}, {"compare", dir, "./good"}, {"build", "-f", "-", "good"}} {
			t.Run(c.name+" "+args[0]+" "+fmt.Sprint(len(args)), func(t *testing.T) {
				cmd, peak := h.measured(t, args...)
				if args[1] == "-f" {
					cmd.Stdin = strings.NewReader(c.file)
				}
				out, stderr := newOutput(), newOutput()
				cmd.Stdout, cmd.Stderr = out, stderr
				begin := time.Now()
				_ = cmd.Run()
				text := out.String() + stderr.String()
				if code := cmd.ProcessState.ExitCode(); code != 1 || !strings.Contains(text, c.want) {
					t.Errorf("exit code %d, want %q in: %.2000s", code, c.want, text)
				}
				if len(text) > 8<<10 {
					t.Errorf("%d bytes of output", len(text))
				}
				if d := time.Since(begin); d > 20*time.Second {
					t.Errorf("took %v", d)
				}
				if n := peak(); n > 300<<20 {
					t.Errorf("took %d MB of memory", n>>20)
				}
			})
		}
	}
}

// What is large, but within the limits, is built, within the same bounds.
func TestLargeDockerfiles(t *testing.T) {
	needEngine(t)
	h := newHome(t)
	lines := func(n int, head, line string) string {
		var b strings.Builder
		b.WriteString(head)
		for i := range n {
			fmt.Fprintf(&b, line, i, i)
		}
		return b.String()
	}
	for name, file := range map[string]string{
		"comments": "FROM scratch\n" + strings.Repeat("# a line\n", 900_000) + "LABEL a=b\n",
		"args":     lines(4900, "FROM scratch\n", "ARG a%d=%d\n"),
		"env":      lines(4900, "FROM scratch\n", "ENV a%d=%d\n"),
		"labels":   lines(9900, "FROM scratch\n", "LABEL a%d=%d\n"),
		"stages":   lines(3000, "", "FROM scratch AS s%d\nLABEL a=%d\n"),
		"bom":      "\xef\xbb\xbfFROM scratch\r\nLABEL a=b\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			dir := h.write(t, name+"/Dockerfile", file)
			begin := time.Now()
			cmd, peak := h.measured(t, "build", "-q", dir)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%v: %.2000s", err, out)
			}
			if d := time.Since(begin); d > 30*time.Second {
				t.Errorf("took %v", d)
			}
			if n := peak(); n > 300<<20 {
				t.Errorf("took %d MB of memory", n>>20)
			}
		})
	}
}

// A base image's variables and triggers count: only the frontend gets to know them.
func TestBaseImageLimits(t *testing.T) {
	needEngine(t)
	h := newHome(t)
	h.write(t, "base/Dockerfile", "FROM scratch\nENV A="+strings.Repeat("x", 60_000)+"\n")
	h.write(t, "trigger/Dockerfile", "FROM base\nONBUILD LABEL b="+strings.Repeat("$A", 20)+"\n")
	h.write(t, "env/Dockerfile", "FROM base\nENV B="+strings.Repeat("$A", 20)+"\n")
	h.write(t, "onbuild/Dockerfile", "FROM trigger\nLABEL a=b\n")
	h.write(t, "few/Dockerfile", "FROM base\nENV B="+strings.Repeat("$A", 10)+"\n")
	h.tare(t, "build", "-t", "base", "base")
	h.tare(t, "build", "-t", "trigger", "trigger")
	h.tare(t, "build", "few")
	for dir, want := range map[string]string{"env": "line 2: ", "onbuild": "line 1: "} {
		p := h.start(t, "build", dir)
		if code := p.wait(); code != 1 || !strings.Contains(p.err.String(), want) || !strings.Contains(p.err.String(), "1 MiB") {
			t.Errorf("%s: exit code %d: %s", dir, code, p.err.String())
		}
		if !strings.Contains(p.err.String(), ">>>") {
			t.Errorf("%s: no excerpt: %s", dir, p.err.String())
		}
	}
}

// A build from a git repository or a tar has a Dockerfile that only the frontend sees.
func TestDockerfileInATar(t *testing.T) {
	needEngine(t)
	h := newHome(t)
	text := "FROM scratch\nENV A0=0123456789\n"
	for i := 1; i < 12; i++ {
		text += fmt.Sprintf("ENV A%d=%s\n", i, strings.Repeat(fmt.Sprintf("$A%d", i-1), 10))
	}
	cmd, peak := h.measured(t, "build", "-")
	cmd.Stdin = strings.NewReader(string(tarOf(t, map[string]string{"Dockerfile": text})))
	out, _ := cmd.CombinedOutput()
	if code := cmd.ProcessState.ExitCode(); code != 1 || !strings.Contains(string(out), "line 8: ") {
		t.Errorf("exit code %d: %s", code, out)
	}
	if n := peak(); n > 300<<20 {
		t.Errorf("took %d MB of memory", n>>20)
	}
	// A Dockerfile may come through a pipe that a shell made.
	fifo := filepath.Join(h.dir, "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	h.write(t, "piped/x", "x")
	p := h.start(t, "build", "-f", fifo, "piped")
	go func() { _ = os.WriteFile(fifo, []byte("FROM scratch\nCOPY x /\n"), 0o600) }()
	if code := p.wait(); code != 0 {
		t.Errorf("exit code %d: %s", code, p.err.String())
	}
}

// An interrupt ends a build at once also while the frontend computes.
func TestInterruptedFrontend(t *testing.T) {
	needEngine(t)
	h := newHome(t)
	var b strings.Builder
	b.WriteString("FROM scratch\n")
	for i := range 4900 {
		fmt.Fprintf(&b, "ENV a%d=%d\n", i, i)
	}
	b.WriteString(strings.Repeat("LABEL a=b\n", 5000))
	h.write(t, "env/Dockerfile", b.String())
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		p := h.start(t, "build", "--no-cache", "--progress", "plain", "env")
		p.expect("load .dockerignore")
		begin := time.Now()
		p.signal(sig)
		if code := p.wait(); code != 130 {
			t.Errorf("%v: exit code %d: %s", sig, code, p.err.String())
		}
		if d := time.Since(begin); d > 10*time.Second {
			t.Errorf("%v: took %v", sig, d)
		}
	}
	// Nothing is broken afterwards.
	h.write(t, "good/Dockerfile", "FROM scratch\nLABEL a=b\n")
	h.tare(t, "build", "good")
	h.tare(t, "fsck")
}
