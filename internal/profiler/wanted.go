package profiler

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"tare/internal/buildcontext"
)

// wanted is an edit that --after-edit asks for, and the files of the context that it
// changes.
type wanted struct {
	name  string
	files []string // with slashes
}

// resolve finds the files of all edits, before anything is built. What cannot be edited or
// swapped is an error; of edits all are told at once.
func (p *profiler) resolve(ctx context.Context) error {
	for _, s := range p.Swaps {
		if _, err := p.swapped(s); err != nil {
			return err
		}
	}
	if len(p.Edits) == 0 {
		return nil
	}
	c, err := buildcontext.Open(p.dir, p.file)
	if err != nil {
		return fmt.Errorf("--after-edit: %w", err)
	}
	defer func() { _ = c.Close() }()
	var all []error
	for _, e := range p.Edits {
		w := wanted{name: e, files: []string{e}}
		if isRange(c.Dir(), e) {
			w.files, err = changed(ctx, c, e)
		} else {
			err = c.Editable(e)
		}
		if err != nil {
			all = append(all, fmt.Errorf("--after-edit %s: %w", e, err))
		}
		p.wanted = append(p.wanted, w)
	}
	return errors.Join(all...)
}

// isRange tells whether an edit is a range of commits, not a file.
func isRange(dir, e string) bool {
	return strings.Contains(e, "..") && !strings.Contains(e, "../") && !filepath.IsAbs(e) && !exists(filepath.Join(dir, e))
}

// changed are the files of the context that a range of commits changes and the builder
// gets.
func changed(ctx context.Context, c *buildcontext.Context, commits string) ([]string, error) {
	if strings.HasPrefix(commits, "-") {
		return nil, fmt.Errorf("%q is no range of commits", commits)
	}
	out, err := exec.CommandContext(ctx, "git", "-C", c.Dir(), "diff", "--name-only", "--relative", "--diff-filter=AM", "-z", commits, "--").Output()
	if err != nil {
		return nil, fmt.Errorf("git diff: %w (is %s in a git repository, and is that a range of its commits?)", err, c.Dir())
	}
	var list []string
	var left error
	for _, f := range strings.Split(string(out), "\x00") {
		if f == "" || !c.IsFile(f) {
			continue
		}
		if err := c.Sent(f); err != nil {
			left = fmt.Errorf("%s: %w", f, err)
			continue
		}
		list = append(list, f)
	}
	slices.Sort(list)
	if len(list) == 0 && left != nil {
		return nil, fmt.Errorf("the range changes no file that the builder gets: %w", left)
	}
	if len(list) == 0 {
		return nil, errors.New("the range changes no file that is here")
	}
	return list, nil
}
