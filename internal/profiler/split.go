package profiler

import (
	"context"
	"io"
	"os"
	"slices"
	"strings"

	"tare/internal/bench"
	"tare/internal/dockerfile"
	"tare/internal/profile"
)

// part is a RUN that was taken apart: its line, where its first command stands in the
// copy, and how many commands it has.
type part struct{ line, at, n int }

// splits takes RUN lines apart at their && and builds each command as a line of its own
// in a copy of the Dockerfile.
func (p *profiler) splits(ctx context.Context, r *profile.Result) error {
	note := func(text string) { r.Notes = append(r.Notes, "--split: "+text) }
	src, parts := apart(string(p.src), p.f)
	if len(parts) == 0 {
		note("no RUN has several commands that could be built one by one")
		return nil
	}
	f, err := dockerfile.Parse(src)
	if err != nil {
		note("the Dockerfile cannot be taken apart: " + err.Error())
		return nil
	}
	built, err := p.buildCopy(ctx, src)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		note("the commands do not work as lines of their own (a variable or directory that an earlier one sets?): " + firstLine(err.Error()))
		return nil
	}
	w, err := p.weighed(ctx, built.Built)
	if err != nil {
		return err
	}
	book := p.b.Book()
	lines := profile.Make(profile.Input{Source: src, File: f, Target: p.Build.Target, Steps: built.Steps, Ops: built.Ops, Dockerfile: built.Dockerfile, Cold: book.Cold(built.Built), Image: w}).Lines
	book.NoteSteps(built.Built)
	for _, x := range parts {
		r.Splits = append(r.Splits, split(x, lines))
	}
	return nil
}

// split is what the commands of one RUN cost, by the lines of the copy.
func split(x part, lines []profile.Line) profile.Split {
	s := profile.Split{Line: x.line}
	for k := range x.n {
		i := slices.IndexFunc(lines, func(l profile.Line) bool { return l.Lines[0] == x.at+k })
		if i < 0 {
			continue
		}
		l := lines[i]
		c := profile.SplitCommand{Text: strings.TrimPrefix(l.Text, "RUN "), Seconds: l.Seconds, Bytes: l.Bytes}
		if l.Cold != nil {
			c.Seconds = *l.Cold
		}
		s.Commands = append(s.Commands, c)
	}
	return s
}

// apart is the Dockerfile with each command of a RUN that has several on a line of its own.
func apart(src string, f *dockerfile.File) ([]byte, []part) {
	lines := strings.Split(src, "\n")
	var parts []part
	var out []string
	next := 1
	for _, s := range f.Stages {
		for _, in := range s.Instructions {
			if in.Keyword != "RUN" {
				continue
			}
			commands := dockerfile.Split(in.Script)
			if commands == nil {
				continue
			}
			out = append(out, lines[next-1:in.Lines[0]-1]...)
			prefix := "RUN " + flagsOf(strings.Join(lines[in.Lines[0]-1:in.Lines[1]], " "))
			parts = append(parts, part{in.Lines[0], len(out) + 1, len(commands)})
			for _, c := range commands {
				out = append(out, prefix+strings.Join(strings.Fields(c), " "))
			}
			next = in.Lines[1] + 1
		}
	}
	out = append(out, lines[next-1:]...)
	return []byte(strings.Join(out, "\n")), parts
}

// flagsOf are the flags of a RUN (--mount, --network), with a space behind each.
func flagsOf(instruction string) (flags string) {
	_, rest, _ := strings.Cut(instruction, "RUN")
	for _, w := range strings.Fields(rest) {
		if !strings.HasPrefix(w, "--") {
			break
		}
		flags += w + " "
	}
	return flags
}

// buildCopy builds a Dockerfile in the place of the profiled one.
func (p *profiler) buildCopy(ctx context.Context, src []byte) (bench.Built, error) {
	tmp, err := os.CreateTemp("", "tare-split-*.Dockerfile")
	if err != nil {
		return bench.Built{}, err
	}
	defer func() { _ = os.Remove(tmp.Name()) }()
	_, err = tmp.Write(src)
	if cerr := tmp.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return bench.Built{}, err
	}
	r := p.again()
	r.Dockerfile = tmp.Name()
	return p.b.Build(ctx, p.file, r, io.Discard)
}
