package daemon

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"syscall"

	imagesapi "github.com/containerd/containerd/api/services/images/v1"
	namespacesapi "github.com/containerd/containerd/api/services/namespaces/v1"
	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/containerd/v2/core/content/proxy"
	"github.com/containerd/containerd/v2/pkg/namespaces"
	"github.com/containerd/errdefs"
	"github.com/containerd/errdefs/pkg/errgrpc"
	"github.com/distribution/reference"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"tare/internal/logs"
	"tare/internal/socket"
)

// Containerd is an image of a containerd, with the content store that has its blobs.
type Containerd struct {
	content.Provider
	Target    ocispec.Descriptor
	Namespace string

	conn *grpc.ClientConn
}

// Close gives up the connection.
func (c *Containerd) Close() error { return c.conn.Close() }

// containerdSocket is where containerd listens, as ctr and nerdctl look for it.
func containerdSocket() string {
	if a := os.Getenv("CONTAINERD_ADDRESS"); a != "" {
		return strings.TrimPrefix(a, "unix://")
	}
	return "/run/containerd/containerd.sock"
}

// OpenContainerd opens an image of a containerd: NAME in the namespace that
// CONTAINERD_NAMESPACE names or in "default", or NAMESPACE/NAME if there is such a
// namespace. Its blobs are read where they are.
func OpenContainerd(ctx context.Context, word string) (*Containerd, error) {
	path := containerdSocket()
	where := "containerd at unix://" + path
	if len(path) > socket.Longest {
		return nil, fmt.Errorf("%s: a socket's path has at most %d bytes, this one %d", where, socket.Longest, len(path))
	}
	// What gRPC says of a socket that is not there is long and comes late.
	c, err := net.DialTimeout("unix", path, localPatience)
	switch {
	case errors.Is(err, syscall.ENOENT), errors.Is(err, syscall.ECONNREFUSED):
		return nil, fmt.Errorf("no %s: is it running, and CONTAINERD_ADDRESS right?", where)
	case errors.Is(err, os.ErrPermission):
		return nil, fmt.Errorf("%s: %w: its socket is root's: run tare with sudo", where, os.ErrPermission)
	case err != nil:
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	_ = c.Close()
	conn, err := grpc.NewClient("unix://"+path, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	done := logs.Took("containerd", "at", path, "image", word)
	out, err := findImage(ctx, conn, word)
	done(err)
	if err != nil {
		_ = conn.Close()
		if errors.Is(err, context.DeadlineExceeded) {
			err = errors.New("it has not answered in time: is it hung?")
		}
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	return out, nil
}

func findImage(ctx context.Context, conn *grpc.ClientConn, word string) (*Containerd, error) {
	asked, cancel := context.WithTimeout(ctx, localPatience)
	defer cancel()
	list, err := namespacesapi.NewNamespacesClient(conn).List(asked, &namespacesapi.ListNamespacesRequest{})
	if err != nil {
		return nil, errgrpc.ToNative(err)
	}
	var all []string
	for _, n := range list.Namespaces {
		all = append(all, n.Name)
	}
	ns, name := os.Getenv("CONTAINERD_NAMESPACE"), word
	if ns == "" {
		ns = namespaces.Default
	}
	if first, rest, ok := strings.Cut(word, "/"); ok && slices.Contains(all, first) {
		ns, name = first, rest
	}
	images := imagesapi.NewImagesClient(conn)
	for _, n := range []string{fullName(name), name} {
		i, err := images.Get(namespaces.WithNamespace(asked, ns), &imagesapi.GetImageRequest{Name: n})
		if err = errgrpc.ToNative(err); errdefs.IsNotFound(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		t := i.Image.Target
		return &Containerd{Provider: inNamespace{proxy.NewContentStore(conn), ns}, Namespace: ns, conn: conn,
			Target: ocispec.Descriptor{MediaType: t.MediaType, Digest: digest.Digest(t.Digest), Size: t.Size, Annotations: t.Annotations}}, nil
	}
	slices.Sort(all)
	return nil, fmt.Errorf("%w: %s in namespace %s (the namespaces are %s; write containerd://NAMESPACE/NAME)", ErrNoImage, name, ns, strings.Join(all, ", "))
}

// fullName is a name as containerd stores it.
func fullName(name string) string {
	n, err := reference.ParseDockerRef(name)
	if err != nil {
		return name
	}
	return n.String()
}

// inNamespace reads blobs of one namespace.
type inNamespace struct {
	content.Provider
	ns string
}

// ReaderAt implements content.Provider.
func (i inNamespace) ReaderAt(ctx context.Context, d ocispec.Descriptor) (content.ReaderAt, error) {
	return i.Provider.ReaderAt(namespaces.WithNamespace(ctx, i.ns), d)
}
