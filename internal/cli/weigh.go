package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"tare/internal/report"
)

// output says how a report is written.
type output struct {
	format, file string
	bytes        bool
}

func (o *output) flags(c *cobra.Command) {
	c.Flags().StringVar(&o.format, "format", "text", "text, markdown or json")
	c.Flags().StringVarP(&o.file, "output", "o", "", "file to write instead of standard output")
	c.Flags().BoolVar(&o.bytes, "bytes", false, "print exact bytes")
	_ = c.RegisterFlagCompletionFunc("format", cobra.FixedCompletions([]string{"text", "markdown", "json"}, cobra.ShellCompDirectiveNoFileComp))
}

func (o *output) check() error {
	switch o.format {
	case "text", "markdown", "json":
		return nil
	}
	return usagef("--format %q: want text, markdown or json", o.format)
}

// write writes data as JSON, or the document that is made of it.
func (a *app) write(o output, data any, doc func() report.Document) (err error) {
	w := a.Out
	if o.file != "" {
		f, err := os.Create(o.file)
		if err != nil {
			return err
		}
		defer func() {
			if cerr := f.Close(); err == nil {
				err = cerr
			}
		}()
		w = f
	}
	switch o.format {
	case "json":
		return writeDocument(w, data)
	case "markdown":
		return doc().WriteMarkdown(w)
	}
	_, width := terminal(w)
	return doc().WriteText(w, report.Style{Width: width, Color: a.colored(w)})
}

// writeDocument writes a JSON document for people and programs alike.
func writeDocument(w io.Writer, data any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(data)
}

type weighOptions struct {
	output
	platform string
	top      int
}

func newWeigh(a *app) *cobra.Command {
	var o weighOptions
	c := &cobra.Command{
		Use:   "weigh [OPTIONS] TARGET",
		Short: "Tell what is in an image and where its bytes sit",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.weigh(cmd.Context(), args[0], o)
		},
		ValidArgsFunction: a.completeImages,
	}
	o.flags(c)
	c.Flags().StringVar(&o.platform, "platform", "", "platform of a multi-platform image")
	c.Flags().IntVar(&o.top, "top", 10, "how many packages, files and duplicates to list; 0 lists all")
	return c
}

func (a *app) weigh(ctx context.Context, target string, o weighOptions) error {
	if err := o.check(); err != nil {
		return err
	}
	if dockerfileOf(target) != "" {
		if err := a.enter(); err != nil {
			return err
		}
	}
	s, err := a.subject(ctx, target, o.platform)
	if err != nil {
		return fmt.Errorf("weigh %s: %w", target, err)
	}
	r := s.Facts.Report(target, o.top)
	return a.write(o.output, r, func() report.Document { return report.Weighed(r, o.top, o.bytes) })
}
