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
	"tare/internal/help"
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
	buildFlags(c.Flags(), &o)
	return c
}

func buildFlags(f *pflag.FlagSet, o *buildOptions) {
	f.StringArrayVarP(&o.Tags, "tag", "t", nil, "name and tag of the image (NAME:TAG)")
	f.StringVarP(&o.Dockerfile, "file", "f", "", "the Dockerfile (default PATH/Dockerfile); - reads it from standard input")
	f.StringVar(&o.Target, "target", "", "stage to build")
	f.StringArrayVar(&o.BuildArgs, "build-arg", nil, "set a build argument (NAME=VALUE, or NAME from the environment)")
	f.StringArrayVar(&o.LabelPairs, "label", nil, "set a label of the image (KEY=VALUE)")
	f.StringArrayVar(&o.AnnotPairs, "annotation", nil, "set an annotation of the manifest (KEY=VALUE)")
	f.StringSliceVar(&o.Platforms, "platform", nil, "platforms to build for")
	f.StringArrayVar(&o.ContextArgs, "build-context", nil, "additional context: NAME=PATH, URL, docker-image://NAME or oci-layout://DIR")
	f.StringArrayVar(&o.Secrets, "secret", nil, "secret for RUN --mount=type=secret (id=ID[,src=PATH|,env=NAME])")
	f.StringArrayVar(&o.SSH, "ssh", nil, "ssh agent or keys for RUN --mount=type=ssh (default|ID[=SOCKET|KEY])")
	f.StringArrayVar(&o.CacheFrom, "cache-from", nil, "external cache sources (type=registry|local,…)")
	f.StringArrayVar(&o.CacheTo, "cache-to", nil, "cache export destinations (type=registry|local|inline,…)")
	f.StringArrayVarP(&o.Outputs, "output", "o", nil, "where to write the result: DIR, -, or type=local|tar|oci|docker|registry,dest=…; default the local store")
	f.StringArrayVar(&o.Attests, "attest", nil, "attach an attestation (type=sbom|provenance,…)")
	f.StringVar(&o.Provenance, "provenance", "", "shorthand for --attest type=provenance")
	f.StringVar(&o.SBOM, "sbom", "", "shorthand for --attest type=sbom")
	f.StringArrayVar(&o.Allow, "allow", nil, "allow an entitlement (network.host, security.insecure)")
	f.StringArrayVar(&o.AddHosts, "add-host", nil, "add a line to /etc/hosts (HOST:IP)")
	f.StringArrayVar(&o.Ulimits, "ulimit", nil, "ulimit of RUN (nofile=1024:2048)")
	f.StringArrayVar(&o.NoCacheFilter, "no-cache-filter", nil, "stages to build without cache")
	f.BoolVar(&o.NoCache, "no-cache", false, "do not use the build cache")
	f.BoolVar(&o.ChecksumContext, "checksum-context", false, "compare the context's files by content, not by time and length")
	f.BoolVar(&o.Pull, "pull", false, "always look for newer base images in the registry")
	f.BoolVar(&o.Push, "push", false, "push the image after the build")
	f.Bool("load", false, "store the result in the local store; this is the default")
	f.StringVar(&o.Network, "network", "", "network of RUN: host (default) or none")
	f.StringVar(&o.CgroupParent, "cgroup-parent", "", "parent control group of RUN")
	f.StringVar(&o.Shm, "shm-size", "", "size of /dev/shm in RUN")
	f.StringVar(&o.Progress, "progress", "", "auto, plain, tty, quiet or rawjson")
	f.BoolVarP(&o.Quiet, "quiet", "q", false, "print only the image ID")
	f.StringVar(&o.iidfile, "iidfile", "", "write the image ID to this file")
	f.StringVar(&o.metadata, "metadata-file", "", "write metadata of the build to this file, as JSON")
	f.BoolVar(&o.Check, "check", false, "check the Dockerfile instead of building it")
	f.StringVar(&o.Call, "call", "", "evaluate the Dockerfile instead of building it: check, outline or targets")
	f.StringVar(&o.keep, "keep-storage", "", "build cache to keep after the build (20GB)")
	help.IgnoredBuildFlags(f)
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
