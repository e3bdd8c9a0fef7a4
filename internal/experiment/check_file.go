package experiment

import (
	"fmt"
	"maps"
	"net/url"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/containerd/platforms"
	"github.com/distribution/reference"
	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"

	"tare/internal/suggest"
	"tare/internal/yamlfile"
)

// Compressions are the values of a variant's compression.
var Compressions = []string{"gzip", "zstd", "estargz", "uncompressed"}

// Whats are the values of measure.what.
var Whats = []string{"build", "edit", "start", "pull"}

// maxRepeat bounds measure.repeat: an experiment with more would take days.
const maxRepeat = 1000

// checker finds what is wrong in a file that could be read, and where.
type checker struct {
	name string
	doc  *ast.File
}

// errorf makes an error at a YAML path such as $.variants[2].name.
func (c *checker) errorf(path, format string, a ...any) error {
	if p, err := yaml.PathString(path); err == nil {
		if n, err := p.FilterFile(c.doc); err == nil && n != nil {
			return yamlfile.At(c.name, n, true, format, a...)
		}
	}
	return &FileError{File: c.name, Text: fmt.Sprintf(format, a...)}
}

func (c *checker) check(f *File) error {
	if f.Version != Version {
		if f.Version > Version {
			return c.errorf("$.version", "version %d is newer than this tare knows (%d): update tare", f.Version, Version)
		}
		return c.errorf("$.version", "want version: %d at the top", Version)
	}
	if strings.ContainsAny(f.Name, "/\\\x00") || f.Name == "." || f.Name == ".." {
		return c.errorf("$.name", "a name may not hold a slash")
	}
	if err := c.budget(f.Budget); err != nil {
		return err
	}
	if len(f.Variants) == 0 && f.Matrix == nil && f.Budget == nil { // a budget may be of the Dockerfile beside it
		return c.errorf("$", "there are no variants: add some below variants: or matrix:")
	}
	for n := range f.Variants {
		if err := c.variant(fmt.Sprintf("$.variants[%d]", n), &f.Variants[n]); err != nil {
			return err
		}
	}
	if m := f.Matrix; m != nil {
		if err := c.matrix(m); err != nil {
			return err
		}
	}
	if err := c.verify("$.check", f.Check); err != nil {
		return err
	}
	m := &f.Measure
	if m.Repeat < 0 || m.Repeat > maxRepeat || m.Warmup != nil && (*m.Warmup < 0 || *m.Warmup > maxRepeat) {
		return c.errorf("$.measure", "repeat and warmup: want numbers from 0 to %d", maxRepeat)
	}
	for n, w := range m.What {
		if !slices.Contains(Whats, w) {
			return c.errorf(fmt.Sprintf("$.measure.what[%d]", n), "%q: want %s", w, strings.Join(Whats, ", "))
		}
	}
	seen := map[string]bool{}
	for n, e := range f.Edit {
		at := fmt.Sprintf("$.edit[%d]", n)
		if err := c.edit(at, e); err != nil {
			return err
		}
		if seen[e.Name] {
			return c.errorf(at+".name", "a second edit is called %q", e.Name)
		}
		seen[e.Name] = true
	}
	vs, err := f.Expand()
	if err != nil {
		return c.errorf("$.matrix", "%s", err)
	}
	return c.names(f, vs)
}

func (c *checker) names(f *File, vs []Variant) error {
	seen := map[string]int{}
	for n, v := range vs {
		if first, twice := seen[v.Name]; twice {
			at := "$.matrix"
			if n < len(f.Variants) {
				at = fmt.Sprintf("$.variants[%d]", n)
				if f.Variants[n].Name != "" {
					at += ".name"
				}
			}
			return c.errorf(at, "a second variant is called %q (the first is number %d): give it another name", v.Name, first+1)
		}
		seen[v.Name] = n
	}
	if f.Baseline != "" {
		if _, ok := seen[f.Baseline]; !ok {
			var names []string
			for _, v := range vs {
				names = append(names, v.Name)
			}
			return c.errorf("$.baseline", "no variant %q%s The variants are %s", f.Baseline, suggest.MeantEnd(f.Baseline, names), strings.Join(names, ", "))
		}
	}
	return nil
}

func (c *checker) variant(at string, v *Variant) error {
	if v.Image != "" {
		if v.Dockerfile != "" || v.Context != "" || v.Target != "" || v.Base != "" || len(v.Args) > 0 || v.Compression != "" {
			return c.errorf(at, "image: takes an image as it is; dockerfile, context, target, base, args and compression are for what is built")
		}
		if _, err := reference.ParseAnyReference(v.Image); err != nil {
			return c.errorf(at+".image", "%q is not an image name: %v", v.Image, err)
		}
	}
	if v.Base != "" {
		if _, err := reference.ParseAnyReference(v.Base); err != nil {
			return c.errorf(at+".base", "%q is not an image name: %v", v.Base, err)
		}
	}
	if v.Platform != "" {
		if _, err := platforms.Parse(v.Platform); err != nil {
			return c.errorf(at+".platform", "%q: want os/architecture, such as linux/arm64", v.Platform)
		}
	}
	if v.Compression != "" && !slices.Contains(Compressions, v.Compression) {
		return c.errorf(at+".compression", "%q: want %s", v.Compression, strings.Join(Compressions, ", "))
	}
	if v.Budget != nil {
		if err := c.blank(at + ".budget"); err != nil {
			return err
		}
		if err := c.rules(v.Budget.Rules(at + ".budget")); err != nil {
			return err
		}
	}
	return c.verify(at+".check", v.Check)
}

// budget finds what is wrong with limits.
func (c *checker) budget(b *Budget) error {
	if b == nil {
		return nil
	}
	rules := b.Rules("$.budget")
	if err := c.blank("$.budget"); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(b.Images)) {
		if _, err := path.Match(name, ""); err != nil {
			return c.errorf("$.budget.images", "%q is no pattern", name)
		}
		if err := c.blank("$.budget.images." + quoted(name)); err != nil {
			return err
		}
		l := b.Images[name]
		rules = append(rules, l.Rules("$.budget.images."+quoted(name))...)
	}
	for _, name := range slices.Sorted(maps.Keys(b.Platforms)) {
		if p, err := platforms.Parse(name); err != nil || platforms.Format(p) != name {
			return c.errorf("$.budget.platforms", "%q: want os/architecture, such as linux/arm64", name)
		}
		if err := c.blank("$.budget.platforms." + quoted(name)); err != nil {
			return err
		}
		l := b.Platforms[name]
		rules = append(rules, l.Rules("$.budget.platforms."+quoted(name))...)
	}
	return c.rules(rules)
}

// limits are the names of all limits, and of what holds several.
var limits = slices.Concat(sizeRules, []string{"growth", "growth.tar", "growth.transfer", "growth.live", "growth.of", "layers", "packages", "packages.forbid", "packages.max", "classes", "findings", "seconds", "seconds.start", "seconds.build", "seconds.rebuild"})

// blank finds a limit that stands there and says nothing: who wrote it believes that it holds.
func (c *checker) blank(at string) error {
	for _, name := range limits {
		p, err := yaml.PathString(at + "." + name)
		if err != nil {
			continue
		}
		n, err := p.FilterFile(c.doc)
		if err != nil || n == nil {
			continue
		}
		if s, ok := n.(*ast.StringNode); n.Type() == ast.NullType || ok && s.Value == "" {
			return c.errorf(at+"."+name, "%s says nothing: write a limit, or leave it out", name)
		}
	}
	return nil
}

func (c *checker) rules(list []Rule) error {
	for _, r := range list {
		if err := r.Check(); err != nil {
			return c.errorf(r.At, "%s", err)
		}
	}
	return nil
}

func (c *checker) matrix(m *Matrix) error {
	for n, v := range m.Compression {
		if !slices.Contains(Compressions, v) {
			return c.errorf(fmt.Sprintf("$.matrix.compression[%d]", n), "%q: want %s", v, strings.Join(Compressions, ", "))
		}
	}
	for n, v := range m.Platform {
		if _, err := platforms.Parse(v); err != nil {
			return c.errorf(fmt.Sprintf("$.matrix.platform[%d]", n), "%q: want os/architecture, such as linux/arm64", v)
		}
	}
	for kind, list := range map[string][]map[string]string{"include": m.Include, "exclude": m.Exclude} {
		for n, one := range list {
			for k := range one {
				if !m.knows(k) {
					return c.errorf(fmt.Sprintf("$.matrix.%s[%d]", kind, n), "%q is not a key of the matrix: it has %s", k, strings.Join(m.keys(), ", "))
				}
			}
		}
	}
	return nil
}

func (c *checker) verify(at string, k *Check) error {
	if k == nil {
		return nil
	}
	if _, err := regexp.Compile(k.Match); err != nil {
		return c.errorf(at+".match", "%v", err)
	}
	if h := k.HTTP; h != nil {
		u, err := url.Parse(h.URL)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
			return c.errorf(at+".http.url", "%q: want a URL such as http://127.0.0.1:8080/", h.URL)
		}
		if _, err := regexp.Compile(h.Match); err != nil {
			return c.errorf(at+".http.match", "%v", err)
		}
	}
	return nil
}

func (c *checker) edit(at string, e Edit) error {
	if e.Name == "" {
		return c.errorf(at, "an edit needs a name")
	}
	given := 0
	file := ""
	if e.Touch != "" {
		given, file = given+1, e.Touch
	}
	if e.Append != nil {
		given, file = given+1, e.Append.File
	}
	if e.Replace != nil {
		given, file = given+1, e.Replace.File
		if e.Replace.Old == "" {
			return c.errorf(at+".replace", "old: what is to be replaced?")
		}
	}
	if e.Base != "" {
		given++
	}
	if given != 1 {
		return c.errorf(at, "edit %q: want exactly one of touch, append, replace, base", e.Name)
	}
	if e.Base == "" && !filepath.IsLocal(file) {
		return c.errorf(at, "edit %q: %q is not a file below the build context", e.Name, file)
	}
	return nil
}

// Line is the line of a place of a file that Parse has read, such as $.budget.live; 0 where
// there is none.
func Line(b []byte, at string) int {
	doc, err := yamlfile.Parse("", "an experiment", b, MaxFile)
	if err != nil {
		return 0
	}
	p, err := yaml.PathString(at)
	if err != nil {
		return 0
	}
	n, err := p.FilterFile(doc)
	if err != nil || n == nil || n.GetToken() == nil || n.GetToken().Position == nil {
		return 0
	}
	return n.GetToken().Position.Line
}

// Fault is an error at a place of a file that Parse has read, such as $.edit[0].touch: what
// only a look at the disk shows.
func Fault(name string, b []byte, at, format string, a ...any) error {
	doc, err := yamlfile.Parse(name, "an experiment", b, MaxFile)
	if err != nil {
		return err
	}
	return (&checker{name: name, doc: doc}).errorf(at, format, a...)
}
