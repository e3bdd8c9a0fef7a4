package cli

import (
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"tare/internal/infile"
	"tare/internal/listing"
	"tare/internal/printer"
	"tare/internal/source"
)

func init() {
	register(dockerGroup, newLoad)
	register("image", newLoad)
}

func newLoad(a *app) *cobra.Command {
	var input string
	c := &cobra.Command{
		Use:   "load [OPTIONS]",
		Short: "Load images from an archive",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			st, err := a.Store()
			if err != nil {
				return err
			}
			r, name, total := io.Reader(a.In), "standard input", int64(0)
			if input != "" {
				f, err := infile.Open(cmd.Context(), input)
				if err != nil {
					return fmt.Errorf("load: %w", err)
				}
				defer func() { _ = f.Close() }()
				r, name = f, input
				if fi, err := os.Stat(input); err == nil {
					total = fi.Size()
				}
			} else if tty, _ := printer.Terminal(a.In); tty {
				return usagef("nothing to load: use -i FILE or redirect standard input")
			}
			events, done := a.watch()
			recs, err := source.Load(cmd.Context(), st, events.Reader(r, name, "Loading", total))
			done()
			if err != nil {
				return fmt.Errorf("load %s: %w", name, err)
			}
			for _, rec := range recs {
				if rec.Name != "" {
					_, _ = fmt.Fprintf(a.Out, "Loaded image: %s\n", listing.Familiar(rec.Name))
					continue
				}
				_, img, err := a.Finder().Local(cmd.Context(), rec.Target.Digest.String(), nil)
				if err != nil {
					return err
				}
				_, _ = fmt.Fprintf(a.Out, "Loaded image ID: %s\n", img.ID())
			}
			return nil
		},
	}
	c.Flags().StringVarP(&input, "input", "i", "", "file to read instead of standard input")
	c.Flags().BoolVarP(&a.quiet, "quiet", "q", false, "show no progress")
	return c
}
