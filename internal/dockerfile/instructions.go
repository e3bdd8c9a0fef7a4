package dockerfile

import (
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
)

// Instruction is one instruction of a stage, without the FROM.
type Instruction struct {
	Keyword string // in capitals: RUN, COPY, …
	Text    string // the instruction in one line, as the frontend prints it
	Lines   [2]int // first and last line in the file
	// Works says that the builder has something to do for it: RUN, COPY, ADD, WORKDIR.
	Works bool
	// Sources are what COPY and ADD take, From the stage or image they take it from
	// ("" for the build context). Excludes are their --exclude patterns.
	Sources, Excludes []string
	From              string
	// To is where COPY and ADD write to, as it is written.
	To string
	// Mounts are a RUN's.
	Mounts []Mount
	// Vars are the arguments that an ARG declares, with their defaults.
	Vars map[string]string
	// Script is what a RUN gives to a shell, here-documents included; one that begins with
	// #! is a program of its own.
	Script string
	// Flags are those of the instruction, without quotes: --mount=…, --network=….
	Flags []string
}

// Mount is a RUN --mount.
type Mount struct {
	Type   string // bind, cache, secret, ssh, tmpfs
	From   string // stage or image; "" for the build context
	Source string
	ID     string // of secrets, caches and sockets
}

func instruction(c instructions.Command) Instruction {
	in := Instruction{Keyword: strings.ToUpper(c.Name()), Text: c.Name()}
	if s, ok := c.(interface{ String() string }); ok {
		in.Text = oneLine(s.String())
	}
	in.Lines = span(c.Location())
	switch c := c.(type) {
	case *instructions.RunCommand:
		in.Works = true
		if c.PrependShell {
			in.Script = script(c)
		}
		// Mounts are only read when variables are filled in; here they stay as written.
		_ = c.Expand(func(word string) (string, error) { return word, nil })
		for _, m := range instructions.GetMounts(c) {
			in.Mounts = append(in.Mounts, Mount{Type: string(m.Type), From: m.From, Source: m.Source, ID: m.CacheID})
		}
	case *instructions.CopyCommand:
		in.Works, in.Sources, in.From, in.Excludes, in.To = true, c.SourcePaths, c.From, c.ExcludePatterns, c.DestPath
	case *instructions.AddCommand:
		in.Works, in.Sources, in.Excludes, in.To = true, c.SourcePaths, c.ExcludePatterns, c.DestPath
	case *instructions.WorkdirCommand:
		in.Works = true
	case *instructions.ArgCommand:
		in.Vars = map[string]string{}
		for _, a := range c.Args {
			in.Vars[a.Key] = a.ValueString()
		}
	}
	return in
}

// FromContext tells whether a COPY or ADD takes files of the build context: not of a stage
// or an image, nor from a URL, nor from a here-document alone.
func (in Instruction) FromContext() bool {
	return (in.Keyword == "COPY" || in.Keyword == "ADD") && in.From == "" && slices.ContainsFunc(in.Sources, func(source string) bool {
		return in.Keyword == "COPY" || !strings.Contains(source, "://") && !strings.HasPrefix(source, "git@") && !strings.Contains(source, "$")
	})
}

// script is what the frontend gives to the shell: a single here-document is the script
// itself, others are part of the command line.
func script(c *instructions.RunCommand) string {
	text := strings.Join(c.CmdLine, " ")
	if len(c.Files) == 0 {
		return text
	}
	if h, err := parser.ParseHeredoc(text); err == nil && h != nil {
		if f := c.Files[0]; f.Chomp {
			return parser.ChompHeredocContent(f.Data)
		}
		return c.Files[0].Data
	}
	for _, f := range c.Files {
		text += "\n" + f.Data + f.Name
	}
	return text
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

func span(list []parser.Range) (lines [2]int) {
	for _, r := range list {
		if lines[0] == 0 || r.Start.Line < lines[0] {
			lines[0] = r.Start.Line
		}
		lines[1] = max(lines[1], r.End.Line)
	}
	return lines
}

// Chain are the indexes of the stages that a target (the last stage if "") consists
// of, from the one that starts from an image to itself; nil if it is not there.
func (f *File) Chain(target string) []int {
	n := len(f.Stages) - 1
	if target != "" {
		n = f.index(target, len(f.Stages))
	}
	return f.ChainOf(n)
}

// ChainOf is Chain for the stage of an index: several may have one name.
func (f *File) ChainOf(n int) []int {
	var out []int
	for ; n >= 0; n = f.index(f.Stages[n].Base, n) {
		out = append([]int{n}, out...)
	}
	return out
}

// Needed are the stages that a target needs, itself included: those that it goes on
// from and takes files from, and theirs.
func (f *File) Needed(target string) map[int]bool {
	need := map[int]bool{}
	var visit func(n int)
	visit = func(n int) {
		if n < 0 || need[n] {
			return
		}
		need[n] = true
		visit(f.index(f.Stages[n].Base, n))
		for _, in := range f.Stages[n].Instructions {
			if in.From != "" {
				visit(f.index(in.From, n))
			}
			for _, m := range in.Mounts {
				if m.From != "" {
					visit(f.index(m.From, n))
				}
			}
		}
	}
	if c := f.Chain(target); len(c) > 0 {
		visit(c[len(c)-1])
	}
	return need
}

// StageIndex finds the stage that a name or number means in an instruction of stage n;
// -1 for an image.
func (f *File) StageIndex(name string, n int) int { return f.index(name, n) }

// Escape is the character that continues a line: a backslash, or what the file's parser
// directive names.
func (f *File) Escape() byte { return byte(f.escape) }
