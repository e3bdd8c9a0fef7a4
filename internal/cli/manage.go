package cli

import (
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/containerd/errdefs"
	"github.com/containerd/platforms"
	"github.com/distribution/reference"
	"github.com/opencontainers/go-digest"
	"github.com/spf13/cobra"

	"tare/internal/infile"
	"tare/internal/listing"
	"tare/internal/outfile"
	"tare/internal/request"
	"tare/internal/screen"
	"tare/internal/source"
	"tare/internal/store"
	"tare/internal/target"
)

func newTag(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "tag SOURCE_IMAGE[:TAG] TARGET_IMAGE[:TAG]",
		Short:   "Give an image another name",
		Example: "  tare tag app registry.example.com/team/app:1",
		Args:    cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			rec, _, err := a.finder().Local(cmd.Context(), args[0], nil)
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
			return a.st.Put(rec)
		},
		ValidArgsFunction: a.completeImages,
	}
}

func newRmi(a *app) *cobra.Command {
	var force bool
	c := &cobra.Command{
		Use:   "rmi [OPTIONS] IMAGE [IMAGE...]",
		Short: "Remove images",
		Long: `Remove names, and with its last name an image. Layers that no other image uses
are deleted. An image that was pulled by digest as well stays under its digest
(REPOSITORY@DIGEST, with the tag <none>) when its last tag goes.`,
		Example: `  tare rmi app
  tare rmi -f 3f1c2d4e5a6b`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.rmi(cmd.Context(), args, force)
		},
		ValidArgsFunction: a.completeImages,
	}
	c.Flags().BoolVarP(&force, "force", "f", false, "remove an image by ID although it has several names; ignore missing ones")
	c.Flags().Bool("no-prune", false, "accepted as in Docker; tare deletes what no image uses")
	return c
}

func (a *app) rmi(ctx context.Context, refs []string, force bool) error {
	st, err := a.store()
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
	if _, err := st.Collect(ctx); err != nil {
		a.note(err.Error())
	}
	if failed {
		return exitCode(1)
	}
	return nil
}

func newSave(a *app) *cobra.Command {
	var file, platform string
	c := &cobra.Command{
		Use:   "save [OPTIONS] IMAGE [IMAGE...]",
		Short: "Write images to an archive",
		Long: `Write images to one tar: an OCI image layout that also has Docker's manifest.json,
which tare load, docker load, skopeo and crane read. Of a repository without a tag
all its tags are saved.`,
		Example: `  tare save -o app.tar app
  tare save python:slim | gzip > python.tar.gz`,
		Args: cobra.MinimumNArgs(1),
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
	recs, names, err := a.saved(ctx, refs, want)
	if err != nil {
		return err
	}
	write := func(w io.Writer) error { return source.Save(ctx, a.st, w, recs, names, want) }
	if file != "" {
		err = outfile.Write(ctx, file, write)
	} else if tty, _ := terminal(a.Out); tty {
		return usagef("will not write an archive to a terminal: use -o FILE or redirect")
	} else {
		err = write(screen.Raw(a.Out))
	}
	if err != nil {
		return fmt.Errorf("save: %w", err)
	}
	return nil
}

// saved finds the images to save and the names that each is saved under: of a
// repository without a tag all its tags, as in Docker.
func (a *app) saved(ctx context.Context, refs []string, want platforms.MatchComparer) (recs []store.Record, names [][]string, err error) {
	st, err := a.store()
	if err != nil {
		return nil, nil, err
	}
	at := map[digest.Digest]int{}
	found, err := st.FindAll(ctx, refs)
	if err != nil {
		if _, _, why := a.finder().Local(ctx, refs[len(found)], want); why != nil {
			err = why // says what to do
		}
		return nil, nil, err
	}
	for n, ref := range refs {
		for _, r := range found[n] {
			i, ok := at[r.Target.Digest]
			if !ok {
				if err := target.Check(ctx, st, ref, r, want); err != nil {
					return nil, nil, fmt.Errorf("image %s: %w", ref, err)
				}
				i = len(recs)
				at[r.Target.Digest] = i
				recs, names = append(recs, r), append(names, nil)
			}
			if r.Name != "" && !slices.Contains(names[i], r.Name) {
				names[i] = append(names[i], r.Name)
			}
		}
	}
	return recs, names, nil
}

func newLoad(a *app) *cobra.Command {
	var input string
	var quiet bool
	c := &cobra.Command{
		Use:   "load [OPTIONS]",
		Short: "Read images from an archive",
		Long: `Read images from a tar of docker save, tare save or an OCI image layout, which
may be compressed with gzip or zstd.`,
		Example: `  tare load -i app.tar
  docker save app | tare load`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			st, err := a.store()
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
				_, img, err := a.finder().Local(cmd.Context(), rec.Target.Digest.String(), nil)
				if err != nil {
					return err
				}
				_, _ = fmt.Fprintf(a.Out, "Loaded image ID: %s\n", img.ID())
			}
			return nil
		},
	}
	c.Flags().StringVarP(&input, "input", "i", "", "file to read instead of standard input")
	c.Flags().BoolVarP(&quiet, "quiet", "q", false, "accepted as in Docker")
	return c
}
