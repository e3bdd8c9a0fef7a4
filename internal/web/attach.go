package web

import (
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"tare/internal/screen"
)

// maxName bounds the name that a download is offered under, in bytes.
const maxName = 200

// attach makes an answer a download: never something that a browser shows.
func attach(w http.ResponseWriter, name, kind string) {
	name = fileName(name)
	ascii := strings.Map(func(r rune) rune {
		if r < 0x20 || r > 0x7e || r == '"' || r == '%' {
			return '_'
		}
		return r
	}, name)
	value := `attachment; filename="` + ascii + `"`
	if ascii != name {
		value += "; filename*=UTF-8''" + encoded(name)
	}
	w.Header().Set("Content-Disposition", value)
	w.Header().Set("Content-Type", kind)
}

// fileName makes any name fit for a file on the machine of who downloads it: one part of a
// path, that hides nothing and reads as it is.
func fileName(name string) string {
	name = strings.Map(func(r rune) rune {
		if r == utf8.RuneError || unicode.IsControl(r) || strings.ContainsRune(`/\:*?"<>|`, r) || screen.Safe(string(r)) != string(r) {
			return '_'
		}
		return r
	}, name)
	for len(name) > maxName {
		_, n := utf8.DecodeLastRuneInString(name)
		name = name[:len(name)-n]
	}
	name = strings.TrimLeft(strings.TrimSpace(name), ".~")
	if name == "" {
		return "file"
	}
	return name
}

// encoded is a name as RFC 8187 has it in a header.
func encoded(name string) string {
	var b strings.Builder
	for _, c := range []byte(name) {
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-._", c) >= 0 {
			b.WriteByte(c)
			continue
		}
		fmt.Fprintf(&b, "%%%02X", c)
	}
	return b.String()
}

// unhurried writes an answer of any length to a client that takes it, however slowly.
type unhurried struct {
	w    http.ResponseWriter
	c    *http.ResponseController
	sent bool
}

// Write implements io.Writer.
func (u *unhurried) Write(p []byte) (int, error) {
	_ = u.c.SetWriteDeadline(time.Now().Add(stallTime))
	n, err := u.w.Write(p)
	u.sent = u.sent || n > 0
	return n, err
}

// end ends an answer. After an error the client must not take what it has for the whole.
func (u *unhurried) end(err error) error {
	if err == nil {
		return nil
	}
	if u.sent {
		panic(http.ErrAbortHandler)
	}
	for _, h := range []string{"Content-Disposition", "Content-Length", "Tare-Left-Out"} {
		u.w.Header().Del(h)
	}
	return err
}
