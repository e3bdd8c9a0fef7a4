package profiler

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"tare/internal/dockerfile"
	"tare/internal/request"
)

// orders writes the Dockerfiles that --swap asks for.
func (p *profiler) orders(tmp string) ([]order, error) {
	var out []order
	for n, s := range p.Swaps {
		src, err := p.swapped(s)
		if err != nil {
			return nil, err
		}
		o := order{name: ", lines " + s + " swapped", file: filepath.Join(tmp, fmt.Sprintf("swap-%d.Dockerfile", n)), src: src}
		if o.f, err = dockerfile.Parse(o.src); err != nil {
			return nil, fmt.Errorf("--swap %s: %w", s, err)
		}
		if err := os.WriteFile(o.file, o.src, 0o600); err != nil {
			return nil, err
		}
		out = append(out, o)
	}
	return out, nil
}

// swapped is the Dockerfile with the instructions at two lines ("5:6") swapped.
func (p *profiler) swapped(pair string) ([]byte, error) {
	var a, b int
	if k, err := fmt.Sscanf(pair, "%d:%d", &a, &b); err != nil || k != 2 || a == b {
		return nil, request.Errorf("--swap %q: want two lines, such as 5:6", pair)
	}
	x, y := p.instructionAt(min(a, b)), p.instructionAt(max(a, b))
	if x == nil || y == nil || x[0] == y[0] {
		return nil, request.Errorf("--swap %q: want lines of two instructions of one stage, behind its FROM", pair)
	}
	lines := strings.Split(string(p.src), "\n")
	out := slices.Concat(lines[:x[0]-1], lines[y[0]-1:y[1]], lines[x[1]:y[0]-1], lines[x[0]-1:x[1]], lines[y[1]:])
	return []byte(strings.Join(out, "\n")), nil
}

// instructionAt are the lines of the instruction at a line; nil for a FROM.
func (p *profiler) instructionAt(line int) *[2]int {
	for _, s := range p.f.Stages {
		for _, in := range s.Instructions {
			if in.Lines[0] <= line && line <= in.Lines[1] {
				return &in.Lines
			}
		}
	}
	return nil
}
