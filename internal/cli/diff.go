package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	udiff "github.com/aymanbagabas/go-udiff"
	"github.com/spf13/cobra"

	"tare/internal/compare"
	"tare/internal/layer"
	"tare/internal/report"
	"tare/internal/screen"
)

type diffOptions struct {
	output
	compare.DiffOptions
	platform, content string
	top               int
	exitCode          bool
}

func newDiff(a *app) *cobra.Command {
	var o diffOptions
	c := &cobra.Command{
		Use:   "diff [OPTIONS] TARGET TARGET",
		Short: "List the packages, files and settings that differ between two images",
		Long: `List what differs between two images: packages and their versions, files (added,
removed, with other content, with other metadata only), environment, labels and
other settings, and steps of the history. Files are compared as a container sees
them; layers are matched by content, not by their place.

` + targetHelp + `

With --exit-code the exit code is 0 if nothing differs, 1 if something does, 2 in
case of trouble.`,
		Example: `  tare diff python:3.11-slim python:slim
  tare diff --content /etc/os-release alpine:3.20 alpine:latest
  tare diff --exit-code --ignore-times --ignore-history app:a app:b
  tare diff --format json registry://app:1.0 registry://app:1.1 | jq .count`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			err := a.diff(cmd.Context(), args, o)
			var code exitCode
			if err != nil && o.exitCode && !errors.As(err, &code) {
				a.errorf("%s", err)
				return exitCode(2)
			}
			return err
		},
		ValidArgsFunction: a.completeTargets,
	}
	o.flags(c, report.DiffParts)
	f := c.Flags()
	f.StringVar(&o.platform, "platform", "", "platform of multi-platform images")
	f.StringVar(&o.content, "content", "", "show how the text of the file at this path differs")
	f.IntVar(&o.top, "top", 50, "how many files to list; 0 lists all")
	f.BoolVar(&o.exitCode, "exit-code", false, "exit with 1 if something differs, 2 in case of trouble")
	f.BoolVar(&o.IgnoreTimes, "ignore-times", false, "a modification time alone is no difference")
	f.BoolVar(&o.IgnoreHistory, "ignore-history", false, "history is no difference")
	return c
}

func (a *app) diff(ctx context.Context, targets []string, o diffOptions) error {
	if err := o.check(); err != nil {
		return err
	}
	if o.top < 0 {
		return usagef("--top: want a number, 0 or more")
	}
	list, release, err := a.subjects(ctx, targets, o.platform, false)
	if err != nil {
		return fmt.Errorf("diff %w", err)
	}
	defer release()
	same := false
	if o.content != "" {
		if same, err = a.diffContent(ctx, list[0], list[1], o); err != nil {
			return fmt.Errorf("diff --content %s: %w", o.content, err)
		}
	} else {
		d := compare.Differ(list[0].Subject, list[1].Subject, o.DiffOptions)
		same = d.Same
		err := a.write(o.output, d, func() report.Document {
			return report.Diff(d, report.DiffOptions{Exact: o.bytes, Top: o.top})
		})
		if err != nil {
			return err
		}
	}
	if o.exitCode && !same {
		return exitCode(1)
	}
	return nil
}

// maxText bounds the files whose text is compared, in bytes.
const maxText = 16 << 20

// diffContent prints a unified diff of one file of both images.
func (a *app) diffContent(ctx context.Context, x, y subject, o diffOptions) (same bool, err error) {
	path := strings.Trim(o.content, "/")
	from, err := a.text(ctx, x, path)
	if err != nil {
		return false, err
	}
	to, err := a.text(ctx, y, path)
	if err != nil {
		return false, err
	}
	if from == nil && to == nil {
		return false, fmt.Errorf("no such file in either image")
	}
	if bytes.Equal(from, to) && (from == nil) == (to == nil) {
		return true, nil
	}
	if !isText(from) || !isText(to) {
		_, err = fmt.Fprintf(a.Out, "%s: binary contents differ (%d and %d bytes)\n", report.Safe(o.content), len(from), len(to))
		return false, err
	}
	for line := range strings.Lines(udiff.Unified(x.Name+"/"+path, y.Name+"/"+path, string(from), string(to))) {
		body, end := strings.CutSuffix(line, "\n")
		text := screen.Text(body) // by the line: a carriage return at its end is shown
		if end {
			text += "\n"
		}
		if _, err := a.Out.Write([]byte(text)); err != nil {
			return false, err
		}
	}
	return false, nil
}

// text is the content of the file at path as a container sees it; nil if there is none.
func (a *app) text(ctx context.Context, s subject, path string) ([]byte, error) {
	t := s.Facts.Tree
	r, ok := t.At(path, len(t.Lists)-1)
	if !ok {
		return nil, nil
	}
	if to, link := t.Target(r); link {
		r = to
	}
	e := t.Entry(r)
	if e.Kind != layer.File {
		return nil, fmt.Errorf("in %s it is a %s", s.Name, e.Kind)
	}
	b, err := s.Facts.Image.ReadFile(ctx, s.provider, int(r.Layer), e, maxText)
	if b == nil && err == nil {
		b = []byte{}
	}
	return b, err
}

func isText(b []byte) bool { return utf8.Valid(b) && bytes.IndexByte(b, 0) < 0 }
