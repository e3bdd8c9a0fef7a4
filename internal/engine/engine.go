// Package engine says what builds and runs images. It holds the types; the packages
// buildkit (and later others) hold the engines.
package engine

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/image"
)

// Engine builds and runs images. It is opened for one command and closed after it.
type Engine interface {
	// Build builds an image and, unless the request says otherwise, stores it.
	Build(ctx context.Context, b Build) (*Built, error)
	// Run runs a container and returns its exit code. A container that could not
	// be started is a *StartError.
	Run(ctx context.Context, r Run) (code int, err error)
	// Usage tells what the engine keeps to be faster next time.
	Usage(ctx context.Context) (Usage, error)
	// Prune drops cache records until at most keep bytes are left (0: all that are
	// not in use) and returns what went. Without all it leaves what images are made of
	// and the engine's own, as Docker does.
	Prune(ctx context.Context, all bool, keep int64) (Pruned, error)
	Close() error
}

// Server is an Engine that other programs can use.
type Server interface {
	Engine
	// Serve lets clients of BuildKit's API in over l until ctx ends. Then it takes no more
	// builds, tells waiting how many run, and returns when they have ended; when now ends it
	// cancels them.
	Serve(ctx, now context.Context, l net.Listener, waiting func(builds int)) error
}

// Build is a request to build an image. The zero value of every field is the
// default of `docker build`.
type Build struct {
	Context    string    // a directory, a URL, or "-" for Stdin
	Dockerfile string    // path; "" for the context's Dockerfile; "-" for Stdin
	Stdin      io.Reader // a tar or a Dockerfile, where one of the above says "-"

	Target        string
	Args          map[string]string
	Labels        map[string]string
	Annotations   map[string]string
	Platforms     []string
	Contexts      map[string]string // additional named build contexts
	Secrets       []string          // id=ID,src=PATH or id=ID,env=NAME
	SSH           []string          // default or ID=SOCKET|KEY
	CacheFrom     []string
	CacheTo       []string
	Outputs       []string // exporters; none means the image store
	Attests       []string // type=sbom|provenance,…
	Allow         []string // entitlements
	AddHosts      []string // HOST:IP
	Ulimits       []string
	NoCacheFilter []string
	NoCache       bool
	// ChecksumContext sends the files of contexts again whose content changed, also if
	// their length and mtime did not, which is all that builders look at.
	ChecksumContext bool
	Pull            bool
	Push            bool
	// Compression of the image's own layers in the store: "" leaves them uncompressed
	// until they are pushed (as gzip); gzip, zstd and estargz compress every layer now.
	Compression  string
	Network      string // host, none or default
	CgroupParent string
	ShmSize      int64 // bytes
	Names        []string
	// Unlisted keeps the image out of the store's list: it is built to be looked at. Its
	// blobs stay for as long as the caller holds the store.
	Unlisted bool

	Call     string // "", "check", "outline", "targets": ask the frontend instead of building
	Progress string // auto, plain, tty, quiet, rawjson
	Stdout   io.Writer
	Stderr   io.Writer
}

// Built is the outcome of a build.
type Built struct {
	Target   ocispec.Descriptor // manifest or index in the store; empty if not stored
	ConfigID string             // sha256:… of the configuration: Docker's image ID
	Metadata map[string]any     // for --metadata-file
	Took     time.Duration      // from request to stored image
	Warnings int                // of the Dockerfile checks
	Executed int                // instructions carried out, not taken from the cache
	Steps    []Step             // what was done, in the order in which it was announced
	// Ops are the operations of the build's definition, inputs first, and Dockerfile the
	// text that their lines are of; both are nil where the builder did not tell.
	Ops        []Op
	Dockerfile []byte
	// Sent are the files of contexts that the builder asked for, by the context's name
	// ("context" is the build context) and path: all others it had already, as it
	// believes. It is nil where that is not known.
	Sent    map[string]map[string]bool
	Builder string // address of what built it; "" for the embedded one
}

// Step is one vertex of the build graph: an instruction, the loading of a context or
// a base image, the export.
type Step struct {
	Digest string   // of the operation; equal operations on equal inputs have equal ones
	Inputs []string // digests of steps
	Name   string   // as BuildKit calls it: "[build 2/4] RUN make"
	Cached bool     // its result was there already
	Error  string
	// Start and End are seconds since the build began; both 0 for a step that was not
	// carried out. Busy is how long it was at work between them, in seconds.
	Start, End, Busy float64
	// Sent are the bytes that its transfers moved: a context, a base image.
	Sent int64
}

// Run is a request to run a container.
type Run struct {
	Image *image.Image // in the store
	Name  string       // for messages

	Args     []string // the whole command line, entrypoint first
	Env      []string // NAME=VALUE, the image's own included
	User     string   // as in a Dockerfile's USER
	Dir      string   // working directory
	Hostname string

	TTY    bool
	Stdin  *os.File // nil: empty
	Stdout io.Writer
	Stderr io.Writer
	Signal <-chan os.Signal // passed on to the program

	Mounts     []Mount
	Network    string   // "host" (default) or "none"
	ExtraHosts []string // HOST:IP
	ReadOnly   bool
	Init       bool // a small init as PID 1
	Memory     int64
	NanoCPUs   int64 // billionths of a CPU
	CapAdd     []string
	CapDrop    []string
	ShmSize    int64
	Labels     map[string]string // recorded nowhere but in the runtime's annotations

	// KeepOpen leaves the engine open for what comes next. Otherwise it is given back
	// before the program starts, so that a shell left open keeps nobody waiting.
	KeepOpen bool
	// Cost, if not nil, is filled in when the program has ended.
	Cost *Cost
	// Watch, if not nil, asks that the program is watched. An engine that cannot do that
	// refuses the run.
	Watch *Watch
}

// Cost is what running a program took.
type Cost struct {
	Prepare time.Duration // unpacking (if not done before), mounting, writing the configuration
	First   time.Duration // from starting the runtime to the first byte of output; 0 if there was none
	Took    time.Duration // from starting the runtime to the end of the program
	Peak    int64         // memory of the control group at its highest, in bytes; 0 if unknown
}

// Mount is a bind mount or a tmpfs.
type Mount struct {
	Type     string // "bind" or "tmpfs"
	Source   string // host path of a bind mount
	Target   string // absolute path in the container
	ReadOnly bool
	Options  []string // size=…, mode=…, exec and so on
}

// Usage is what an engine keeps to be faster next time.
type Usage struct {
	Records []CacheRecord
	Bytes   int64 // what it takes on the disk, without what it shares with the image store
	Free    int64 // the part of Bytes that Prune gives back without all
}

// Pruned is what Prune removed.
type Pruned struct {
	Records []CacheRecord
	Bytes   int64 // what the disk got back
}

// CacheRecord is one thing that an engine keeps.
type CacheRecord struct {
	ID          string
	Description string
	Kind        string
	Parents     []string
	// Bytes is the engine's own count of it, with what it shares with the image store:
	// the sum over records is no number of any disk.
	Bytes    int64
	InUse    bool
	Shared   bool
	Created  time.Time
	LastUsed time.Time
}

// Leftover is something that a killed build or run left where the engine works.
type Leftover struct {
	Kind    string // "container", "mount", "temporary" or "build cache"
	Path    string
	Text    string // what it is
	Removed bool
	Err     error // why it could not be removed, if that was wished
}

// Damage is Leftover's kind of a blob of the build cache that is not what it should
// be: to remove it is to prune the cache.
const Damage = "build cache"

// Contexts is Leftover's kind of build contexts that were not received to their end:
// to open the engine is to drop them.
const Contexts = "build context"

// StartError says that a container did not start, with the exit code that Docker
// uses for the reason: 125 engine, 126 cannot be invoked, 127 not found.
type StartError struct {
	Code int
	Err  error
}

// Error implements error.
func (e *StartError) Error() string { return e.Err.Error() }

// Unwrap returns the reason.
func (e *StartError) Unwrap() error { return e.Err }

// BuildError is a failed build whose reason the progress display has shown
// already, with the Dockerfile lines it happened at.
type BuildError struct {
	Err     error
	Sources []byte // excerpts of the Dockerfile, ready to print
}

// Error implements error.
func (e *BuildError) Error() string { return fmt.Sprintf("failed to build: %v", e.Err) }

// Unwrap returns the reason.
func (e *BuildError) Unwrap() error { return e.Err }
