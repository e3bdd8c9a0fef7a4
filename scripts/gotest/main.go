// Command gotest runs `go test` with the arguments that it is given and says at the end
// how many tests ran, passed and were skipped, and why. What `go test` prints of packages
// and of failures is printed as it is, whole; the exit code is go test's own.
package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, out, errs io.Writer) int {
	cmd := exec.Command("go", append([]string{"test", "-json"}, args...)...)
	cmd.Stderr = errs
	pipe, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		_, _ = fmt.Fprintln(errs, "gotest:", err)
		return 1
	}
	s := newSummary(out)
	s.read(pipe)
	err = cmd.Wait()
	s.print()
	switch code := cmd.ProcessState.ExitCode(); {
	case code != 0:
		return max(code, 1)
	case err != nil || s.failed > 0: // go test says the same; if it does not, believe the tests
		return 1
	}
	return 0
}
