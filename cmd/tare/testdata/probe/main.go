// Command probe is the only program in the images that the tests make: it tells
// what a program in a container can see, and misbehaves when asked to. As "sh" it
// is a shell that is just good enough for RUN.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

func main() {
	args := os.Args
	if filepath.Base(args[0]) == "sh" && len(args) > 2 {
		os.Exit(shell(args[len(args)-1]))
	}
	if len(args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: probe COMMAND [ARG...]")
		os.Exit(64)
	}
	os.Exit(probe(args[1], args[2:], os.Stdout))
}

var commands map[string]func(args []string, out io.Writer) error

func init() {
	commands = map[string]func([]string, io.Writer) error{
		"echo": func(a []string, w io.Writer) error { return say(w, strings.Join(a, " ")) },
		"warn": func(a []string, _ io.Writer) error { return say(os.Stderr, strings.Join(a, " ")) },
		"env":  env,
		"runs": runs,
		"say":  func(a []string, w io.Writer) error { _, _ = fmt.Fprint(w, a[0], " "); return cat(a[1:], w) },
		"cat":  cat,
		"write": func(a []string, _ io.Writer) error {
			return os.WriteFile(a[0], []byte(strings.Join(a[1:], " ")+"\n"), 0o644)
		},
		"append":  appendTo,
		"mkdir":   func(a []string, _ io.Writer) error { return os.MkdirAll(a[0], 0o755) },
		"rm":      func(a []string, _ io.Writer) error { return os.RemoveAll(a[0]) },
		"chown":   func(a []string, _ io.Writer) error { return os.Chown(a[1], number(a[0]), number(a[0])) },
		"ls":      list,
		"stat":    stat,
		"mounted": mounted,
		"id": func(_ []string, w io.Writer) error {
			g, _ := os.Getgroups()
			slices.Sort(g)
			return say(w, fmt.Sprintf("uid=%d gid=%d groups=%v", os.Getuid(), os.Getgid(), g))
		},
		"pwd":      func(_ []string, w io.Writer) error { d, err := os.Getwd(); return errors.Join(err, say(w, d)) },
		"args":     func(a []string, w io.Writer) error { return say(w, fmt.Sprintf("%q", a)) },
		"hostname": func(_ []string, w io.Writer) error { h, err := os.Hostname(); return errors.Join(err, say(w, h)) },
		"net":      interfaces,
		"caps":     func(_ []string, w io.Writer) error { return status(w, "CapEff") },
		"status":   func(a []string, w io.Writer) error { return status(w, a[0]) },
		"limits":   limits,
		"comm": func(a []string, w io.Writer) error {
			b, err := os.ReadFile("/proc/" + a[0] + "/comm")
			_, _ = w.Write(b)
			return err
		},
		"sleep": func(a []string, _ io.Writer) error {
			time.Sleep(time.Duration(float(a[0]) * float64(time.Second)))
			return nil
		},
		"big":  big,
		"fill": fill,
		"count": func(_ []string, w io.Writer) error {
			n, err := io.Copy(io.Discard, os.Stdin)
			return errors.Join(err, say(w, fmt.Sprint(n)))
		},
		"escape":  escape,
		"trap":    trap,
		"orphan":  orphan,
		"zombies": zombies,
		"tty":     tty,
		"lines":   lines,
		"kill":    func(a []string, _ io.Writer) error { return syscall.Kill(os.Getpid(), syscall.Signal(number(a[0]))) },
	}
}

func probe(name string, args []string, out io.Writer) int {
	if name == "exit" {
		return number(args[0])
	}
	f, ok := commands[name]
	if !ok {
		fmt.Fprintf(os.Stderr, "probe: unknown command %q\n", name)
		return 64
	}
	if err := f(args, out); err != nil {
		fmt.Fprintln(os.Stderr, "probe:", err)
		return 1
	}
	return 0
}

func say(w io.Writer, s string) error { _, err := fmt.Fprintln(w, s); return err }

func number(s string) int { n, _ := strconv.Atoi(s); return n }

func float(s string) float64 { f, _ := strconv.ParseFloat(s, 64); return f }

func env(args []string, w io.Writer) error {
	if len(args) == 0 {
		all := os.Environ()
		slices.Sort(all)
		return say(w, strings.Join(all, "\n"))
	}
	for _, k := range args {
		v, ok := os.LookupEnv(k)
		if !ok {
			v = "(unset)"
		}
		if err := say(w, k+"="+v); err != nil {
			return err
		}
	}
	return nil
}

func cat(args []string, w io.Writer) error {
	if len(args) == 0 {
		_, err := io.Copy(w, os.Stdin)
		return err
	}
	for _, a := range args {
		b, err := os.ReadFile(a)
		if err != nil {
			return err
		}
		if _, err := w.Write(b); err != nil {
			return err
		}
	}
	return nil
}

func appendTo(args []string, _ io.Writer) error {
	f, err := os.OpenFile(args[0], os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(f, strings.Join(args[1:], " "))
	return errors.Join(err, f.Close())
}

// runs counts in a directory how often it was called.
func runs(args []string, w io.Writer) error {
	entries, err := os.ReadDir(args[0])
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(args[0], fmt.Sprint("run-", len(entries))), nil, 0o644); err != nil {
		return err
	}
	return say(w, fmt.Sprint(len(entries), " runs before"))
}

func list(args []string, w io.Writer) error {
	dir := "/"
	if len(args) > 0 {
		dir = args[0]
	}
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		_ = say(w, e.Name())
	}
	return err
}

func stat(args []string, w io.Writer) error {
	for _, a := range args {
		fi, err := os.Lstat(a)
		if err != nil {
			return err
		}
		st := fi.Sys().(*syscall.Stat_t)
		if err := say(w, fmt.Sprintf("%s %v %d:%d %d", a, fi.Mode(), st.Uid, st.Gid, fi.Size())); err != nil {
			return err
		}
	}
	return nil
}

// mounted prints type and options of what is mounted at a place.
func mounted(args []string, w io.Writer) error {
	b, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(b)) {
		if f := strings.Fields(line); f[1] == args[0] {
			return say(w, f[2]+" "+f[3])
		}
	}
	return fmt.Errorf("nothing is mounted at %s", args[0])
}

func interfaces(_ []string, w io.Writer) error {
	b, err := os.ReadFile("/proc/net/dev")
	var names []string
	for line := range strings.Lines(string(b)) {
		if name, _, ok := strings.Cut(line, ":"); ok {
			names = append(names, strings.TrimSpace(name))
		}
	}
	slices.Sort(names)
	return errors.Join(err, say(w, strings.Join(names, " ")))
}

func status(w io.Writer, key string) error {
	b, err := os.ReadFile("/proc/self/status")
	for line := range strings.Lines(string(b)) {
		if v, ok := strings.CutPrefix(line, key+":"); ok {
			return say(w, strings.TrimSpace(v))
		}
	}
	return errors.Join(err, errors.New("no "+key))
}

// limits prints memory and CPU limits as the control group has them, v1 or v2.
func limits(_ []string, w io.Writer) error {
	read := func(paths ...string) string {
		for _, p := range paths {
			if b, err := os.ReadFile(filepath.Join("/sys/fs/cgroup", p)); err == nil {
				return strings.TrimSpace(string(b))
			}
		}
		return "?"
	}
	cpu := read("cpu.max")
	if cpu == "?" {
		cpu = read("cpu/cpu.cfs_quota_us") + " " + read("cpu/cpu.cfs_period_us")
	}
	return say(w, "memory="+read("memory.max", "memory/memory.limit_in_bytes")+" cpu="+cpu)
}

func big(args []string, w io.Writer) error {
	b := bufio.NewWriterSize(w, 1<<16)
	line := strings.Repeat("x", 63) + "\n"
	for n := number(args[0]); n > 0; n -= len(line) {
		if _, err := b.WriteString(line[:min(n, len(line))]); err != nil {
			return err
		}
	}
	return b.Flush()
}

// fill writes a file of so many bytes that do not compress to nothing.
func fill(args []string, _ io.Writer) error {
	f, err := os.Create(args[0])
	if err != nil {
		return err
	}
	b, seed := make([]byte, 1<<16), uint32(len(args[0]))
	for n := number(args[1]); n > 0 && err == nil; n -= len(b) {
		for i := range b {
			seed = seed*1664525 + 1013904223
			b[i] = byte(seed >> 24)
		}
		_, err = f.Write(b[:min(n, len(b))])
	}
	return errors.Join(err, f.Close())
}
