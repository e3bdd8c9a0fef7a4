package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/image"
)

// CheckSchema names the JSON document of a check.
const CheckSchema = "tare.fsck/v1"

// The kinds of problems.
const (
	ProblemBlob       = "blob"          // a blob's bytes are not what its digest says
	ProblemImage      = "image"         // a name leads to something missing or damaged
	ProblemIndex      = "index"         // index.json cannot be read
	ProblemDownload   = "download"      // what an ended process was writing
	ProblemTemporary  = "temporary"     // a temporary file, or one that does not belong here
	ProblemLock       = "lock"          // a lock file that nobody holds
	ProblemDerived    = "derived"       // a derived value that is damaged
	ProblemContainer  = "container"     // a container, or its directory, of a killed run or build
	ProblemMount      = "mount"         // something mounted for a killed run or build
	ProblemBuildCache = "build cache"   // a damaged blob of the build cache
	ProblemContexts   = "build context" // a build context that was not received to its end
	ProblemOpen       = "open"          // a directory that other users can enter
)

// Problem is something in a store that is not as it should be.
type Problem struct {
	Kind     string `json:"kind"`
	Path     string `json:"path,omitempty"`  // the file that it is about
	Image    string `json:"image,omitempty"` // the name that is affected
	Text     string `json:"text"`            // what is wrong
	Remedy   string `json:"remedy"`          // what to do about it
	Repaired bool   `json:"repaired"`        // it is gone; of an image: its name is
}

// Check is the outcome of Store.Check.
type Check struct {
	Schema   string    `json:"schema"`
	Root     string    `json:"root"`
	Images   int       `json:"images"`  // names and dangling images
	Blobs    int       `json:"blobs"`   // blobs that were read
	Bytes    int64     `json:"bytes"`   // their sizes
	Derived  int       `json:"derived"` // derived values that were read
	Layers   int       `json:"layers"`  // layers that are known to unpack to their DiffIDs or were found not to
	Unread   int       `json:"unread"`  // layers that were not looked into: a note says why
	Problems []Problem `json:"problems"`
	Notes    []string  `json:"notes"` // what is as it should be, but worth knowing
	Clean    bool      `json:"clean"` // no problem, or none that was not repaired for good
}

// Add adds problems that others than the store found, and says whether all is well.
func (c *Check) Add(list ...Problem) {
	c.Problems = append(c.Problems, list...)
	c.Clean = true
	for _, p := range c.Problems {
		c.Clean = c.Clean && p.Repaired
	}
}

// CheckOptions are the wishes for a check. The zero value looks and changes nothing; that
// a layer was unpacked and found right is kept in the cache, so that it is done once.
type CheckOptions struct {
	Repair   bool                    // remove and forget what is damaged or left over
	Progress func(done, total int64) // bytes of blobs; may be nil
	Waiting  func()                  // called once if a repair has to wait for another process
	// Young is the age below which a temporary file of the cache may still belong to
	// somebody: the cache has no locks. 0 means ten minutes.
	Young time.Duration
}

const defaultYoung = 10 * time.Minute

// Check reads the whole store: every blob against its digest, every name down to
// its layers and what they unpack to (once: it is kept that it was done), derived values, and what ended processes left. With Repair it removes
// what is damaged or left over, and forgets the names of images that are not whole;
// what is intact stays, whatever is around it. It may run beside other processes:
// what they are writing is no problem, and a repair waits until they are done.
func (s *Store) Check(ctx context.Context, o CheckOptions) (*Check, error) {
	if o.Young == 0 {
		o.Young = defaultYoung
	}
	c := &checker{Store: s, o: o, out: &Check{Schema: CheckSchema, Root: s.root, Problems: []Problem{}, Notes: []string{}}, blobs: map[digest.Digest]*blobState{},
		layers: map[pair]error{}, unpacked: map[digest.Digest]bool{}, broken: map[digest.Digest]error{}}
	// The long part comes first and without a lock: nobody waits for it.
	if err := c.readBlobs(ctx); err != nil {
		return nil, fmt.Errorf("check %s: %w", s.root, err)
	}
	if err := c.readLayers(ctx); err != nil {
		return nil, fmt.Errorf("check %s: %w", s.root, err)
	}
	if err := c.derived(ctx); err != nil {
		return nil, fmt.Errorf("check %s: %w", s.root, err)
	}
	alone, release, err := c.lockAll(ctx)
	if err != nil {
		return nil, fmt.Errorf("check %s: %w", s.root, err)
	}
	defer release()
	steps := []func(context.Context) error{c.damagedBlobs, c.images}
	if alone {
		steps = append(steps, c.downloads, c.locks)
	} else {
		c.note("another tare is adding images: what it writes was left out")
	}
	for _, step := range append(steps, c.temporaries, c.open, c.unused) {
		if err := step(ctx); err != nil {
			return nil, fmt.Errorf("check %s: %w", s.root, err)
		}
	}
	c.out.Add()
	return c.out, nil
}

// checker is a check in progress.
type checker struct {
	*Store
	o     CheckOptions
	out   *Check
	blobs map[digest.Digest]*blobState
	// layers are those that were unpacked, or known to be right (nil); unpacked the
	// manifests whose layers these are, broken those that are no image.
	layers   map[pair]error
	unpacked map[digest.Digest]bool
	broken   map[digest.Digest]error
	judged   map[digest.Digest][]string // what indexes lack
}

func (c *checker) note(format string, a ...any) {
	c.out.Notes = append(c.out.Notes, fmt.Sprintf(format, a...))
}

// problem records p, and repairs it if that is wished and possible: repair is nil
// where it is not.
func (c *checker) problem(p Problem, repair func() error) {
	if c.o.Repair && repair != nil {
		if err := repair(); err == nil || errors.Is(err, fs.ErrNotExist) {
			p.Repaired = true
		} else {
			p.Remedy = fmt.Sprintf("the repair failed: %v", err)
		}
	}
	c.out.Problems = append(c.out.Problems, p)
}

// rel is a path as it stands in messages.
func (c *checker) rel(path string) string {
	if r, err := filepath.Rel(c.root, path); err == nil {
		return r
	}
	return path
}

// lockAll makes this process the only one that adds blobs. A mere look does not
// wait for that: it leaves out what it cannot tell.
func (c *checker) lockAll(ctx context.Context) (alone bool, release func(), err error) {
	l := flock.New(filepath.Join(c.root, "hold.lock"))
	ok, err := l.TryLock()
	switch {
	case err != nil && !c.o.Repair && (errors.Is(err, fs.ErrPermission) || readOnly(err)):
		return false, func() {}, nil // a store that one may only read
	case err != nil:
		return false, nil, c.Advise("lock "+l.Path(), err)
	case !ok && !c.o.Repair:
		return false, func() {}, nil
	case !ok:
		if c.o.Waiting != nil {
			c.o.Waiting()
		}
		if err := Acquire(ctx, l, true, nil); err != nil {
			return false, nil, err
		}
	}
	return true, func() { _ = l.Unlock() }, nil
}

// document reads an index or a manifest; ok is false if it is not there, not whole
// or no such document.
func (c *checker) document(ctx context.Context, d digest.Digest) (doc document, ok bool) {
	st := c.state(ctx, d)
	if st == nil || st.err != nil {
		return doc, false
	}
	_, err := image.ReadJSON(ctx, c.blob, ocispec.Descriptor{Digest: d, Size: st.size}, &doc)
	return doc, err == nil
}
