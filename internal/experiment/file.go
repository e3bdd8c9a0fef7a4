// Package experiment says what an experiment is and what it came to: the file that
// describes it, the record of its measurements, and how two records differ.
package experiment

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/goccy/go-yaml"

	"tare/internal/yamlfile"
)

// Version is the version of experiment files that this package reads.
const Version = 1

// MaxFile is how large an experiment file may be, in bytes.
const MaxFile = 1 << 20

// File is an experiment file, tare.yaml. Relative paths in it start at its directory.
type File struct {
	// Version of the format: 1.
	Version int `yaml:"version" json:"version"`
	// Name of the experiment; default the name of the file's directory.
	Name string `yaml:"name,omitempty" json:"name,omitempty"`
	// Baseline is the variant that the others are measured against; default the first.
	Baseline string `yaml:"baseline,omitempty" json:"baseline,omitempty"`
	// Variants are what is compared.
	Variants []Variant `yaml:"variants,omitempty" json:"variants,omitempty"`
	// Matrix makes more variants: one for every combination of its lists.
	Matrix *Matrix `yaml:"matrix,omitempty" json:"matrix,omitempty"`
	// Check is what every variant without a check of its own must pass.
	Check *Check `yaml:"check,omitempty" json:"check,omitempty"`
	// Measure says what is measured, and how often.
	Measure Measure `yaml:"measure,omitempty" json:"measure,omitempty"`
	// Edit are simulated commits: what do they cost to rebuild and to pull again?
	Edit []Edit `yaml:"edit,omitempty" json:"edit,omitempty"`
	// Budget are limits that tare check enforces.
	Budget *Budget `yaml:"budget,omitempty" json:"budget,omitempty"`
}

// Variant is one image: an existing one, or a Dockerfile to build.
type Variant struct {
	Name string `yaml:"name,omitempty" json:"name,omitempty"`
	// Image is an existing image, pulled if it is not here. No other key but platform,
	// check and budget goes with it.
	Image string `yaml:"image,omitempty" json:"image,omitempty"`
	// Dockerfile is a path; default the context's Dockerfile.
	Dockerfile string `yaml:"dockerfile,omitempty" json:"dockerfile,omitempty"`
	// Context is the build context, a directory; default that of this file.
	Context string `yaml:"context,omitempty" json:"context,omitempty"`
	// Target is the stage to build.
	Target string `yaml:"target,omitempty" json:"target,omitempty"`
	// Base replaces the image that the Dockerfile's last stage starts from.
	Base string `yaml:"base,omitempty" json:"base,omitempty"`
	// Args are build arguments.
	Args map[string]string `yaml:"args,omitempty" json:"args,omitempty"`
	// Platform, such as linux/arm64; default this machine's.
	Platform string `yaml:"platform,omitempty" json:"platform,omitempty"`
	// Compression of the layers: gzip as a push makes it (default), zstd, estargz or
	// uncompressed.
	Compression string `yaml:"compression,omitempty" json:"compression,omitempty"`
	// Check is what it must pass.
	Check *Check `yaml:"check,omitempty" json:"check,omitempty"`
	// Budget are limits of its own, besides those of the file.
	Budget *Limits `yaml:"budget,omitempty" json:"budget,omitempty"`
}

// Matrix multiplies variants out. A key that is left out does not vary.
type Matrix struct {
	// Name is a template for the names, such as "{base}-{compression}"; default the
	// varying values, joined by "-".
	Name        string   `yaml:"name,omitempty" json:"name,omitempty"`
	Context     []string `yaml:"context,omitempty" json:"context,omitempty"`
	Dockerfile  []string `yaml:"dockerfile,omitempty" json:"dockerfile,omitempty"`
	Target      []string `yaml:"target,omitempty" json:"target,omitempty"`
	Base        []string `yaml:"base,omitempty" json:"base,omitempty"`
	Platform    []string `yaml:"platform,omitempty" json:"platform,omitempty"`
	Compression []string `yaml:"compression,omitempty" json:"compression,omitempty"`
	// Args are lists of values for build arguments. A value may hold {key}, another
	// value of the same combination.
	Args map[string][]string `yaml:"args,omitempty" json:"args,omitempty"`
	// Include adds combinations; keys that it leaves out do not vary.
	Include []map[string]string `yaml:"include,omitempty" json:"include,omitempty"`
	// Exclude drops combinations that have all of these values.
	Exclude []map[string]string `yaml:"exclude,omitempty" json:"exclude,omitempty"`
}

// Check runs a container and looks at what it does.
type Check struct {
	// Command and arguments; default the image's own.
	Command []string `yaml:"command,omitempty" json:"command,omitempty"`
	// Stdout is what the program must print, without spaces at both ends.
	Stdout *string `yaml:"stdout,omitempty" json:"stdout,omitempty"`
	// Match is a regular expression (RE2) that must match in what it prints, without
	// spaces at both ends.
	Match string `yaml:"match,omitempty" json:"match,omitempty"`
	// Exit is the exit code that it must have; default 0.
	Exit int `yaml:"exit,omitempty" json:"exit,omitempty"`
	// Timeout after which it is killed; default 30s.
	Timeout Duration `yaml:"timeout,omitempty" json:"timeout,omitempty"`
	// Env are variables, NAME: VALUE.
	Env map[string]string `yaml:"env,omitempty" json:"env,omitempty"`
	// HTTP asks a program that serves; it is stopped when it has answered.
	HTTP *HTTP `yaml:"http,omitempty" json:"http,omitempty"`
	// Skip leaves the check and the timed starts out.
	Skip bool `yaml:"skip,omitempty" json:"skip,omitempty"`
}

// HTTP is a request that a program must answer.
type HTTP struct {
	// URL on this machine (containers use its network): http://127.0.0.1:8080/health
	URL string `yaml:"url" json:"url"`
	// Status that the answer must have; default 200.
	Status int `yaml:"status,omitempty" json:"status,omitempty"`
	// Match is a regular expression (RE2) that must match in its body.
	Match string `yaml:"match,omitempty" json:"match,omitempty"`
}

// Measure says what is measured, and how often.
type Measure struct {
	// Repeat is how often everything that takes time is done; default 6, the least
	// that gives a confidence interval of 95 %.
	Repeat int `yaml:"repeat,omitempty" json:"repeat,omitempty"`
	// Warmup is how often it is done before without counting; default 1.
	Warmup *int `yaml:"warmup,omitempty" json:"warmup,omitempty"`
	// What is measured: build, edit, start, pull; default all. Sizes, layers and
	// packages always are.
	What []string `yaml:"what,omitempty" json:"what,omitempty"`
}

// Edit is a simulated commit, made in a copy of the build context. Exactly one of
// its other keys is given.
type Edit struct {
	Name string `yaml:"name" json:"name"`
	// Touch changes a file's content by as little as possible: a line is added.
	Touch string `yaml:"touch,omitempty" json:"touch,omitempty"`
	// Append adds text to a file; {n} becomes a number that differs each time.
	Append *Append `yaml:"append,omitempty" json:"append,omitempty"`
	// Replace replaces text in a file; {n} becomes a number that differs each time.
	Replace *Replace `yaml:"replace,omitempty" json:"replace,omitempty"`
	// Base is a new version of the base image: an image's name, or "bump" for what the
	// Dockerfile names with one small layer more.
	Base string `yaml:"base,omitempty" json:"base,omitempty"`
}

// Append adds text to the end of a file.
type Append struct {
	File string `yaml:"file" json:"file"`
	Text string `yaml:"text" json:"text"`
}

// Replace replaces the first occurrence of a text in a file.
type Replace struct {
	File string `yaml:"file" json:"file"`
	Old  string `yaml:"old" json:"old"`
	New  string `yaml:"new" json:"new"`
}

// Duration is a time.Duration that is written as 30s or 2m.
type Duration time.Duration

// UnmarshalYAML reads 30s, 2m or 500ms.
func (d *Duration) UnmarshalYAML(b []byte) error {
	var s string
	if err := yaml.Unmarshal(b, &s); err != nil {
		return err
	}
	v, err := time.ParseDuration(s)
	if err != nil || v <= 0 {
		return fmt.Errorf("%q is no duration such as 30s or 2m", s)
	}
	*d = Duration(v)
	return nil
}

// MarshalText writes the duration as it is read.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// FileError is a fault in an experiment file, with its place.
type FileError = yamlfile.Error

// Parse reads an experiment file; name is for errors, which are *FileError. Unknown
// and repeated keys are errors.
func Parse(name string, b []byte) (f *File, err error) {
	defer func() {
		if p := recover(); p != nil {
			f, err = nil, yamlfile.Panicked(name, p)
		}
	}()
	doc, err := yamlfile.Parse(name, "an experiment", b, MaxFile)
	if err != nil {
		return nil, err
	}
	f = new(File)
	if err := yaml.NewDecoder(bytes.NewReader(b), yaml.Strict()).Decode(f); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, &FileError{File: name, Text: "it is empty: tare lab init writes an experiment to begin with"}
		}
		return nil, yamlfile.Located(name, err)
	}
	return f, (&checker{name: name, doc: doc}).check(f)
}
