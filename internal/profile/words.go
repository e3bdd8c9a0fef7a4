package profile

import (
	"strings"

	"tare/internal/engine"
	"tare/internal/units"
)

// inWords is a step's name as people say it; that of an instruction stays.
func inWords(s *engine.Step) string {
	name := s.Name
	sent := ""
	if s.Sent > 0 {
		sent = ": " + units.Bytes(s.Sent) + " sent"
	}
	rest := func(prefix string) (string, bool) { return strings.CutPrefix(name, prefix) }
	if v, ok := rest("[internal] load build definition from "); ok {
		return "load " + v
	}
	if v, ok := rest("[internal] load metadata for "); ok {
		return "look up the image " + undigested(v)
	}
	if v, ok := rest("resolve image config for "); ok {
		return "look up the image " + undigested(strings.TrimPrefix(v, "docker-image://"))
	}
	if v, ok := rest("docker-image://"); ok {
		return "load the image " + undigested(v)
	}
	if _, ok := rest("[internal] load build context"); ok {
		return "load build context" + sent
	}
	if v, ok := rest("[context "); ok {
		if of, what, found := strings.Cut(v, "] "); what == "load from client" {
			return "load build context " + of + sent
		} else if found {
			return what + " of build context " + of
		}
	}
	if v, ok := rest("[auth] "); ok {
		return "log in: " + v
	}
	if _, v, ok := strings.Cut(name, "] FROM "); ok && strings.HasPrefix(name, "[") && len(s.Inputs) == 0 {
		return "load the base image " + undigested(v)
	}
	return strings.TrimPrefix(name, "[internal] ")
}

// undigested is an image's name without the digest behind its tag.
func undigested(name string) string {
	at := strings.LastIndex(name, "@")
	if at > 0 && strings.Contains(name[strings.LastIndex(name[:at], "/")+1:at], ":") {
		return name[:at]
	}
	return name
}
