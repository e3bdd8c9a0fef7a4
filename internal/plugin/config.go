package plugin

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/moby/sys/atomicwriter"
)

// Hooked are the docker commands after which the line is shown.
const Hooked = "build,image build,builder build,buildx build,buildx b,pull,image pull"

// What config.json has for plugins and their hooks.
const (
	hooksKey = "hooks"
	// switchKey notes that it was tare that switched docker's hooks on.
	switchKey = "switchedHooksOn"
)

// hook tells docker to ask this plugin after builds and pulls, and switches its hooks on:
// docker has them off unless Docker Desktop or somebody else has done so.
func (p Place) hook() (did []string, err error) {
	var on, refused bool
	changed, err := p.edit(func(d *dockerConfig) {
		d.tare[hooksKey] = Hooked
		switch v, set := d.features[hooksKey]; {
		case !set:
			d.features[hooksKey], d.tare[switchKey] = "true", "true"
			on = true
		default:
			yes, err := strconv.ParseBool(v)
			refused = err != nil || !yes
		}
	})
	if err != nil {
		return nil, err
	}
	if changed {
		did = append(did, fmt.Sprintf("%s: after %s docker says what the image weighs", p.file(), strings.ReplaceAll(Hooked, ",", ", ")))
	}
	if on {
		did = append(did, fmt.Sprintf("%s: switched docker's hooks on (features.hooks)", p.file()))
	}
	if refused {
		did = append(did, fmt.Sprintf("%s has docker's hooks switched off (features.hooks), and keeps them so: set it to \"true\" to see the line", p.file()))
	}
	return did, nil
}

// unhook takes back what hook did. Hooks stay on where other plugins have some.
func (p Place) unhook() (did []string, err error) {
	var off bool
	changed, err := p.edit(func(d *dockerConfig) {
		if d.tare[switchKey] != "" && !d.othersHook {
			delete(d.features, hooksKey)
			off = true
		}
		delete(d.tare, hooksKey)
		delete(d.tare, switchKey)
	})
	if err != nil || !changed {
		return nil, err
	}
	did = append(did, p.file()+": no line after builds and pulls any more")
	if off {
		did = append(did, p.file()+": docker's hooks are as before (features.hooks)")
	}
	return did, nil
}

// dockerConfig is what is changed of config.json.
type dockerConfig struct {
	features   map[string]string
	tare       map[string]string // plugins.tare
	othersHook bool              // another plugin has hooks
}

// edit changes what docker's configuration says of this plugin and of hooks, and nothing
// else: fields that this version of docker's library does not know stay.
func (p Place) edit(change func(*dockerConfig)) (changed bool, err error) {
	file := p.file()
	if real, err := filepath.EvalSymlinks(file); err == nil {
		file = real
	}
	b, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	doc, derr := object[json.RawMessage](b)
	plugins, perr := object[json.RawMessage](doc["plugins"])
	d := &dockerConfig{}
	var terr, ferr error
	d.tare, terr = object[string](plugins[Name])
	d.features, ferr = object[string](doc["features"])
	if err := errors.Join(derr, perr, terr, ferr); err != nil {
		return false, fmt.Errorf("%s: %w; it was left as it is", file, err)
	}
	for name, raw := range plugins {
		other, err := object[any](raw)
		d.othersHook = d.othersHook || name != Name && err == nil && other[hooksKey] != nil
	}
	was := fmt.Sprint(d.tare, d.features)
	if change(d); fmt.Sprint(d.tare, d.features) == was {
		return false, nil
	}
	if err := errors.Join(set(plugins, Name, d.tare, len(d.tare)), set(doc, "plugins", plugins, len(plugins)), set(doc, "features", d.features, len(d.features))); err != nil {
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

// object reads a JSON object; there is an empty one where there is nothing, or null.
func object[V any](b []byte) (map[string]V, error) {
	m := map[string]V{}
	if len(b) == 0 {
		return m, nil
	}
	err := json.Unmarshal(b, &m)
	if m == nil {
		m = map[string]V{}
	}
	return m, err
}

// set puts a value into an object, or takes it out if it has no entries.
func set(m map[string]json.RawMessage, key string, v any, entries int) error {
	if entries == 0 {
		delete(m, key)
		return nil
	}
	raw, err := json.Marshal(v)
	m[key] = raw
	return err
}
