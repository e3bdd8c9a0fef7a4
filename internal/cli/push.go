package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"tare/internal/display"
	"tare/internal/indexes"
	"tare/internal/listing"
	"tare/internal/request"
	"tare/internal/store"
)

func init() {
	register(dockerGroup, newPush)
	register("image", newPush)
}

func newPush(a *app) *cobra.Command {
	var o pushOptions
	c := &cobra.Command{
		Use:               "push [OPTIONS] NAME[:TAG]",
		Short:             "Upload an image to a registry",
		Args:              cobra.ExactArgs(1),
		RunE:              func(cmd *cobra.Command, args []string) error { return a.push(cmd.Context(), args[0], o) },
		ValidArgsFunction: a.completeImages,
	}
	c.Flags().BoolVarP(&o.quiet, "quiet", "q", false, "print only the image's name")
	c.Flags().StringVar(&o.platform, "platform", "", "push only this platform's manifest")
	c.Flags().BoolVar(&o.index, "index", false, indexes.BesideHelp)
	return c
}

type pushOptions struct {
	quiet, index bool
	platform     string
}

func (a *app) push(ctx context.Context, ref string, o pushOptions) error {
	want, err := a.platform(o.platform)
	if err != nil {
		return err
	}
	st, err := a.Store()
	if err != nil {
		return err
	}
	reg, err := a.Registry()
	if err != nil {
		return err
	}
	named, err := store.Normalize(ref)
	if err != nil {
		return request.Error{Err: err}
	}
	d := display.New(screenOf(a.Out), false)
	events := d.Event
	if o.quiet {
		events = nil
	} else {
		if !store.Tagged(ref) {
			_, _ = fmt.Fprintln(a.Out, "Using default tag: latest")
		}
		_, _ = fmt.Fprintf(a.Out, "The push refers to repository [%s]\n", named.Name())
	}
	if o.index {
		if err := indexes.Prepare(ctx, a.Finder(), ref, a.Platform(o.platform)); err != nil {
			return fmt.Errorf("push %s: %w", ref, err)
		}
	}
	p, err := reg.Push(ctx, st, ref, want, events)
	if err != nil {
		return err
	}
	if p.Note != "" {
		a.note(p.Note)
	}
	if o.quiet {
		_, _ = fmt.Fprintln(a.Out, named.String())
	} else {
		_, _ = fmt.Fprintf(a.Out, "%s: digest: %s size: %d\n", store.TagOrDigest(named), p.Target.Digest, p.Target.Size)
	}
	if o.index {
		return indexes.Beside(ctx, a.Finder(), []string{ref}, a.note)
	}
	return nil
}

// completeImages completes the names of images in the store.
func (a *app) completeImages(_ *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	st, err := a.Store()
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	return listing.Names(st), cobra.ShellCompDirectiveNoFileComp
}
