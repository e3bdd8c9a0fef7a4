package check

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"tare/internal/buildcontext"
	"tare/internal/dockerfile"
	"tare/internal/engine"
	"tare/internal/gate"
	"tare/internal/profile"
)

// source makes out how an image was built, from its profile and what the builder told.
type source struct {
	f      *dockerfile.File
	prof   *profile.Result
	layers int            // of the image
	made   *profile.Build // nil where no builder told
	p      place
	text   []byte

	out *gate.Source
	at  map[int]int // the index of an instruction by its line
}

// make makes it. What the builder told comes first; where it told nothing, what stands in
// the file.
func (s source) make() *gate.Source {
	s.out = &gate.Source{Dockerfile: s.p.rel(s.p.file), Context: s.p.rel(s.p.dir), Text: string(s.text)}
	s.out.Read = s.read
	for _, st := range s.f.Stages {
		s.out.Stages = append(s.out.Stages, st.Name)
	}
	code := strings.Split(string(s.text), "\n")
	s.globals(code)
	s.at = map[int]int{}
	lowest := s.layers
	for i := range s.prof.Lines {
		l := &s.prof.Lines[i]
		if !l.Needed {
			continue
		}
		g := gate.Line{Line: l.Lines[0], Stage: l.Stage, Keyword: l.Keyword, Text: l.Text, Below: -1}
		if l.Lines[0] > 0 && l.Lines[1] <= len(code) {
			g.Code = strings.TrimSpace(strings.Join(code[l.Lines[0]-1:l.Lines[1]], "\n"))
		}
		if l.Layer > 0 && s.prof.Stages[l.Stage].Final {
			g.Layers = []int{l.Layer - 1}
			lowest = min(lowest, l.Layer-1)
		}
		s.at[g.Line] = len(s.out.Lines)
		s.out.Lines = append(s.out.Lines, g)
	}
	for i := range s.out.Lines { // the base's are those below all others
		if l := &s.out.Lines[i]; l.Keyword == "FROM" && s.prof.Stages[l.Stage].Final {
			for k := range lowest {
				l.Layers = append(l.Layers, k)
			}
			break
		}
	}
	if s.made != nil && len(s.made.Ops) > 0 {
		s.told()
	} else {
		s.written()
	}
	return s.out
}

// globals are the ARG lines before the first FROM.
func (s *source) globals(code []string) {
	for n, text := range code {
		words := strings.Fields(text)
		if len(words) > 0 && strings.EqualFold(words[0], "FROM") {
			return
		}
		if len(words) > 1 && strings.EqualFold(words[0], "ARG") {
			words[0] = "ARG"
			s.out.Lines = append(s.out.Lines, gate.Line{Line: n + 1, Stage: -1, Keyword: "ARG", Text: strings.Join(words, " "), Below: -1})
		}
	}
}

// maxRead bounds the files that are read for versions, in bytes.
const maxRead = 4 << 20

// read returns a file of the context.
func (s *source) read(name string) ([]byte, bool) {
	if !filepath.IsLocal(filepath.FromSlash(name)) {
		return nil, false
	}
	root, err := os.OpenRoot(s.p.dir)
	if err != nil {
		return nil, false
	}
	defer func() { _ = root.Close() }()
	fi, err := root.Stat(filepath.FromSlash(name))
	if err != nil || !fi.Mode().IsRegular() || fi.Size() > maxRead {
		return nil, false
	}
	b, err := root.ReadFile(filepath.FromSlash(name))
	return b, err == nil
}

// told takes what instructions stand on and take from the builder's definition.
func (s *source) told() {
	ops := map[string]*engine.Op{}
	for i := range s.made.Ops {
		ops[s.made.Ops[i].Digest] = &s.made.Ops[i]
	}
	// at are the instructions whose result an operation is, seen through those of none.
	var at func(op *engine.Op, seen map[string]bool) []int
	at = func(op *engine.Op, seen map[string]bool) (out []int) {
		if op == nil || seen[op.Digest] {
			return nil
		}
		seen[op.Digest] = true
		for _, l := range op.Lines {
			if i, ok := s.at[l[0]]; ok {
				out = append(out, i)
			}
		}
		if len(out) == 0 || op.Kind == "merge" {
			for _, d := range op.Inputs {
				out = append(out, at(ops[d], seen)...)
			}
		}
		return out
	}
	for i := range s.made.Ops {
		op := &s.made.Ops[i]
		for _, l := range op.Lines {
			n, ok := s.at[l[0]]
			if !ok {
				continue
			}
			s.operation(n, op, ops, func(d string) []int { return at(ops[d], map[string]bool{}) })
		}
	}
	files, known := s.made.Files["context"]
	partial := slices.Contains(s.made.Partial, "context")
	takes := slices.ContainsFunc(s.out.Lines, func(l gate.Line) bool { return len(l.Takes) > 0 })
	s.out.Files, s.out.Known = files, !partial && (known || !takes)
}

// operation adds what one operation of an instruction tells.
func (s *source) operation(n int, op *engine.Op, ops map[string]*engine.Op, at func(string) []int) {
	l := &s.out.Lines[n]
	need := func(d string) {
		for _, i := range at(d) {
			if i != n && i != l.Below && !slices.Contains(l.Needs, i) {
				l.Needs = append(l.Needs, i)
			}
		}
	}
	switch op.Kind {
	case "image", "layout":
		digest := ""
		for _, f := range op.Facts {
			if f.What == "image" && f.Value != "" {
				digest = "@" + f.Value
			}
		}
		if name := op.Source + digest; !slices.Contains(l.Images, name) {
			l.Images = append(l.Images, name)
		}
		return
	case "exec", "file":
	default:
		return
	}
	taken := map[string]bool{}
	for _, t := range op.Takes {
		taken[t.Input] = true
	}
	for k, d := range op.Inputs {
		if in := ops[d]; in != nil && in.Kind != "local" && !taken[d] && k == 0 {
			for _, i := range at(d) {
				if i != n && (l.Below < 0 || i > l.Below) {
					l.Below = i
				}
			}
		} else if !taken[d] {
			need(d)
		}
	}
	for _, t := range op.Takes {
		in := ops[t.Input]
		switch {
		case in == nil:
		case in.Kind == "http", in.Kind == "git":
			if !slices.Contains(l.Fetches, in.Source) {
				l.Fetches = append(l.Fetches, in.Source)
			}
		case in.Kind == "local":
			if in.Source == "context" {
				l.Takes = append(l.Takes, t)
			}
		default:
			need(t.Input)
		}
	}
}

// written takes what instructions stand on and take from the file alone.
func (s *source) written() {
	last := map[int]int{} // of each stage
	for n, st := range s.f.Stages {
		i, ok := s.at[st.From[0]]
		if !ok {
			continue
		}
		if b := s.f.StageIndex(st.Base, n); b >= 0 {
			if k, ok := last[b]; ok {
				s.out.Lines[i].Below = k
			}
		} else if st.Base != "scratch" {
			s.out.Lines[i].Images = []string{st.Base}
		}
		last[n] = i
		for _, in := range st.Instructions {
			i, ok := s.at[in.Lines[0]]
			if !ok {
				continue
			}
			l := &s.out.Lines[i]
			if !in.Works {
				continue
			}
			l.Below, last[n] = last[n], i
			from := func(name string) {
				if b := s.f.StageIndex(name, n); b >= 0 {
					if k, ok := last[b]; ok {
						l.Needs = append(l.Needs, k)
					}
				} else {
					l.Images = append(l.Images, name)
				}
			}
			if in.From != "" {
				from(in.From)
			} else {
				for _, src := range in.Sources {
					if in.Keyword == "ADD" && remote(src) {
						l.Fetches = append(l.Fetches, src)
						continue
					}
					if !in.FromContext() {
						continue
					}
					l.Takes = append(l.Takes, take(src, in.Excludes))
				}
			}
			for _, m := range in.Mounts {
				switch {
				case m.From != "":
					from(m.From)
				case m.Type == "bind":
					l.Takes = append(l.Takes, take(m.Source, nil))
				}
			}
		}
	}
}

// remote tells whether a source of an ADD is the address of a file or a repository.
func remote(source string) bool {
	return strings.Contains(source, "://") || strings.HasPrefix(source, "git@")
}

// take is what a COPY of a source takes; of one that variables are in, all.
func take(src string, exclude []string) engine.Take {
	if strings.ContainsAny(src, "$") {
		src = "/"
	}
	return engine.Take{Source: "/" + strings.TrimPrefix(src, "/"), Wildcard: true, Follow: true, Exclude: exclude}
}

// parse reads a Dockerfile.
func parse(file string) ([]byte, *dockerfile.File, error) {
	src, err := buildcontext.ReadDockerfile(file)
	if err != nil {
		return nil, nil, err
	}
	f, err := dockerfile.Parse(src)
	return src, f, err
}
