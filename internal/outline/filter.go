package outline

import (
	"fmt"
	"path"
	"regexp"
	"strings"
)

// Mode is how the text of a filter is read.
type Mode int

// The modes.
const (
	Substring Mode = iota // part of a path; small letters find capitals, too
	Glob                  // a pattern of the whole name, or with a slash of the whole path
	Regexp                // a regular expression, somewhere in the path
	modes
)

// String is the mode in words.
func (m Mode) String() string { return [modes]string{"text", "glob", "regex"}[m] }

// Next is the mode after this one, and after the last the first.
func (m Mode) Next() Mode { return (m + 1) % modes }

// Filter keeps some paths, and all that is below them.
type Filter struct {
	mode Mode
	text string
	fold bool
	re   *regexp.Regexp
}

// NewFilter reads the text of a filter. An empty text is no filter: nil. The error says
// what is wrong with a pattern.
func NewFilter(m Mode, text string) (*Filter, error) {
	if text == "" {
		return nil, nil
	}
	f := &Filter{mode: m, text: strings.TrimPrefix(text, "/")}
	switch m {
	case Substring:
		f.text = text
		f.fold = strings.ToLower(text) == text
	case Glob:
		if _, err := path.Match(f.text, ""); err != nil {
			return nil, fmt.Errorf("not a pattern yet: %s", text)
		}
	case Regexp:
		re, err := regexp.Compile(text)
		if err != nil {
			return nil, fmt.Errorf("not a regular expression yet: %s", text)
		}
		f.re = re
	}
	return f, nil
}

// keeps tells whether a path matches by itself. tail says that the directories that lead
// to it do not, so that for a substring only the end need be looked at.
func (f *Filter) keeps(p string, tail bool) bool {
	switch f.mode {
	case Glob:
		name := p
		if !strings.Contains(f.text, "/") {
			name = p[strings.LastIndexByte(p, '/')+1:]
		}
		ok, _ := path.Match(f.text, name)
		return ok && p != ""
	case Regexp:
		return p != "" && f.re.MatchString("/"+p)
	}
	if tail {
		p = p[max(0, strings.LastIndexByte(p, '/')+1-len(f.text)):]
	}
	if !f.fold {
		return strings.Contains(p, f.text) || f.text[0] == '/' && strings.HasPrefix(p, f.text[1:])
	}
	return containsFold(p, f.text) || f.text[0] == '/' && len(p) >= len(f.text)-1 && containsFold(p[:len(f.text)-1], f.text[1:])
}

// containsFold is strings.Contains for a needle in small letters, where capitals of ASCII
// in s count as small ones.
func containsFold(s, needle string) bool {
	for i := 0; i+len(needle) <= len(s); i++ {
		if lower(s[i]) != needle[0] {
			continue
		}
		n := 1
		for n < len(needle) && lower(s[i+n]) == needle[n] {
			n++
		}
		if n == len(needle) {
			return true
		}
	}
	return false
}

func lower(b byte) byte {
	if 'A' <= b && b <= 'Z' {
		return b + 'a' - 'A'
	}
	return b
}
