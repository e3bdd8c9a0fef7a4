package image

import (
	"strings"
)

// Base names the distribution in the image by its os-release file, such as
// "debian 12" or "alpine 3.20.3"; "none" if it has no such file. It panics if the
// image was not measured.
func (i *Image) Base() string {
	for n := len(i.Layers) - 1; n >= 0; n-- {
		for _, path := range []string{"etc/os-release", "usr/lib/os-release"} {
			if b, ok := i.Layers[n].Index.Kept[path]; ok {
				if name := release(string(b)); name != "" {
					return name
				}
			}
		}
	}
	return "none"
}

// release reads ID and VERSION_ID of os-release(5).
func release(text string) string {
	vars := map[string]string{}
	for line := range strings.Lines(text) {
		if k, v, ok := strings.Cut(strings.TrimSpace(line), "="); ok {
			vars[k] = strings.Trim(v, `"'`)
		}
	}
	return strings.TrimSpace(vars["ID"] + " " + vars["VERSION_ID"])
}
