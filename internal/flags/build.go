package flags

import (
	"github.com/spf13/pflag"

	"tare/internal/builds"
	"tare/internal/help"
	"tare/internal/indexes"
)

// Build defines the flags of docker build that choose what is built, and how.
func Build(f *pflag.FlagSet, o *builds.Options) {
	f.StringArrayVarP(&o.Tags, "tag", "t", nil, "name and tag of the image (NAME:TAG)")
	f.StringVarP(&o.Dockerfile, "file", "f", "", "the Dockerfile (default PATH/Dockerfile); - reads it from standard input")
	Sources(f, o)
	f.StringArrayVar(&o.LabelPairs, "label", nil, "set a label of the image (KEY=VALUE)")
	f.StringArrayVar(&o.AnnotPairs, "annotation", nil, "set an annotation of the manifest (KEY=VALUE)")
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
	f.BoolVar(&o.Index, "index", false, "with --push: "+indexes.BesideHelp)
	f.Bool("load", false, "store the result in the local store; this is the default")
	f.StringVar(&o.Network, "network", "", "network of RUN: host (default) or none")
	f.StringVar(&o.CgroupParent, "cgroup-parent", "", "parent control group of RUN")
	f.StringVar(&o.Shm, "shm-size", "", "size of /dev/shm in RUN")
	f.StringVar(&o.Progress, "progress", "", "auto, plain, tty, quiet or rawjson")
	f.BoolVarP(&o.Quiet, "quiet", "q", false, "print only the image ID")
	f.BoolVar(&o.Check, "check", false, "check the Dockerfile instead of building it")
	f.StringVar(&o.Call, "call", "", "evaluate the Dockerfile instead of building it: check, outline or targets")
	help.IgnoredBuildFlags(f)
}

// Sources defines those of the flags of docker build that say what an image is made from: of
// all commands that build a Dockerfile.
func Sources(f *pflag.FlagSet, o *builds.Options) {
	f.StringVar(&o.Target, "target", "", "stage to build")
	f.StringArrayVar(&o.BuildArgs, "build-arg", nil, "set a build argument (NAME=VALUE, or NAME from the environment)")
	f.StringArrayVar(&o.ContextArgs, "build-context", nil, "additional context: NAME=PATH, URL, docker-image://NAME or oci-layout://DIR")
	f.StringArrayVar(&o.Secrets, "secret", nil, "secret for RUN --mount=type=secret (id=ID[,src=PATH|,env=NAME])")
	f.StringSliceVar(&o.Platforms, "platform", nil, "platforms to build for")
}
