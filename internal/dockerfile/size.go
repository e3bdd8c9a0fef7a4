package dockerfile

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// sizer works out how long a word of a Dockerfile is at most after its variables were
// filled in, without filling them in: it follows BuildKit's shell lexer with lengths in
// place of texts. FuzzSize holds it against that lexer.
type sizer struct {
	size    func(name string) int64 // of a variable's value, in bytes
	escape  byte
	quotes  bool  // quotes are special, as everywhere but in heredocs
	work    int64 // what matching patterns takes: bytes of pattern × bytes of value
	s       string
	i       int
	nesting int
}

var errNesting = fmt.Errorf("variables are nested deeper than %d levels", MaxNesting)

// of is the greatest length of the word's expansion.
func (z *sizer) of(word string) (int64, error) {
	if strings.IndexByte(word, '$') < 0 {
		return weight(word), nil
	}
	z.s, z.i, z.nesting = word, 0, 0
	return z.until(0)
}

// weight is the length of text as the lexer passes it on: invalid UTF-8 grows.
func weight(s string) int64 {
	n := int64(len(s))
	if !utf8.ValidString(s) {
		n *= 3
	}
	return n
}

// bound keeps sums and products from overflowing: nothing that long is let through.
func bound(n int64) int64 { return min(n, 1<<40) }

// until reads up to the byte stop (0: the end).
func (z *sizer) until(stop byte) (int64, error) {
	if z.nesting++; z.nesting > MaxNesting {
		return 0, errNesting
	}
	defer func() { z.nesting-- }()
	var n int64
	for z.i < len(z.s) {
		c := z.s[z.i]
		switch {
		case stop != 0 && c == stop:
			z.i++
			return n, nil
		case c == '$':
			m, err := z.dollar()
			if err != nil {
				return 0, err
			}
			n = bound(n + m)
		case z.quotes && c == '\'':
			end := strings.IndexByte(z.s[z.i+1:], '\'')
			if end < 0 {
				return bound(n + 3*int64(z.refuse())), nil
			}
			n += 2*weight(z.s[z.i:z.i+end+2]) + 2 // patterns double escapes
			z.i += end + 2
		case z.quotes && c == '"':
			z.i++
			m, err := z.double()
			if err != nil {
				return 0, err
			}
			n = bound(n + m)
		case c == z.escape:
			z.i++
			n += 1 + z.char()
		default:
			n += z.char()
		}
	}
	return n, nil
}

// refuse passes the rest of a word that the lexer refuses from here on: what came
// before was filled in nevertheless. The frontend says better what is wrong.
func (z *sizer) refuse() int {
	rest := len(z.s) - z.i
	z.i = len(z.s)
	return rest
}

// char passes one character.
func (z *sizer) char() int64 {
	if z.i >= len(z.s) {
		return 0
	}
	r, n := utf8.DecodeRuneInString(z.s[z.i:])
	z.i += n
	return int64(utf8.RuneLen(r))
}

func (z *sizer) double() (int64, error) {
	n := int64(2)
	for z.i < len(z.s) {
		switch c := z.s[z.i]; c {
		case '"':
			z.i++
			return n, nil
		case '$':
			m, err := z.dollar()
			if err != nil {
				return 0, err
			}
			n = bound(n + m)
		case z.escape:
			z.i++
			n += 2
			if z.i < len(z.s) && (z.s[z.i] == '"' || z.s[z.i] == '$' || z.s[z.i] == z.escape) {
				n += z.char()
			}
		default:
			n += z.char()
		}
	}
	return n, nil
}

func (z *sizer) dollar() (int64, error) {
	z.i++
	if z.i >= len(z.s) || z.s[z.i] != '{' {
		name := z.name()
		if name == "" {
			return 1, nil
		}
		return max(z.size(name), int64(len(name))+1), nil
	}
	z.i++
	if z.i >= len(z.s) || strings.IndexByte("{}:", z.s[z.i]) >= 0 {
		return int64(z.refuse()), nil
	}
	name := z.name()
	value := z.size(name)
	least := int64(len(name)) + 8 // stays as it is where variables that are not set do
	if z.i >= len(z.s) {
		return 0, nil
	}
	op := z.s[z.i]
	z.i++
	switch op {
	case '}':
		return max(value, least), nil
	case ':':
		if z.i >= len(z.s) {
			return 0, nil
		}
		op = z.s[z.i]
		z.i++
		fallthrough
	case '+', '-', '?', '#', '%':
		word, err := z.until('}')
		if err != nil {
			return 0, err
		}
		if op == '#' || op == '%' {
			z.work = bound(z.work + bound(word+1)*bound(value+1))
		}
		return max(value, bound(word+least)), nil
	case '/':
		all := z.i < len(z.s) && z.s[z.i] == '/'
		if all {
			z.i++
		}
		pattern, err := z.until('/')
		if err != nil {
			return 0, err
		}
		with, err := z.until('}')
		if err != nil {
			return 0, err
		}
		z.work = bound(z.work + bound(pattern+1)*bound(value+1))
		kept := bound(pattern + with + least + 2)
		if !all {
			return max(bound(value+with), kept), nil
		}
		// An empty match is before every character and at the end; a replacement can
		// name what matched.
		return max(bound(mul(value+1, with)+mul(with, value)+value), kept), nil
	}
	return int64(z.refuse()), nil
}

// mul multiplies lengths without overflow.
func mul(a, b int64) int64 {
	if a > 0 && b > 1<<40/a {
		return 1 << 40
	}
	return a * b
}

// name reads a variable's name as the lexer does.
func (z *sizer) name() string {
	from := z.i
	for z.i < len(z.s) {
		r, n := utf8.DecodeRuneInString(z.s[z.i:])
		if z.i == from {
			if unicode.IsDigit(r) {
				for z.i < len(z.s) {
					if r, n = utf8.DecodeRuneInString(z.s[z.i:]); !unicode.IsDigit(r) {
						break
					}
					z.i += n
				}
				return z.s[from:z.i]
			}
			if strings.ContainsRune("@*#?-$!0", r) {
				z.i += n
				return z.s[from:z.i]
			}
		}
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '_' {
			break
		}
		z.i += n
	}
	return z.s[from:z.i]
}
