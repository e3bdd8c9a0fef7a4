package secret

import (
	"strings"

	"tare/internal/pattern"
)

// dotenv is the format of .env, and envFile that of "name.env": variables of an
// application, secrets or not.
var dotenv, envFile = &format{mark: Variables}, &format{mark: Variables}

// variables tells whether any variable in a text has a secret's name and a value, or a
// URL with a password; else whether any has a value, which only the name .env makes
// worth a word.
func variables(text []byte, settings bool) Mark {
	out := None
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(line), "export "))
		if line == "" || line[0] == '#' {
			continue
		}
		name, value, ok := strings.Cut(line, "=")
		value = strings.TrimSpace(value)
		if quoted := strings.Trim(value, `"'`); quoted != value {
			value = quoted
		} else if at := strings.Index(value, " #"); at >= 0 {
			value = strings.TrimSpace(value[:at])
		}
		switch {
		case ok && placeholder(value):
			continue
		case ok && secretName(strings.TrimSpace(name)):
			return Variables
		}
		if m := login().FindStringSubmatch(value); m != nil && !placeholder(m[1]) {
			return Variables
		}
		if settings {
			out = Settings
		}
	}
	return out
}

// secretName tells whether a variable's name is that of a secret: DB_PASSWORD, API_KEY;
// not TOKEN_TTL nor PUBLIC_KEY.
func secretName(name string) bool {
	words := strings.FieldsFunc(strings.ToUpper(name), func(r rune) bool { return r == '_' || r == '-' || r == '.' })
	if len(words) == 0 {
		return false
	}
	before := ""
	if len(words) > 1 {
		before = words[len(words)-2]
	}
	for _, w := range words {
		if w == "PUBLIC" || w == "MAX" || w == "MIN" {
			return false
		}
	}
	switch words[len(words)-1] {
	case "PASSWORD", "PASSWD", "PASS", "PWD", "PASSPHRASE", "SECRET", "SECRETS", "TOKEN", "APIKEY", "SECRETKEY", "PRIVATEKEY", "CREDENTIALS", "PAT", "PW":
		return true
	case "KEY":
		switch before {
		case "API", "SECRET", "PRIVATE", "ACCESS", "SIGNING", "ENCRYPTION", "AUTH", "MASTER", "ACCOUNT", "SERVICE", "APP", "LICENSE", "SSH", "DEPLOY", "JWT", "STORAGE", "ADMIN", "ROLE":
			return true
		}
	case "BASE", "BASE64", "HASH", "SALT": // SECRET_KEY_BASE
		return strings.Contains(strings.ToUpper(name), "SECRET")
	}
	return false
}

var (
	reference = pattern.New(`^(?:\$|\{\{|<|%[A-Za-z_]+%|\[\[|vault:|op://|arn:|file:)`)
	stand     = pattern.New(`(?i)^(?:change[-_ ]?(?:me|this|it).*|replace[-_ ]?(?:me|this|with).*|your[-_ ]?.*|my[-_](?:token|password|secret|api[-_]?key)|example|placeholder|dummy|todo|tbd|fixme|none|null|nil|true|false|yes|no|on|off|\d|redacted|insert.*here)$`)
)

// placeholder tells whether a value stands for one that is given elsewhere.
func placeholder(value string) bool {
	return value == "" || reference().MatchString(value) || stand().MatchString(value) || same([]byte(value))
}
