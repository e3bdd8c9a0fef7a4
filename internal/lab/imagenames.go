package lab

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"tare/internal/experiment"
	"tare/internal/outfile"
)

// namesDir is where it is kept which experiment file has which images.
const namesDir = ".images"

// imageNames are the names under which the images of an experiment's variants stay in the
// store: tare-lab/NAME:VARIANT. No two variants share one, and no two experiment files: if
// another file has the name already, NAME gets a mark. release ends the run's use of them;
// note is what the user must know.
func (r Runs) imageNames(name, file string, variants []experiment.Variant) (names map[string]string, note string, release func(), err error) {
	repo := clean(name)
	if repo == "bumped-base" { // made-up bases are called so
		repo += "-lab"
	}
	other, err := r.holds(repo, file)
	if err != nil {
		return nil, "", nil, fmt.Errorf("name the images: %w", err)
	}
	if other != "" {
		plain, id := repo, sha256.Sum256([]byte(file))
		repo += "-" + hex.EncodeToString(id[:3])
		note = fmt.Sprintf("images are named tare-lab/%s: tare-lab/%s are those of %s", repo, plain, other)
	}
	if release, err = r.lock(namesDir, repo); err != nil {
		return nil, "", nil, fmt.Errorf("name the images: %w", err)
	}
	if release == nil {
		release = func() {}
		note = fmt.Sprintf("another run of this experiment is at work: the images tare-lab/%s will be those of the run that compares last", repo)
	}
	names, taken := map[string]string{}, map[string]bool{}
	for _, exact := range []bool{true, false} { // who is called so without a change goes first
		for _, v := range variants {
			tag := clean(v.Name)
			tag = tag[:min(len(tag), 100)]
			if v.Image != "" || names[v.Name] != "" || exact != (tag == v.Name) {
				continue
			}
			free := tag
			for n := 2; taken[free]; n++ {
				free = tag + "-" + strconv.Itoa(n)
			}
			taken[free] = true
			names[v.Name] = "tare-lab/" + repo + ":" + free
		}
	}
	return names, note, release, nil
}

// holds notes that an experiment file has the images of a repository, and returns which
// other one has them: one that is still there, and still so called.
func (r Runs) holds(repo, file string) (other string, err error) {
	dir := filepath.Join(r.Dir, namesDir)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	at := filepath.Join(dir, repo)
	b, err := os.ReadFile(at)
	if err == nil && string(b) == file {
		return "", nil
	}
	if err == nil {
		if _, f, _, err := Open(string(b)); err == nil && clean(f.Name) == repo {
			return string(b), nil
		}
	}
	return "", outfile.WriteBytes(context.Background(), at, []byte(file))
}

// clean makes a part of an image's name of a name.
func clean(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '.', r == '-', r == '_':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return '-'
	}, s)
	for _, twice := range []string{"__", ".."} {
		for strings.Contains(s, twice) {
			s = strings.ReplaceAll(s, twice, twice[:1])
		}
	}
	if s = strings.Trim(s, ".-_"); s == "" {
		return "x"
	}
	return s
}
