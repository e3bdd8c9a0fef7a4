package suggest

import (
	"errors"
	"testing"

	"tare/internal/request"
)

func TestNearest(t *testing.T) {
	list := []string{"images", "image", "inspect", "weigh", "compare", "run", "rmi", "markdown", "transfer"}
	for word, want := range map[string]string{
		"imges": "images", "imaegs": "images", "Images": "images", "wiegh": "weigh", "comp": "compare", "rin": "run", "markdwon": "markdown",
		"transfr": "transfer", "inspct": "inspect",
		"": "", "x": "", "frobnicate": "", "nonsense": "", "zz": "", "r": "",
	} {
		if got := Nearest(word, list); got != want {
			t.Errorf("%q: %q, want %q", word, got, want)
		}
	}
}

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"", "abc", 3}, {"abc", "abc", 0}, {"abc", "acb", 1}, {"abc", "ab", 1}, {"kitten", "sitting", 3}, {"größe", "grösse", 2}} {
		if got := distance(c.a, c.b); got != c.want {
			t.Errorf("%q %q: %d, want %d", c.a, c.b, got, c.want)
		}
		if got := distance(c.b, c.a); got != c.want {
			t.Errorf("%q %q: %d, want %d", c.b, c.a, got, c.want)
		}
	}
}

func TestOneOf(t *testing.T) {
	list := []string{"text", "json"}
	if err := OneOf("--format", "json", list); err != nil {
		t.Error(err)
	}
	for value, want := range map[string]string{
		"jsno": `--format "jsno": want text or json; did you mean json?`,
		"yaml": `--format "yaml": want text or json`,
	} {
		err := OneOf("--format", value, list)
		var usage request.Error
		if !errors.As(err, &usage) || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
}
