package logs

import (
	"fmt"
	"log/slog"
	"strings"
	"sync"

	"tare/internal/pattern"
)

// hidden stands for what is secret.
const hidden = "(hidden)"

// secrets are texts that are never told, wherever they stand.
var secrets struct {
	sync.RWMutex
	texts map[string]bool
}

// Hide keeps a password or a token out of all lines from now on, also as it stands in
// addresses. A text of under four bytes is not looked for: it is part of everything.
func Hide(secret string) {
	if !On() || len(secret) < 4 {
		return
	}
	secrets.Lock()
	defer secrets.Unlock()
	if secrets.texts == nil {
		secrets.texts = map[string]bool{}
	}
	secrets.texts[secret] = true
}

var (
	// telling are names of values that are secret whatever they are.
	telling = pattern.New(`(?i)authorization|authenticate|token|secret|password|passwd|cookie|credential|signature|api.?key|identity`)
	// userinfo is what stands before the host of an address.
	userinfo = pattern.New(`\b([a-zA-Z][a-zA-Z0-9+.-]*://)[^/\s"'\\]*@`)
	// query is what follows the path of an address: signatures, tokens.
	query = pattern.New(`(\b[a-zA-Z][a-zA-Z0-9+.-]*://[^\s"'?\\]*|(?:^|[\s"'=])/[^\s"'?\\]*)\?[^\s"'\\]+`)
	// scheme is what an Authorization header says.
	scheme = pattern.New(`(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{4,}`)
	// webToken is a JSON web token.
	webToken = pattern.New(`\beyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]*)?`)
	// assigned is a secret beside its name: token=…, "password":"…".
	assigned = pattern.New(`(?i)((?:access_?|refresh_?|identity_?|id_?)?(?:token|secret|password|passwd|signature|api_?key)\\?["']?\s*[:=]\s*\\?["']?)[^\s"'&,;}\\]+`)
)

// clean makes an attribute fit to be told.
func clean(a slog.Attr) slog.Attr {
	if a.Value.Kind() == slog.KindGroup || a.Key == slog.LevelKey {
		return a
	}
	if telling().MatchString(a.Key) {
		return slog.String(a.Key, hidden)
	}
	switch v := a.Value.Any().(type) {
	case bool, int64, uint64, float64:
		return a
	case string:
		return slog.String(a.Key, Clean(v))
	default:
		return slog.String(a.Key, Clean(fmt.Sprint(v)))
	}
}

// Clean is a text without what is secret in it: passwords and queries of addresses,
// tokens, and what Hide was told.
func Clean(s string) string {
	s = userinfo().ReplaceAllString(s, "${1}"+hidden+"@")
	s = query().ReplaceAllString(s, "${1}?"+hidden)
	s = scheme().ReplaceAllString(s, "${1} "+hidden)
	s = webToken().ReplaceAllString(s, hidden)
	s = assigned().ReplaceAllString(s, "${1}"+hidden)
	secrets.RLock()
	defer secrets.RUnlock()
	for text := range secrets.texts {
		s = strings.ReplaceAll(s, text, hidden)
	}
	return s
}
