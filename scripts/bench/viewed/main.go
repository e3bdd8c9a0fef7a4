// Command viewed makes images and measures viewers of images in a terminal, for
// `make bench-view`:
//
//	viewed image FILES OUT.tar          an image of that many files in five layers (docker save)
//	viewed run MARK[,MARK…] COMMAND…    milliseconds until each text stands on the screen (160×45),
//	                                    then the peak of memory in kB, after KEYS was typed (VIEWED_KEYS)
package main

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/creack/pty"
)

func main() {
	log.SetFlags(0)
	var err error
	switch {
	case len(os.Args) == 4 && os.Args[1] == "image":
		var n int
		if n, err = strconv.Atoi(os.Args[2]); err == nil {
			err = image(n, os.Args[3])
		}
	case len(os.Args) > 3 && os.Args[1] == "run":
		err = run(strings.Split(os.Args[2], ","), os.Args[3:])
	default:
		log.Fatal("viewed image FILES OUT.tar | run MARK[,MARK…] COMMAND…")
	}
	if err != nil {
		log.Fatal("viewed: ", err)
	}
}

// image writes an image of n files: four layers add a quarter each, 20 files a directory,
// the last removes one in fifty.
func image(n int, name string) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	out := tar.NewWriter(f)
	var ids, files []string
	var history []map[string]string
	for k := range 5 {
		b, err := layerOf(n, k)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(b)
		ids = append(ids, "sha256:"+hex.EncodeToString(sum[:]))
		files = append(files, fmt.Sprintf("layer%d.tar", k))
		history = append(history, map[string]string{"created_by": fmt.Sprintf("RUN /bin/sh -c step %d # buildkit", k+1)})
		if err := put(out, files[k], b); err != nil {
			return err
		}
	}
	config, err := json.Marshal(map[string]any{"os": "linux", "architecture": "amd64", "config": map[string]any{}, "rootfs": map[string]any{"type": "layers", "diff_ids": ids}, "history": history})
	if err != nil {
		return err
	}
	manifest, err := json.Marshal([]map[string]any{{"Config": "config.json", "RepoTags": []string{"bench:view"}, "Layers": files}})
	if err != nil {
		return err
	}
	return errors.Join(put(out, "config.json", config), put(out, "manifest.json", manifest), out.Close(), f.Close())
}

func put(w *tar.Writer, name string, b []byte) error {
	if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(b)), Typeflag: tar.TypeReg}); err != nil {
		return err
	}
	_, err := w.Write(b)
	return err
}

func layerOf(n, k int) ([]byte, error) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	dirs := map[string]bool{}
	dir := func(name string) error {
		for at := range name {
			if name[at] != '/' || dirs[name[:at+1]] {
				continue
			}
			dirs[name[:at+1]] = true
			if err := w.WriteHeader(&tar.Header{Name: name[:at+1], Mode: 0o755, Typeflag: tar.TypeDir, ModTime: time.Unix(1, 0)}); err != nil {
				return err
			}
		}
		return nil
	}
	content := []byte(strings.Repeat("0123456789abcdef", 64))
	for i := range n {
		d := i / 20
		in := fmt.Sprintf("usr/lib/module%03d/part%02d/", d%500, d/500)
		name, size := fmt.Sprintf("file%06d.py", i), i%977
		if k == 4 {
			if i%50 > 0 {
				continue
			}
			name, size = ".wh."+name, 0
		} else if d%4 != k {
			continue
		}
		if err := dir(in); err != nil {
			return nil, err
		}
		if err := w.WriteHeader(&tar.Header{Name: in + name, Mode: 0o644, Size: int64(size), Typeflag: tar.TypeReg, ModTime: time.Unix(1, 0)}); err != nil {
			return nil, err
		}
		if size > 0 {
			if _, err := w.Write(append([]byte(fmt.Sprintf("%-8d", i)), content...)[:size]); err != nil {
				return nil, err
			}
		}
	}
	err := w.Close()
	return b.Bytes(), err
}

// escapes are what draws: the text that is left has what stands together on the screen.
var escapes = regexp.MustCompile(`\x1b(\[[0-9;?<>=]*[a-zA-Z]|\][^\x07\x1b]*(\x07|\x1b\\)|[()][A-Z0-9]|[=>78])`)

// watched is what a program has drawn so far.
type watched struct {
	mu   sync.Mutex
	text []byte
	last time.Time
}

func (w *watched) read(r io.Reader) {
	b := make([]byte, 64<<10)
	for {
		n, err := r.Read(b)
		w.mu.Lock()
		w.text, w.last = append(w.text, b[:n]...), time.Now()
		w.mu.Unlock()
		if err != nil {
			return
		}
	}
}

func (w *watched) has(mark string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return bytes.Contains(escapes.ReplaceAll(w.text, nil), []byte(mark))
}

// idle tells whether nothing was drawn for a while.
func (w *watched) idle() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return time.Since(w.last) > 700*time.Millisecond
}

func run(marks, args []string) error {
	c := exec.Command(args[0], args[1:]...)
	c.Env = append(os.Environ(), "TERM=xterm-256color", "LC_ALL=C.UTF-8")
	began := time.Now()
	tty, err := pty.StartWithSize(c, &pty.Winsize{Cols: 160, Rows: 45})
	if err != nil {
		return err
	}
	defer func() { _, _ = c.Process.Kill(), c.Wait() }()
	w := &watched{last: began}
	go w.read(tty)
	for _, mark := range marks {
		for !w.has(mark) {
			if time.Since(began) > 10*time.Minute {
				return fmt.Errorf("%q does not appear: %q", mark, escapes.ReplaceAll(w.text, nil))
			}
			time.Sleep(2 * time.Millisecond)
		}
		fmt.Printf("%.1f ", float64(time.Since(began).Microseconds())/1000)
	}
	for _, key := range strings.Fields(os.Getenv("VIEWED_KEYS")) {
		for !w.idle() {
			time.Sleep(20 * time.Millisecond)
		}
		text, err := strconv.Unquote(`"` + key + `"`)
		if err != nil {
			return err
		}
		if _, err := io.WriteString(tty, text); err != nil {
			return err
		}
		time.Sleep(100 * time.Millisecond)
	}
	for !w.idle() {
		time.Sleep(20 * time.Millisecond)
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", c.Process.Pid))
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(status)) {
		if strings.HasPrefix(line, "VmHWM:") {
			fmt.Println(strings.Fields(line)[1])
		}
	}
	return nil
}
