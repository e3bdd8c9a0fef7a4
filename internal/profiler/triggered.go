package profiler

import (
	"slices"
	"strings"

	"tare/internal/engine"
	"tare/internal/profile"
	"tare/internal/shell"
)

// triggered says of a FROM that its base runs several commands in one of its ONBUILD
// instructions; nil if not. They stand in no line of this file that a copy could have in
// parts.
func triggered(ops []engine.Op, line int) *profile.Split {
	for i := range ops {
		op := &ops[i]
		if !slices.ContainsFunc(op.Lines, func(at [2]int) bool { return at[0] == line }) {
			continue
		}
		name := op.Name
		if strings.HasPrefix(name, "[") {
			_, name, _ = strings.Cut(name, "] ")
		}
		script, ok := strings.CutPrefix(name, "ONBUILD RUN ")
		for strings.HasPrefix(script, "--") { // its flags
			_, script, _ = strings.Cut(script, " ")
		}
		if !ok || strings.HasPrefix(script, "[") { // one program
			continue
		}
		if l, err := shell.Split(script, false); err == nil && len(l.Steps(stateDir)) < 2 {
			continue
		}
		return &profile.Split{Line: line, Commands: []profile.SplitCommand{}, Skipped: "its base runs ONBUILD commands, which stand in no line of this file: " + oneLine(script)}
	}
	return nil
}
