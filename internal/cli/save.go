package cli

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"tare/internal/listing"
	"tare/internal/outfile"
	"tare/internal/printer"
	"tare/internal/screen"
	"tare/internal/source"
)

func init() {
	register(dockerGroup, newSave)
	register("image", newSave)
}

func newSave(a *app) *cobra.Command {
	var file, platform string
	c := &cobra.Command{
		Use:   "save [OPTIONS] IMAGE [IMAGE...]",
		Short: "Save images to an archive",
		Args:  cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.save(cmd.Context(), file, platform, args)
		},
		ValidArgsFunction: a.completeImages,
	}
	c.Flags().StringVarP(&file, "output", "o", "", "file to write instead of standard output")
	c.Flags().StringVar(&platform, "platform", "", "platform of a multi-platform image")
	return c
}

func (a *app) save(ctx context.Context, file, platform string, refs []string) error {
	want, err := a.platform(platform)
	if err != nil {
		return err
	}
	st, err := a.Store()
	if err != nil {
		return err
	}
	recs, names, err := listing.ToSave(ctx, st, refs, want)
	if err != nil {
		return err
	}
	events, done := a.watch()
	defer done()
	total := source.SavedBytes(ctx, st, recs, want)
	write := func(w io.Writer) error {
		return source.Save(ctx, st, events.Writer(w, strings.Join(refs, ", "), "Saving", total), recs, names, want)
	}
	if file != "" {
		err = outfile.Write(ctx, file, write)
	} else if tty, _ := printer.Terminal(a.Out); tty {
		return usagef("will not write an archive to a terminal: use -o FILE or redirect")
	} else {
		err = write(screen.Raw(a.Out))
	}
	if err != nil {
		return fmt.Errorf("save: %w", err)
	}
	return nil
}
