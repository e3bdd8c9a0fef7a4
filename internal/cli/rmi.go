package cli

import (
	"context"
	"fmt"

	"github.com/containerd/errdefs"
	"github.com/spf13/cobra"

	"tare/internal/progress"
	"tare/internal/target"
)

func init() {
	register(dockerGroup, newRmi)
	register("image", newImageRm)
}

func newRmi(a *app) *cobra.Command {
	var force bool
	c := &cobra.Command{
		Use:   "rmi [OPTIONS] IMAGE [IMAGE...]",
		Short: "Remove images",
		Args:  cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.rmi(cmd.Context(), args, force)
		},
		ValidArgsFunction: a.completeImages,
	}
	c.Flags().BoolVarP(&force, "force", "f", false, "remove an image by ID even if it has several names; ignore missing images")
	c.Flags().Bool("no-prune", false, "accepted for Docker compatibility; no effect")
	return c
}

func (a *app) rmi(ctx context.Context, refs []string, force bool) error {
	st, err := a.Store()
	if err != nil {
		return err
	}
	list, err := st.Remove(ctx, refs, force)
	if err != nil {
		return err
	}
	failed := false
	for _, r := range list {
		for _, u := range r.Untagged {
			_, _ = fmt.Fprintf(a.Out, "Untagged: %s\n", u)
		}
		if r.Deleted != "" {
			_, _ = fmt.Fprintf(a.Out, "Deleted: %s\n", r.Deleted)
		}
		switch {
		case r.Err == nil:
		case force && errdefs.IsNotFound(r.Err):
			a.note(target.Quiet(r.Err).Error())
		default:
			a.errorf("rmi %s: %s", r.Ref, target.Quiet(r.Err))
			failed = true
		}
	}
	// Once for all: to see what is still used means to read every manifest.
	defer progress.Slow(a.watch, "image store", "Removing layers that no image uses")()
	if _, err := st.Collect(ctx); err != nil {
		a.note(err.Error())
	}
	if failed {
		return exitCode(1)
	}
	return nil
}

// newImageRm is rmi under Docker's long name.
func newImageRm(a *app) *cobra.Command {
	c := newRmi(a)
	c.Use, c.Aliases = "rm [OPTIONS] IMAGE [IMAGE...]", []string{"remove"}
	return c
}
