package image

import (
	"strings"
)

// Base names the distribution in the image by its os-release file, such as
// "debian 12" or "alpine 3.20.3"; "none" if it has no such file. It panics if the
// image was not measured.
func (i *Image) Base() string {
	for n := len(i.Layers) - 1; n >= 0; n-- {
		if name := release(i.Layers[n].Sums.OSRelease); name != "" {
			return name
		}
	}
	return "none"
}

// Distribution is the ID of the distribution alone, such as "debian"; "" if the image
// has no os-release file.
func (i *Image) Distribution() string {
	if base := i.Base(); base != "none" {
		id, _, _ := strings.Cut(base, " ")
		return id
	}
	return ""
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
