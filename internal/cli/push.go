package cli

import (
	"fmt"

	"github.com/distribution/reference"
	"github.com/spf13/cobra"

	"tare/internal/display"
	"tare/internal/request"
	"tare/internal/store"
)

func init() {
	register(dockerGroup, newPush)
	register("image", newPush)
}

func newPush(a *app) *cobra.Command {
	var quiet bool
	var platform string
	c := &cobra.Command{
		Use:   "push [OPTIONS] NAME[:TAG]",
		Short: "Upload an image to a registry",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			want, err := a.platform(platform)
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
			named, err := store.Normalize(args[0])
			if err != nil {
				return request.Error{Err: err}
			}
			d := display.New(screenOf(a.Out), false)
			events := d.Event
			if quiet {
				events = nil
			} else {
				if !store.Tagged(args[0]) {
					_, _ = fmt.Fprintln(a.Out, "Using default tag: latest")
				}
				_, _ = fmt.Fprintf(a.Out, "The push refers to repository [%s]\n", named.Name())
			}
			p, err := reg.Push(cmd.Context(), st, args[0], want, events)
			if err != nil {
				return err
			}
			if p.Note != "" {
				a.note(p.Note)
			}
			if quiet {
				_, _ = fmt.Fprintln(a.Out, named.String())
				return nil
			}
			_, _ = fmt.Fprintf(a.Out, "%s: digest: %s size: %d\n", store.TagOrDigest(named), p.Target.Digest, p.Target.Size)
			return nil
		},
		ValidArgsFunction: a.completeImages,
	}
	c.Flags().BoolVarP(&quiet, "quiet", "q", false, "print only the image's name")
	c.Flags().StringVar(&platform, "platform", "", "push only this platform's manifest")
	return c
}

// completeImages completes the names of images in the store.
func (a *app) completeImages(_ *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	st, err := a.Store()
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	recs, err := st.Records()
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	var out []string
	for _, r := range recs {
		if n, err := reference.ParseNormalizedNamed(r.Name); err == nil {
			out = append(out, reference.FamiliarString(n))
		}
	}
	return out, cobra.ShellCompDirectiveNoFileComp
}
