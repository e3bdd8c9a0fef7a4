package scan

import (
	"os"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
	"github.com/distribution/reference"

	"tare/internal/request"
)

// kind says what a word means.
type kind int

const (
	oneImage  kind = iota // REGISTRY/REPOSITORY:TAG, or @DIGEST; a name without a registry is looked for in the store first
	storeGlob             // names of the store that match a pattern
	registry              // all repositories of a catalogue
	repoGlob              // those that match a pattern
	allTags               // all tags of a repository, or those that match a pattern
	list                  // names in a file, or on standard input
)

// word is a source as it is understood.
type word struct {
	text   string // as the user wrote it
	kind   kind
	domain string          // of a registry, or a pattern of repositories
	repos  string          // pattern of repositories, or of names of the store
	tags   string          // pattern of tags; "" for all
	named  reference.Named // of an image, or a repository
	stored bool            // only the store is meant
}

// special are the characters of patterns.
const special = "*?[{"

// parse reads one source. within says that it stands in a list, which cannot name other lists.
func parse(text string, within bool) (word, error) {
	w := word{text: text}
	rest := strings.TrimPrefix(text, "registry://")
	if name, ok := strings.CutPrefix(text, "store://"); ok {
		rest, w.stored = name, true
	}
	switch {
	case rest == "" || len(rest) > 4096:
		return w, request.Errorf("%.60q names no image, repository or registry", text)
	case strings.Contains(rest, "://"):
		return w, request.Errorf("%.60q: tare fleet reads registries, the store (store://NAME), and lists of images", text)
	case !within && !w.stored && rest == text && (text == "-" || isFile(text)):
		w.kind = list
		return w, nil
	case w.stored:
		return local(w, rest)
	}
	domain, path, slash := strings.Cut(rest, "/")
	if !isDomain(domain, slash, path == "") {
		return local(w, rest)
	}
	w.domain = domain
	if path == "" {
		w.kind = registry
		return w, plausible(&w, domain+"/x")
	}
	repo, tag := path, ""
	if at := strings.LastIndex(path, ":"); at > strings.LastIndex(path, "/") && !strings.Contains(path, "@") {
		repo, tag = path[:at], path[at+1:]
	}
	switch {
	case strings.ContainsAny(repo, special):
		w.kind, w.repos, w.tags = repoGlob, repo, tag
		if !doublestar.ValidatePattern(repo) {
			return w, request.Errorf("%.80q: the pattern of repositories cannot be understood", text)
		}
		return w, plausible(&w, domain+"/x")
	case strings.ContainsAny(tag, special) || tag == "" && !strings.Contains(repo, "@"):
		w.kind, w.tags = allTags, tag
		return w, plausible(&w, domain+"/"+repo)
	}
	return w, plausible(&w, rest)
}

// plausible reads a name with its registry, and checks the pattern of tags.
func plausible(w *word, name string) (err error) {
	if !doublestar.ValidatePattern(w.tags) {
		return request.Errorf("%.80q: the pattern of tags cannot be understood", w.text)
	}
	if w.named, err = reference.ParseNormalizedNamed(name); err != nil {
		return request.Errorf("%.80q: %w", w.text, err)
	}
	w.domain = reference.Domain(w.named)
	return nil
}

// local is a name as Docker reads it, or a pattern of names of the store.
func local(w word, text string) (word, error) {
	if strings.ContainsAny(text, special) {
		w.kind, w.repos = storeGlob, text
		if !doublestar.ValidatePattern(text) {
			return w, request.Errorf("%.80q: the pattern cannot be understood", w.text)
		}
		return w, nil
	}
	named, err := reference.ParseDockerRef(text)
	if err != nil {
		return w, request.Errorf("%.80q: %w", w.text, err)
	}
	w.named = named
	return w, nil
}

// isDomain tells whether the first part of a word is a registry, as Docker tells. Without a slash behind it, "python:3" is an image: there
// a registry is known by a dot, or is localhost.
func isDomain(s string, slash, ends bool) bool {
	name, _, port := strings.Cut(s, ":")
	return slash && (ends || port) || name == "localhost" || strings.HasPrefix(s, "[") || strings.Contains(name, ".")
}

// isFile tells whether a word means a file: a path, or one that is here.
func isFile(s string) bool {
	if strings.HasPrefix(s, "/") || strings.HasPrefix(s, "./") || strings.HasPrefix(s, "../") {
		return true
	}
	fi, err := os.Stat(s)
	return err == nil && !fi.IsDir()
}
