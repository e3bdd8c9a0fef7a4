package buildcontext

import (
	"bufio"
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/moby/patternmatcher"
	"github.com/moby/patternmatcher/ignorefile"
)

// Exclusion is the line of an ignore file that keeps a file out of builds.
type Exclusion struct {
	File    string // the ignore file's name
	Line    int
	Pattern string
}

// String says it in words: ".dockerignore line 3 (*.py)".
func (e Exclusion) String() string {
	return e.File + " line " + strconv.Itoa(e.Line) + " (" + e.Pattern + ")"
}

// maxPatterns bounds the ignore files that are explained line by line.
const maxPatterns = 1000

// Excluded says which line excludes a file of a build context; rel has slashes. It is
// the last one that does, behind which no exception takes the file in again.
func Excluded(dir, dockerfile, rel string) (Exclusion, bool) {
	for _, name := range []string{dockerfile + ".dockerignore", filepath.Join(dir, ".dockerignore")} {
		b, err := os.ReadFile(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return Exclusion{}, false
		}
		return excluding(filepath.Base(name), b, rel)
	}
	return Exclusion{}, false
}

func excluding(name string, text []byte, rel string) (last Exclusion, out bool) {
	var patterns []string
	line := 0
	for sc := bufio.NewScanner(bytes.NewReader(text)); sc.Scan() && len(patterns) < maxPatterns; {
		line++
		list, err := ignorefile.ReadAll(strings.NewReader(sc.Text() + "\n"))
		if err != nil || len(list) == 0 {
			continue
		}
		patterns = append(patterns, list...)
		m, err := patternmatcher.New(patterns)
		if err != nil {
			return Exclusion{}, false
		}
		now, err := m.MatchesOrParentMatches(filepath.FromSlash(rel))
		if err != nil {
			return Exclusion{}, false
		}
		if now && !out {
			last = Exclusion{File: name, Line: line, Pattern: strings.TrimSpace(sc.Text())}
		}
		out = now
	}
	return last, out
}
