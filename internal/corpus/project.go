// Package corpus reads the corpus that tare trim is measured with, testdata/trim, and
// looks at what became of its images. It counts bytes in the layers' tars by itself and
// shares no code with what it measures.
package corpus

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"

	"github.com/goccy/go-yaml"

	"tare/internal/experiment"
)

// Project is one project of the corpus: a directory with project/ (what trim is given),
// planted.yaml and, if something is planted, want.patch.
type Project struct {
	// Name of the project: its directory's.
	Name string `yaml:"-"`
	// Dir is the project's directory.
	Dir string `yaml:"-"`
	// Plants are the savings that are planted; none where nothing may be edited.
	Plants []Plant `yaml:"plants"`
	// Guards is the rule that must keep its hands off, where nothing is planted.
	Guards string `yaml:"guards,omitempty"`
	// Second is a check that trim does not see.
	Second experiment.Check `yaml:"second"`
	// Make are files that are made in the copy: what git would not keep, or should not.
	Make []Made `yaml:"make,omitempty"`
	// Check is what tare.yaml says: trim sees it.
	Check experiment.Check `yaml:"-"`
	// Want is a patch written and proven by hand.
	Want []byte `yaml:"-"`
}

// Plant is one planted saving.
type Plant struct {
	// Rule that finds it.
	Rule string `yaml:"rule"`
	// Or are other rules that come to the same end.
	Or []string `yaml:"or,omitempty"`
	// Kind is lossless or checked.
	Kind string `yaml:"kind"`
	// Line of the Dockerfile, from 1, that writes the bytes.
	Line int `yaml:"line"`
	// Paths are globs of what is planted; none where a plant saves no bytes of the image.
	Paths []string `yaml:"paths,omitempty"`
	// AtLeast is how many bytes of tar are planted at least.
	AtLeast int64 `yaml:"at_least,omitempty"`
}

// Made is a file that is made.
type Made struct {
	// Path below the project.
	Path string `yaml:"path"`
	// Bytes of it, which look random and are always the same, if there is no text.
	Bytes int `yaml:"bytes,omitempty"`
	// Text of it.
	Text string `yaml:"text,omitempty"`
	// Tar is a directory below the project that becomes this .tar.gz.
	Tar string `yaml:"tar,omitempty"`
}

// Load reads all projects below a directory.
func Load(dir string) ([]*Project, error) {
	list, err := filepath.Glob(filepath.Join(dir, "*", "planted.yaml"))
	if err != nil || len(list) == 0 {
		return nil, errors.Join(err, fmt.Errorf("%s: no projects", dir))
	}
	var out []*Project
	for _, f := range list {
		p, err := read(filepath.Dir(f))
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}

func read(dir string) (*Project, error) {
	p := &Project{Name: filepath.Base(dir), Dir: dir}
	b, err := os.ReadFile(filepath.Join(dir, "planted.yaml"))
	if err != nil {
		return nil, err
	}
	if err := yaml.NewDecoder(bytes.NewReader(b), yaml.Strict()).Decode(p); err != nil {
		return nil, fmt.Errorf("%s: planted.yaml: %w", p.Name, err)
	}
	name := filepath.Join(dir, "project", "tare.yaml")
	if b, err = os.ReadFile(name); err != nil {
		return nil, err
	}
	f, err := experiment.Parse(name, b)
	if err != nil {
		return nil, err
	}
	if f.Check == nil {
		return nil, fmt.Errorf("%s: tare.yaml has no check", p.Name)
	}
	p.Check = *f.Check
	p.Want, err = os.ReadFile(filepath.Join(dir, "want.patch"))
	if errors.Is(err, fs.ErrNotExist) && len(p.Plants) == 0 {
		err = nil
	}
	return p, err
}

// Lossless tells whether all that is planted can be had without losing anything.
func (p *Project) Lossless() bool {
	return !slices.ContainsFunc(p.Plants, func(q Plant) bool { return q.Kind != "lossless" })
}

// Globs of all that is planted.
func (p *Project) Globs() []string {
	var out []string
	for _, q := range p.Plants {
		out = append(out, q.Paths...)
	}
	return out
}

// Prepare copies the project into a new directory, with the files that are made.
func (p *Project) Prepare(dir string) error {
	if err := os.CopyFS(dir, os.DirFS(filepath.Join(p.Dir, "project"))); err != nil {
		return err
	}
	for _, m := range p.Make {
		if err := m.write(dir); err != nil {
			return fmt.Errorf("%s: %s: %w", p.Name, m.Path, err)
		}
	}
	return nil
}

func (m Made) write(dir string) error {
	if !filepath.IsLocal(m.Path) {
		return errors.New("not below the project")
	}
	name := filepath.Join(dir, m.Path)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	b := []byte(m.Text)
	switch {
	case m.Tar != "":
		list, err := os.ReadDir(filepath.Join(dir, m.Tar))
		if err != nil {
			return err
		}
		args := []string{"-czf", name, "--sort=name", "--owner=0", "--group=0", "--numeric-owner", "--mtime=@0", "-C", filepath.Join(dir, m.Tar), "--"}
		for _, e := range list {
			args = append(args, e.Name()) // not ".": npm strips the first part of each path
		}
		if out, err := exec.Command("tar", args...).CombinedOutput(); err != nil {
			return fmt.Errorf("tar: %w: %s", err, out)
		}
		return os.RemoveAll(filepath.Join(dir, m.Tar))
	case m.Text == "":
		var seed [32]byte
		copy(seed[:], m.Path)
		b = make([]byte, m.Bytes)
		_, _ = rand.NewChaCha8(seed).Read(b)
	}
	return os.WriteFile(name, b, 0o644)
}

// Apply applies a patch in a directory, as a user would.
func Apply(dir string, patch []byte) error {
	c := exec.Command("git", "apply", "-")
	c.Dir, c.Stdin = dir, bytes.NewReader(patch)
	// The directory may lie inside of a repository, or be made one with a .git of its own.
	c.Env = append(os.Environ(), "GIT_CEILING_DIRECTORIES="+filepath.Dir(dir), "LC_ALL=C")
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("git apply: %w: %s", err, out)
	}
	return nil
}
