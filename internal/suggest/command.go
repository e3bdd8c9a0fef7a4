package suggest

import "strings"

// Command is a command line of tare that a shell takes as it stands.
func Command(name string, arguments ...string) string {
	words := []string{"tare", name}
	for _, a := range arguments {
		words = append(words, Quote(a))
	}
	return strings.Join(words, " ")
}

// Quote makes a word of a shell of any text.
func Quote(s string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:@,+=%", r)
	}
	if s != "" && strings.IndexFunc(s, func(r rune) bool { return !plain(r) }) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
