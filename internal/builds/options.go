package builds

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/docker/cli/cli/config/configfile"

	"tare/internal/engine"
	"tare/internal/request"
	"tare/internal/store"
	"tare/internal/suggest"
	"tare/internal/units"
)

// Options are those of docker build as they were written: Complete reads them into the
// request that they hold.
type Options struct {
	engine.Build
	Tags        []string // NAME[:TAG]
	BuildArgs   []string // NAME=VALUE, or NAME from the environment
	LabelPairs  []string // KEY=VALUE
	AnnotPairs  []string // KEY=VALUE, of the manifest
	ContextArgs []string // NAME=PATH|URL|…
	Shm         string   // size of /dev/shm, as 64m
	Provenance  string   // of --attest type=provenance
	SBOM        string   // of --attest type=sbom
	Quiet       bool     // prints only the image ID
	Check       bool     // checks the Dockerfile instead of building it
	Index       bool     // attaches an index of the layers to the image that is pushed
}

// Complete checks the options of a build of a directory, a URL or "-", and fills the
// request in. What is wrong with them is a request.Error. lookup is os.LookupEnv.
func (o *Options) Complete(dir string, cfg *configfile.ConfigFile, lookup func(string) (string, bool)) (err error) {
	o.Context = dir
	for _, t := range o.Tags {
		n, err := store.Normalize(t)
		if err != nil {
			return request.Errorf("-t: %w", err)
		}
		o.Names = append(o.Names, n.String())
	}
	for _, p := range []struct {
		flag string
		list []string
		to   *map[string]string
	}{{"--label", o.LabelPairs, &o.Labels}, {"--annotation", o.AnnotPairs, &o.Annotations}, {"--build-context", o.ContextArgs, &o.Contexts}} {
		if *p.to, err = pairs(p.flag, p.list); err != nil {
			return err
		}
	}
	if o.Args, err = Args(o.BuildArgs, cfg, lookup); err != nil {
		return err
	}
	if o.Shm != "" {
		if o.ShmSize, err = units.ParseBytes(o.Shm); err != nil {
			return request.Errorf("--shm-size: %w", err)
		}
	}
	o.attestations()
	if p, _ := lookup("DOCKER_DEFAULT_PLATFORM"); len(o.Platforms) == 0 && p != "" {
		o.Platforms = []string{p}
	}
	if o.Check {
		o.Call = "check"
	}
	if o.Index && (!o.Push || len(o.Names) == 0) {
		return request.Errorf("--index goes with --push and -t: an index is attached to an image in a registry")
	}
	// Docker looks for -f from where one stands, not in the context.
	if o.Dockerfile != "" && o.Dockerfile != "-" && isDir(dir) && !exists(o.Dockerfile) && exists(filepath.Join(dir, o.Dockerfile)) {
		o.Dockerfile = filepath.Join(dir, o.Dockerfile)
	}
	return o.progress(lookup)
}

// attestations are the short forms of --attest.
func (o *Options) attestations() {
	for kind, v := range map[string]string{"provenance": o.Provenance, "sbom": o.SBOM} {
		switch v {
		case "", "false":
		case "true":
			o.Attests = append(o.Attests, "type="+kind)
		default:
			o.Attests = append(o.Attests, "type="+kind+","+v)
		}
	}
}

// Progresses are the ways in which a build shows how far it is.
var Progresses = []string{"auto", "plain", "tty", "quiet", "rawjson"}

// progress chooses how a build shows how far it is.
func (o *Options) progress(lookup func(string) (string, bool)) error {
	if o.Progress == "" {
		o.Progress, _ = lookup("BUILDKIT_PROGRESS")
	}
	if o.Quiet {
		o.Progress = "quiet"
	}
	if o.Progress == "" {
		return nil
	}
	return suggest.OneOf("--progress", o.Progress, Progresses)
}

// pairs reads values of a flag that are KEY=VALUE.
func pairs(flag string, list []string) (map[string]string, error) {
	out := map[string]string{}
	for _, f := range list {
		k, v, ok := strings.Cut(f, "=")
		if !ok || k == "" {
			return nil, request.Errorf("%s %q: want KEY=VALUE", flag, f)
		}
		out[k] = v
	}
	return out, nil
}

func exists(p string) bool {
	_, err := os.Stat(p)
	return err == nil
}
