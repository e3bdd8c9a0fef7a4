package prompt

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"tare/internal/request"
)

// A login is complete, is read, or is refused where nobody can be asked.
func TestLogin(t *testing.T) {
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = null.Close() }()
	p := Prompt{In: null, Out: &strings.Builder{}}
	for _, c := range []struct {
		user, password, stdin string
		from                  bool
		want, refused         string
	}{
		{user: "me", password: "x", want: "x"},
		{user: "me", stdin: "secret\r\n", from: true, want: "secret"},
		{stdin: "secret", from: true, refused: "needs -u"},
		{user: "me", password: "x", stdin: "secret", from: true, refused: "give only one"},
		{user: "me", refused: "without a terminal"},
	} {
		_, got, err := p.Login(t.Context(), strings.NewReader(c.stdin), c.user, c.password, c.from)
		var usage request.Error
		if c.refused == "" && (err != nil || got != c.want) || c.refused != "" && (!errors.As(err, &usage) || !strings.Contains(err.Error(), c.refused)) {
			t.Errorf("%+v: %q, %v", c, got, err)
		}
	}
}

func TestConfirm(t *testing.T) {
	for in, want := range map[string]bool{"y\n": true, "YES": true, "": false, "no\n": false, "\n": false} {
		var out strings.Builder
		got, err := Confirm(t.Context(), strings.NewReader(in), &out, "build cache")
		if err != nil || got != want || !strings.HasPrefix(out.String(), "WARNING! This will remove build cache.\n") {
			t.Errorf("%q: %v, %v\n%s", in, got, err, out.String())
		}
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if yes, err := Confirm(ended, strings.NewReader("y\n"), &strings.Builder{}, "x"); yes || !errors.Is(err, context.Canceled) {
		t.Errorf("%v, %v", yes, err)
	}
}
