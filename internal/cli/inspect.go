package cli

import (
	"context"
	"fmt"

	"github.com/containerd/errdefs"
	"github.com/containerd/platforms"
	"github.com/spf13/cobra"

	"tare/internal/listing"
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
		Example: `  tare inspect python:slim
  tare inspect --format '{{.Size}}' python:slim
  tare inspect --format '{{json .Config.Env}}' python:slim`,
		Args: cobra.MinimumNArgs(1),
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
	want, err := a.platform(platform)
	if err != nil {
		return err
	}
	all := []listing.Inspected{}
	failed := false
	for _, ref := range refs {
		v, err := a.inspectOne(ctx, ref, want)
		if err != nil {
			failed = true
			if errdefs.IsNotFound(err) {
				err = fmt.Errorf("no such object: %s", ref)
			}
			defer a.errorf("inspect: %s", err)
			continue
		}
		all = append(all, v)
	}
	if err := listing.WriteInspected(a.data(), format, all); err != nil {
		return err
	}
	if failed {
		return exitCode(1)
	}
	return nil
}

func (a *app) inspectOne(ctx context.Context, ref string, want platforms.MatchComparer) (listing.Inspected, error) {
	rec, img, err := a.Finder().Local(ctx, ref, want)
	if err != nil {
		return listing.Inspected{}, err
	}
	m, err := a.Finder().Measurer(nil)
	if err == nil {
		err = m.Measure(ctx, img)
	}
	if err != nil {
		return listing.Inspected{}, err
	}
	st, err := a.Look()
	if err != nil {
		return listing.Inspected{}, err
	}
	return listing.Inspect(st, rec, img)
}
