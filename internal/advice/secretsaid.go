package advice

import (
	"slices"
	"strings"

	"tare/internal/secret"
	"tare/internal/weigh"
)

// secretSaid goes through what an image says of itself: the instructions of its history,
// and variables and labels that no instruction names. Where a value stands is said, and
// never the value.
func secretSaid(img *Image) (out []Finding) {
	var seen []secret.Said
	fresh := func(list ...secret.Said) (out []secret.Said) {
		for _, s := range list {
			if !slices.ContainsFunc(seen, s.Same) {
				seen = append(seen, s)
				out = append(out, s)
			}
		}
		return out
	}
	below := 0 // layers
	for n, step := range img.Image.History {
		text := step.Instruction()
		made := step.Layer >= 0
		if list := fresh(secret.In(text)...); len(list) > 0 {
			word, _, _ := strings.Cut(text, " ")
			f := Finding{Finding: weigh.Finding{Severity: weigh.Secret, Line: img.Steps[n], Text: word + " has " + values(list) + " in the image's history", Remedy: instead(true)}}
			if made {
				f.Layer, f.Line = step.Layer+1, img.Lines[step.Layer]
			}
			if f.Line == 0 && (below < img.base() || made && !img.own(int32(step.Layer))) {
				f.Remedy = instead(false)
			}
			out = append(out, f)
		}
		if made {
			below = step.Layer + 1
		}
	}
	c := img.Image.Config.Config
	var left []secret.Said
	for _, kv := range c.Env {
		name, v, _ := strings.Cut(kv, "=")
		if s, ok := secret.Variable(name, v); ok {
			left = append(left, fresh(s)...)
		}
	}
	for _, name := range sorted(c.Labels) {
		if s, ok := secret.Variable(name, c.Labels[name]); ok {
			left = append(left, fresh(s)...)
		}
	}
	if len(left) > 0 {
		out = append(out, Finding{Finding: weigh.Finding{Severity: weigh.Secret, Text: "the configuration has " + values(left) + " in its variables and labels", Remedy: instead(true)}})
	}
	return out
}

// values says in words what was found: "a value for TOKEN, which is named like a secret,".
func values(list []secret.Said) string {
	var names, parts []string
	for _, s := range list {
		if s.Name != "" && !slices.Contains(names, s.Name) {
			names = append(names, s.Name)
		}
	}
	switch len(names) {
	case 0:
	case 1:
		parts = []string{"a value for " + names[0] + ", which is named like a secret,"}
	default:
		parts = []string{"values for " + strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1] + ", which are named like secrets,"}
	}
	for _, s := range list {
		if s.Form != "" && !slices.Contains(parts, s.Form) {
			parts = append(parts, s.Form)
		}
	}
	return strings.Join(parts, " and ")
}

// instead says what to do about a secret, of this image or of its base.
func instead(own bool) string {
	if !own {
		return "the base image brings it: whoever has that image has it; use one without it"
	}
	return "RUN --mount=type=secret, or a value at run time, instead; then replace it: whoever has the image has it"
}
