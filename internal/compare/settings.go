package compare

import (
	"bytes"
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"tare/internal/image"
)

// changed lists the settings that differ, by name.
func changed(a, b *image.Image) []Setting {
	out := []Setting{}
	from, to := settings(a), settings(b)
	keys := maps.Clone(from)
	maps.Copy(keys, to)
	for _, k := range slices.Sorted(maps.Keys(keys)) {
		if from[k] != to[k] {
			out = append(out, Setting{k, from[k], to[k]})
		}
	}
	return out
}

// settings are an image's configuration, one by one.
func settings(img *image.Image) map[string]string {
	c := img.Config.Config
	p := img.Platform()
	out := map[string]string{"platform": p.OS + "/" + p.Architecture + strings.TrimSuffix("/"+p.Variant, "/")}
	put := func(name, v string) {
		if v != "" {
			out[name] = v
		}
	}
	asJSON := func(v any, n int) string {
		if n == 0 {
			return ""
		}
		b, _ := json.Marshal(v)
		return string(b)
	}
	for _, e := range c.Env {
		k, v, _ := strings.Cut(e, "=")
		out["env "+k] = cmp.Or(v, `""`)
	}
	for k, v := range c.Labels {
		out["label "+k] = cmp.Or(v, `""`)
	}
	put("os version", p.OSVersion)
	put("os features", asJSON(p.OSFeatures, len(p.OSFeatures)))
	put("cmd", asJSON(c.Cmd, len(c.Cmd)))
	put("entrypoint", asJSON(c.Entrypoint, len(c.Entrypoint)))
	put("user", c.User)
	put("workdir", c.WorkingDir)
	put("stop signal", c.StopSignal)
	put("shell", asJSON(c.Shell, len(c.Shell)))
	put("onbuild", asJSON(c.OnBuild, len(c.OnBuild)))
	put("healthcheck", string(compact(c.Healthcheck)))
	for p := range c.ExposedPorts {
		out["port "+p] = "exposed"
	}
	for v := range c.Volumes {
		out["volume "+v] = "declared"
	}
	for k, v := range fields(img.Raw, "config") {
		if listed[k] == "" && !slices.Contains(leftovers, k) {
			put("config "+k, given(v))
		}
	}
	return out
}

// listed says under which names the settings list a field of the configuration.
var listed = map[string]string{"Env": "env ", "Labels": "label ", "Cmd": "cmd", "Entrypoint": "entrypoint", "User": "user", "WorkingDir": "workdir", "StopSignal": "stop signal",
	"Shell": "shell", "OnBuild": "onbuild", "Healthcheck": "healthcheck", "ExposedPorts": "port ", "Volumes": "volume "}

// leftovers are fields that Docker's classic builder leaves behind and no container gets.
var leftovers = []string{"Image", "Hostname"}

// elsewhere are the fields of an image's configuration that are listed as settings, steps
// or layers.
var elsewhere = []string{"config", "rootfs", "os", "architecture", "variant", "os.version", "os.features"}

// otherwise names the fields in which two configurations differ beyond settings, layers
// and the text of steps: times, authors, the order of variables.
func otherwise(a, b *image.Image) []string {
	if a.ID() == b.ID() {
		return nil
	}
	var out []string
	x, y := fields(a.Raw, ""), fields(b.Raw, "")
	each := func(x, y map[string]json.RawMessage, differs func(k string)) {
		keys := maps.Clone(x)
		maps.Copy(keys, y)
		for _, k := range slices.Sorted(maps.Keys(keys)) {
			if given(x[k]) != given(y[k]) {
				differs(k)
			}
		}
	}
	said := changed(a, b)
	each(fields(a.Raw, "config"), fields(b.Raw, "config"), func(k string) {
		name := cmp.Or(listed[k], "config "+k)
		if !slices.ContainsFunc(said, func(s Setting) bool { return strings.HasPrefix(s.Name, name) }) {
			out = append(out, "config."+k)
		}
	})
	each(x, y, func(k string) {
		if !slices.Contains(elsewhere, k) {
			out = append(out, k)
		}
	})
	return out
}

// fields are those of an object in JSON, or of one within it.
func fields(raw []byte, of string) map[string]json.RawMessage {
	var out map[string]json.RawMessage
	_ = json.Unmarshal(raw, &out) // what is no object has no fields
	if of != "" {
		return fields(out[of], "")
	}
	return out
}

// given is a value in JSON; "" for what is empty, which is as good as absent.
func given(raw json.RawMessage) string {
	switch s := string(compact(raw)); s {
	case "null", `""`, "[]", "{}", "false", "0":
		return ""
	default:
		return s
	}
}

// compact is a value without spaces; nothing of nothing.
func compact(raw json.RawMessage) []byte {
	var b bytes.Buffer
	_ = json.Compact(&b, raw) // it was parsed before
	return b.Bytes()
}

// oneImage tells whether both are one image: the same manifest, and so the same
// configuration and layers, down to how they are compressed.
func oneImage(a, b *image.Image) bool { return a.Manifest.Digest == b.Manifest.Digest }
