package lab

import (
	"context"
	_ "embed" // the exercise's files
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"tare/internal/infile"
	"tare/internal/outfile"
	"tare/internal/request"

	"tare/internal/experiment"
)

//go:embed exercise/tare.yaml
var exerciseFile string

//go:embed exercise/Dockerfile
var exerciseSingle string

//go:embed exercise/Dockerfile.multistage
var exerciseMulti string

//go:embed exercise/app.py
var exerciseApp string

// PythonExercise are the files of the course's exercise, by name.
func PythonExercise() map[string]string {
	return map[string]string{"tare.yaml": exerciseFile, "Dockerfile": exerciseSingle, "Dockerfile.multistage": exerciseMulti, "app.py": exerciseApp}
}

// Scaffold makes the files of a new experiment for a directory, by name: of the
// Dockerfiles that are there, or the exercise ("python").
func Scaffold(dir, which string) (map[string]string, error) {
	switch which {
	case "":
	case "python":
		return PythonExercise(), nil
	default:
		return nil, request.Errorf("%q: tare lab init knows one experiment, python", which)
	}
	list, err := dockerfiles(dir)
	if err != nil {
		return nil, err
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	body, err := Template(filepath.Base(abs), list)
	if err != nil {
		return nil, err
	}
	return map[string]string{"tare.yaml": body}, nil
}

// dockerfiles are those in a directory.
func dockerfiles(dir string) ([]string, error) {
	var out []string
	for _, pattern := range []string{"Dockerfile", "Containerfile", "Dockerfile.*", "*.Dockerfile"} {
		list, err := infile.Glob(dir, pattern)
		if err != nil {
			return nil, err
		}
		for _, f := range list {
			if fi, err := os.Stat(f); err == nil && fi.Mode().IsRegular() && filepath.Ext(f) != ".dockerignore" {
				out = append(out, f)
			}
		}
	}
	return out, nil
}

// Template is an experiment file for Dockerfiles in one directory.
func Template(name string, dockerfiles []string) (string, error) {
	if len(dockerfiles) == 0 {
		return "", errors.New("no Dockerfile here to make an experiment of: write one, or try tare lab init python")
	}
	var b strings.Builder
	fmt.Fprintf(&b, `# An experiment for tare lab. What the keys mean: tare help experiments
version: %d
name: %s
variants:
`, experiment.Version, quoteYAML(name))
	for _, f := range dockerfiles {
		base := filepath.Base(f)
		title := strings.Trim(strings.TrimSuffix(strings.TrimPrefix(base, "Dockerfile"), "Dockerfile"), ".")
		if title == "" {
			title = "plain"
		}
		fmt.Fprintf(&b, "  - name: %s\n    dockerfile: %s\n", quoteYAML(title), quoteYAML(base))
	}
	b.WriteString(`
# What every variant must do to count as working; its starts are timed, too.
# check:
#   command: [myprogram, --version]   # default: the image's own command
#   match: '^myprogram 1\.'           # or stdout: 'exactly this'
#   timeout: 30s

# Simulated commits: what do they cost to rebuild and to pull again?
# edit:
#   - {name: source, touch: main.c}
#   - {name: dependencies, append: {file: requirements.txt, text: "\n# {n}"}}
#   - {name: new base, base: bump}

# measure:
#   repeat: 6
`)
	return b.String(), nil
}

// quoteYAML writes any text as a scalar.
func quoteYAML(s string) string {
	plain := s != ""
	for _, r := range s {
		if (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && r != '-' && r != '_' && r != '.' && (r < '0' || r > '9') {
			plain = false
		}
	}
	if plain && (s[0] < '0' || s[0] > '9') && s[0] != '-' && s[0] != '.' {
		switch strings.ToLower(s) {
		case "true", "false", "null", "yes", "no", "on", "off", "y", "n":
		default:
			return s
		}
	}
	return fmt.Sprintf("%q", s)
}

// WriteScaffold writes the files of Scaffold into a directory and returns the names of
// those that were written. Files that are there already are an error, unless force says
// to overwrite them; then none is written.
func WriteScaffold(ctx context.Context, dir, which string, force bool) (names []string, err error) {
	files, err := Scaffold(dir, which)
	if err != nil {
		return nil, err
	}
	for name := range files {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil && !force {
			return nil, fmt.Errorf("%s exists already: --force overwrites it", name)
		}
	}
	for name, body := range files {
		if err := outfile.WriteBytes(ctx, filepath.Join(dir, name), []byte(body)); err != nil {
			return names, err
		}
		names = append(names, name)
	}
	return names, nil
}
