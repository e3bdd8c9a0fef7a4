package corpus

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"

	"tare/internal/experiment"
)

// Tare is a tare to measure, with a store of its own.
type Tare struct {
	// Path of the program; Env is its environment, in which TARE_HOME is Home.
	Path, Home string
	Env        []string

	images *reader
}

// Run runs it in a directory. The error has what it said last on standard error.
func (t *Tare) Run(ctx context.Context, dir string, args ...string) (stdout []byte, code int, err error) {
	c := exec.CommandContext(ctx, "tare", args...)
	c.Path, c.Err, c.Dir, c.Env = t.Path, nil, dir, t.Env
	// Containers must not outlive a check that hangs: tare ends them when it is told to.
	c.Cancel = func() error { return c.Process.Signal(syscall.SIGTERM) }
	c.WaitDelay = 20 * time.Second
	var out, errs bytes.Buffer
	c.Stdout, c.Stderr = &out, &errs
	err = c.Run()
	if ctx.Err() != nil {
		return out.Bytes(), -1, ctx.Err()
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return out.Bytes(), exit.ExitCode(), fmt.Errorf("tare %s: exit code %d: %s", strings.Join(args, " "), exit.ExitCode(), tail(errs.String()))
	}
	return out.Bytes(), 0, err
}

func tail(s string) string {
	s = strings.TrimSpace(s)
	if len(s) > 2000 {
		s = "… " + s[len(s)-2000:]
	}
	return s
}

// Build builds a directory's Dockerfile and reads the image. Name is what it is called.
func (t *Tare) Build(ctx context.Context, dir, name string) (*Image, error) {
	if _, _, err := t.Run(ctx, dir, "build", "-q", "-t", name, "."); err != nil {
		return nil, err
	}
	return t.Image(name)
}

// Image reads an image of the store.
func (t *Tare) Image(name string) (*Image, error) {
	if t.images == nil {
		t.images = &reader{dir: t.Home, layers: map[string]*Layer{}}
	}
	return t.images.image("docker.io/library/" + name + ":latest")
}

// Transfer is what tare weigh says that a pull of an image transfers, in bytes.
func (t *Tare) Transfer(ctx context.Context, name string) (int64, error) {
	b, _, err := t.Run(ctx, "", "weigh", "--format", "json", name)
	if err != nil {
		return 0, err
	}
	var w struct{ Sizes struct{ Transfer *int64 } }
	if err := json.Unmarshal(b, &w); err != nil || w.Sizes.Transfer == nil {
		return 0, fmt.Errorf("no transfer of %s: %w", name, err)
	}
	return *w.Sizes.Transfer, nil
}

// Remove removes an image from the store.
func (t *Tare) Remove(ctx context.Context, name string) error {
	_, _, err := t.Run(ctx, "", "rmi", name)
	return err
}

// Pass runs a check in an image; the error says why it does not pass.
func (t *Tare) Pass(ctx context.Context, name string, c experiment.Check) error {
	timeout := time.Duration(c.Timeout)
	if timeout == 0 {
		timeout = 3 * time.Minute // a busy machine is no fault of a patch
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	args := []string{"run", "--rm"}
	for k, v := range c.Env {
		args = append(args, "-e", k+"="+v)
	}
	if len(c.Command) > 0 {
		args = append(args, "--entrypoint", c.Command[0], name)
		args = append(args, c.Command[1:]...)
	} else {
		args = append(args, name)
	}
	b, code, err := t.Run(ctx, "", args...)
	out := strings.TrimSpace(string(b))
	switch {
	case code != c.Exit:
		return fmt.Errorf("exit code %d, not %d (it printed %q): %w", code, c.Exit, out, err)
	case c.Stdout != nil && out != strings.TrimSpace(*c.Stdout):
		return fmt.Errorf("it printed %q, not %q", out, *c.Stdout)
	case c.Match != "" && !regexp.MustCompile(c.Match).MatchString(out):
		return fmt.Errorf("it printed %q, which does not match %s", out, c.Match)
	}
	return nil
}

// Proof is what became of a patch.
type Proof struct {
	// Image is what the patched Dockerfile builds.
	Image *Image
	// Name it has in the store.
	Name string
	// Check and Second say why a check does not pass, or are nil.
	Check, Second error
}

// Prove applies a patch in a fresh copy of the project, builds it, and runs both checks.
// An empty patch proves the original.
func (t *Tare) Prove(ctx context.Context, p *Project, patch []byte, dir, name string) (*Proof, error) {
	if err := p.Prepare(dir); err != nil {
		return nil, err
	}
	if len(patch) > 0 {
		if err := Apply(dir, patch); err != nil {
			return nil, err
		}
	}
	img, err := t.Build(ctx, dir, name)
	if err != nil {
		return nil, err
	}
	return &Proof{Image: img, Name: name, Check: t.Pass(ctx, name, p.Check), Second: t.Pass(ctx, name, p.Second)}, nil
}

// Names are those of the images that a project leaves in the store.
func (p *Project) names() (before, want string) {
	return "corpus-" + p.Name, "corpus-" + p.Name + "-want"
}

// Planted builds the project as it is and with the patch that was made by hand. The
// images are those of the two; without plants both are the same.
func (t *Tare) Planted(ctx context.Context, p *Project, dir string) (before, want *Proof, err error) {
	a, b := p.names()
	if before, err = t.Prove(ctx, p, nil, filepath.Join(dir, "before"), a); err != nil {
		return nil, nil, fmt.Errorf("the original: %w", err)
	}
	if len(p.Plants) == 0 {
		return before, before, nil
	}
	if want, err = t.Prove(ctx, p, p.Want, filepath.Join(dir, "want"), b); err != nil {
		return nil, nil, fmt.Errorf("with want.patch: %w", err)
	}
	return before, want, nil
}
