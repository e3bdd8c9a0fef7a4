package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"tare/internal/builds"
	"tare/internal/engine"
	"tare/internal/flags"
	"tare/internal/indexes"
	"tare/internal/outfile"
	"tare/internal/units"
)

func init() {
	register(dockerGroup, newBuild)
	register("image", newBuild)
}

type buildOptions struct {
	builds.Options
	iidfile, metadata, keep string
}

func newBuild(a *app) *cobra.Command {
	var o buildOptions
	c := &cobra.Command{
		Use:   "build [OPTIONS] PATH | URL | -",
		Short: "Build an image from a Dockerfile",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := a.Enter(); err != nil {
				return err
			}
			cmd.Flags().Visit(func(f *pflag.Flag) {
				if w := f.Annotations["note"]; len(w) > 0 {
					a.note("--" + f.Name + ": " + w[0])
				}
			})
			return a.build(cmd.Context(), args[0], o)
		},
	}
	f := c.Flags()
	flags.Build(f, &o.Options)
	f.StringVar(&o.iidfile, "iidfile", "", "write the image ID to this file")
	f.StringVar(&o.metadata, "metadata-file", "", "write metadata of the build to this file, as JSON")
	f.StringVar(&o.keep, "keep-storage", "", "build cache to keep after the build (20GB)")
	return c
}

// build runs one build and prints what Docker prints.
func (a *app) build(ctx context.Context, dir string, o buildOptions) error {
	err := a.complete(&o, dir)
	if err != nil {
		return err
	}
	e, err := a.Engine(ctx)
	if err != nil {
		return err
	}
	out, err := e.Build(ctx, o.Build)
	if err != nil && o.Call != "" && strings.Contains(err.Error(), "checks found problems") {
		return exitCode(1)
	}
	if err != nil || o.Call != "" {
		return err
	}
	if made := a.Bench().Book().Note(o.Build, out); made != nil {
		for _, u := range made.Unseen {
			a.note(u.String())
		}
	}
	if o.iidfile != "" {
		if err := outfile.WriteBytes(ctx, o.iidfile, []byte(out.ConfigID)); err != nil {
			return fmt.Errorf("--iidfile: %w", err)
		}
	}
	if o.metadata != "" {
		if err := writeMetadata(ctx, o.metadata, out); err != nil {
			return fmt.Errorf("--metadata-file: %w", err)
		}
	}
	if o.Quiet && out.ConfigID != "" {
		_, _ = fmt.Fprintln(a.Out, out.ConfigID)
	}
	if o.Index {
		return indexes.Beside(ctx, a.Finder(), o.Names, a.note)
	}
	return nil
}

func writeMetadata(ctx context.Context, file string, out *engine.Built) error {
	b, err := json.MarshalIndent(out.Metadata, "", "  ")
	if err != nil {
		return err
	}
	return outfile.WriteBytes(ctx, file, append(b, '\n'))
}

// complete checks flags and fills the engine's request in.
func (a *app) complete(o *buildOptions, dir string) (err error) {
	o.Stdin, o.Stdout, o.Stderr = a.stdin(), a.Out, a.Err
	if o.keep != "" {
		if a.Keep, err = units.ParseSI(o.keep); err != nil {
			return usagef("--keep-storage: %w", err)
		}
	}
	cfg, err := a.Config()
	if err != nil {
		return err
	}
	return o.Complete(dir, cfg, func(name string) (string, bool) {
		if name == "BUILDKIT_PROGRESS" && a.Progress != "" {
			return a.Progress, true
		}
		return os.LookupEnv(name)
	})
}
