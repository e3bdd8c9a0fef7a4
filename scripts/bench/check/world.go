package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
)

// world is what pull requests are made in: a server of packages, base images, and two
// stores, of the machine that built main yesterday and of the one that builds today.
type world struct {
	tare, dir string
	url       string

	mu       sync.Mutex
	packages map[string]release // by project and name
}

// release is what the server has of a package.
type release struct {
	version string
	bytes   int
}

// newWorld makes the stores, the bases and the server in a directory.
func newWorld(ctx context.Context, tare, dir string) (*world, func(), error) {
	w := &world{tare: tare, dir: dir, packages: map[string]release{}}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, nil, err
	}
	s := &http.Server{Handler: w}
	go func() { _ = s.Serve(l) }()
	w.url = "http://" + l.Addr().String()
	return w, func() { _ = s.Close() }, w.bases(ctx)
}

// ServeHTTP hands out /PROJECT/NAME[=VERSION].
func (w *world) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	key, version, pinned := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "=")
	w.mu.Lock()
	p, ok := w.packages[key]
	w.mu.Unlock()
	if !ok {
		http.NotFound(out, r)
		return
	}
	if pinned { // of a pinned version the size follows from the version
		p = release{version, sizeOf(version)}
	}
	out.Header().Set("Package", key[strings.LastIndexByte(key, '/')+1:])
	out.Header().Set("Version", p.version)
	_, _ = out.Write(random(p.bytes, key+p.version))
}

// sizeOf is how large a pinned version is: 2.3 has 2.3 MB.
func sizeOf(version string) int {
	var n float64
	_, _ = fmt.Sscanf(version, "%f", &n)
	return int(n * 1e6)
}

func (w *world) release(project, name string, r release) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.packages[project+"/"+name] = r
}

// random are bytes that follow from a seed.
func random(n int, seed string) []byte {
	var key [32]byte
	copy(key[:], seed)
	b := make([]byte, n)
	_, _ = rand.NewChaCha8(key).Read(b)
	return b
}

// Homes of the two machines.
const (
	yesterday = "yesterday"
	today     = "today"
)

// run runs tare on a machine.
func (w *world) run(ctx context.Context, machine, dir string, args ...string) (stdout []byte, code int, err error) {
	c := exec.CommandContext(ctx, w.tare, args...)
	c.Dir = dir
	c.Env = append(os.Environ(), "TARE_HOME="+filepath.Join(w.dir, machine), "TARE_SOURCES=store", "TARE_CONFIG=/dev/null")
	var out, said bytes.Buffer
	c.Stdout, c.Stderr = &out, &said
	err = c.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == 3 {
		return out.Bytes(), 3, nil
	}
	if err != nil {
		return nil, 1, fmt.Errorf("tare %s: %w\n%s", strings.Join(args, " "), err, said.String())
	}
	return out.Bytes(), 0, nil
}

func git(ctx context.Context, dir string, args ...string) (string, error) {
	out, err := exec.CommandContext(ctx, "git", append([]string{"-C", dir, "-c", "user.name=x", "-c", "user.email=x@x", "-c", "commit.gpgsign=false"}, args...)...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("git %v: %w\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out)), nil
}

// bases builds the base images: base:0 to base:3 of growing size, and other:0.
func (w *world) bases(ctx context.Context) error {
	dir := filepath.Join(w.dir, "base")
	if err := os.MkdirAll(filepath.Join(dir, "lib"), 0o755); err != nil {
		return err
	}
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", filepath.Join(dir, "tool"), "./tool")
	build.Dir = here()
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w\n%s", err, out)
	}
	for n, bytes := range []int{1_000_000, 3_500_000, 1_200_000, 400_000} {
		if err := w.base(ctx, dir, fmt.Sprintf("base:%d", n), bytes); err != nil {
			return err
		}
	}
	return w.base(ctx, dir, "other:0", 2_600_000)
}

func (w *world) base(ctx context.Context, dir, name string, bytes int) error {
	for file, b := range map[string][]byte{"lib/libbase": random(bytes, name), "Dockerfile": []byte("FROM scratch\nCOPY tool /tool\nCOPY lib /lib/\n"), "lib/apk/db/installed": []byte("P:base\nV:" + name + "\nA:noarch\nF:lib\nR:libbase\n\n")} {
		file = filepath.Join(dir, file)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(file, b, 0o644); err != nil {
			return err
		}
	}
	if err := os.Chmod(filepath.Join(dir, "tool"), 0o755); err != nil {
		return err
	}
	for _, m := range []string{yesterday, today} {
		if _, _, err := w.run(ctx, m, dir, "build", "-q", "-t", name, "."); err != nil {
			return err
		}
	}
	return nil
}

// checked is what of tare.check/v1 is looked at.
type checked struct {
	Verdict string `json:"verdict"`
	Images  []struct {
		Before struct {
			Sizes map[string]any `json:"sizes"`
		} `json:"before"`
		After struct {
			Sizes map[string]any `json:"sizes"`
		} `json:"after"`
		Delta  map[string]amounts `json:"delta"`
		Causes []cause            `json:"causes"`
	} `json:"images"`
	Violations []struct {
		Rule    string  `json:"rule"`
		Measure string  `json:"measure"`
		Value   float64 `json:"value"`
		File    string  `json:"file"`
		Line    *int    `json:"line"`
		Causes  []cause `json:"causes"`
	} `json:"violations"`
	Notes []string `json:"notes"`
}

type amounts struct {
	Tar      int64 `json:"tar"`
	Transfer int64 `json:"transfer"`
	Live     int64 `json:"live"`
}

type cause struct {
	Part string `json:"part"`
	File string `json:"file"`
	Line *int   `json:"line"`
	Text string `json:"text"`
	amounts
}

func decode(b []byte) (*checked, error) {
	out := new(checked)
	if err := json.Unmarshal(b, out); err != nil {
		return nil, fmt.Errorf("%w\n%.300s", err, b)
	}
	return out, nil
}
