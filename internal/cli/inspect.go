package cli

import (
	"context"
	"fmt"

	"github.com/containerd/errdefs"
	"github.com/spf13/cobra"

	"tare/internal/listing"
	"tare/internal/target"
)

func init() {
	register(dockerGroup, newInspect)
	register("image", newInspect)
}

func newInspect(a *app) *cobra.Command {
	var format, platform, kind string
	var size bool
	c := &cobra.Command{
		Use:   "inspect [OPTIONS] IMAGE [IMAGE...]",
		Short: "Show details of images as JSON",
		Args:  cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if kind != "" && kind != "image" {
				return usagef("--type %q: tare inspects images only", kind)
			}
			return a.inspect(cmd.Context(), args, format, platform)
		},
		ValidArgsFunction: a.completeImages,
	}
	c.Flags().StringVarP(&format, "format", "f", "", "json or a Go template")
	c.Flags().StringVar(&platform, "platform", "", "platform of a multi-platform image")
	c.Flags().StringVar(&kind, "type", "", "image; accepted for Docker compatibility")
	c.Flags().BoolVarP(&size, "size", "s", false, "accepted for Docker compatibility; the size is always shown")
	return c
}

func (a *app) inspect(ctx context.Context, refs []string, format, platform string) error {
	if _, err := a.platform(platform); err != nil {
		return err
	}
	all := []listing.Inspected{}
	failed := false
	for _, ref := range refs {
		v, err := a.inspectOne(ctx, ref, a.Platform(platform))
		if err != nil {
			failed = true
			if errdefs.IsNotFound(err) {
				err = fmt.Errorf("no such object: %s%s", ref, target.Why(err))
			}
			defer a.errorf("inspect: %s", err)
			continue
		}
		all = append(all, v)
	}
	if err := listing.WriteInspected(a.print.Data(), format, all); err != nil {
		return err
	}
	if failed {
		return exitCode(1)
	}
	return nil
}

func (a *app) inspectOne(ctx context.Context, ref, platform string) (listing.Inspected, error) {
	set, err := a.Finder().Open(ctx, []string{ref}, target.Options{Platform: platform, Names: target.Here})
	if err != nil {
		return listing.Inspected{}, err
	}
	defer set.Close()
	i := set.Images[0]
	if err := a.Finder().Measure(ctx, i); err != nil {
		return listing.Inspected{}, err
	}
	st, err := a.Look()
	if err != nil {
		return listing.Inspected{}, err
	}
	v, err := listing.Inspect(st, i.Target, i.Image)
	if i.Remote {
		tags, digests := i.Names()
		v.RepoTags, v.RepoDigests = append([]string{}, tags...), append([]string{}, digests...)
	}
	return v, err
}
