package trim

import "strings"

// toolchains are official images that are there to build with: what they build runs
// without them, with the C library of the image's distribution or with none.
var toolchains = map[string]bool{"golang": true, "rust": true, "gcc": true}

// runtimeOf is the image that a program runs on which was built in a toolchain's image: the
// toolchain image's own distribution, so that the C library is the same; "" for other bases.
func runtimeOf(base string) string {
	name := strings.TrimPrefix(strings.TrimPrefix(base, "docker.io/"), "library/")
	if strings.ContainsAny(name, "@$") {
		return ""
	}
	repo, tag, _ := strings.Cut(name, ":")
	if !toolchains[repo] {
		return ""
	}
	var version string
	for _, part := range strings.Split(tag, "-") {
		if rest, ok := strings.CutPrefix(part, "alpine"); ok {
			if rest == "" {
				rest = "latest"
			}
			return "alpine:" + rest
		}
		switch part {
		case "trixie", "bookworm", "bullseye", "buster":
			version = part
		}
	}
	if version == "" {
		version = "stable"
	}
	return "debian:" + version + "-slim"
}
