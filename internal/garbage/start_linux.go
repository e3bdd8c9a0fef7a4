package garbage

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"syscall"
)

// Start gives back the pages of the program that only its start needed: 450 packages are
// initialized, each somewhere else, and the kernel maps 64 KiB around each page that is touched. They stay in
// the page cache: one that is needed again costs a fault without a read, 200 of them 0.3 ms. Only what is never
// written goes (text, constants), so that nothing can be lost.
func Start() {
	program, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return
	}
	f, err := os.Open("/proc/self/maps")
	if err != nil {
		return
	}
	defer func() { _ = f.Close() }()
	in := bufio.NewScanner(f)
	for in.Scan() {
		if from, size, ok := constant(in.Text(), program); ok {
			_, _, _ = syscall.Syscall(syscall.SYS_MADVISE, from, size, syscall.MADV_DONTNEED)
		}
	}
}

// constant is where a line of /proc/self/maps has a part of the program that is never written.
func constant(line, program string) (from, size uintptr, ok bool) {
	rest, ok := strings.CutSuffix(line, " "+program)
	if !ok {
		return 0, 0, false
	}
	var to uintptr
	var rights string
	if _, err := fmt.Sscanf(rest, "%x-%x %s", &from, &to, &rights); err != nil || to <= from || rights != "r-xp" && rights != "r--p" {
		return 0, 0, false
	}
	return from, to - from, true
}
