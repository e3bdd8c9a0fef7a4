package container

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/containerd/containerd/v2/core/mount"

	"tare/internal/engine"
)

// Trial runs this program in a container, to say its version, and says why that did not
// work. Its files are below dir while it runs; nothing is left.
func Trial(ctx context.Context, dir string) error {
	rt, err := FindRuntime("")
	if err != nil {
		return err
	}
	tmp, err := os.MkdirTemp(dir, ".tmp-trial-")
	if err != nil {
		return err
	}
	defer func() { _ = RemoveTree(tmp) }()
	empty := filepath.Join(tmp, "empty")
	if err := os.Mkdir(empty, 0o755); err != nil {
		return err
	}
	mounts, args, err := initFiles()
	if err != nil {
		return err
	}
	// Under another name than the init's: it is to be tare.
	mounts[0].Target, args[len(args)-1] = "/tare", "/tare"
	var said bytes.Buffer
	code, err := Run(ctx, tmp, rt, []mount.Mount{{Type: "bind", Source: empty, Options: []string{"rbind"}}}, engine.Run{
		Name: "trial", Args: append(args, "--version"), Env: []string{"PATH=/"}, Dir: "/", Mounts: mounts, Stdout: io.Discard, Stderr: &said,
	}, time.Now())
	if err == nil && code != 0 {
		err = fmt.Errorf("exit code %d: %s", code, strings.TrimSpace(said.String()))
	}
	return err
}
