package check

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/containerd/platforms"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/advice"
	"tare/internal/experiment"
	"tare/internal/gate"
	"tare/internal/lab"
	"tare/internal/profiler"
	"tare/internal/request"
	"tare/internal/revision"
	"tare/internal/suggest"
	"tare/internal/target"
)

// job is one image to check.
type job struct {
	name     string
	word     string // an image; "" for what is built
	dir      string // of what is built
	file     string // the Dockerfile
	platform string // "" for this machine's
	variant  *experiment.Variant
	at       string    // of the variant's own limits in the file
	now      *obtained // of a baseline: what it is the baseline of

	*experimentFile
}

// experimentFile is a tare.yaml; nil without one.
type experimentFile struct {
	path string
	body []byte
	*experiment.File
}

// NeedsBuild tells whether a check builds anything. It is asked before anything is read.
func (r *Request) NeedsBuild() bool {
	if r.NoBuild {
		return false
	}
	word := cmp.Or(r.Target, ".")
	if fi, err := os.Stat(word); err == nil && (fi.IsDir() || !isDockerfile(word, fi)) {
		return true
	}
	return target.NeedsBuild([]string{word, r.Baseline}) || strings.HasPrefix(r.Baseline, revision.Scheme)
}

// jobs are the images that the request is about.
func (c *checker) jobs() ([]*job, error) {
	word := cmp.Or(c.Target, ".")
	if fi, err := os.Stat(word); err == nil && !isDockerfile(word, fi) || word == "." {
		return c.experiment(word)
	}
	if target.Dockerfile(word) != "" || c.File != "" {
		return c.dockerfile(word, nil)
	}
	if len(c.Variants) > 0 {
		return nil, request.Errorf("--variant: %s is no tare.yaml", word)
	}
	x, err := beside(".")
	if err != nil {
		return nil, err
	}
	return []*job{{name: word, word: word, platform: c.Platform, experimentFile: x}}, nil
}

// isDockerfile tells a Dockerfile, or a directory without a tare.yaml, from an experiment.
func isDockerfile(word string, fi os.FileInfo) bool {
	if fi.IsDir() {
		_, err := os.Stat(filepath.Join(word, "tare.yaml"))
		return err != nil
	}
	return !strings.HasSuffix(word, ".yaml") && !strings.HasSuffix(word, ".yml")
}

// beside is the tare.yaml of a directory whose limits hold for an image that it does not
// name; nil without one. One that cannot be read is an error: its limits would not be held.
func beside(dir string) (*experimentFile, error) {
	if _, err := os.Lstat(filepath.Join(dir, "tare.yaml")); missing(err) {
		return nil, nil
	}
	path, f, body, err := lab.Open(dir)
	if err != nil {
		return nil, err
	}
	x := &experimentFile{path, body, f}
	return x, x.rules()
}

// experiment are the images of a tare.yaml, or the Dockerfile of a directory without one.
func (c *checker) experiment(word string) ([]*job, error) {
	if fi, err := os.Stat(word); err == nil && fi.IsDir() && isDockerfile(word, fi) {
		return c.dockerfile(word, nil)
	}
	path, f, body, err := lab.Open(word)
	if err != nil {
		return nil, err
	}
	x := &experimentFile{path, body, f}
	if err := x.rules(); err != nil {
		return nil, err
	}
	all, err := f.Expand()
	if err != nil {
		return nil, err
	}
	if len(all) == 0 || c.File != "" {
		return c.dockerfile(filepath.Dir(path), x)
	}
	chosen, err := c.chosen(all)
	if err != nil {
		return nil, err
	}
	var out []*job
	for _, v := range chosen {
		at := slices.IndexFunc(all, func(o experiment.Variant) bool { return o.Name == v.Name })
		v = lab.Rooted(filepath.Dir(path), v)
		j := &job{name: v.Name, word: v.Image, dir: v.Context, file: v.Dockerfile, variant: &v, at: fmt.Sprintf("$.variants[%d].budget", at), experimentFile: x}
		out = append(out, c.platforms(j, v.Platform)...)
	}
	return out, nil
}

// platforms makes a job for each platform that is asked for; own is the variant's.
func (c *checker) platforms(j *job, own string) (out []*job) {
	asked := c.Build.Platforms
	if own != "" {
		asked = []string{own}
	}
	if len(asked) == 0 {
		j.platform = c.Platform
		return []*job{j}
	}
	for _, p := range asked {
		one := *j
		one.platform = p
		out = append(out, &one)
	}
	return out
}

// dockerfile is a directory with a Dockerfile, or a Dockerfile.
func (c *checker) dockerfile(word string, x *experimentFile) ([]*job, error) {
	if len(c.Variants) > 0 {
		return nil, request.Errorf("--variant: %s has no tare.yaml with variants", word)
	}
	dir, file, err := profiler.Find(word, c.File)
	if err != nil {
		return nil, err
	}
	if dir, err = filepath.Abs(dir); err == nil {
		file, err = filepath.Abs(file)
	}
	if err != nil {
		return nil, err
	}
	if x == nil {
		if x, err = beside(dir); err != nil {
			return nil, err
		}
	}
	return c.platforms(&job{name: nameOf(word, dir, file), dir: dir, file: file, experimentFile: x}, ""), nil
}

// nameOf is what the image of a Dockerfile is called: as its directory.
func nameOf(word, dir, file string) string {
	if base := filepath.Base(file); base != "Dockerfile" {
		return filepath.Base(dir) + "/" + base
	}
	return filepath.Base(dir)
}

// rules refuses findings of rules that do not exist.
func (x *experimentFile) rules() error {
	b := x.Budget
	lists := [][]experiment.Rule{b.RulesFor("", "", nil, "")}
	if b != nil {
		for name, l := range b.Images {
			lists = append(lists, l.Rules("$.budget.images.'"+name+"'"))
		}
		for name, l := range b.Platforms {
			lists = append(lists, l.Rules("$.budget.platforms.'"+name+"'"))
		}
	}
	for n, v := range x.Variants {
		if v.Budget != nil {
			lists = append(lists, v.Budget.Rules(fmt.Sprintf("$.variants[%d].budget", n)))
		}
	}
	for _, r := range slices.Concat(lists...) {
		if err := rule(r); err != nil {
			return experiment.Fault(x.path, x.body, r.At, "%s", err)
		}
	}
	return nil
}

// rule refuses a limit of findings whose rule does not exist.
func rule(r experiment.Rule) error {
	id, ok := strings.CutPrefix(r.Name, "findings.")
	if !ok || id == "*" {
		return nil
	}
	var ids []string
	for _, a := range advice.Rules() {
		ids = append(ids, a.ID)
	}
	if slices.Contains(ids, id) {
		return nil
	}
	return fmt.Errorf("no rule %q%s The rules are %s, or * for all", id, suggest.MeantEnd(id, ids), list(ids))
}

// base is the baseline of a job; "" for none.
func (c *checker) base(j *job) string {
	out := c.Baseline
	if out == "" && j.experimentFile != nil && j.Budget != nil {
		out = j.Budget.Baseline
	}
	return strings.ReplaceAll(out, "{name}", j.name)
}

// budget are the limits of a job.
func (c *checker) budget(j *job, platform string) gate.Budget {
	if j.experimentFile == nil {
		return gate.Budget{Rules: c.flags, Line: func(string) int { return 0 }}
	}
	var own *experiment.Limits
	if j.variant != nil {
		own = j.variant.Budget
	}
	return gate.Budget{Rules: append(j.Budget.RulesFor(j.name, platform, own, j.at), c.flags...), File: inRepository(j.path), Line: func(at string) int { return experiment.Line(j.body, at) }}
}

// here is this machine's platform, as images name it.
func here() string { return platforms.Format(platforms.Normalize(platforms.DefaultSpec())) }

func platformName(p *ocispec.Platform) string { return platforms.Format(*p) }
