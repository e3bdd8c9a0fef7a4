package source

import (
	"errors"
	"fmt"
	"strings"

	"github.com/containerd/containerd/v2/core/images"
	"github.com/distribution/reference"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// maxTags bounds the names of one image.
const maxTags = 100_000

// repoTags are the names in a manifest.json in their full form, each once. As for Docker,
// a digest is not a tag: what it says would not be checked.
func repoTags(list []string) ([]string, error) {
	if len(list) > maxTags {
		return nil, fmt.Errorf("%d names: more than %d", len(list), maxTags)
	}
	var out []string
	seen := map[string]bool{}
	for _, tag := range list {
		name, err := tagged(tag)
		if err != nil {
			return nil, fmt.Errorf("its RepoTags have %s: %w; load it without a name by taking that out of manifest.json", quote(tag), err)
		}
		if !seen[name] {
			seen[name] = true
			out = append(out, name)
		}
	}
	return out, nil
}

// tagged is a name with a tag in its full form; no tag means latest.
func tagged(name string) (string, error) {
	n, err := reference.ParseNormalizedNamed(name)
	if err != nil {
		return "", errors.New("not an image name")
	}
	if _, ok := n.(reference.Digested); ok {
		return "", errors.New("a digest is not a tag")
	}
	return reference.TagNameOnly(n).String(), nil
}

// ociName is what an entry of index.json says of an image's name.
type ociName struct {
	tags []string // at most one
	repo string
}

// archiveName is the full name in an archive's index. A ref.name that is a mere tag, or
// any other text that OCI allows, says nothing about the repository. containerd writes
// names with digests there, too: they say which repository has the image.
func archiveName(d ocispec.Descriptor) (ociName, error) {
	full := d.Annotations[images.AnnotationImageName]
	for _, name := range []string{full, d.Annotations[ocispec.AnnotationRefName]} {
		if name == "" || name != full && !strings.ContainsAny(name, ":/") {
			continue
		}
		n, err := reference.ParseNormalizedNamed(name)
		if err != nil {
			if name == full {
				return ociName{}, fmt.Errorf("%s says %s, which is not an image name", images.AnnotationImageName, quote(name))
			}
			continue
		}
		if c, ok := n.(reference.Digested); ok {
			if c.Digest() == d.Digest {
				return ociName{repo: n.Name()}, nil
			}
			continue
		}
		return ociName{tags: []string{reference.TagNameOnly(n).String()}}, nil
	}
	return ociName{}, nil
}

// familiar is a name in the short form of the docker command; "" if it is none.
func familiar(name string) string {
	n, err := reference.ParseNormalizedNamed(name)
	if err != nil {
		return ""
	}
	return reference.FamiliarString(reference.TagNameOnly(n))
}

// listedName is the name that an archive's index has for an image; "" for none.
func listedName(d ocispec.Descriptor) string {
	n, err := archiveName(d)
	if err != nil || len(n.tags) == 0 {
		return ""
	}
	return familiar(n.tags[0])
}
