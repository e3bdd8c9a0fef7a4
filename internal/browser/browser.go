// Package browser shows files in the user's browser.
package browser

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
)

// Open shows a file in BROWSER, else in the system's browser. It does not wait for it.
// The error of a browser that cannot be started says what to do.
func Open(file string) error {
	abs, err := filepath.Abs(file)
	if err != nil {
		return err
	}
	name, args := "xdg-open", []string{abs}
	switch {
	case os.Getenv("BROWSER") != "":
		name = os.Getenv("BROWSER")
	case runtime.GOOS == "darwin":
		name = "open"
	case runtime.GOOS == "windows":
		name, args = "rundll32", []string{"url.dll,FileProtocolHandler", abs}
	}
	if err := exec.Command(name, args...).Start(); err != nil {
		return fmt.Errorf("no browser could be started (%w): open %s yourself, or set BROWSER", err, abs)
	}
	return nil
}
