package profile

import (
	"path"
	"slices"
	"strings"

	"tare/internal/advice"
	"tare/internal/dockerfile"
	"tare/internal/engine"
	"tare/internal/pattern"
)

// installer is a command that installs what manifests list, and nothing of the source.
type installer struct {
	command   pattern.Regexp
	manifests []string // base names; those that are there are meant
}

// start is what stands before a command in a script, end what stands behind one that takes
// options only.
const (
	start = `(?m)(?:^|&&|\|\||;)[ \t]*(?:[A-Z_]+=\S+[ \t]+)*(`
	end   = `(?:[ \t]+-[^\s;&|]+)*)[ \t]*(?:$|&&|\|\||;)`
)

var installers = []installer{
	{pattern.New(start + `npm[ \t]+(?:ci|clean-install|install|i)` + end), []string{"package.json", "package-lock.json", "npm-shrinkwrap.json"}},
	{pattern.New(start + `yarn(?:[ \t]+install)?` + end), []string{"package.json", "yarn.lock"}},
	{pattern.New(start + `pnpm[ \t]+(?:install|i)` + end), []string{"package.json", "pnpm-lock.yaml"}},
	{pattern.New(start + `(?:python3?[ \t]+-m[ \t]+|uv[ \t]+)?pip3?[ \t]+install(?:[ \t]+--?[^\s;&|er]\S*)*[ \t]+(?:-r|--requirement)[ \t=]*[^\s;&|]+` + end), nil},
	{pattern.New(start + `bundle[ \t]+install` + end), []string{"Gemfile", "Gemfile.lock"}},
	{pattern.New(start + `composer[ \t]+install` + end), []string{"composer.json", "composer.lock"}},
	{pattern.New(start + `go[ \t]+mod[ \t]+download` + end), []string{"go.mod", "go.sum"}},
	{pattern.New(start + `poetry[ \t]+install(?:[ \t]+-\S+)*[ \t]+--no-root` + end), []string{"pyproject.toml", "poetry.lock"}},
	{pattern.New(start + `pipenv[ \t]+(?:install|sync)` + end), []string{"Pipfile", "Pipfile.lock"}},
}

// requirements finds the file that pip is told to read.
var requirements = pattern.New(`[ \t](?:-r|--requirement)[ \t=]*([^\s;&|]+)`)

// installs are the RUNs that install what a manifest lists, after a COPY of the same stage
// has brought it together with other files of the build context. Which files that are is
// known from the build's definition.
func (r *Result) installs(in Input) (out []advice.Install) {
	if in.Now == nil || string(in.Dockerfile) != string(in.Source) {
		return nil
	}
	files, takes := in.Now.Files["context"], contextTakes(in.Ops)
	for n, s := range in.File.Stages {
		if !r.Stages[n].Needed {
			continue
		}
		copied := map[string]int{} // the line that first copied a file
		done := map[string]bool{}
		for _, i := range s.Instructions {
			for _, t := range takes[i.Lines[0]] {
				for _, p := range Taken(t, files) {
					if !isDir(files, p) && copied[p] == 0 {
						copied[p] = i.Lines[0]
					}
				}
			}
			for _, found := range installing(i, copied) {
				if done[found.Command] {
					continue
				}
				done[found.Command] = true
				if found.Others > 0 {
					found.Seconds = r.secondsAt(found.Line)
					out = append(out, found)
				}
			}
		}
	}
	return out
}

// contextTakes is what COPY and ADD take of the build context, by their first lines.
func contextTakes(ops []engine.Op) map[int][]engine.Take {
	local, out := map[string]bool{}, map[int][]engine.Take{}
	for i := range ops {
		op := &ops[i]
		local[op.Digest] = op.Kind == "local" && op.Source == "context"
		if op.Kind != "file" {
			continue
		}
		for _, t := range op.Takes {
			for _, at := range op.Lines {
				if local[t.Input] {
					out[at[0]] = append(out[at[0]], t)
				}
			}
		}
	}
	return out
}

// installing finds the install commands of a RUN (only these have scripts), and which COPY brought their manifests;
// Others is 0 where that one brought nothing else.
func installing(i dockerfile.Instruction, copied map[string]int) (out []advice.Install) {
	if slices.ContainsFunc(i.Mounts, func(m dockerfile.Mount) bool { return m.Type == "bind" }) {
		return nil
	}
	for _, k := range installers {
		m := k.command().FindStringSubmatch(i.Script)
		if m == nil {
			continue
		}
		names := k.manifests
		if names == nil {
			names = []string{path.Base(requirements().FindStringSubmatch(m[1])[1])}
		}
		found := advice.Install{Line: i.Lines[0], Command: strings.Join(strings.Fields(m[1]), " ")}
		for p, line := range copied {
			if slices.Contains(names, path.Base(p)) {
				found.Manifests = append(found.Manifests, p)
				found.Copy = max(found.Copy, line)
			}
		}
		if !together(found.Manifests) {
			continue // several projects: whose it is, is not known
		}
		for p, line := range copied {
			if line == found.Copy && !slices.Contains(found.Manifests, p) {
				found.Others++
			}
		}
		slices.Sort(found.Manifests)
		out = append(out, found)
	}
	return out
}

// together tells whether files lie in one directory.
func together(files []string) bool {
	for _, f := range files {
		if path.Dir(f) != path.Dir(files[0]) {
			return false
		}
	}
	return true
}

// secondsAt is how long the instruction at a line took when it last ran; 0 if that is not
// known.
func (r *Result) secondsAt(line int) float64 {
	for i := range r.Lines {
		if l := &r.Lines[i]; l.Lines[0] == line {
			if l.Cold != nil {
				return *l.Cold
			}
			return l.Seconds
		}
	}
	return 0
}
