package target

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"tare/internal/request"
	"tare/internal/revision"
	"tare/internal/source"
)

// Help explains what commands take as a TARGET.
const Help = `A TARGET is an image (from the store, Docker or Podman, else pulled; the order
is TARE_SOURCES), a Dockerfile or a directory with one (built; write ./NAME if
an image has that name, too), or
  store://NAME         an image of the store
  registry://NAME      an image in its registry, read without storing it
  oci-dir://DIR[:TAG]  an OCI image layout (also oci:DIR[:TAG])
  dir://DIR            a directory that skopeo wrote (also dir:DIR)
  archive://FILE       an archive of docker save, or an OCI archive
                       (also docker-archive:FILE, oci-archive:FILE)
  daemon://NAME        an image of a Docker daemon (also docker-daemon:NAME)
  podman://NAME        an image of Podman, when its service runs
  containerd://[NAMESPACE/]NAME  an image of containerd
  git:REF[:DIR]        the Dockerfile of a commit of the git repository, or the
                       one in its DIR (built; nothing is checked out)
  -                    an archive on standard input`

// word is a word of the user's, read once: what it means does not change while it is
// being opened. With neither a place nor a Dockerfile it is the name of an image.
type word struct {
	text       string
	place      source.Place
	dockerfile string
	stored     bool           // store://NAME: nowhere else
	commit     *revision.Word // git:REF[:DIR]
}

// storeScheme is before names that are looked for in the store only. It is none of
// source's, which knows no store.
const storeScheme = "store://"

// name is the image's name.
func (w *word) name() string { return strings.TrimPrefix(w.text, storeScheme) }

// parse reads a word. What a file holds decides what it is: a layout or an archive is an
// image, a directory with a Dockerfile or another file is a Dockerfile.
func parse(text string, names Names) (word, error) {
	if name, ok := strings.CutPrefix(text, storeScheme); ok && name != "" {
		return word{text: text, stored: true}, nil
	}
	if c, ok := revision.Parse(text); ok && names == Anything {
		return word{text: text, commit: &c}, nil
	}
	p, err := source.Parse(text)
	if err != nil {
		return word{}, request.Error{Err: err}
	}
	w := word{text: text, place: p}
	switch {
	case p.Scheme() != "":
	case names == InRegistry:
		w.place = source.InRegistry(text)
	case names == InStore, names == Here:
	default:
		w.dockerfile = Dockerfile(text)
		if p := source.Recognise(text); p.Scheme() != "" && (w.dockerfile == "" || w.dockerfile == text) {
			w.place, w.dockerfile = p, ""
		}
	}
	return w, nil
}

// NeedsBuild tells whether one of the words is a Dockerfile, here or of a commit. It is asked before anything
// is read: without root this program runs itself again for a build, and standard input
// can be read once.
func NeedsBuild(words []string) bool {
	for _, text := range words {
		if w, err := parse(text, Anything); err == nil && (w.dockerfile != "" || w.commit != nil) {
			return true
		}
	}
	return false
}

// Named are those of the words that are names of images, and elsewhere tells whether
// there are others: of those nothing is known before they are read.
func Named(words []string) (names []string, elsewhere bool) {
	for _, text := range words {
		w, err := parse(text, Anything)
		if err == nil && w.place.Scheme() == "" && w.commit == nil {
			names = append(names, text)
		} else {
			elsewhere = true
		}
	}
	return names, elsewhere
}

// Dockerfile is the Dockerfile that a word means, "" if it means an image: a file, or a
// directory with a Dockerfile in it. A bare name is an image unless such a file or
// directory is there.
func Dockerfile(text string) string {
	fi, err := os.Stat(text)
	switch {
	case err != nil:
		return ""
	case !fi.IsDir():
		return text
	}
	if f := filepath.Join(text, "Dockerfile"); exists(f) {
		return f
	}
	return ""
}

// missingPath says what is missing of a word that can only be a path.
func missingPath(text string) error {
	fi, err := os.Stat(text)
	switch {
	case err == nil && fi.IsDir():
		return fmt.Errorf("no Dockerfile in %s, and no OCI image layout", text)
	case errors.Is(err, fs.ErrPermission):
		return fs.ErrPermission
	}
	return errors.New("no such file or directory")
}

func exists(p string) bool {
	_, err := os.Stat(p)
	return err == nil
}

// isPath tells whether a word can only be a path, or is far more likely to be one than
// an image: a path from here or from the root, and the usual names of Dockerfiles,
// archives and experiments. What an image cannot be called is a path as well.
func isPath(text string) bool {
	if text == "." || text == ".." || strings.HasPrefix(text, "./") || strings.HasPrefix(text, "../") || strings.HasPrefix(text, "/") || strings.HasPrefix(text, "~") || strings.HasSuffix(text, "/") {
		return true
	}
	base := text[strings.LastIndexByte(text, '/')+1:]
	if strings.ContainsAny(base, ":@") {
		return false
	}
	lower := strings.ToLower(base)
	switch {
	case lower == "dockerfile", lower == "containerfile", strings.HasPrefix(lower, "dockerfile."), strings.HasPrefix(lower, "containerfile."), strings.HasSuffix(lower, ".dockerfile"), strings.HasSuffix(lower, ".containerfile"):
		return true
	}
	for _, end := range []string{".tar", ".tar.gz", ".tgz", ".tar.zst", ".tar.xz", ".tar.bz2", ".oci", ".yaml", ".yml", ".json"} {
		if strings.HasSuffix(lower, end) {
			return true
		}
	}
	return false
}
