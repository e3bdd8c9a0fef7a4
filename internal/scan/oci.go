package scan

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"

	"github.com/containerd/errdefs"
	"github.com/distribution/reference"

	"tare/internal/artifact"
	"tare/internal/fleet"
	"tare/internal/repository"
	"tare/internal/request"
)

// scheme begins the name of a repository that keeps results.
const scheme = "oci://"

// ResultType is the type of the artifacts that keep results in a repository: one for each result, with a tag that is made of its name.
const ResultType = "application/vnd.tare.fleet.v1"

// resultBlob is the media type of a result.
const resultBlob = "application/vnd.tare.fleet.result.v1"

// At is the place that a word means: oci://REGISTRY/REPOSITORY, or a directory.
func At(ctx context.Context, s Session, text string) (fleet.Keeper, error) {
	name, ok := strings.CutPrefix(text, scheme)
	if !ok {
		return fleet.At(text)
	}
	named, err := reference.ParseNormalizedNamed(name)
	if err != nil || !reference.IsNameOnly(named) {
		return nil, request.Errorf("%.80q: want %sREGISTRY/REPOSITORY, without a tag", text, scheme)
	}
	reg, err := s.Registry()
	if err != nil {
		return nil, err
	}
	k := &registryKeeper{text: text}
	if k.artifacts, err = artifact.Open(ctx, reg, named); err != nil {
		return nil, err
	}
	k.lists, err = repository.Open(ctx, reg, named)
	return k, err
}

// registryKeeper keeps results as artifacts of a repository. Registries write whatever comes last: of shards that settle a plan at the same
// time the last one wins, and the others find that out when they end.
type registryKeeper struct {
	text      string
	artifacts *artifact.Repository
	lists     *repository.Repository
}

// String implements fleet.Keeper.
func (k *registryKeeper) String() string { return k.text }

// tag is where a result is.
func tag(name string) string { return strings.ReplaceAll(name, "/", ".") }

// isResult tells whether a tag is that of a layer's result: a scan of a registry that keeps results does not look at each.
func isResult(tag string) bool { return strings.HasPrefix(tag, "layers.sha256.") }

// Open implements fleet.Keeper.
func (k *registryKeeper) Open(ctx context.Context, name string) (io.ReadCloser, error) {
	_, m, err := k.artifacts.Tagged(ctx, tag(name))
	if errdefs.IsNotFound(err) {
		return nil, &fs.PathError{Op: "open", Path: k.text + ":" + tag(name), Err: fs.ErrNotExist}
	}
	if err != nil {
		return nil, err
	}
	if m.ArtifactType != ResultType || len(m.Layers) != 1 {
		return nil, fmt.Errorf("%s: the tag %s is not of a scan: it is a %.60q", k.text, tag(name), m.ArtifactType)
	}
	b, err := k.artifacts.Blob(ctx, m.Layers[0], 4<<30)
	if err != nil {
		return nil, err
	}
	return io.NopCloser(bytes.NewReader(b)), nil
}

// Write implements fleet.Keeper.
func (k *registryKeeper) Write(ctx context.Context, name string, b []byte) error {
	_, err := k.artifacts.Push(ctx, &artifact.Artifact{Type: ResultType, Blobs: []artifact.Blob{{MediaType: resultBlob, Name: path.Base(name), Data: b}}}, tag(name))
	return err
}

// Create implements fleet.Keeper.
func (k *registryKeeper) Create(ctx context.Context, name string, b []byte) (bool, error) {
	switch _, _, err := k.artifacts.Tagged(ctx, tag(name)); {
	case err == nil:
		return false, nil
	case !errdefs.IsNotFound(err):
		return false, err
	}
	return true, k.Write(ctx, name, b)
}

// Each implements fleet.Keeper.
func (k *registryKeeper) Each(ctx context.Context, folder string, do func(name string)) error {
	err := k.lists.Tags(ctx, func(t string) error {
		rest, ok := strings.CutPrefix(t, folder+".")
		if ok && isResult(t) {
			rest = strings.ReplaceAll(rest, ".", "/")
		}
		if ok && (isResult(t) || folder != "layers") && rest != "json" { // shards.json is no file of shards/
			do(folder + "/" + rest)
		}
		return nil
	})
	if errdefs.IsNotFound(err) {
		return nil
	}
	return err
}
