package daemon

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/cli/cli/config"
	dcontext "github.com/docker/cli/cli/context"
	"github.com/moby/moby/client"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/logs"
	"tare/internal/socket"
)

// How long a daemon may take to answer a question, before it is taken for dead.
const (
	localPatience  = 5 * time.Second
	remotePatience = 30 * time.Second
)

// Daemon is a daemon that can be asked. It is not asked before a method is called.
type Daemon struct {
	*Endpoint
	api    *client.Client
	spoken bool
	asked  time.Time // when the latest request was sent
}

// Connect prepares to speak to an endpoint. An error is a setting that cannot be followed.
func Connect(e *Endpoint) (*Daemon, error) {
	at := e.at
	if path := strings.TrimPrefix(e.Host, "unix://"); len(path) > socket.Longest && path != e.Host {
		return nil, fmt.Errorf("%s: a socket's path has at most %d bytes, this one %d", e, socket.Longest, len(path))
	}
	if e.tls && !e.Local() {
		data, err := tlsFiles()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", e, err)
		}
		at.TLSData = data
	}
	opts, err := at.ClientOpts()
	if strings.HasPrefix(e.Host, "ssh://") && e.Kind == Podman {
		opts, err = overSSH(e.Host)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", e, err)
	}
	d := &Daemon{Endpoint: e}
	opts = append(opts, client.WithUserAgent("tare"))
	if logs.On() {
		opts = append(opts, client.WithResponseHook(func(r *http.Response) { logs.Answer(r, d.asked, "to", e.String()) }))
	}
	if d.api, err = client.New(opts...); err != nil {
		return nil, fmt.Errorf("%s: %w", e, err)
	}
	return d, nil
}

// Ask connects to an endpoint and looks an image up. Whoever gets the daemon closes it.
func Ask(ctx context.Context, e *Endpoint, name string) (*Daemon, *Image, error) {
	d, err := Connect(e)
	if err != nil {
		return nil, nil, err
	}
	i, err := d.Inspect(ctx, name)
	if err != nil {
		_ = d.Close()
		return nil, nil, err
	}
	return d, i, nil
}

// Close gives up the connections.
func (d *Daemon) Close() error { return d.api.Close() }

// Image is what a daemon says of an image of its.
type Image struct {
	ID      digest.Digest   // the configuration's digest; with Docker's containerd store the index's or manifest's
	Tags    []string        // its names
	Digests []string        // its names in registries, with digests
	DiffIDs []digest.Digest // bottom first
	Size    int64           // bytes, as docker images prints them
	// Platform is what it is for.
	Platform ocispec.Platform
}

// ErrNoImage is a daemon without an image of that name.
var ErrNoImage = errors.New("No such image") //nolint:staticcheck // as Docker writes it

// Inspect looks an image up by a name or an ID. The error is ErrNoImage if there is none.
func (d *Daemon) Inspect(ctx context.Context, name string) (*Image, error) {
	ctx, cancel := d.patience(ctx)
	defer cancel()
	if err := d.speak(ctx); err != nil {
		return nil, d.explain(ctx, name, err)
	}
	raw := new(bytes.Buffer)
	// The names of labels and the like may have any form: only what is needed is read.
	d.asked = time.Now()
	_, err := d.api.ImageInspect(ctx, name, client.ImageInspectWithRawResponse(raw))
	if err != nil && raw.Len() == 0 {
		return nil, d.explain(ctx, name, err)
	}
	var said struct {
		ID           string `json:"Id"`
		RepoTags     []string
		RepoDigests  []string
		Size         int64
		Os           string
		Architecture string
		Variant      string
		RootFS       struct{ Layers []digest.Digest }
	}
	if err := json.Unmarshal(raw.Bytes(), &said); err != nil {
		return nil, fmt.Errorf("%s: its answer about %s: %w", d, name, err)
	}
	id := said.ID
	if !strings.Contains(id, ":") {
		id = "sha256:" + id // Podman's
	}
	i := &Image{ID: digest.Digest(id), Tags: said.RepoTags, Digests: said.RepoDigests, DiffIDs: said.RootFS.Layers, Size: said.Size,
		Platform: ocispec.Platform{OS: said.Os, Architecture: said.Architecture, Variant: said.Variant}}
	if err := i.ID.Validate(); err != nil {
		return nil, fmt.Errorf("%s: it says that %s has the ID %q: %w", d, name, cut(said.ID), err)
	}
	return i, nil
}

// Save asks for an image as docker save writes it. Whoever reads it closes it. A reader
// that gets nothing for long fails: see Stalled.
func (d *Daemon) Save(ctx context.Context, ref string) (io.ReadCloser, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	w := watch(cancel)
	d.asked = time.Now()
	r, err := d.api.ImageSave(ctx, []string{ref})
	if err != nil {
		w.stop()
		if cause := context.Cause(ctx); errors.Is(cause, errStalled) {
			err = cause
		}
		cancel(nil)
		return nil, d.explain(ctx, ref, err)
	}
	return &saving{r: r, w: w, d: d, ctx: ctx, cancel: cancel}, nil
}

// speak agrees on a version of the API, once. The client would do so by itself, but goes
// on where there is none.
func (d *Daemon) speak(ctx context.Context) error {
	if d.spoken {
		return nil
	}
	d.asked = time.Now()
	_, err := d.api.Ping(ctx, client.PingOptions{NegotiateAPIVersion: true})
	d.spoken = err == nil
	return err
}

func (d *Daemon) patience(ctx context.Context) (context.Context, context.CancelFunc) {
	if d.Local() {
		return context.WithTimeout(ctx, localPatience)
	}
	return context.WithTimeout(ctx, remotePatience)
}

// explain says what an error of the client means, and what to do.
func (d *Daemon) explain(ctx context.Context, name string, err error) error {
	if !errdefs.IsNotFound(err) { // which is an answer like others
		logs.Info("no answer", "to", d.String(), "image", name, "took", time.Since(d.asked).Round(100*time.Microsecond), "error", err)
	}
	var dial *net.OpError
	switch {
	case errdefs.IsNotFound(err):
		return fmt.Errorf("%s: %w: %s", d, ErrNoImage, name)
	case errors.Is(err, errStalled), errors.Is(ctx.Err(), context.Canceled):
		return fmt.Errorf("%s: %w", d, err)
	case strings.Contains(err.Error(), "minimum supported API version"):
		return fmt.Errorf("%s is too old for tare: %w; pipe %s save into tare weigh -", d, err, d.Kind)
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%s has not answered in time: is it hung?", d)
	case errors.Is(err, os.ErrPermission) || strings.Contains(err.Error(), "permission denied"):
		return fmt.Errorf("%s: %w: %s", d, os.ErrPermission, d.permission())
	case errors.Is(err, syscall.ENOENT), errors.Is(err, syscall.ECONNREFUSED), errors.As(err, &dial) && dial.Op == "dial", client.IsErrConnectionFailed(err):
		return &notRunning{d, err}
	}
	return fmt.Errorf("%s: %w", d, err)
}

// ErrNotRunning is a daemon that does not run where it should.
var ErrNotRunning = errors.New("the daemon does not run")

type notRunning struct {
	d   *Daemon
	why error
}

// Error implements error.
func (n *notRunning) Error() string {
	s := fmt.Sprintf("no %s daemon at %s: ", n.d.Kind.Title(), n.d.Host)
	if !n.d.Local() && !strings.HasPrefix(n.d.Host, "tcp://") {
		s += n.why.Error() + "; " // what ssh said
	}
	return s + n.d.start()
}

// Is implements errors.Is.
func (n *notRunning) Is(target error) bool { return target == ErrNotRunning }

// Unwrap returns the reason.
func (n *notRunning) Unwrap() error { return n.why }

func (d *Daemon) permission() string {
	if d.Kind == Docker && d.Local() {
		return "who may use its socket is in the group docker (sudo usermod -aG docker $USER, then log in again); or run tare with sudo"
	}
	return "its socket is another user's"
}

func (d *Daemon) start() string {
	if d.Kind == Podman {
		return "does its service run (systemctl --user start podman.socket), and is CONTAINER_HOST right?"
	}
	if d.Context != "" {
		return "is it running, and the context right (docker context inspect " + d.Context + ")?"
	}
	return "is it running, and DOCKER_HOST right?"
}

// tlsFiles reads the keys where the docker command expects them.
func tlsFiles() (*dcontext.TLSData, error) {
	dir := os.Getenv("DOCKER_CERT_PATH")
	if dir == "" {
		dir = config.Dir()
	}
	return dcontext.TLSDataFromFiles(filepath.Join(dir, "ca.pem"), filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"))
}

func cut(s string) string {
	if len(s) > 100 {
		return s[:100] + "…"
	}
	return s
}
