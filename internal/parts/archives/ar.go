package archives

import (
	"bufio"
	"bytes"
	"fmt"
	"hash/crc32"
	"io"
	"strconv"
	"strings"

	"tare/internal/parts"
)

const (
	arMagic   = "!<arch>\n"
	thinMagic = "!<thin>\n"
	arHeader  = 60
	maxTable  = 16 << 20 // bytes of a table of long names
)

// IsAr tells whether a file that begins with b is an ar archive, such as a static library.
func IsAr(b []byte) bool {
	return bytes.HasPrefix(b, []byte(arMagic)) || bytes.HasPrefix(b, []byte(thinMagic))
}

// headers are the parts of archives that stand before members.
var headers = parts.Part{Name: "headers of members", Kind: parts.Headers}

// ar is one look at an archive, from its beginning to its end.
type ar struct {
	r    *bufio.Reader
	l    *parts.Layout
	at   int64
	left int64  // bytes behind at
	long []byte // GNU's table of long names
	thin bool   // the members are elsewhere
}

// Ar divides an ar archive. The only error is parts.ErrAgain.
func Ar(s parts.Source) ([]parts.Part, error) {
	a := &ar{r: bufio.NewReaderSize(s.From(0), 64<<10), l: parts.New(s.Size()), left: s.Size()}
	b, err := a.read(int64(len(arMagic)), 8)
	if err == nil {
		a.thin = string(b) == thinMagic
		a.l.Claim(0, int64(len(arMagic)), headers)
	}
	for n := 0; err == nil && n < maxMembers && a.left >= arHeader; n++ {
		var more bool
		if more, err = a.member(); !more {
			break
		}
	}
	return a.l.Parts(), again(err)
}

// read reads n bytes, of which the first keep are returned.
func (a *ar) read(n, keep int64) ([]byte, error) {
	if n < 0 || n > a.left {
		return nil, io.ErrUnexpectedEOF
	}
	b := make([]byte, min(n, keep))
	_, err := io.ReadFull(a.r, b)
	if err == nil {
		_, err = io.CopyN(io.Discard, a.r, n-int64(len(b)))
	}
	a.at += n
	a.left -= n
	return b, err
}

// member claims the next member; more is false if there is none.
func (a *ar) member() (more bool, err error) {
	from := a.at
	b, err := a.read(arHeader, arHeader)
	if err != nil || b[58] != '`' || b[59] != '\n' {
		return false, err
	}
	size, err := strconv.ParseInt(strings.TrimSpace(string(b[48:58])), 10, 64)
	if err != nil || size < 0 {
		return false, nil
	}
	a.l.Claim(from, arHeader, headers)
	name := strings.TrimRight(string(b[:16]), " ")
	if a.thin && name != "/" && name != "//" && name != "/SYM64/" {
		return true, nil
	}
	if size > a.left {
		return false, nil
	}
	switch p := (parts.Part{Kind: parts.Headers, Name: "index of symbols"}); {
	case name == "/" || name == "/SYM64/" || strings.HasPrefix(name, "__.SYMDEF"):
		_, err = a.read(size, 0)
		a.l.Claim(a.at-size, size, p)
	case name == "//":
		a.long, err = a.read(size, maxTable)
		p.Name = "long names"
		a.l.Claim(a.at-size, size, p)
	default:
		err = a.content(a.name(name), size)
	}
	if err != nil {
		return false, err
	}
	if size%2 == 1 && a.left > 0 {
		_, err = a.read(1, 0)
		a.l.Claim(a.at-1, 1, headers)
	}
	return true, err
}

// name is a member's, which may stand in the table of long names.
func (a *ar) name(name string) string {
	if at, err := strconv.ParseInt(strings.TrimPrefix(name, "/"), 10, 64); err == nil && strings.HasPrefix(name, "/") && at >= 0 && at < int64(len(a.long)) {
		name, _, _ = strings.Cut(string(a.long[at:min(int64(len(a.long)), at+1024)]), "\n")
	}
	return strings.TrimSuffix(name, "/")
}

// content claims the content of a member; BSD's may begin with its name.
func (a *ar) content(name string, size int64) error {
	if n, err := strconv.ParseInt(strings.TrimPrefix(name, "#1/"), 10, 64); err == nil && strings.HasPrefix(name, "#1/") && n >= 0 && n <= size {
		b, err := a.read(n, 1024)
		a.l.Claim(a.at-n, n, headers)
		if err != nil {
			return err
		}
		name, size = strings.TrimRight(string(b), "\x00"), size-n
		if strings.HasPrefix(name, "__.SYMDEF") {
			_, err = a.read(size, 0)
			a.l.Claim(a.at-size, size, parts.Part{Kind: parts.Headers, Name: "index of symbols"})
			return err
		}
	}
	h := crc32.NewIEEE()
	n, err := io.CopyN(h, a.r, size)
	a.l.Claim(a.at, n, parts.Part{Name: name, Kind: parts.Member, Size: size, CRC32: fmt.Sprintf("%08x", h.Sum32())})
	a.at += size
	a.left -= size
	return err
}
