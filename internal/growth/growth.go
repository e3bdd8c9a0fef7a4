// Package growth puts the releases of an image in order and tells by which of them it
// grew. It is pure.
package growth

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/opencontainers/go-digest"
	"golang.org/x/mod/semver"

	"tare/internal/units"
)

// Schema names the JSON form of a Result.
const Schema = "tare.growth/v1"

// Orders of releases.
const (
	ByVersion = "version" // the tags are semantic versions
	ByDate    = "date"    // when the images were made, as their configurations say
)

// Result is how an image grew over the releases of a repository. Bytes are integers.
type Result struct {
	Schema     string `json:"schema"`
	Repository string `json:"repository"`
	Order      string `json:"order"`
	// Releases are the images, the earliest first.
	Releases []Release `json:"releases"`
	// Steps has for each measure that is known the release with the largest step. A measure
	// that no release changed has none.
	Steps []Step `json:"steps"`
	// Skipped are tags that are no release.
	Skipped []Skipped `json:"skipped"`
}

// Release is the image of a tag. What only its layers tell is null, unless the store knows
// all of them.
type Release struct {
	Tag string `json:"tag"`
	// Also are later tags of the same image.
	Also     []string      `json:"also,omitempty"`
	Digest   digest.Digest `json:"digest"` // of the manifest
	Platform string        `json:"platform"`
	// Created is when the image was made; nil where the configuration does not say.
	Created  *time.Time   `json:"created"`
	Layers   int          `json:"layers"`
	Transfer units.Amount `json:"transfer"`
	// Update are the bytes that a pull transfers where the release before is there: layers
	// that it does not have, manifest and configuration. Of the first release it is Transfer.
	Update units.Amount `json:"update"`
	Tar    units.Amount `json:"tar"`
	Live   units.Amount `json:"live"`
	Waste  units.Amount `json:"waste"`

	// Blobs are the layers' compressed bytes by digest, and Own those of manifest and
	// configuration: what Update is worked out from.
	Blobs map[digest.Digest]int64 `json:"-"`
	Own   int64                   `json:"-"`
}

// Step is a difference between a release and the one before.
type Step struct {
	Measure string `json:"measure"`
	From    string `json:"from"`
	Tag     string `json:"tag"`
	Before  int64  `json:"before"`
	After   int64  `json:"after"`
}

// Skipped is a tag that is no release, and why.
type Skipped struct {
	Tag    string `json:"tag"`
	Reason string `json:"reason"`
}

// Measure is a measure of a release.
type Measure struct {
	Name  string
	Bytes bool
	Value func(*Release) units.Amount
}

// Measures are the measures of a release, those that manifests tell first.
var Measures = []Measure{
	{"transfer", true, func(r *Release) units.Amount { return r.Transfer }},
	{"layers", false, func(r *Release) units.Amount { return units.Known(int64(r.Layers)) }},
	{"tar", true, func(r *Release) units.Amount { return r.Tar }},
	{"live", true, func(r *Release) units.Amount { return r.Live }},
	{"waste", true, func(r *Release) units.Amount { return r.Waste }},
}

// Version reads a tag as a semantic version, with or without a v before it, and the variant
// that it is of: "3.12.1-slim" is 3.12.1 of the variant "slim", "1.0.0-rc.1" a version before
// 1.0.0. version is "" for tags that are none.
func Version(tag string) (version, variant string) {
	v := "v" + strings.TrimPrefix(tag, "v")
	head, rest, _ := strings.Cut(v, "-")
	switch {
	case !semver.IsValid(head):
		return "", ""
	case rest == "" || semver.IsValid(v) && before(rest):
		return v, ""
	case strings.Trim(rest, "0123456789.-_") == "":
		return "", "" // a date
	}
	return head, rest
}

// before tells a version before a release (rc.1, beta2, 20260101) from a variant (slim).
func before(suffix string) bool {
	word := strings.ToLower(suffix)
	if end := strings.IndexFunc(word, func(r rune) bool { return r < 'a' || r > 'z' }); end >= 0 {
		word = word[:end]
	}
	return slices.Contains([]string{"", "a", "b", "alpha", "beta", "rc", "pre", "preview", "dev", "m", "milestone", "snapshot", "nightly", "canary", "next"}, word)
}

// Artifact tells whether a tag is one that tools derive from a digest to attach something
// to an image: a signature, an attestation, a bill of materials, or a list of such. They
// are no releases, and need not be fetched to know.
func Artifact(tag string) bool {
	rest, ok := strings.CutPrefix(tag, "sha256-")
	if !ok || len(rest) < 64 {
		return false
	}
	for _, c := range rest[:64] {
		if !strings.ContainsRune("0123456789abcdef", c) {
			return false
		}
	}
	return rest[64:] == "" || rest[64] == '.'
}

// Make puts releases in order and works out the steps between them. Where most tags are
// versions the others (latest, main) are no releases; tags of one image are one release.
func Make(repository string, list []Release, skipped []Skipped) *Result {
	r := &Result{Schema: Schema, Repository: repository, Order: ByDate, Releases: []Release{}, Steps: []Step{}, Skipped: slices.Clone(skipped)}
	if r.Skipped == nil {
		r.Skipped = []Skipped{}
	}
	images := together(list)
	variant, versions, named := series(images)
	if versions > 0 && 2*named >= len(images) {
		r.Order = ByVersion
	}
	for _, l := range images {
		if r.Order == ByVersion {
			v, of := Version(l.Tag)
			if v == "" || of != variant {
				r.skip(l, v, of)
				continue
			}
		}
		r.Releases = append(r.Releases, l)
	}
	slices.SortStableFunc(r.Releases, func(a, b Release) int { return r.compare(&a, &b) })
	slices.SortStableFunc(r.Skipped, func(a, b Skipped) int { return cmp.Compare(a.Tag, b.Tag) })
	for i := range r.Releases {
		r.Releases[i].Update = update(r.Releases, i)
	}
	for _, m := range Measures {
		if s := largest(r.Releases, m); s != nil {
			r.Steps = append(r.Steps, *s)
		}
	}
	return r
}

// together makes one release of all tags of an image: it is called by the most exact version.
func together(list []Release) (out []Release) {
	at := map[digest.Digest]int{}
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b Release) int {
		return cmp.Or(cmp.Compare(exact(b.Tag), exact(a.Tag)), semver.Compare(first(Version(a.Tag)), first(Version(b.Tag))), cmp.Compare(a.Tag, b.Tag))
	})
	for _, l := range list {
		if n, again := at[l.Digest]; again {
			out[n].Also = append(out[n].Also, l.Tag)
			continue
		}
		at[l.Digest] = len(out)
		out = append(out, l)
	}
	return out
}

func first(version, _ string) string { return version }

// exact is how much a tag says of a version: 1.2.0 more than 1.2, and that more than a
// version before a release; nothing for a tag that is none.
func exact(tag string) int {
	v, _ := Version(tag)
	switch {
	case v == "":
		return 0
	case semver.Prerelease(v) != "":
		return 1
	}
	return 2 + strings.Count(v, ".")
}

// series is the variant that most versions are of, with how many, and how many images have
// a version at all.
func series(list []Release) (variant string, most, named int) {
	count := map[string]int{}
	for i := range list {
		v, of := Version(list[i].Tag)
		if v == "" {
			continue
		}
		named++
		if count[of]++; count[of] > most || count[of] == most && len(of) < len(variant) {
			variant, most = of, count[of]
		}
	}
	return variant, most, named
}

// skip notes all tags of an image that is no release of the series.
func (r *Result) skip(l Release, version, variant string) {
	why := "not a version"
	if version != "" {
		why = "a version without a variant: --tags chooses"
		if variant != "" {
			why = "of the variant " + variant + ": --tags '*-" + variant + "'"
		}
	}
	for _, tag := range append([]string{l.Tag}, l.Also...) {
		r.Skipped = append(r.Skipped, Skipped{tag, why})
	}
}

// compare orders two releases.
func (r *Result) compare(a, b *Release) int {
	if r.Order == ByVersion {
		return cmp.Or(semver.Compare(first(Version(a.Tag)), first(Version(b.Tag))), cmp.Compare(a.Tag, b.Tag))
	}
	return cmp.Or(date(a).Compare(date(b)), cmp.Compare(a.Tag, b.Tag))
}

// date is when an image was made; the zero time, which is before all others, if that is
// not known.
func date(r *Release) time.Time {
	if r.Created == nil {
		return time.Time{}
	}
	return *r.Created
}

// update are the bytes of a release that the one before does not have.
func update(list []Release, i int) units.Amount {
	l := &list[i]
	if i == 0 || !l.Transfer.Known() {
		return l.Transfer
	}
	n := l.Own
	for d, size := range l.Blobs {
		if _, have := list[i-1].Blobs[d]; !have {
			n += size
		}
	}
	return units.Known(n)
}

// largest is the largest step of a measure, grown or shrunk; the earliest of equal ones.
// It is nil if no step is known to be one.
func largest(list []Release, m Measure) *Step {
	var out *Step
	size := int64(0)
	for i := 1; i < len(list); i++ {
		was, ok := m.Value(&list[i-1]).Int()
		now, known := m.Value(&list[i]).Int()
		if d := max(now-was, was-now); ok && known && d > size {
			out, size = &Step{m.Name, list[i-1].Tag, list[i].Tag, was, now}, d
		}
	}
	return out
}

// Step is the largest step of a measure; nil if there is none.
func (r *Result) Step(measure string) *Step {
	for i := range r.Steps {
		if r.Steps[i].Measure == measure {
			return &r.Steps[i]
		}
	}
	return nil
}
