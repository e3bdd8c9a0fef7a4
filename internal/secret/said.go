package secret

import (
	"cmp"
	"slices"
	"strings"

	"tare/internal/pattern"
)

// Said is a secret that stands in an image's configuration: in a variable, a label, or a
// command of its history.
type Said struct {
	Name  string // of the variable, label or option that is named like a secret; "" for none
	Form  string // in words what it is, if its name does not say so: "an Authorization header"
	value string
}

// Same tells whether two are of one value.
func (s Said) Same(o Said) bool { return s == o }

// span is where a secret's value stands in a text.
type span struct {
	from, to   int
	name, form string
}

// In finds the secrets that an instruction, as an image's history has it, gives away: by
// the names of what is set, by the options and headers of commands, and by the forms that
// tokens have. What is empty or a reference to a value is none.
func In(instruction string) []Said {
	var out []Said
	for _, s := range spans(instruction) {
		said := Said{s.name, s.form, instruction[s.from:s.to]}
		if !slices.ContainsFunc(out, said.Same) {
			out = append(out, said)
		}
	}
	return out
}

// Variable tells whether NAME=VALUE, as a configuration has it, gives a secret away.
func Variable(name, value string) (Said, bool) {
	for _, s := range spans("ENV " + name + "=" + value) {
		return Said{s.name, s.form, value}, true
	}
	return Said{}, false
}

// Mask is an instruction with stars in the place of secrets.
func Mask(instruction string) string {
	list := spans(instruction)
	for n := len(list) - 1; n >= 0; n-- {
		instruction = instruction[:list[n].from] + "***" + instruction[list[n].to:]
	}
	return instruction
}

// form is a way in which values of secrets stand in a text.
type form struct {
	what string
	re   pattern.Regexp // its last group is the value
	only string         // a word that the text must have
}

// forms are shown by what stands around the value, or by the value itself.
var formsOf = []form{
	{"an Authorization header", pattern.New(`(?i)authorization:\s*(?:bearer|basic|token|digest|bot|apikey)\s+([^\s"'\\]+)`), ""},
	{"a header with a token", pattern.New(`(?i)\b(?:private-token|job-token|deploy-token|x-(?:[a-z]+-)*(?:token|api-key|apikey)):\s*([^\s"'\\]+)`), ""},
	{"a URL with a password", pattern.New(`://[^/\s:@"']*:([^@/\s"']+)@`), ""},
	{"the password of a user", pattern.New(`(?:^|\s)(?:-u|--user|--proxy-user)[ =]?["']?[A-Za-z][^\s:"']*:([^\s"']+)`), "curl"},
	{"a password", pattern.New(`(?:^|\s)--(?:[a-z]+-)?(?:password|passwd|token|secret|api-key|access-token|auth-token|secret-key)\s+["']?([^\s"'-][^\s"';|&]*)`), ""},
	{"a token of GitHub", pattern.New(`\b(gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{60,})\b`), ""},
	{"a token of GitLab", pattern.New(`\b(gl(?:pat|dt|rt|ptt|cbt)-[A-Za-z0-9_-]{20,})`), ""},
	{"a token of npm", pattern.New(`\b(npm_[A-Za-z0-9]{36})\b`), ""},
	{"a token of PyPI", pattern.New(`\b(pypi-AgEI[A-Za-z0-9_-]{40,})`), ""},
	{"a token of Docker", pattern.New(`\b(dckr_(?:pat|oat)_[A-Za-z0-9_-]{20,})`), ""},
	{"a token of Slack", pattern.New(`\b(xox[abeprs]-[A-Za-z0-9-]{20,})`), ""},
	{"a key of Stripe", pattern.New(`\b([sr]k_live_[A-Za-z0-9]{20,})`), ""},
	{"a key of Google", pattern.New(`\b(AIza[A-Za-z0-9_-]{35})`), ""},
	{"a token of Hugging Face", pattern.New(`\b(hf_[A-Za-z0-9]{34})\b`), ""},
	{"a JSON Web Token", pattern.New(`\b(eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{16,})`), ""},
	{"a private key", pattern.New(`(?s)-----BEGIN [A-Z ]*PRIVATE KEY(?: BLOCK)?-----(.{32,})`), ""},
}

// assignment is NAME=VALUE, --name=VALUE, with quotes or without.
var assignment = pattern.New(`(?:^|[\s"';|&(,{])-{0,2}([A-Za-z][A-Za-z0-9_.-]*)=("[^"]*"|'[^']*'|[^\s;&|)"']+)`)

// pair begins the next NAME=VALUE of an ENV or a LABEL, whose values may have spaces.
var pair = pattern.New(`(?:^|\s)["']?([A-Za-z_][A-Za-z0-9_./-]*)["']?=`)

func spans(text string) []span {
	var out []span
	add := func(from, to int, name, form string) {
		for from < to && strings.ContainsRune(`"'`, rune(text[from])) {
			from++
		}
		for to > from && strings.ContainsRune(`"'`, rune(text[to-1])) {
			to--
		}
		if value := strings.TrimSpace(text[from:to]); !placeholder(value) && !strings.HasPrefix(value, "=") && !strings.HasPrefix(value, "`") {
			out = append(out, span{from, to, name, form})
		}
	}
	for _, a := range assignments(text) {
		if name, value := text[a[0]:a[1]], strings.Trim(text[a[2]:a[3]], `"'`); secretVariable(name, value) {
			add(a[2], a[3], name, "")
		}
	}
	for _, f := range formsOf {
		if !strings.Contains(text, f.only) {
			continue
		}
		for _, m := range f.re().FindAllStringSubmatchIndex(text, -1) {
			if f.what != "a password" || !strings.Contains(text[m[2]:m[3]], "=") { // --secret id=x
				add(m[2], m[3], "", f.what)
			}
		}
	}
	slices.SortStableFunc(out, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	var apart []span // a value that two ways show is one
	for _, s := range out {
		if len(apart) == 0 || s.from >= apart[len(apart)-1].to {
			apart = append(apart, s)
		} else if last := &apart[len(apart)-1]; s.to > last.to {
			last.to = s.to
		}
	}
	return apart
}

// assignments are the places of names and values.
func assignments(text string) (out [][4]int) {
	if word, _, _ := strings.Cut(text, " "); word == "ENV" || word == "LABEL" {
		list := pair().FindAllStringSubmatchIndex(text, -1)
		for n, m := range list {
			end := len(text)
			if n+1 < len(list) {
				end = list[n+1][0]
			}
			out = append(out, [4]int{m[2], m[3], m[1], end})
		}
		return out
	}
	for _, m := range assignment().FindAllStringSubmatchIndex(text, -1) {
		out = append(out, [4]int{m[2], m[3], m[4], m[5]})
	}
	return out
}

var (
	// place is a path, or a file that is mounted at run time: not the secret itself.
	place = pattern.New(`^(?:[~.]{0,2}/(?:[a-z0-9_.-]+/)*[a-z0-9_.-]*|/(?:var/)?run/secrets/.*)$`)
	// fingerprint is a fingerprint or the ID of a public key, as GnuPG writes them.
	fingerprint = pattern.New(`^(?:0x)?(?:[0-9A-F]{8}|[0-9A-F]{16}|[0-9A-F]{32}|[0-9A-F]{40}|[0-9A-F]{64})(?:\s|$)`)
)

// secretVariable tells whether a variable of this name and value is a secret.
func secretVariable(name, value string) bool {
	upper := strings.ToUpper(name)
	switch {
	case !secretName(name), place().MatchString(value):
		return false
	case upper == "PWD" || upper == "OLDPWD": // the shell's directory
		return false
	case strings.HasSuffix(upper, "KEY") && fingerprint().MatchString(value):
		return false
	}
	return true
}
