// Package preview says what of a Dockerfile's image is known before it is built: the files of
// the build context that its lines copy, and what its lines say. The rules of package advice
// look at these as they look at an image; those that need more are not asked.
package preview

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/advice"
	"tare/internal/dockerfile"
	"tare/internal/image"
	"tare/internal/layer"
	"tare/internal/profile"
	"tare/internal/weigh"
)

// Rules are the rules of findings that need no image, as far as files of the build context
// and the Dockerfile's own words go.
var Rules = []string{"host-dependencies", "python-bytecode", weigh.SecretFile, "vcs-data"}

// marks are the words by which a line that removes what a rule is about is known.
var marks = map[string][]string{
	"host-dependencies": {"node_modules", "venv"},
	"python-bytecode":   {"pyc", "__pycache__"},
	"vcs-data":          {".git", ".hg", ".svn"},
}

// Result is what was found.
type Result struct {
	Findings []weigh.Finding // of Rules, with the lines of the Dockerfile
	// Unsure says of a rule why not all that it is about could be told; "" as a key is for all
	// rules.
	Unsure map[string]string
}

// layerOf is what an instruction copies of the build context.
type layerOf struct {
	line    int
	entries []layer.Entry
}

// Of previews the image of a target (the last stage if "") from a build context.
func Of(f *dockerfile.File, dir, file, target string) (*Result, error) {
	out := &Result{Unsure: map[string]string{}}
	chain := f.Chain(target)
	if len(chain) == 0 {
		return nil, fmt.Errorf("there is no stage %q", target)
	}
	files, err := list(dir, file)
	if err != nil {
		return nil, err
	}
	var layers []layerOf
	var steps []image.Step
	var lines []int // of steps
	for _, n := range chain {
		to := "" // the working directory, if it is known
		if n == chain[0] && f.Stages[n].Base == "scratch" || n != chain[0] {
			to = "/"
		}
		for _, in := range f.Stages[n].Instructions {
			step := image.Step{History: ocispec.History{CreatedBy: in.Text}, Layer: -1}
			switch {
			case in.Keyword == "WORKDIR":
				to = join(to, strings.TrimSpace(strings.TrimPrefix(in.Text, "WORKDIR")))
			case in.FromContext():
				entries, why := copied(in, to, files)
				if why != "" {
					out.Unsure[""] = fmt.Sprintf("line %d: %s", in.Lines[0], why)
				} else if len(entries) > 0 {
					step.Layer = len(layers)
					layers = append(layers, layerOf{in.Lines[0], entries})
				}
			case in.Keyword == "RUN":
				out.removes(in, len(layers) > 0)
			}
			steps, lines = append(steps, step), append(lines, in.Lines[0])
		}
	}
	return out, out.find(files, layers, steps, lines)
}

// removes notes the rules of which a RUN may remove what they are about.
func (r *Result) removes(in dockerfile.Instruction, copied bool) {
	text := in.Text + "\n" + in.Script
	if !copied || !strings.Contains(text, "rm ") && !strings.Contains(text, "-delete") && !strings.Contains(text, "mv ") {
		return
	}
	for rule, words := range marks {
		if slices.ContainsFunc(words, func(w string) bool { return strings.Contains(text, w) }) {
			r.Unsure[rule] = fmt.Sprintf("line %d may remove what it is about", in.Lines[0])
		}
	}
}

// find asks the rules.
func (r *Result) find(files *context, layers []layerOf, steps []image.Step, lines []int) error {
	img := &image.Image{History: steps, Push: &image.Pushed{}}
	about := &advice.Image{Lines: map[int]int{}, Host: map[int]bool{}, Steps: map[int]int{}}
	for k := range layers {
		x := &layer.Index{}
		for i := range layers[k].entries {
			e := layers[k].entries[i]
			e.Offset, e.Span = x.Tar, 512+(e.Size+511)/512*512
			files.look(&e)
			x.Tar, x.Files = x.Tar+e.Span, x.Files+e.Size
			x.List = append(x.List, e)
		}
		slices.SortFunc(x.List, func(a, b layer.Entry) int { return layer.ComparePaths(a.Path, b.Path) })
		x.Entries = int64(len(x.List))
		id := digest.FromString(fmt.Sprint(k))
		img.Layers = append(img.Layers, image.Layer{Descriptor: ocispec.Descriptor{Digest: id}, DiffID: id, Sums: &x.Sums, Index: x})
		img.Push.Layers = append(img.Push.Layers, ocispec.Descriptor{Digest: id})
		img.Push.From = append(img.Push.From, image.SentUnknown)
		about.Lines[k], about.Host[k] = layers[k].line, true
	}
	if len(img.Layers) == 0 { // rules want one
		x := &layer.Index{}
		id := digest.FromString("none")
		img.Layers = []image.Layer{{Descriptor: ocispec.Descriptor{Digest: id}, DiffID: id, Sums: &x.Sums, Index: x}}
		img.Push.Layers, img.Push.From = []ocispec.Descriptor{{Digest: id}}, []image.Sent{image.SentUnknown}
	}
	for n, line := range lines {
		about.Steps[n] = line
	}
	facts, err := weigh.New(img)
	if err != nil {
		return err
	}
	about.Facts = facts
	for _, rule := range advice.Rules() {
		if !slices.Contains(Rules, rule.ID) || r.Unsure[rule.ID] != "" {
			continue
		}
		for _, f := range rule.Find(about) {
			f.Rule, f.Title = rule.ID, rule.Title
			r.Findings = append(r.Findings, f.Finding)
		}
	}
	return nil
}

// join is a path below a directory; "" where the directory is not known.
func join(dir, name string) string {
	name = strings.Trim(name, `"`)
	switch {
	case strings.Contains(name, "$"):
		return ""
	case path.IsAbs(name):
		return path.Clean(name)
	case dir == "":
		return ""
	}
	return path.Join(dir, name)
}

// copied are the entries that a COPY or ADD of the build context makes, or why these are not
// known.
func copied(in dockerfile.Instruction, dir string, files *context) (out []layer.Entry, why string) {
	words := in.To
	dest := join(dir, words)
	switch {
	case slices.ContainsFunc(append(in.Sources, words), func(s string) bool { return strings.Contains(s, "$") }):
		return nil, "it depends on variables what it copies"
	case dest == "":
		return nil, "where it copies to depends on the base image's working directory"
	case slices.ContainsFunc(in.Flags, func(s string) bool { return strings.HasPrefix(s, "--parents") }):
		return nil, "where it copies to depends on --parents"
	}
	whole := strings.HasSuffix(words, "/") || words == "." || strings.HasSuffix(words, "/.") || len(in.Sources) > 1
	for _, src := range in.Sources {
		for _, name := range profile.Taken(take(src, in.Excludes), files.files) {
			e, ok := files.entry(name)
			if !ok || in.Keyword == "ADD" && archive(name) {
				continue
			}
			e.Path = strings.TrimPrefix(path.Join(dest, files.below(src, name, whole)), "/")
			out = append(out, e)
		}
	}
	return out, ""
}
