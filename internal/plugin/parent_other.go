//go:build !linux

package plugin

import (
	"os"
	"os/exec"
	"strconv"
	"strings"
)

// Parent are the arguments of the program that started this one, without its name; nil if
// they cannot be known. Docker does not tell its hooks which image a command was about.
func Parent() []string {
	b, err := exec.Command("ps", "-ww", "-o", "args=", "-p", strconv.Itoa(os.Getppid())).Output()
	words := strings.Fields(string(b)) // names of images have no spaces
	if err != nil || len(words) == 0 {
		return nil
	}
	return words[1:]
}
