package indexes

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/distribution/reference"

	"tare/internal/request"
	"tare/internal/store"
)

// Trust says whose indexes are used: those in repositories that match one of its patterns. Whoever may write to a repository may put an
// index there that says anything of the image. The zero value trusts nobody. It is the value of a flag.
type Trust struct {
	patterns []string
	matchers []*regexp.Regexp
}

// TrustHelp explains the flag.
const TrustHelp = "use indexes that registries keep instead of reading layers; with =REPOSITORY,… only those in these (registry.example.com/team/**)"

// Everybody is the pattern of all repositories: --use-index without a value.
const Everybody = "**"

// Set implements pflag.Value: patterns, divided by commas. "false" takes all away, "true" is Everybody.
func (t *Trust) Set(text string) error {
	for p := range strings.SplitSeq(text, ",") {
		switch p = strings.TrimSpace(p); p {
		case "false":
			t.patterns, t.matchers = nil, nil
			continue
		case "true":
			p = Everybody
		}
		m, err := matcher(p)
		if err != nil {
			return fmt.Errorf("%.200q: %w", p, err)
		}
		t.patterns, t.matchers = append(t.patterns, p), append(t.matchers, m)
	}
	return nil
}

// String implements pflag.Value.
func (t *Trust) String() string { return strings.Join(t.patterns, ",") }

// Type implements pflag.Value. A file of settings may have a list of patterns.
func (t *Trust) Type() string { return "stringSlice" }

// Any tells whether anybody is trusted.
func (t *Trust) Any() bool { return len(t.matchers) > 0 }

// Of tells whether the indexes in the repository of an image's name are trusted.
func (t *Trust) Of(name string) bool {
	named, err := store.Normalize(name)
	if err != nil {
		return false
	}
	for _, m := range t.matchers {
		if m.MatchString(named.Name()) {
			return true
		}
	}
	return false
}

// matcher makes a regular expression of a pattern: ** is any text, * and ? any within one part of a path; a registry alone means all of its
// repositories. Names are completed as those of images are: python is docker.io/library/python.
func matcher(pattern string) (*regexp.Regexp, error) {
	first, rest, slash := strings.Cut(pattern, "/")
	switch {
	case pattern == "":
		return nil, errors.New("want the pattern of a repository, such as registry.example.com/team/**")
	case strings.ContainsAny(pattern, "@ \t\n\\[]{}") || strings.Contains(rest, ":"):
		return nil, errors.New("want a repository, without a tag or digest; * and ** are the only patterns")
	case pattern == Everybody:
	case !slash && (strings.ContainsAny(first, ".:") || first == "localhost"):
		pattern += "/" + Everybody
	case !slash:
		pattern = "docker.io/library/" + pattern
	case !strings.ContainsAny(first, ".:*?") && first != "localhost":
		pattern = "docker.io/" + pattern
	}
	if !strings.ContainsAny(pattern, "*?") {
		if _, err := reference.ParseNamed(pattern); err != nil {
			return nil, fmt.Errorf("want a repository: %w", err)
		}
	}
	var b strings.Builder
	for i := 0; i < len(pattern); i++ {
		switch c := pattern[i]; {
		case c == '*' && strings.HasPrefix(pattern[i:], "**"):
			b.WriteString(".*")
			i++
		case c == '*':
			b.WriteString("[^/]*")
		case c == '?':
			b.WriteString("[^/]")
		default:
			b.WriteString(regexp.QuoteMeta(string(c)))
		}
	}
	return regexp.Compile("^" + b.String() + "$")
}

// repository reads the name of an image of a registry.
func repository(word string) (reference.Named, error) {
	name := strings.TrimPrefix(word, "registry://")
	if strings.Contains(name, "://") || name == "-" || name == "" {
		return nil, request.Errorf("%s: want the name of an image in a registry: an index is kept beside it there", word)
	}
	named, err := store.Normalize(name)
	if err != nil {
		return nil, request.Error{Err: fmt.Errorf("%s: %w", word, err)}
	}
	return named, nil
}
