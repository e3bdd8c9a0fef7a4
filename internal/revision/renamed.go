package revision

import (
	"context"
	"fmt"
	"path"
	"strings"
)

// alike is from which likeness on a file is taken for another one under another name, as
// git does.
const alike = 0.5

// Renamed is the path that a Dockerfile had in a commit: its own, if it is there, else that
// of the Dockerfile that is most like it.
func (r *Repository) Renamed(ctx context.Context, commit, name, text string) (string, error) {
	if _, kind, ok, err := r.object(ctx, commit, name); err != nil || ok && kind == "blob" {
		return name, err
	}
	out, err := run(ctx, r.Top, "ls-tree", "-r", "-z", "--full-tree", commit)
	if err != nil {
		return "", err
	}
	list, err := entries(out)
	if err != nil {
		return "", err
	}
	best, at := 0.0, ""
	for _, e := range list {
		base := strings.ToLower(path.Base(e.path))
		if e.kind != "blob" || !strings.Contains(base, "dockerfile") && !strings.Contains(base, "containerfile") || strings.HasSuffix(base, ".dockerignore") {
			continue
		}
		b, err := run(ctx, r.Top, "cat-file", "blob", e.name)
		if err != nil {
			return "", err
		}
		if s := likeness(string(b), text); s > best {
			best, at = s, e.path
		}
	}
	if best < alike {
		return "", fmt.Errorf("commit %s has no %s, and no Dockerfile that is like it", short(commit), name)
	}
	return at, nil
}

// likeness is the part of the lines that two texts have in common.
func likeness(a, b string) float64 {
	count := map[string]int{}
	n, m, both := 0, 0, 0
	for line := range strings.Lines(a) {
		if line = strings.TrimSpace(line); line != "" {
			count[line]++
			n++
		}
	}
	for line := range strings.Lines(b) {
		if line = strings.TrimSpace(line); line != "" {
			if m++; count[line] > 0 {
				count[line]--
				both++
			}
		}
	}
	return float64(both) / float64(max(n, m, 1))
}

// Ignored are the directories (with a slash at the end) and files below a directory here
// that are in no commit, since git ignores them; relative to it, with slashes.
func (r *Repository) Ignored(ctx context.Context, dir string) ([]string, error) {
	out, err := run(ctx, dir, "ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--directory")
	if err != nil {
		return nil, err
	}
	var list []string
	for name := range strings.SplitSeq(string(out), "\x00") {
		if name != "" {
			list = append(list, name)
		}
	}
	return list, nil
}

// Moved is the directory that was the build context in a commit: the same, if it is there,
// else that which lies to the Dockerfile as it does now.
func (r *Repository) Moved(ctx context.Context, commit, context, now, was string) (string, error) {
	if _, kind, ok, err := r.object(ctx, commit, context); err != nil || ok && kind == "tree" {
		return context, err
	}
	rest, ok := strings.CutPrefix(path.Dir(now)+"/", strings.TrimSuffix(context, "/")+"/")
	if ok {
		dir := path.Dir(was)
		if rest = strings.Trim(rest, "/"); rest == "" {
			return dir, nil
		}
		if up, ok := strings.CutSuffix(dir, "/"+rest); ok {
			return up, nil
		}
	}
	return "", fmt.Errorf("commit %s has no %s", short(commit), context)
}
