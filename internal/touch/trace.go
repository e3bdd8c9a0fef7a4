// Package touch holds the facts of a trace: which files of an image the programs in a
// container used, which they only looked at, what they wrote themselves, and how sure
// that is. It is a pure function of what a watch noted and of a weighed image.
package touch

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/opencontainers/go-digest"

	"tare/internal/layer"
)

// Schema names the form of Trace as JSON: docs/reference/trace.schema.json.
const Schema = "tare.trace/v1"

// How is a way in which a file was touched.
type How string

// The ways. A file that was only looked at was found by Stat or Readlink and never
// opened.
const (
	Open     How = "open"     // opened, also for its interpreter's sake
	Exec     How = "exec"     // executed, or the program that #! or the ELF header names
	Map      How = "map"      // mapped into memory as code
	Stat     How = "stat"     // found by stat, access, getxattr, chdir and the like
	Readlink How = "readlink" // a symbolic link that was read, or that a name led through
	List     How = "list"     // a directory that was opened
)

// Hows are all ways, in the order in which documents have them.
var Hows = []How{Open, Exec, Map, Stat, Readlink, List}

// Trace is what the checks of one image touched. Sizes are integer bytes.
type Trace struct {
	Schema   string        `json:"schema"`
	Name     string        `json:"name"`
	ID       digest.Digest `json:"id"`
	Manifest digest.Digest `json:"manifest"`
	Platform string        `json:"platform"`
	// Dockerfile is the name of the file that the image was built from, where it is known.
	Dockerfile string `json:"dockerfile,omitempty"`
	// Complete says that nothing was lost. Of a trace that is not complete nothing can be
	// concluded: what it does not name may have been touched all the same.
	Complete bool `json:"complete"`
	// Lost counts calls whose file is not known; 0 when nothing was lost.
	Lost int64 `json:"lost"`
	// Reasons say in words why the trace is not complete.
	Reasons []string `json:"reasons"`
	// Witness says that the kernel's own list of opened files (fanotify) was held against
	// the trace. It needs root.
	Witness bool `json:"witness"`
	// Checks are the commands that were run, in their order.
	Checks []Check `json:"checks"`
	// Files are the regular files and symbolic links of the image that were touched, by
	// path. A file with several names stands under those that were used.
	Files []File `json:"files"`
	// Directories are those of the image that were looked at, entered or listed. A listing
	// does not touch what is in the directory.
	Directories []Directory `json:"directories"`
	// Wrote are the files that the run itself made, as they were when it ended.
	Wrote []Wrote `json:"wrote"`
	// Bytes divide the live bytes of the image; null where the trace is not complete.
	Bytes *Bytes `json:"bytes"`
	// Layers, Packages and Lines divide Bytes; they are empty where it is null.
	Layers   []Part `json:"layers"`
	Packages []Part `json:"packages"`
	Lines    []Part `json:"lines"`
}

// Check is one command that was run.
type Check struct {
	Name    string   `json:"name"`
	Command []string `json:"command"`
	Passed  bool     `json:"passed"`
	Exit    int      `json:"exit"`
	Reason  string   `json:"reason,omitempty"` // why it did not pass
	Seconds float64  `json:"seconds"`          // from the start of the runtime to the end
	// Untraced is what the same check came to without being watched. It is run again that
	// way if it does not pass.
	Untraced *Untraced `json:"untraced,omitempty"`
	// Files and Bytes are what it touched, NewFiles and NewBytes what no check before it
	// had touched.
	Files    int   `json:"files"`
	Bytes    int64 `json:"bytes"`
	NewFiles int   `json:"newFiles"`
	NewBytes int64 `json:"newBytes"`
}

// Untraced is a check without a watch.
type Untraced struct {
	Passed  bool    `json:"passed"`
	Exit    int     `json:"exit"`
	Reason  string  `json:"reason,omitempty"`
	Seconds float64 `json:"seconds"`
}

// File is a file or a symbolic link of the image that was touched.
type File struct {
	// Path has no leading slash; symbolic links on the way are resolved, and files of
	// their own.
	Path  string `json:"path"`
	How   []How  `json:"how"`
	Layer int    `json:"layer"` // from 1, bottom first
	// Package is the package that owns it, as "deb libc6"; empty for none.
	Package string `json:"package"`
	Line    int    `json:"line"`  // of the Dockerfile; 0 where it is not known
	Bytes   int64  `json:"bytes"` // of the whole file; 0 for a symbolic link
	Check   int    `json:"check"` // the first check that touched it, from 1
}

// Directory is a directory of the image that was looked at, entered or listed.
type Directory struct {
	Path string `json:"path"`
	How  []How  `json:"how"`
}

// Wrote is a file that the run made or changed.
type Wrote struct {
	Path  string `json:"path"`
	Bytes int64  `json:"bytes"`
}

// Bytes divide live bytes by the most that was done with the file that holds them: Read
// (opened, executed or mapped), Looked (found, never opened) and Untouched.
type Bytes struct {
	Live      int64 `json:"live"`
	Read      int64 `json:"read"`
	Looked    int64 `json:"looked"`
	Untouched int64 `json:"untouched"`
	// Files and Touched count files: all that are live, and those that were touched.
	Files   int64 `json:"files"`
	Touched int64 `json:"touched"`
}

// Part is a part of the image: a layer, a package or a line of the Dockerfile.
type Part struct {
	// Number is the layer, from 1, or the line; 0 for packages and for what is of no line.
	Number int `json:"number,omitempty"`
	// Name is the instruction, or the package as "deb libc6"; empty for what no package owns.
	Name string `json:"name"`
	Bytes
}

// Touched tells whether a path of the image was touched: opened, executed, mapped or looked
// at. A leading slash does not matter. A directory is touched if it was itself looked at,
// entered or listed, whatever became of the files in it. If the trace is not Complete,
// false says nothing.
func (t *Trace) Touched(path string) bool {
	path = valid(strings.Trim(path, "/"))
	if _, ok := slices.BinarySearchFunc(t.Files, path, func(f File, p string) int { return layer.ComparePaths(f.Path, p) }); ok {
		return true
	}
	_, ok := slices.BinarySearchFunc(t.Directories, path, func(d Directory, p string) int { return layer.ComparePaths(d.Path, p) })
	return ok
}

// valid is a path as JSON carries it: what is not UTF-8 becomes U+FFFD. So two paths can
// become one, which errs on the side of what was touched.
func valid(path string) string {
	if utf8.ValidString(path) {
		return path
	}
	return string([]rune(path))
}
