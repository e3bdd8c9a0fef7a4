package cli

import (
	"context"
	"fmt"
	"io"

	"github.com/distribution/reference"
	"github.com/spf13/cobra"

	"tare/internal/bill"
	"tare/internal/display"
	"tare/internal/source"
	"tare/internal/store"
)

func init() {
	register(dockerGroup, newPull)
	register("image", newPull)
}

func newPull(a *app) *cobra.Command {
	var platform string
	var quiet bool
	var q bill.Request
	c := &cobra.Command{
		Use:   "pull [OPTIONS] NAME[:TAG|@DIGEST]",
		Short: "Download an image from a registry",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if q.Name, q.Quiet = args[0], quiet; !q.DryRun && q.Format == "" {
				_, err := a.pull(cmd.Context(), args[0], platform, a.Out, quiet)
				return err
			}
			q.Platform = a.Platform(platform)
			b, err := bill.Pull(cmd.Context(), a.Finder(), q)
			if err != nil {
				return err
			}
			return b.Print(a.print.Data(), q)
		},
	}
	c.Flags().StringVar(&platform, "platform", "", "platform to pull (linux/arm64)")
	c.Flags().BoolVarP(&quiet, "quiet", "q", false, "print only the image's name")
	c.Flags().BoolVar(&q.DryRun, "dry-run", false, "say what would be downloaded, and download nothing")
	c.Flags().StringVar(&q.Format, "format", "", "with --dry-run: text, json")
	c.Flags().BoolP("disable-content-trust", "", true, "accepted for Docker compatibility; no effect")
	_ = c.Flags().MarkHidden("disable-content-trust")
	return c
}

// pull pulls and prints what Docker prints.
func (a *app) pull(ctx context.Context, ref, platform string, w io.Writer, quiet bool) (*source.Pulled, error) {
	want, err := a.platform(platform)
	if err != nil {
		return nil, err
	}
	st, err := a.Store()
	if err != nil {
		return nil, err
	}
	reg, err := a.Registry()
	if err != nil {
		return nil, err
	}
	parsed, err := reference.ParseNormalizedNamed(ref)
	if err != nil {
		return nil, usagef("%q is not an image name: %w", ref, err)
	}
	named, err := store.Normalize(ref)
	if err != nil {
		return nil, err
	}
	d := display.New(screenOf(w), false)
	events := d.Event
	if quiet {
		events = nil
	} else {
		if reference.IsNameOnly(parsed) {
			_, _ = fmt.Fprintln(w, "Using default tag: latest")
		}
		_, _ = fmt.Fprintf(w, "%s: Pulling from %s\n", store.TagOrDigest(named), reference.Path(named))
	}
	p, err := reg.Pull(ctx, st, ref, want, events)
	if err != nil {
		return nil, err
	}
	if !quiet {
		_, _ = fmt.Fprintf(w, "Digest: %s\n", p.Target.Digest)
		status := "Image is up to date for"
		if p.New {
			status = "Downloaded newer image for"
		}
		_, _ = fmt.Fprintf(w, "Status: %s %s\n", status, reference.FamiliarString(named))
	}
	_, _ = fmt.Fprintln(w, named.String())
	return p, nil
}
