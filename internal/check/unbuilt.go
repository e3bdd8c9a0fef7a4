package check

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"tare/internal/buildcontext"
	"tare/internal/dockerfile"
	"tare/internal/experiment"
	"tare/internal/gate"
	"tare/internal/lint"
	"tare/internal/preview"
	"tare/internal/request"
	"tare/internal/weigh"
)

// lints is what violations of BuildKit's checks are called, before the check's own name.
const lints = "lint"

// unbuilt judges what the Dockerfiles, their contexts and the tare.yaml tell. No engine is
// opened, no image is read, and nothing is fetched.
func (c *checker) unbuilt(ctx context.Context) (*gate.Result, error) {
	if c.Save != "" || c.Baseline != "" {
		return nil, request.Errorf("--no-build has no image to save or to compare: leave --save and --baseline out")
	}
	out := &gate.Result{Schema: gate.Schema, Verdict: gate.Pass, Images: []gate.Image{}, Violations: []gate.Violation{},
		Unbuilt: &gate.Unbuilt{Images: []string{}, Checked: []gate.Asked{}, NotChecked: []gate.Asked{}}}
	seen := map[string]bool{} // images: the platforms of one differ in nothing here
	for _, word := range append([]string{c.Target}, c.More...) {
		c.Target = word
		jobs, err := c.named()
		if err != nil {
			return nil, err
		}
		for _, j := range jobs {
			if j.word != "" && j.variant == nil {
				return nil, request.Errorf("--no-build: %s is an image, or nothing: want a directory, a Dockerfile or a tare.yaml", j.word)
			}
			if j.file != "" && seen[j.name+"\x00"+j.file] {
				continue
			}
			seen[j.name+"\x00"+j.file] = true
			if slices.Contains(out.Unbuilt.Images, j.name) {
				j.name = inRepository(j.file)
			}
			if err := c.told(ctx, j, out); err != nil {
				return nil, fmt.Errorf("%s: %w", j.name, err)
			}
		}
	}
	if len(out.Violations) > 0 {
		out.Verdict = gate.Violated
	}
	out.Notes = c.notes
	return out, nil
}

// named are the jobs of a word, which may be a Dockerfile of any name.
func (c *checker) named() ([]*job, error) {
	word := cmp.Or(c.Target, ".")
	if fi, err := os.Stat(word); err == nil && isDockerfile(word, fi) {
		return c.dockerfile(word, nil)
	}
	return c.jobs()
}

// told judges one image by what is told of it.
func (c *checker) told(ctx context.Context, j *job, out *gate.Result) error {
	u := out.Unbuilt
	u.Images = append(u.Images, j.name)
	limits := c.budget(j, cmp.Or(j.platform, here()))
	if j.word != "" {
		for _, r := range lastOf(limits.Rules) {
			u.NotChecked = append(u.NotChecked, gate.Asked{Image: j.name, Rule: r.Name, Why: "it is an image, which is not read here"})
		}
		return nil
	}
	src, err := buildcontext.ReadDockerfile(j.file)
	if err != nil {
		return err
	}
	given, target := c.Build.Args, c.Build.Target
	if j.variant != nil {
		given, target = j.variant.Args, j.variant.Target
	}
	path := inRepository(j.file)
	warnings, unsure, err := lint.Dockerfile(ctx, src, lint.Options{Args: given, Target: target, Platform: j.platform})
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	out.Violations = append(out.Violations, broken(j.name, path, warnings)...)
	u.Checked = append(u.Checked, gate.Asked{Image: j.name, Rule: lints})
	for _, rule := range unsure {
		u.NotChecked = append(u.NotChecked, gate.Asked{Image: j.name, Rule: lints + "." + rule, Why: "it depends on the base image"})
	}
	f, err := dockerfile.Parse(src)
	if err != nil {
		return err
	}
	seen, err := preview.Of(f.With(given), j.dir, j.file, target)
	if err != nil {
		return err
	}
	c.findings(j, limits, path, seen, out)
	return nil
}

// broken are the violations of BuildKit's checks: one for each check, with all its lines.
func broken(name, file string, list []lint.Warning) (out []gate.Violation) {
	for _, w := range list {
		rule := lints + "." + w.Rule
		i := slices.IndexFunc(out, func(v gate.Violation) bool { return v.Rule == rule })
		if i < 0 {
			i = len(out)
			out = append(out, gate.Violation{Image: name, Rule: rule, Measure: "findings", File: file, Text: w.Text})
		}
		cause := gate.Cause{Part: gate.Yours, File: file, Text: w.Text}
		if n := w.Lines[0]; n > 0 {
			cause.Line = &n
		}
		v := &out[i]
		v.Causes = append(v.Causes, cause)
		if v.Value++; v.Value == 1 {
			v.Line = cause.Line
		}
	}
	for i := range out {
		const most = 5
		var lines []string
		for _, c := range out[i].Causes[1:] {
			if c.Line != nil && len(lines) < most {
				lines = append(lines, fmt.Sprint(*c.Line))
			}
		}
		switch more := len(out[i].Causes) - 1 - len(lines); {
		case len(lines) == 0:
		case more > 0:
			out[i].Text += fmt.Sprintf("; also on lines %s and %d more", strings.Join(lines, ", "), more)
		case len(lines) == 1:
			out[i].Text += "; also on line " + lines[0]
		default:
			out[i].Text += "; also on lines " + strings.Join(lines, ", ")
		}
	}
	return out
}

// findings holds what was found against the limits of findings, and says which limits were not
// looked at.
func (c *checker) findings(j *job, limits gate.Budget, path string, seen *preview.Result, out *gate.Result) {
	u := out.Unbuilt
	var ask []experiment.Rule
	asked := map[string]bool{}
	for _, r := range lastOf(limits.Rules) {
		rule, is := strings.CutPrefix(r.Name, "findings.")
		why := ""
		switch {
		case !is:
			if why = "it needs the image"; strings.HasPrefix(r.Name, "growth.") {
				why = "it needs the image and a baseline"
			}
		case rule == "*":
			why = "the rules that need the image"
		case !slices.Contains(preview.Rules, rule):
			why = "the rule needs the image"
		default:
			why = cmp.Or(seen.Unsure[rule], seen.Unsure[""])
		}
		if is && (rule == "*" || slices.Contains(preview.Rules, rule)) {
			ask, asked[rule] = append(ask, r), true
		}
		if why != "" && r.Name != "growth.of" {
			u.NotChecked = append(u.NotChecked, gate.Asked{Image: j.name, Rule: r.Name, Why: why})
		} else if why == "" {
			u.Checked = append(u.Checked, gate.Asked{Image: j.name, Rule: r.Name})
		}
	}
	limits.Rules = ask
	violations, notes := gate.Judge(&gate.Image{Name: j.name}, gate.Facts{Dockerfile: path, Findings: seen.Findings}, limits)
	out.Violations = append(out.Violations, violations...)
	c.notes = append(c.notes, notes...)
	for i := range seen.Findings {
		if f := &seen.Findings[i]; !asked[f.Rule] && !asked["*"] {
			c.note("%s: %s, of which there is no budget: %s", j.name, f.Rule, said(f, path))
		}
	}
}

// said is a finding with its place.
func said(f *weigh.Finding, path string) string {
	if f.Line == 0 {
		return f.Text
	}
	return fmt.Sprintf("%s (%s:%d)", f.Text, filepath.ToSlash(path), f.Line)
}

// lastOf are rules without those that a later one of the same name replaces.
func lastOf(rules []experiment.Rule) (out []experiment.Rule) {
	for _, r := range rules {
		if i := slices.IndexFunc(out, func(o experiment.Rule) bool { return o.Name == r.Name }); i >= 0 {
			out[i] = r
			continue
		}
		out = append(out, r)
	}
	return out
}
