package plugin

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/docker/cli/cli/config"
	"github.com/moby/sys/atomicwriter"
)

// Hooked are the docker commands after which the line is shown.
const Hooked = "build,image build,buildx build,pull,image pull"

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
	changed, err := p.edit(func(tare map[string]string) { tare["hooks"] = Hooked })
	if err != nil {
		return did, err
	}
	if changed {
		did = append(did, fmt.Sprintf("%s: after %s docker says what the image weighs", p.file(), strings.ReplaceAll(Hooked, ",", ", ")))
	}
	return did, nil
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
	changed, err := p.edit(func(tare map[string]string) { delete(tare, "hooks") })
	if changed {
		did = append(did, p.file()+": no line after builds and pulls any more")
	}
	return did, err
}

// edit changes what docker's configuration says of this plugin, and nothing else: fields
// that this version of docker's library does not know stay.
func (p Place) edit(change func(tare map[string]string)) (changed bool, err error) {
	file := p.file()
	if real, err := filepath.EvalSymlinks(file); err == nil {
		file = real
	}
	b, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	doc, plugins, tare := map[string]json.RawMessage{}, map[string]json.RawMessage{}, map[string]string{}
	read := func(b []byte, v any) error {
		if len(b) == 0 {
			return nil
		}
		return json.Unmarshal(b, v)
	}
	err = read(b, &doc)
	if err == nil {
		err = read(doc["plugins"], &plugins)
	}
	if err == nil {
		err = read(plugins[Name], &tare)
	}
	if err != nil {
		return false, fmt.Errorf("%s: %w; it was left as it is", file, err)
	}
	was := tare["hooks"]
	if change(tare); tare["hooks"] == was {
		return false, nil
	}
	set := func(m map[string]json.RawMessage, key string, v any, empty bool) error {
		if empty {
			delete(m, key)
			return nil
		}
		raw, err := json.Marshal(v)
		m[key] = raw
		return err
	}
	if err := errors.Join(set(plugins, Name, tare, len(tare) == 0), set(doc, "plugins", plugins, len(plugins) == 0)); err != nil {
		return false, err
	}
	out, err := json.MarshalIndent(doc, "", "\t")
	if err != nil {
		return false, err
	}
	mode := fs.FileMode(0o600)
	if fi, err := os.Stat(file); err == nil {
		mode = fi.Mode().Perm()
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return false, err
	}
	return true, atomicwriter.WriteFile(file, append(out, '\n'), mode)
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
