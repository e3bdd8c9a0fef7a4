package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"tare/internal/engine"
	"tare/internal/outfile"
	"tare/internal/store"
	"tare/internal/suggest"
	"tare/internal/units"
)

func init() {
	register(dockerGroup, newBuild)
	register("image", newBuild)
}

type buildOptions struct {
	engine.Build
	tags, buildArgs, labels, annotations, contexts []string
	iidfile, metadata, shm, provenance, sbom, keep string
	quiet, check                                   bool
}

func newBuild(a *app) *cobra.Command {
	var o buildOptions
	c := &cobra.Command{
		Use:   "build [OPTIONS] PATH | URL | -",
		Short: "Build an image from a Dockerfile",
		Long: `Build an image from a Dockerfile, with BuildKit inside this process.

PATH is the build context; "-" reads a Dockerfile, or a tar of the context,
from standard input. RUN uses the host's network unless --network none is
given. After a build the cache is pruned to --keep-storage.`,
		Example: `  tare build -t app .
  tare build -t app -f Dockerfile.multistage .
  tare build --target build-stage --build-arg VERSION=1.2 .
  tare build --secret id=token,src=token.txt -t app .
  tare build --check .
  tare build -o out .`,
		Args: cobra.ExactArgs(1),
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
	f.StringArrayVarP(&o.tags, "tag", "t", nil, "name and tag of the image (NAME:TAG)")
	f.StringVarP(&o.Dockerfile, "file", "f", "", "the Dockerfile (default PATH/Dockerfile); - reads it from standard input")
	f.StringVar(&o.Target, "target", "", "stage to build")
	f.StringArrayVar(&o.buildArgs, "build-arg", nil, "set a build argument (NAME=VALUE, or NAME from the environment)")
	f.StringArrayVar(&o.labels, "label", nil, "set a label of the image (KEY=VALUE)")
	f.StringArrayVar(&o.annotations, "annotation", nil, "set an annotation of the manifest (KEY=VALUE)")
	f.StringSliceVar(&o.Platforms, "platform", nil, "platforms to build for; default $DOCKER_DEFAULT_PLATFORM or this machine's")
	f.StringArrayVar(&o.contexts, "build-context", nil, "additional context: NAME=PATH, URL, docker-image://NAME or oci-layout://DIR")
	f.StringArrayVar(&o.Secrets, "secret", nil, "secret for RUN --mount=type=secret (id=ID[,src=PATH|,env=NAME])")
	f.StringArrayVar(&o.SSH, "ssh", nil, "ssh agent or keys for RUN --mount=type=ssh (default|ID[=SOCKET|KEY])")
	f.StringArrayVar(&o.CacheFrom, "cache-from", nil, "external cache sources (type=registry|local,…)")
	f.StringArrayVar(&o.CacheTo, "cache-to", nil, "cache export destinations (type=registry|local|inline,…)")
	f.StringArrayVarP(&o.Outputs, "output", "o", nil, "where to write the result: DIR, -, or type=local|tar|oci|docker|registry,dest=…; default the local store")
	f.StringArrayVar(&o.Attests, "attest", nil, "attach an attestation (type=sbom|provenance,…)")
	f.StringVar(&o.provenance, "provenance", "", "shorthand for --attest type=provenance")
	f.StringVar(&o.sbom, "sbom", "", "shorthand for --attest type=sbom")
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
	f.StringVar(&o.shm, "shm-size", "", "size of /dev/shm in RUN")
	f.StringVar(&o.Progress, "progress", "", "auto, plain, tty, quiet or rawjson; default $BUILDKIT_PROGRESS or auto")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "print only the image ID")
	f.StringVar(&o.iidfile, "iidfile", "", "write the image ID to this file")
	f.StringVar(&o.metadata, "metadata-file", "", "write metadata of the build to this file, as JSON")
	f.BoolVar(&o.check, "check", false, "check the Dockerfile instead of building it")
	f.StringVar(&o.Call, "call", "", "evaluate the Dockerfile instead of building it: check, outline or targets")
	f.StringVar(&o.keep, "keep-storage", "", "build cache to keep after the build (20GB)")
	ignoredBuildFlags(f)
}

// ignoredBuildFlags are those of the builder before BuildKit, which Docker still takes
// and which have no effect there either. Where that is worth a word, buildx's is said.
func ignoredBuildFlags(f *pflag.FlagSet) {
	f.Bool("rm", true, "")
	f.Bool("force-rm", false, "")
	f.Bool("compress", false, "")
	f.Bool("disable-content-trust", true, "")
	f.StringP("memory", "m", "", "")
	f.String("memory-swap", "", "")
	f.Int64P("cpu-shares", "c", 0, "")
	f.Int64("cpu-period", 0, "")
	f.Int64("cpu-quota", 0, "")
	f.String("cpuset-cpus", "", "")
	f.String("cpuset-mems", "", "")
	f.String("isolation", "", "")
	f.StringSlice("security-opt", nil, "")
	f.Bool("squash", false, "")
	for name, note := range map[string]string{
		"rm": "", "force-rm": "", "compress": "", "disable-content-trust": "", "memory": "no effect with BuildKit", "memory-swap": "no effect with BuildKit",
		"cpu-shares": "no effect with BuildKit", "cpu-period": "no effect with BuildKit", "cpu-quota": "no effect with BuildKit",
		"cpuset-cpus": "no effect with BuildKit", "cpuset-mems": "no effect with BuildKit",
		"isolation":    "no effect with BuildKit",
		"security-opt": `no effect with BuildKit: use "RUN --security=insecure"`,
		"squash":       "no effect with BuildKit: squash inside the build, with a multi-stage Dockerfile",
	} {
		_ = f.MarkHidden(name)
		if note != "" {
			_ = f.SetAnnotation(name, "note", []string{note})
		}
	}
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
	if o.quiet && out.ConfigID != "" {
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
	o.Context, o.Stdin, o.Stdout, o.Stderr = dir, a.stdin(), a.Out, a.Err
	for _, t := range o.tags {
		n, err := store.Normalize(t)
		if err != nil {
			return usagef("-t: %w", err)
		}
		o.Names = append(o.Names, n.String())
	}
	if err := o.pairs(); err != nil {
		return err
	}
	if o.Args, err = a.Args(o.buildArgs); err != nil {
		return err
	}
	if o.shm != "" {
		if o.ShmSize, err = units.ParseBytes(o.shm); err != nil {
			return usagef("--shm-size: %w", err)
		}
	}
	if o.keep != "" {
		if a.Keep, err = units.ParseSI(o.keep); err != nil {
			return usagef("--keep-storage: %w", err)
		}
	}
	o.attestations()
	if p := a.Env("DOCKER_DEFAULT_PLATFORM"); len(o.Platforms) == 0 && p != "" {
		o.Platforms = []string{p}
	}
	if o.check {
		o.Call = "check"
	}
	// Docker looks for -f from where one stands, not in the context.
	if o.Dockerfile != "" && o.Dockerfile != "-" && isDir(dir) && !exists(o.Dockerfile) && exists(filepath.Join(dir, o.Dockerfile)) {
		o.Dockerfile = filepath.Join(dir, o.Dockerfile)
	}
	return a.progress(o)
}

// pairs reads the flags that are KEY=VALUE.
func (o *buildOptions) pairs() (err error) {
	if o.Labels, err = pairs("--label", o.labels); err != nil {
		return err
	}
	if o.Annotations, err = pairs("--annotation", o.annotations); err != nil {
		return err
	}
	o.Contexts, err = pairs("--build-context", o.contexts)
	return err
}

// attestations are the short forms of --attest.
func (o *buildOptions) attestations() {
	for kind, v := range map[string]string{"provenance": o.provenance, "sbom": o.sbom} {
		switch v {
		case "", "false":
		case "true":
			o.Attests = append(o.Attests, "type="+kind)
		default:
			o.Attests = append(o.Attests, "type="+kind+","+v)
		}
	}
}

// progress chooses how a build shows how far it is.
func (a *app) progress(o *buildOptions) error {
	if o.Progress == "" {
		o.Progress = a.Env("BUILDKIT_PROGRESS")
	}
	if o.quiet {
		o.Progress = "quiet"
	}
	if o.Progress == "" {
		return nil
	}
	return suggest.OneOf("--progress", o.Progress, []string{"auto", "plain", "tty", "quiet", "rawjson"})
}

func pairs(flag string, list []string) (map[string]string, error) {
	out := map[string]string{}
	for _, f := range list {
		k, v, ok := strings.Cut(f, "=")
		if !ok || k == "" {
			return nil, usagef("%s %q: want KEY=VALUE", flag, f)
		}
		out[k] = v
	}
	return out, nil
}

func isDir(p string) bool {
	fi, err := os.Stat(p)
	return err == nil && fi.IsDir()
}

func exists(p string) bool {
	_, err := os.Stat(p)
	return err == nil
}
