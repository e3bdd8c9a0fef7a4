package experiment

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"tare/internal/pattern"
)

// maxVariants bounds what a matrix may multiply out to.
const maxVariants = 500

// keys are the keys that the matrix varies, in a fixed order.
func (m *Matrix) keys() []string {
	var out []string
	for _, k := range []struct {
		name string
		list []string
	}{{"context", m.Context}, {"dockerfile", m.Dockerfile}, {"target", m.Target}, {"base", m.Base}, {"platform", m.Platform}, {"compression", m.Compression}} {
		if len(k.list) > 0 {
			out = append(out, k.name)
		}
	}
	return append(out, slices.Sorted(maps.Keys(m.Args))...)
}

func (m *Matrix) knows(key string) bool {
	_, arg := m.Args[key]
	return arg || slices.Contains([]string{"context", "dockerfile", "target", "base", "platform", "compression", "name"}, key)
}

func (m *Matrix) values(key string) []string {
	switch key {
	case "context":
		return m.Context
	case "dockerfile":
		return m.Dockerfile
	case "target":
		return m.Target
	case "base":
		return m.Base
	case "platform":
		return m.Platform
	case "compression":
		return m.Compression
	}
	return m.Args[key]
}

// Expand returns all variants, those of the matrix last, each with a name and its
// check. The error says what in the matrix is wrong.
func (f *File) Expand() ([]Variant, error) {
	var out []Variant
	for _, v := range f.Variants {
		if v.Name == "" {
			v.Name = NameOf(v)
		}
		if v.Check == nil {
			v.Check = f.Check
		}
		out = append(out, v)
	}
	if f.Matrix == nil {
		return out, nil
	}
	combos, err := f.Matrix.combinations()
	if err != nil {
		return nil, err
	}
	for _, c := range combos {
		v, err := f.Matrix.variant(c)
		if err != nil {
			return nil, err
		}
		v.Check = f.Check
		out = append(out, v)
	}
	return out, nil
}

// NameOf is an image's name, or what tells a Dockerfile from others.
func NameOf(v Variant) string {
	if v.Image != "" {
		return v.Image
	}
	name := v.Dockerfile
	if name == "" {
		name = filepath.Join(v.Context, "Dockerfile")
	}
	if v.Target != "" {
		name += ":" + v.Target
	}
	return name
}

func (m *Matrix) combinations() ([]map[string]string, error) {
	out := []map[string]string{{}}
	for _, k := range m.keys() {
		var next []map[string]string
		for _, c := range out {
			for _, v := range m.values(k) {
				one := maps.Clone(c)
				one[k] = v
				next = append(next, one)
			}
		}
		if len(next) > maxVariants {
			return nil, fmt.Errorf("the matrix multiplies out to more than %d variants", maxVariants)
		}
		out = next
	}
	if len(m.keys()) == 0 {
		out = nil
	}
	out = slices.DeleteFunc(out, func(c map[string]string) bool {
		return slices.ContainsFunc(m.Exclude, func(x map[string]string) bool {
			for k, v := range x {
				if c[k] != v {
					return false
				}
			}
			return len(x) > 0
		})
	})
	out = append(out, m.Include...)
	if len(out) == 0 {
		return nil, fmt.Errorf("the matrix makes no variants: it has no values, or exclude drops them all")
	}
	return out, nil
}

var placeholder = pattern.New(`\{([A-Za-z_][A-Za-z0-9_.-]*)\}`)

// fill replaces {key} by the combination's value. Values may hold placeholders
// themselves, but no cycle.
func fill(text string, c map[string]string, busy []string) (string, error) {
	var fault error
	out := placeholder().ReplaceAllStringFunc(text, func(p string) string {
		key := p[1 : len(p)-1]
		v, ok := c[key]
		switch {
		case !ok:
			return p
		case slices.Contains(busy, key):
			fault = fmt.Errorf("the values of %s refer to one another in a cycle", strings.Join(append(busy, key), " → "))
			return p
		}
		s, err := fill(v, c, append(slices.Clone(busy), key))
		if err != nil {
			fault = err
		}
		return s
	})
	return out, fault
}

func (m *Matrix) variant(c map[string]string) (Variant, error) {
	var v Variant
	full := map[string]string{}
	for k, s := range c {
		var err error
		if full[k], err = fill(s, c, []string{k}); err != nil {
			return v, err
		}
	}
	v.Context, v.Dockerfile, v.Target, v.Base = full["context"], full["dockerfile"], full["target"], full["base"]
	v.Platform, v.Compression, v.Name = full["platform"], full["compression"], full["name"]
	for k := range m.Args {
		if s, ok := full[k]; ok {
			if v.Args == nil {
				v.Args = map[string]string{}
			}
			v.Args[k] = s
		}
	}
	if v.Name != "" {
		return v, nil
	}
	if m.Name != "" {
		var err error
		v.Name, err = fill(m.Name, full, nil)
		return v, err
	}
	var parts []string
	for _, k := range m.keys() {
		if s := full[k]; s != "" && (len(m.values(k)) > 1 || len(m.keys()) == 1) {
			parts = append(parts, s)
		}
	}
	v.Name = strings.Join(parts, "-")
	if v.Name == "" {
		v.Name = NameOf(v)
	}
	return v, nil
}
