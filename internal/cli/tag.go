package cli

import (
	"github.com/distribution/reference"
	"github.com/spf13/cobra"

	"tare/internal/request"
	"tare/internal/store"
)

func init() {
	register(dockerGroup, newTag)
	register("image", newTag)
}

func newTag(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "tag SOURCE_IMAGE[:TAG] TARGET_IMAGE[:TAG]",
		Short:   "Give an image another name",
		Example: "  tare tag app registry.example.com/team/app:1",
		Args:    cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			st, err := a.Store()
			if err != nil {
				return err
			}
			rec, _, err := a.Finder().Local(cmd.Context(), args[0], nil)
			if err != nil {
				return err
			}
			n, err := store.Normalize(args[1])
			if err != nil {
				return request.Error{Err: err}
			}
			if _, ok := n.(reference.Canonical); ok {
				return usagef("%q: a name to give cannot have a digest", args[1])
			}
			rec.Name, rec.Repo = n.String(), ""
			return st.Put(rec)
		},
		ValidArgsFunction: a.completeImages,
	}
}
