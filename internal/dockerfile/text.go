package dockerfile

import (
	"bytes"
	"fmt"
	"unicode/utf8"
)

// Limits of Dockerfiles. They are far above what people write, and low enough that the
// frontend, which has none of its own, stays within seconds and some hundred megabytes.
const (
	MaxBytes        = 8 << 20   // of a Dockerfile
	MaxInstructions = 10_000    // of a Dockerfile
	MaxLayers       = 500       // RUN, COPY, ADD and WORKDIR of a stage: Linux mounts no more on one another
	MaxWords        = 100_000   // of a Dockerfile's instructions, in the parser's sense
	MaxStages       = 5_000     // of a Dockerfile
	MaxVariables    = 5_000     // ARG and ENV, of a stage with those that it goes on from
	MaxValue        = 1 << 20   // bytes of one value after expansion; Linux starts no program with a variable over 128 KiB
	MaxExpanded     = 32 << 20  // bytes of all expansions of a build
	MaxCarried      = 256 << 20 // bytes of variables that the instructions of a build take along
	MaxInherited    = 500_000   // instructions that stages take over from those that they go on from
	MaxNesting      = 100       // of ${A:-${B:-…}}
	maxLine         = 65535     // bytes, of the parser's own
	maxWork         = 1 << 28   // steps of looking up variables and of matching patterns
)

// CheckText says what is wrong with the bytes of a Dockerfile before they are parsed:
// the parser's words for text in another encoding help nobody.
func CheckText(b []byte) error {
	if len(b) > MaxBytes {
		return fmt.Errorf("the Dockerfile has %d bytes; tare reads up to %d MiB", len(b), MaxBytes>>20)
	}
	for _, bom := range []string{"\xff\xfe", "\xfe\xff"} {
		if bytes.HasPrefix(b, []byte(bom)) {
			return fmt.Errorf("the Dockerfile is UTF-16 text: save it as UTF-8 (iconv -f UTF-16 -t UTF-8)")
		}
	}
	if i := bytes.IndexByte(b, 0); i >= 0 {
		if utf16(b) {
			return fmt.Errorf("the Dockerfile is UTF-16 text: save it as UTF-8 (iconv -f UTF-16 -t UTF-8)")
		}
		if !utf8.Valid(b) {
			return fmt.Errorf("the Dockerfile is not text, but binary data: name the right file with -f")
		}
		return fmt.Errorf("the Dockerfile has a NUL byte in line %d: remove it", 1+bytes.Count(b[:i], []byte("\n")))
	}
	if bytes.IndexByte(b, '\n') < 0 && bytes.IndexByte(bytes.TrimRight(b, "\r"), '\r') >= 0 {
		return fmt.Errorf("the lines of the Dockerfile end in carriage returns only: save it with line feeds (tr '\\r' '\\n')")
	}
	n := 0
	for line := range bytes.Lines(b) {
		if n++; len(line) > maxLine {
			return fmt.Errorf("line %d of the Dockerfile has %d bytes; the builder reads up to %d: break it with a \\ at the end", n, len(line), maxLine)
		}
	}
	if len(bytes.TrimSpace(bytes.TrimPrefix(b, []byte("\xef\xbb\xbf")))) == 0 {
		return fmt.Errorf("the Dockerfile is empty: it needs a FROM line at least")
	}
	return nil
}

// utf16 tells whether every second byte of the begin is NUL.
func utf16(b []byte) bool {
	b = b[:min(len(b), 64)]
	var at [2]int
	for i, c := range b {
		if c == 0 {
			at[i%2]++
		}
	}
	return max(at[0], at[1])*3 > len(b) && min(at[0], at[1]) == 0
}
