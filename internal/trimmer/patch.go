package trimmer

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/aymanbagabas/go-udiff"
	"github.com/bluekeyes/go-gitdiff/gitdiff"

	"tare/internal/draft"
	"tare/internal/profile"
	"tare/internal/profiler"
	"tare/internal/request"
	"tare/internal/trim"
)

// Patch is a unified diff that somebody else wrote.
type Patch struct {
	Name string // of the file, or the command that wrote it
	Text []byte
}

// maxPatch bounds patches, in bytes.
const maxPatch = 4 << 20

// orig is a file of the directory as it is; nil if it is not there.
func (t *trimmer) orig(name string) []byte {
	if name == t.name {
		return t.src
	}
	if body, ok := t.laid[name]; ok {
		return body
	}
	return t.onDisk(name)
}

// onDisk is a file of the directory, whatever earlier rounds made of it; nil if it is not
// there.
func (t *trimmer) onDisk(name string) []byte {
	root, err := os.OpenRoot(t.dir)
	if err != nil {
		return nil
	}
	defer func() { _ = root.Close() }()
	b, err := root.ReadFile(filepath.FromSlash(name))
	if err != nil {
		return nil
	}
	return b
}

// patch is the unified diff of edits, and of those of earlier rounds: paths relative to the
// directory, a/ and b/ before them, new files from /dev/null.
func (t *trimmer) patch(list []*candidate) (string, error) {
	files, err := t.result(list)
	if err != nil {
		return "", err
	}
	var out strings.Builder
	for _, name := range slices.Sorted(maps.Keys(files)) {
		from := t.onDisk(name)
		if name == t.name && t.given != nil {
			from = t.given
		} else if name == t.name {
			from = t.src
		}
		out.WriteString(Unified(name, from, files[name]))
	}
	return out.String(), nil
}

// result are the files that edits change, as they are then, on top of earlier rounds.
func (t *trimmer) result(list []*candidate) (map[string][]byte, error) {
	e, err := t.join(list)
	if err != nil {
		return nil, err
	}
	text, err := draft.Apply(t.src, e.docker)
	if err != nil {
		return nil, err
	}
	files := maps.Clone(t.laid)
	if files == nil {
		files = map[string][]byte{}
	}
	maps.Copy(files, e.files(t.name, text))
	return files, nil
}

// Unified is the unified diff of one file; nil is a file that is not there.
func Unified(name string, from, to []byte) string {
	a, b := "a/"+name, "b/"+name
	if from == nil {
		a = "/dev/null"
	}
	if to == nil {
		b = "/dev/null"
	}
	return udiff.Unified(a, b, string(from), string(to))
}

// foreign are the edits that somebody else wrote, each a candidate.
func (t *trimmer) foreign(ctx context.Context) ([]*candidate, error) {
	list := t.Patches
	for _, command := range t.Propose {
		p, err := t.propose(ctx, command)
		if err != nil {
			return nil, err
		}
		list = append(list, p)
	}
	var out []*candidate
	for n := range list {
		c := &candidate{patch: &list[n], Verdict: trim.Verdict{Rule: "patch", Kind: trim.Checked, File: t.name, What: list[n].Name}}
		if err := t.read(c); err != nil {
			c.Why = err.Error()
		}
		out = append(out, c)
	}
	return out, nil
}

// propose runs a command that reads the profile and writes a patch.
func (t *trimmer) propose(ctx context.Context, command string) (Patch, error) {
	t.tell(Progress{Subject: command, What: "proposing"})
	o := t.original
	r, err := profiler.Weighed(profile.Input{Name: t.name, Path: t.name, Target: t.Build.Target, Source: t.src, File: t.f.Parsed, Steps: o.built.Steps, Ops: o.built.Ops, Dockerfile: o.built.Dockerfile, Seconds: o.seconds}, o.facts)
	if err != nil {
		return Patch{}, err
	}
	body, err := json.Marshal(r)
	if err != nil {
		return Patch{}, err
	}
	cmd := exec.CommandContext(ctx, "/bin/sh", "-c", command)
	var errs tail
	cmd.Dir, cmd.Stdin, cmd.Stderr = t.dir, bytes.NewReader(body), &errs
	out, err := cmd.Output()
	if err != nil {
		return Patch{}, fmt.Errorf("--propose %q: %w%s", command, err, said(&errs))
	}
	return Patch{Name: command, Text: out}, nil
}

func said(t *tail) string {
	if s := strings.TrimSpace(t.b.String()); s != "" {
		return ": " + profiler.FirstLine(s)
	}
	return ""
}

// read takes a patch apart and applies it in memory.
func (t *trimmer) read(c *candidate) error {
	if len(bytes.TrimSpace(c.patch.Text)) == 0 {
		return errors.New("it is empty: it changes nothing")
	}
	if len(c.patch.Text) > maxPatch {
		return fmt.Errorf("it has more than %d bytes", maxPatch)
	}
	files, _, err := gitdiff.Parse(bytes.NewReader(c.patch.Text))
	if err != nil {
		return fmt.Errorf("it is not a unified diff: %w", err)
	}
	if len(files) == 0 {
		return errors.New("it is not a unified diff: it has no --- and +++ lines")
	}
	c.Candidate.Write = map[string][]byte{}
	for _, f := range files {
		name, err := t.apply(c, f)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

func (t *trimmer) apply(c *candidate, f *gitdiff.File) (string, error) {
	from, to := stripped(f.OldName), stripped(f.NewName)
	name := to
	if f.IsDelete || name == "" {
		name = from
	}
	switch {
	case name == "":
		return "?", errors.New("it names no file")
	case !filepath.IsLocal(filepath.FromSlash(name)) || from != "" && !filepath.IsLocal(filepath.FromSlash(from)):
		return name, fmt.Errorf("it leaves the directory %s", t.dir)
	case f.IsBinary || f.IsRename || f.IsCopy:
		return name, errors.New("only changes of text files are taken")
	}
	if link := t.link(name); link != "" {
		return name, fmt.Errorf("%s is a symbolic link", link)
	}
	orig := t.orig(name)
	if orig == nil && !f.IsNew {
		return name, fmt.Errorf("%w: there is no such file in %s", errNoPatch, t.dir)
	}
	if orig != nil && f.IsNew {
		return name, fmt.Errorf("%w: the file is there already", errNoPatch)
	}
	var out bytes.Buffer
	if err := gitdiff.Apply(&out, bytes.NewReader(orig), f); err != nil {
		return name, fmt.Errorf("%w: %w", errNoPatch, err)
	}
	if f.IsDelete {
		c.Candidate.Write[name] = nil
		return name, nil
	}
	body := out.Bytes()
	if body == nil {
		body = []byte{}
	}
	if name == t.name {
		if _, err := draft.Read(body); err != nil {
			return name, err
		}
		for _, frag := range f.TextFragments[:min(1, len(f.TextFragments))] {
			c.Verdict.Line = int(frag.OldPosition + frag.LeadingContext)
		}
		// As a change of bytes, so that it goes together with others.
		for _, e := range udiff.Strings(string(t.src), string(body)) {
			c.Edits = append(c.Edits, draft.Edit{Span: draft.Span{From: e.Start, To: e.End}, Text: e.New})
		}
		return name, nil
	}
	c.Candidate.Write[name] = body
	return name, nil
}

// stripped is a name of a diff without a/ and b/, which writers of diffs put there.
func stripped(name string) string {
	if name == "/dev/null" {
		return ""
	}
	for _, p := range []string{"a/", "b/"} {
		if rest, ok := strings.CutPrefix(name, p); ok {
			return rest
		}
	}
	return name
}

// link is the part of a path that is a symbolic link; "" for none.
func (t *trimmer) link(name string) string {
	parts := strings.Split(name, "/")
	for n := range parts {
		part := filepath.Join(parts[:n+1]...)
		if fi, err := os.Lstat(filepath.Join(t.dir, part)); err == nil && fi.Mode()&fs.ModeSymlink != 0 {
			return part
		}
	}
	return ""
}

// Write applies a result's patch to the directory. It refuses files that changed meanwhile
// and, without force, a git work tree in which a file that it changes is not committed.
func Write(ctx context.Context, target, file string, r *trim.Result, force bool) ([]string, error) {
	dir, dockerfile, err := profiler.Find(target, file)
	if err != nil {
		return nil, err
	}
	t := &trimmer{name: r.Dockerfile}
	if t.dir, err = filepath.Abs(dir); err != nil {
		return nil, err
	}
	if t.src, err = os.ReadFile(dockerfile); err != nil {
		return nil, err
	}
	c := &candidate{patch: &Patch{Text: []byte(r.Patch)}}
	if err := t.read(c); err != nil {
		return nil, fmt.Errorf("the files changed while they were trimmed: %w", err)
	}
	text, err := draft.Apply(t.src, c.Edits)
	if err != nil {
		return nil, err
	}
	e := edits{c.Edits, c.Candidate.Write}
	files := e.files(t.name, text)
	var names []string
	for name := range files {
		names = append(names, name)
	}
	slices.Sort(names)
	if err := t.clean(ctx, names); err != nil && !force {
		return nil, err
	}
	return names, t.save(ctx, names, files)
}

// clean tells whether files are committed, where the directory is in a git work tree.
func (t *trimmer) clean(ctx context.Context, names []string) error {
	if _, err := exec.LookPath("git"); err != nil {
		return nil
	}
	out, err := exec.CommandContext(ctx, "git", append([]string{"-C", t.dir, "status", "--porcelain", "--"}, names...)...).Output()
	if err != nil {
		return nil // no repository
	}
	for line := range strings.Lines(string(out)) {
		if len(line) > 3 && !strings.HasPrefix(line, "??") {
			return request.Errorf("%s has changes that are not committed: commit them first, so that the patch can be taken back, or say --force", strings.TrimSpace(line[3:]))
		}
	}
	return nil
}
