package builds

import (
	"path/filepath"

	"github.com/opencontainers/go-digest"

	"tare/internal/buildcontext"
	"tare/internal/dockerfile"
	"tare/internal/engine"
)

// Recipe is how an image was built: enough to build its stages again.
type Recipe struct {
	Context    string            `json:"context"`    // absolute
	Dockerfile string            `json:"dockerfile"` // absolute
	Digest     digest.Digest     `json:"digest"`     // of the Dockerfile
	Target     string            `json:"target,omitempty"`
	Args       map[string]string `json:"args,omitempty"`
	Platforms  []string          `json:"platforms,omitempty"`
	Contexts   map[string]string `json:"contexts,omitempty"`
}

// noteRecipe keeps how an image was built, if that can be repeated.
func (b Book) noteRecipe(r engine.Build, out *engine.Built) {
	if re, ok := RecipeOf(r, out); ok {
		b.keep(recipeKind, out.Target.Digest, re)
	}
}

// RecipeOf is the recipe of a build; ok is false if it cannot be repeated: secrets and
// what came through standard input are gone.
func RecipeOf(r engine.Build, out *engine.Built) (re *Recipe, ok bool) {
	file, ok := local(r)
	if !ok || out.Target.Digest == "" || len(r.Secrets)+len(r.SSH) > 0 {
		return nil, false
	}
	body, err := buildcontext.ReadDockerfile(file)
	if err != nil {
		return nil, false
	}
	re = &Recipe{Digest: digest.FromBytes(body), Target: r.Target, Args: r.Args, Platforms: r.Platforms, Contexts: r.Contexts}
	if re.Context, err = filepath.Abs(r.Context); err != nil {
		return nil, false
	}
	if re.Dockerfile, err = filepath.Abs(file); err != nil {
		return nil, false
	}
	return re, true
}

// Recipe is how an image was built, by the digest of its manifest or index; ok is
// false if it is not known.
func (b Book) Recipe(image digest.Digest) (r *Recipe, ok bool) {
	r = new(Recipe)
	ok = b.get(recipeKind, image, r)
	return r, ok
}

// Any tells whether a recipe of any image is known.
func (b Book) Any() bool { return b.values != nil && b.values.Any(recipeKind) }

// Behind are the stages of the recipe's Dockerfile that stay behind, by name. It is nil
// if the Dockerfile is not as it was.
func (r *Recipe) Behind() (names []string) {
	f := r.file()
	if f == nil || !isDir(r.Context) {
		return nil
	}
	for _, s := range f.Behind(r.Target) {
		names = append(names, s.Name)
	}
	return names
}

// Instructions are those of the stages that the image consists of. It is nil if the
// Dockerfile is not as it was.
func (r *Recipe) Instructions() []dockerfile.Instruction {
	f := r.file()
	if f == nil {
		return nil
	}
	var out []dockerfile.Instruction
	for _, n := range f.Chain(r.Target) {
		out = append(out, f.Stages[n].Instructions...)
	}
	return out
}

// From is the FROM that the stages of the image begin with, and its line; ok is false if
// the Dockerfile is not as it was.
func (r *Recipe) From() (text string, line int, ok bool) {
	f := r.file()
	if f == nil {
		return "", 0, false
	}
	chain := f.Chain(r.Target)
	if len(chain) == 0 {
		return "", 0, false
	}
	s := &f.Stages[chain[0]]
	return "FROM " + s.Base, s.From[0], true
}

// file is the Dockerfile; nil if it is not as it was.
func (r *Recipe) file() *dockerfile.File {
	body, err := buildcontext.ReadDockerfile(r.Dockerfile)
	if err != nil || digest.FromBytes(body) != r.Digest {
		return nil
	}
	f, err := dockerfile.Parse(body)
	if err != nil {
		return nil
	}
	return f
}

// Stage is the request that builds a stage of the recipe.
func (r *Recipe) Stage(name string) engine.Build {
	return engine.Build{Context: r.Context, Dockerfile: r.Dockerfile, Target: name, Args: r.Args, Platforms: r.Platforms, Contexts: r.Contexts}
}
