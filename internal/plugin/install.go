package plugin

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/docker/cli/cli/config"
)

// Place is where the plugin is installed.
type Place struct {
	Config string // docker's configuration directory
	Self   string // this program, without symbolic links
}

func (p Place) link() string {
	name := Program
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	return filepath.Join(p.Config, "cli-plugins", name)
}

func (p Place) file() string { return filepath.Join(p.Config, "config.json") }

// Install links this program into docker's plugins and, with hooks, tells docker to ask it
// after builds and pulls. It returns what it did, a line each. What is there and is not a
// link of tare's is left alone, and is an error.
func Install(p Place, hooks bool) (did []string, err error) {
	link := p.link()
	to, err := os.Readlink(link)
	switch {
	case err == nil && to == p.Self:
		did = append(did, fmt.Sprintf("%s leads to %s already", link, p.Self))
	case err == nil, errors.Is(err, fs.ErrNotExist):
		if err == nil && !ours(to) {
			return nil, fmt.Errorf("%s leads to %s, which is not called tare: remove it first", link, to)
		}
		if err := os.MkdirAll(filepath.Dir(link), 0o755); err != nil {
			return nil, err
		}
		if err := replace(p.Self, link); err != nil {
			return nil, err
		}
		did = append(did, fmt.Sprintf("linked %s to %s", link, p.Self))
	default:
		return nil, fmt.Errorf("%s is there, and is not a link of tare's: remove it first", link)
	}
	if !hooks {
		return did, nil
	}
	more, err := p.hook()
	return append(did, more...), err
}

// replace makes a symbolic link where there may be one.
func replace(to, link string) error {
	tmp := fmt.Sprintf("%s.%d", link, os.Getpid())
	if err := os.Symlink(to, tmp); err != nil {
		return err
	}
	if err := os.Rename(tmp, link); err != nil {
		return errors.Join(err, os.Remove(tmp))
	}
	return nil
}

// ours tells whether a program is a tare by its name.
func ours(program string) bool {
	base := strings.TrimSuffix(filepath.Base(program), ".exe")
	return base == Name || base == Program || strings.HasPrefix(base, Name+"-")
}

// Remove takes back what Install did.
func Remove(p Place) (did []string, err error) {
	link := p.link()
	to, err := os.Readlink(link)
	switch {
	case err == nil && ours(to):
		if err := os.Remove(link); err != nil {
			return nil, err
		}
		did = append(did, "removed "+link)
	case errors.Is(err, fs.ErrNotExist):
	default:
		return nil, fmt.Errorf("%s is not a link of tare's: it was left alone", link)
	}
	more, err := p.unhook()
	return append(did, more...), err
}

// Here is docker's directory of this user, and this program.
func Here() Place {
	self, err := os.Executable()
	if err == nil {
		if real, err := filepath.EvalSymlinks(self); err == nil {
			self = real
		}
	}
	return Place{Config: config.Dir(), Self: self}
}
