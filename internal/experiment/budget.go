package experiment

import (
	"fmt"
	"maps"
	"math"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"

	"tare/internal/suggest"
	"tare/internal/units"
	"tare/internal/weigh"
)

// Budget are the limits that tare check holds images against.
type Budget struct {
	Limits `yaml:",inline"`
	// Baseline is what growth is measured against: an image ({name} stands for the
	// variant's name), git:REF, a file of tare check --save, or last.
	Baseline string `yaml:"baseline,omitempty" json:"baseline,omitempty"`
	// Images are limits of single images, by the names of variants or images; * matches
	// any characters but a slash.
	Images map[string]Limits `yaml:"images,omitempty" json:"images,omitempty"`
	// Platforms are limits for single platforms, such as linux/arm64.
	Platforms map[string]Limits `yaml:"platforms,omitempty" json:"platforms,omitempty"`
}

// Limits are what an image may have at most: bytes (50MB), or a percentage.
type Limits struct {
	// Transfer is what a pull sends.
	Transfer Limit `yaml:"transfer,omitempty" json:"transfer,omitempty"`
	Tar      Limit `yaml:"tar,omitempty" json:"tar,omitempty"`
	Files    Limit `yaml:"files,omitempty" json:"files,omitempty"`
	// Overhead may be a percentage of tar.
	Overhead Limit `yaml:"overhead,omitempty" json:"overhead,omitempty"`
	// Live is what a container sees.
	Live Limit `yaml:"live,omitempty" json:"live,omitempty"`
	// Waste may be a percentage of files.
	Waste Limit `yaml:"waste,omitempty" json:"waste,omitempty"`
	// Duplicate may be a percentage of live.
	Duplicate Limit `yaml:"duplicate,omitempty" json:"duplicate,omitempty"`
	Disk      Limit `yaml:"disk,omitempty" json:"disk,omitempty"`
	Docker    Limit `yaml:"docker,omitempty" json:"docker,omitempty"`
	// Growth is how much more than the baseline it may have.
	Growth *Growth `yaml:"growth,omitempty" json:"growth,omitempty"`
	// Layers is how many there may be.
	Layers *int `yaml:"layers,omitempty" json:"layers,omitempty"`
	// Packages are what may be installed.
	Packages *PackageLimits `yaml:"packages,omitempty" json:"packages,omitempty"`
	// Classes are how many bytes of what a container sees may be of a class (docs, locale,
	// timezones, bytecode, tests …), or which percentage of live.
	Classes map[string]Limit `yaml:"classes,omitempty" json:"classes,omitempty"`
	// Findings are how many findings of a rule there may be, by rule; * is any rule.
	Findings map[string]int `yaml:"findings,omitempty" json:"findings,omitempty"`
	// Seconds are limits of what tare lab measured of a variant.
	Seconds *SecondsLimits `yaml:"seconds,omitempty" json:"seconds,omitempty"`
}

// Growth is how much more than the baseline an image may have: bytes, or a percentage of
// the baseline's.
type Growth struct {
	Tar      Limit `yaml:"tar,omitempty" json:"tar,omitempty"`
	Transfer Limit `yaml:"transfer,omitempty" json:"transfer,omitempty"`
	Live     Limit `yaml:"live,omitempty" json:"live,omitempty"`
	// Of is what is limited: yours (the default), what changed lines and files made; or
	// total, which has drift of bases and packages in it.
	Of string `yaml:"of,omitempty" json:"of,omitempty"`
}

// PackageLimits are what may be installed.
type PackageLimits struct {
	// Forbid are names of packages that must not be there; * matches any characters.
	Forbid []string `yaml:"forbid,omitempty" json:"forbid,omitempty"`
	// Max is how many packages there may be.
	Max *int `yaml:"max,omitempty" json:"max,omitempty"`
}

// SecondsLimits are limits of times. A median is over its limit where its confidence
// interval is.
type SecondsLimits struct {
	// Start is until the program of the check ends or answers, Build a build without
	// cache, Rebuild one after each of the edits.
	Start   *float64 `yaml:"start,omitempty" json:"start,omitempty"`
	Build   *float64 `yaml:"build,omitempty" json:"build,omitempty"`
	Rebuild *float64 `yaml:"rebuild,omitempty" json:"rebuild,omitempty"`
}

// Limit is a number of bytes (50MB), or a percentage (1%).
type Limit string

// UnmarshalYAML reads 50MB, 1% or 1048576. What is no limit is kept as it stands: the check of
// the file says so at its place.
func (l *Limit) UnmarshalYAML(b []byte) error {
	var s string
	if err := yaml.Unmarshal(b, &s); err != nil {
		s = strings.TrimSpace(string(b))
	}
	*l = Limit(s)
	return nil
}

// Rule is one limit of a budget.
type Rule struct {
	// Name is that of the limit: transfer, growth.live, layers, packages.gcc,
	// classes.locale, findings.secret-file, seconds.start.
	Name, Value string
	// At is its place in the file, such as $.budget.growth.live; "" for a flag's.
	At string
}

// Rules are the limits, each by itself, in the order of the type; at is their place.
func (l *Limits) Rules(at string) (out []Rule) {
	add := func(name string, value string) {
		if value != "" {
			out = append(out, Rule{name, value, at + "." + name})
		}
	}
	for _, m := range []struct {
		name  string
		limit Limit
	}{{"transfer", l.Transfer}, {"tar", l.Tar}, {"files", l.Files}, {"overhead", l.Overhead}, {"live", l.Live}, {"waste", l.Waste}, {"duplicate", l.Duplicate}, {"disk", l.Disk}, {"docker", l.Docker}} {
		add(m.name, string(m.limit))
	}
	if g := l.Growth; g != nil {
		add("growth.tar", string(g.Tar))
		add("growth.transfer", string(g.Transfer))
		add("growth.live", string(g.Live))
		add("growth.of", g.Of)
	}
	if l.Layers != nil {
		add("layers", strconv.Itoa(*l.Layers))
	}
	if p := l.Packages; p != nil {
		for n, name := range p.Forbid {
			out = append(out, Rule{"packages." + name, "0", fmt.Sprintf("%s.packages.forbid[%d]", at, n)})
		}
		if p.Max != nil {
			add("packages.max", strconv.Itoa(*p.Max))
		}
	}
	for _, class := range slices.Sorted(maps.Keys(l.Classes)) {
		out = append(out, Rule{classes + class, string(l.Classes[class]), at + ".classes." + quoted(class)})
	}
	for _, rule := range slices.Sorted(maps.Keys(l.Findings)) {
		out = append(out, Rule{"findings." + rule, strconv.Itoa(l.Findings[rule]), at + ".findings." + quoted(rule)})
	}
	if s := l.Seconds; s != nil {
		for _, m := range []struct {
			name  string
			limit *float64
		}{{"start", s.Start}, {"build", s.Build}, {"rebuild", s.Rebuild}} {
			if m.limit != nil {
				add("seconds."+m.name, strconv.FormatFloat(*m.limit, 'g', -1, 64))
			}
		}
	}
	return out
}

// quoted is a key of a path of YAML.
func quoted(key string) string { return "'" + strings.ReplaceAll(key, "'", `\'`) + "'" }

// RulesFor are the limits of an image, the most general first: of several for one name the
// last holds. own are those of its variant, or nil; at is where they stand.
func (b *Budget) RulesFor(image, platform string, own *Limits, at string) []Rule {
	var out []Rule
	if b != nil {
		out = b.Rules("$.budget")
		if p, ok := b.Platforms[platform]; ok {
			out = append(out, p.Rules("$.budget.platforms."+quoted(platform))...)
		}
		for _, name := range slices.Sorted(maps.Keys(b.Images)) {
			if ok, err := path.Match(name, image); err == nil && ok || name == image {
				l := b.Images[name]
				out = append(out, l.Rules("$.budget.images."+quoted(name))...)
			}
		}
	}
	if own != nil {
		out = append(out, own.Rules(at)...)
	}
	return out
}

// whole is the measure that a percentage of another is of.
var whole = map[string]string{"waste": "files", "overhead": "tar", "duplicate": "live"}

// classes begins the names of limits of classes.
const classes = "classes."

// Whole is the measure that a percentage of a limit is of: "files" for waste.
func Whole(measure string) string {
	if strings.HasPrefix(measure, classes) {
		return "live"
	}
	return whole[measure]
}

// class checks that a limit is of a class of files that there is.
func (r Rule) class(name string) error {
	var names []string
	for _, c := range weigh.AllClasses {
		names = append(names, string(c))
	}
	if !slices.Contains(names, name) {
		return fmt.Errorf("no class %q%s The classes are %s", name, suggest.MeantEnd(name, names), strings.Join(names, ", "))
	}
	_, _, err := r.Size()
	return err
}

var sizeRules = []string{"transfer", "tar", "files", "overhead", "live", "waste", "duplicate", "disk", "docker"}

// ParseRules reads limits that are written NAME=VALUE: transfer=50MB, growth.live=2%,
// packages.forbid=gcc,make.
func ParseRules(list []string) (out []Rule, err error) {
	for _, text := range list {
		name, value, ok := strings.Cut(text, "=")
		if !ok || name == "" || value == "" {
			return nil, fmt.Errorf("%q: want NAME=VALUE, such as transfer=50MB", text)
		}
		if name == "packages.forbid" {
			for p := range strings.SplitSeq(value, ",") {
				out = append(out, Rule{Name: "packages." + p, Value: "0"})
			}
			continue
		}
		r := Rule{Name: name, Value: value}
		if strings.HasPrefix(name, "packages.") && name != "packages.max" {
			return nil, fmt.Errorf("%q: want packages.forbid=NAME or packages.max=NUMBER", text)
		}
		if err := r.Check(); err != nil {
			return nil, fmt.Errorf("%q: %w", text, err)
		}
		out = append(out, r)
	}
	return out, nil
}

// Check tells what is wrong with a limit.
func (r Rule) Check() error {
	kind, rest, dotted := strings.Cut(r.Name, ".")
	switch {
	case slices.Contains(sizeRules, r.Name):
		_, percent, err := r.Size()
		if err == nil && percent >= 0 && whole[r.Name] == "" {
			return fmt.Errorf("%q of what? Percentages are for %s, and for growth", r.Value, strings.Join(slices.Sorted(maps.Keys(whole)), ", "))
		}
		return err
	case kind == "classes" && dotted:
		return r.class(rest)
	case kind == "growth" && rest == "of":
		if r.Value != "yours" && r.Value != "total" {
			return fmt.Errorf("%q: want yours or total", r.Value)
		}
		return nil
	case kind == "growth" && slices.Contains([]string{"tar", "transfer", "live"}, rest):
		_, _, err := r.Size()
		return err
	case r.Name == "layers", kind == "packages" && dotted, kind == "findings" && dotted:
		if n, err := strconv.Atoi(r.Value); err != nil || n < 0 {
			return fmt.Errorf("%q: want a number, 0 or more", r.Value)
		}
		if kind == "packages" {
			if _, err := path.Match(rest, ""); err != nil || rest == "" {
				return fmt.Errorf("%q is no name of a package", rest)
			}
		}
		return nil
	case kind == "seconds" && slices.Contains([]string{"start", "build", "rebuild"}, rest):
		if n, err := strconv.ParseFloat(r.Value, 64); err != nil || n <= 0 || math.IsInf(n, 0) || math.IsNaN(n) {
			return fmt.Errorf("%q: want a number of seconds", r.Value)
		}
		return nil
	}
	names := slices.Concat(sizeRules, []string{"growth.tar", "growth.transfer", "growth.live", "growth.of", "layers", "packages.forbid", "packages.max", "classes.CLASS", "findings.RULE", "seconds.start", "seconds.build", "seconds.rebuild"})
	return fmt.Errorf("no limit %q%s The limits are %s", r.Name, suggest.MeantEnd(r.Name, names), strings.Join(names, ", "))
}

// Size reads a limit of bytes: their number, or a percentage; that is -1 for bytes.
func (r Rule) Size() (bytes int64, percent float64, err error) {
	if p, ok := strings.CutSuffix(r.Value, "%"); ok {
		percent, err = strconv.ParseFloat(strings.TrimSpace(p), 64)
		if err != nil || percent < 0 || math.IsInf(percent, 0) || math.IsNaN(percent) {
			return 0, 0, fmt.Errorf("%q is no percentage such as 2%%", r.Value)
		}
		return 0, percent, nil
	}
	if bytes, err = units.ParseSI(r.Value); err != nil {
		return 0, 0, fmt.Errorf("%q is not a size (50MB, 1GB, 1048576)", r.Value)
	}
	return bytes, -1, nil
}
