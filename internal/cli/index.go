package cli

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"tare/internal/flags"
	"tare/internal/help"
	"tare/internal/indexes"
	"tare/internal/printer"
	"tare/internal/report"
	"tare/internal/target"
)

func init() { register(ownGroup, newIndex) }

func newIndex(a *app) *cobra.Command {
	c := help.Parent("index", "Keep what is known of layers beside the image in its registry")
	c.AddCommand(
		newIndexing(a, "push", "Attach an index of its layers to an image in a registry", indexes.Push),
		newIndexing(a, "ls", "List the indexes that are attached to an image", indexes.List),
		newIndexing(a, "verify", "Hold the indexes of an image against its layers", indexes.Verify))
	return c
}

// newIndexing is a command that does something with the indexes of images in registries.
func newIndexing(a *app, name, short string, do func(context.Context, *target.Finder, indexes.Request) (*indexes.Result, error)) *cobra.Command {
	var o output
	var q indexes.Request
	c := &cobra.Command{
		Use:   name + " [OPTIONS] IMAGE [IMAGE...]",
		Short: short,
		Args:  cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.Checked(); err != nil {
				return err
			}
			q.Words, q.Platform = args, a.Platform(q.Platform)
			r, err := do(cmd.Context(), a.Finder(), q)
			if len(r.Images) == 0 {
				return err
			}
			// What was done before an error is done.
			return errors.Join(a.print.Write(o, r, func() report.Document { return r.Document(o.Bytes) }), err)
		},
		ValidArgsFunction: a.completeImages,
	}
	o.Flags(c, printer.Plain, indexes.Parts)
	flags.Index(c, &q)
	return c
}
