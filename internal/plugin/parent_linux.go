package plugin

import (
	"fmt"
	"os"
	"strings"
)

// Parent are the arguments of the program that started this one, without its name; nil if
// they cannot be known. Docker does not tell its hooks which image a command was about.
func Parent() []string {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", os.Getppid()))
	if err != nil || len(b) == 0 {
		return nil
	}
	return strings.Split(strings.TrimSuffix(string(b), "\x00"), "\x00")[1:]
}
