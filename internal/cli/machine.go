package cli

import (
	"bufio"
	"bytes"
	"os"
	"runtime"
	"strconv"
	"strings"

	"github.com/containerd/platforms"

	"tare/internal/buildinfo"
	"tare/internal/image"
	"tare/internal/lab"
)

// Machine implements lab.Bench. What the system does not tell is left out.
func (b *labBench) Machine() lab.Machine {
	m := lab.Machine{OS: runtime.GOOS, Arch: runtime.GOARCH, CPUs: runtime.NumCPU(), Tare: buildinfo.Version, Engine: "BuildKit " + b.a.engines.Version + ", embedded"}
	if addr := b.a.address(); addr != "" {
		m.Engine = "BuildKit at " + addr
	}
	if v, err := os.ReadFile("/proc/sys/kernel/osrelease"); err == nil {
		m.Kernel = strings.TrimSpace(string(v))
	}
	m.Model = procField("/proc/cpuinfo", "model name")
	if kb, _, ok := strings.Cut(procField("/proc/meminfo", "MemTotal"), " "); ok {
		if n, err := strconv.ParseInt(kb, 10, 64); err == nil {
			m.Memory = n << 10
		}
	}
	return m
}

// procField is the value of the first line "name: value" of a file below /proc.
func procField(file, name string) string {
	b, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	for sc := bufio.NewScanner(bytes.NewReader(b)); sc.Scan(); {
		if k, v, ok := strings.Cut(sc.Text(), ":"); ok && strings.TrimSpace(k) == name {
			return strings.TrimSpace(v)
		}
	}
	return ""
}

func platformName(img *image.Image) string { return platforms.Format(img.Platform()) }
