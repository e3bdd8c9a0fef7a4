package testkit

import (
	"archive/tar"
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// DockerAPI is what a test needs of a Docker daemon: images by their names, sent as
// archives. It can misbehave.
type DockerAPI struct {
	Images  map[string][]byte // archives of one image each, by name
	Version string            // of the API; "" for 1.41
	Hang    string            // requests whose path has this are never answered
	Break   int               // an archive breaks off after so many bytes; 0 for never
	Gone    bool              // images go between the question and the export
	Host    string            // its address, once it is served

	Exports atomic.Int32 // how many archives were asked for
}

// Serve answers on a socket until the test ends, and sets Host.
func (d *DockerAPI) Serve(t testing.TB) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("Docker's daemon has no unix socket here")
	}
	dir, err := os.MkdirTemp("", "tare") // t.TempDir may be too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	l, err := net.Listen("unix", filepath.Join(dir, "d.sock"))
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewUnstartedServer(d)
	_ = s.Listener.Close()
	s.Listener = l
	s.Start()
	t.Cleanup(s.CloseClientConnections)
	t.Cleanup(func() { _ = l.Close() })
	d.Host = "unix://" + filepath.Join(dir, "d.sock")
}

// ServeHTTP implements http.Handler.
func (d *DockerAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	version := d.Version
	if version == "" {
		version = "1.41"
	}
	w.Header().Set("Api-Version", version)
	path := r.URL.Path
	if d.Hang != "" && strings.Contains(path, d.Hang) {
		<-r.Context().Done()
		return
	}
	if strings.HasPrefix(path, "/v1.") {
		path = path[strings.Index(path[1:], "/")+1:]
	}
	switch {
	case path == "/_ping":
		_, _ = io.WriteString(w, "OK")
	case path == "/images/get":
		d.Exports.Add(1)
		d.save(w, r.URL.Query().Get("names"))
	case strings.HasSuffix(path, "/json"):
		d.inspect(w, strings.TrimSuffix(strings.TrimPrefix(path, "/images/"), "/json"))
	default:
		d.missing(w, path)
	}
}

func (d *DockerAPI) missing(w http.ResponseWriter, name string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusNotFound)
	_, _ = fmt.Fprintf(w, `{"message":"No such image: %s"}`, name)
}

// archive finds an image by name or ID.
func (d *DockerAPI) archive(name string) ([]byte, string) {
	for n, b := range d.Images {
		id, _ := savedImage(b)
		if n == name || n == name+":latest" || id.String() == name || "docker.io/library/"+n == name {
			return b, n
		}
	}
	return nil, ""
}

func (d *DockerAPI) save(w http.ResponseWriter, name string) {
	b, _ := d.archive(name)
	if b == nil || d.Gone {
		d.missing(w, name)
		return
	}
	w.Header().Set("Content-Type", "application/x-tar")
	if d.Break > 0 && d.Break < len(b) {
		_, _ = w.Write(b[:d.Break])
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
	_, _ = w.Write(b)
}

func (d *DockerAPI) inspect(w http.ResponseWriter, name string) {
	b, tag := d.archive(name)
	if b == nil {
		d.missing(w, name)
		return
	}
	id, c := savedImage(b)
	said, _ := json.Marshal(map[string]any{"Id": id, "RepoTags": []string{tag}, "Size": len(b), "Os": c.OS, "Architecture": c.Architecture,
		"RootFS": map[string]any{"Type": "layers", "Layers": c.RootFS.DiffIDs}})
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(said)
}

// savedImage is the ID and the configuration of the image of an archive: with a manifest
// in it the manifest's digest, as in Docker's containerd store.
func savedImage(b []byte) (id digest.Digest, c ocispec.Image) {
	files := map[string][]byte{}
	tr := tar.NewReader(bytes.NewReader(b))
	for {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) || err != nil {
			break
		}
		if h.Size < 1<<20 {
			files[h.Name], _ = io.ReadAll(tr)
		}
	}
	var x ocispec.Index
	if json.Unmarshal(files[ocispec.ImageIndexFile], &x) == nil && len(x.Manifests) > 0 {
		var m ocispec.Manifest
		var several ocispec.Index
		blob := func(d digest.Digest) []byte { return files["blobs/sha256/"+d.Encoded()] }
		id = x.Manifests[0].Digest
		_ = json.Unmarshal(blob(id), &several)
		for _, d := range append(several.Manifests, x.Manifests[0]) { // of platforms the first that is there
			if b := blob(d.Digest); b != nil && json.Unmarshal(b, &m) == nil && m.Config.Digest != "" {
				break
			}
		}
		_ = json.Unmarshal(blob(m.Config.Digest), &c)
		return id, c
	}
	var list []struct{ Config string }
	if json.Unmarshal(files["manifest.json"], &list) != nil || len(list) == 0 {
		return "", c
	}
	_ = json.Unmarshal(files[list[0].Config], &c)
	return digest.FromBytes(files[list[0].Config]), c
}

// Keys makes a certificate of 127.0.0.1 that signs itself, and writes it into dir under
// the names that the docker command expects.
func Keys(t testing.TB, dir string) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	cert := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	secret := pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: private})
	for name, b := range map[string][]byte{"ca.pem": cert, "cert.pem": cert, "key.pem": secret} {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	pair, err := tls.X509KeyPair(cert, secret)
	if err != nil {
		t.Fatal(err)
	}
	return pair
}
