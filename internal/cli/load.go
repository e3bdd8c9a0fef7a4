package cli

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"tare/internal/infile"
	"tare/internal/listing"
	"tare/internal/source"
)

func init() {
	register(dockerGroup, newLoad)
	register("image", newLoad)
}

func newLoad(a *app) *cobra.Command {
	var input string
	var quiet bool
	c := &cobra.Command{
		Use:   "load [OPTIONS]",
		Short: "Load images from an archive",
		Long: `Load images from a tar of docker save, tare save or an OCI image layout, which
may be compressed with gzip or zstd.`,
		Example: `  tare load -i app.tar
  docker save app | tare load`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			st, err := a.Store()
			if err != nil {
				return err
			}
			r := io.Reader(a.In)
			if input != "" {
				f, err := infile.Open(cmd.Context(), input)
				if err != nil {
					return fmt.Errorf("load: %w", err)
				}
				defer func() { _ = f.Close() }()
				r = f
			} else if tty, _ := terminal(a.In); tty {
				return usagef("nothing to load: use -i FILE or redirect standard input")
			}
			recs, err := source.Load(cmd.Context(), st, r)
			if err != nil {
				name := input
				if name == "" {
					name = "standard input"
				}
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
	c.Flags().BoolVarP(&quiet, "quiet", "q", false, "accepted for Docker compatibility; no effect")
	return c
}
