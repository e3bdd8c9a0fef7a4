// Command fused stands in the place of runc and gives containers a root directory by FUSE that notes which files the kernel opens
// and which symbolic links it reads: an account of a run that owes nothing to system calls. For tests.
//
//	FUSED_RUNC=/usr/sbin/runc FUSED_LOG=FILE runc … run --bundle DIR …
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"syscall"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("fused: ")
	runc := os.Getenv("FUSED_RUNC")
	at := slices.Index(os.Args, "--bundle")
	if !slices.Contains(os.Args, "run") || at < 0 || at+1 == len(os.Args) {
		log.Fatal(syscall.Exec(runc, append([]string{runc}, os.Args[1:]...), os.Environ()))
	}
	code, err := run(runc, os.Args[at+1], os.Getenv("FUSED_LOG"))
	if err != nil {
		log.Fatal(err)
	}
	os.Exit(code)
}

// run runs the container of a bundle on its root as FUSE passes it on, and returns the program's exit code.
func run(runc, bundle, file string) (code int, err error) {
	name := filepath.Join(bundle, "config.json")
	old, err := os.ReadFile(name)
	if err != nil {
		return 0, err
	}
	var spec map[string]any
	if err := json.Unmarshal(old, &spec); err != nil {
		return 0, err
	}
	root, _ := spec["root"].(map[string]any)
	below, _ := root["path"].(string)
	if below == "" {
		return 0, errors.New("the bundle has no root")
	}
	if !filepath.IsAbs(below) {
		below = filepath.Join(bundle, below)
	}
	f, err := os.Create(file)
	if err != nil {
		return 0, err
	}
	seen := &notes{w: bufio.NewWriter(f)}
	place, err := os.MkdirTemp("", "fused-")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, os.Remove(place)) }()
	server, err := mount(below, place, seen)
	if err != nil {
		return 0, err
	}
	root["path"] = place
	b, err := json.Marshal(spec)
	if err == nil {
		err = os.WriteFile(name, b, 0o600)
	}
	if err == nil {
		c := exec.Command(runc, os.Args[1:]...)
		c.Stdin, c.Stdout, c.Stderr = os.Stdin, os.Stdout, os.Stderr
		var end *exec.ExitError
		if err = c.Run(); errors.As(err, &end) {
			code, err = end.ExitCode(), nil
		}
	}
	return code, errors.Join(err, server.Unmount(), os.WriteFile(name, old, 0o600), seen.w.Flush(), f.Close())
}

// mount passes a directory on. Nothing of names is kept by the kernel, so that it asks each time.
func mount(below, place string, seen *notes) (*fuse.Server, error) {
	var st syscall.Stat_t
	if err := syscall.Stat(below, &st); err != nil {
		return nil, err
	}
	data := &fs.LoopbackRoot{Path: below, Dev: uint64(st.Dev)}
	node := func(r *fs.LoopbackRoot, _ *fs.Inode, _ string, _ *syscall.Stat_t) fs.InodeEmbedder {
		return &passed{LoopbackNode: fs.LoopbackNode{RootData: r}, seen: seen}
	}
	data.NewNode = node
	top := node(data, nil, "", &st)
	data.RootNode = top
	return fs.Mount(place, top, &fs.Options{MountOptions: fuse.MountOptions{AllowOther: true, DirectMountStrict: true, FsName: "fused", Options: []string{"default_permissions", "suid", "dev"}}})
}

// notes are what the kernel asked for, each once.
type notes struct {
	mu   sync.Mutex
	w    *bufio.Writer
	once map[string]bool
}

func (n *notes) add(what, path string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	line := fmt.Sprintf("%s %q\n", what, "/"+path)
	if n.once == nil {
		n.once = map[string]bool{}
	}
	if !n.once[line] {
		n.once[line] = true
		_, _ = n.w.WriteString(line)
	}
}

// passed is a file or directory that is passed on.
type passed struct {
	fs.LoopbackNode
	seen *notes
}

// Open implements fs.NodeOpener.
func (p *passed) Open(ctx context.Context, flags uint32) (fs.FileHandle, uint32, syscall.Errno) {
	h, f, errno := p.LoopbackNode.Open(ctx, flags)
	if errno == 0 {
		p.seen.add("open", p.Path(nil))
	}
	return h, f, errno
}

// Readlink implements fs.NodeReadlinker.
func (p *passed) Readlink(ctx context.Context) ([]byte, syscall.Errno) {
	p.seen.add("readlink", p.Path(nil))
	return p.LoopbackNode.Readlink(ctx)
}
