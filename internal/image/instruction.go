package image

import "strings"

// Instruction is the Dockerfile instruction that a history entry tells of, as far
// as it can be recovered: builders write it with a shell before it and a mark after.
func (s Step) Instruction() string {
	t := strings.TrimSpace(strings.ReplaceAll(s.CreatedBy, "\t", " "))
	t = strings.TrimSpace(strings.TrimSuffix(t, "# buildkit"))
	if rest, ok := cutShell(t); ok {
		if nop, ok := strings.CutPrefix(rest, "#(nop)"); ok {
			return strings.TrimSpace(nop)
		}
		return "RUN " + rest
	}
	if rest, ok := cutOther(t); ok { // the classic builder under a SHELL: /bin/sh -eu -c make
		if nop, ok := strings.CutPrefix(rest, "#(nop)"); ok {
			return strings.TrimSpace(nop)
		}
		return "RUN " + t
	}
	if len(t) > 2 && t[0] == '|' && t[1] >= '0' && t[1] <= '9' { // Docker's classic builder: |1 V=x /bin/sh -c make
		return "RUN " + t
	}
	if rest, ok := strings.CutPrefix(t, "RUN "); ok {
		if cmd, ok := cutShell(strings.TrimSpace(rest)); ok {
			return "RUN " + cmd
		}
	}
	return t
}

func cutShell(t string) (string, bool) {
	for _, sh := range []string{"/bin/sh -c ", "/bin/bash -c ", "/bin/ash -eo pipefail -c ", "/bin/bash -o pipefail -c "} {
		if rest, ok := strings.CutPrefix(t, sh); ok {
			return strings.TrimSpace(rest), true
		}
	}
	return t, false
}

// cutOther cuts off a shell that is none of the usual ones: a program by its path, then
// options of which the last ends in c.
func cutOther(t string) (string, bool) {
	word, rest, ok := strings.Cut(t, " ")
	if !ok || !strings.HasPrefix(word, "/") {
		return t, false
	}
	for last := ""; ; last = word {
		if word, rest, ok = strings.Cut(strings.TrimLeft(rest, " "), " "); !ok {
			return t, false
		}
		option := strings.HasPrefix(word, "-")
		if option && strings.HasSuffix(word, "c") {
			return strings.TrimSpace(rest), true
		}
		if !option && !(strings.HasPrefix(last, "-") && strings.HasSuffix(last, "o")) {
			return t, false
		}
	}
}

// Copies tells whether the entry is a COPY or ADD.
func (s Step) Copies() bool {
	t := s.Instruction()
	return strings.HasPrefix(t, "COPY ") || strings.HasPrefix(t, "ADD ")
}

// StepOf is the history entry that made a layer; the zero Step if none did.
func (i *Image) StepOf(layer int) Step {
	for _, s := range i.History {
		if s.Layer == layer {
			return s
		}
	}
	return Step{Layer: layer}
}
