package image

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/containerd/containerd/v2/core/images"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// ArtifactError says that a manifest is not that of a container image: registries
// keep charts, signatures, lists of parts and anything else beside images.
type ArtifactError struct {
	Kind string // what it is, with its article: "a Helm chart"
	Type string // the media type that tells
}

// Error implements error.
func (e *ArtifactError) Error() string {
	return fmt.Sprintf("it is %s (%s), not a container image", e.Kind, e.Type)
}

// ErrSchema1 refuses the manifest format that Docker deprecated in 2017.
var ErrSchema1 = errors.New("the image has a Docker schema 1 manifest, which no builder has made since 2017 and tare does not read: push it again with a current tool (its source: docker pull and docker push with Docker 20 to 24, or skopeo copy --format v2s2)")

// IsSchema1 tells whether a media type is that of Docker's first manifests.
func IsSchema1(mediaType string) bool {
	return mediaType == images.MediaTypeDockerSchema1Manifest || mediaType == "application/vnd.docker.distribution.manifest.v1+json"
}

// CheckType tells whether a document of this media type may lead to an image. The
// error says what it is instead.
func CheckType(d ocispec.Descriptor) error {
	switch {
	case IsSchema1(d.MediaType):
		return ErrSchema1
	case images.IsIndexType(d.MediaType), images.IsManifestType(d.MediaType):
		return nil
	case d.MediaType == artifactManifest:
		return &ArtifactError{Kind: "an artifact", Type: d.MediaType}
	}
	if k := kindOf(d.MediaType); k != "" {
		return &ArtifactError{Kind: k, Type: d.MediaType}
	}
	return fmt.Errorf("%s has media type %s, which is neither an image nor an index of images", shown(d.Digest), shownText(d.MediaType))
}

// artifactManifest was in drafts of OCI 1.1, and some registries have it still.
const artifactManifest = "application/vnd.oci.artifact.manifest.v1+json"

// emptyConfig is the configuration of OCI 1.1's artifacts.
const emptyConfig = ocispec.MediaTypeEmptyJSON

// manifest is an OCI or Docker manifest with what others have instead.
type manifest struct {
	ocispec.Manifest
	FSLayers []json.RawMessage    `json:"fsLayers"` // schema 1
	Blobs    []ocispec.Descriptor `json:"blobs"`    // artifactManifest
}

// check tells whether a manifest is an image's, by what it says of its parts.
func (m *manifest) check() error {
	switch {
	case m.SchemaVersion == 1 && m.FSLayers != nil:
		return ErrSchema1
	case m.MediaType == artifactManifest:
		return artifact(m.ArtifactType, "", m.Blobs)
	case !imageConfig(m.Config.MediaType):
		return artifact(m.ArtifactType, m.Config.MediaType, m.Layers)
	}
	// Signatures and the like have an image's configuration, but none of its layers.
	for _, l := range m.Layers {
		if imageLayer(l.MediaType) {
			return nil
		}
	}
	if len(m.Layers) > 0 {
		return artifact(m.ArtifactType, "", m.Layers)
	}
	return nil
}

func imageConfig(t string) bool {
	switch t {
	case "", "application/octet-stream", "application/json", "text/plain": // of old Docker and careless tools
		return true
	}
	return images.IsConfigType(t)
}

// imageLayer takes whatever may be a tar: builders have put many things there.
func imageLayer(t string) bool {
	return t == "" || t == "application/octet-stream" || images.IsLayerType(t) || images.IsNonDistributable(t) || strings.HasPrefix(t, "application/") && (strings.Contains(t, "tar") || strings.HasSuffix(t, "gzip") || strings.HasSuffix(t, "zstd")) && kindOf(t) == ""
}

// artifact names what a manifest holds by the first type that is known, else by the
// first that there is.
func artifact(own, config string, parts []ocispec.Descriptor) error {
	types := []string{own, config}
	for _, p := range parts[:min(len(parts), 100)] {
		types = append(types, p.MediaType)
	}
	first := ""
	for _, t := range types {
		if k := kindOf(t); k != "" {
			return &ArtifactError{Kind: k, Type: shownText(t)}
		}
		if first == "" && t != emptyConfig {
			first = t
		}
	}
	if first == "" {
		first = emptyConfig
	}
	return &ArtifactError{Kind: "an artifact", Type: shownText(first)}
}

// Artifact says what something of this media type is that is not an image's configuration.
func Artifact(mediaType string) *ArtifactError {
	if k := kindOf(mediaType); k != "" {
		return &ArtifactError{Kind: k, Type: shownText(mediaType)}
	}
	return &ArtifactError{Kind: "an artifact", Type: shownText(mediaType)}
}

// kinds are beginnings of media types that say what something is.
var kinds = []struct{ prefix, kind string }{
	{"application/vnd.cncf.helm.chart.provenance", "the provenance of a Helm chart"},
	{"application/vnd.cncf.helm.", "a Helm chart"},
	{"application/vnd.dev.cosign.simplesigning.", "a cosign signature"},
	{"application/vnd.dev.cosign.artifact.sig.", "a cosign signature"},
	{"application/vnd.dev.cosign.artifact.sbom.", "an SBOM"},
	{"application/vnd.dev.sigstore.bundle", "a Sigstore bundle"},
	{"application/vnd.cncf.notary.signature", "a Notary signature"},
	{"application/vnd.cncf.notary.", "a Notary signature"},
	{"application/jose+json", "a signature"},
	{"application/cose", "a signature"},
	{"application/vnd.dsse.envelope", "an attestation"},
	{"application/vnd.in-toto", "an attestation"},
	{"application/spdx", "an SBOM (SPDX)"},
	{"text/spdx", "an SBOM (SPDX)"},
	{"application/vnd.cyclonedx", "an SBOM (CycloneDX)"},
	{"application/vnd.syft", "an SBOM (Syft)"},
	{"application/vnd.openvex", "a VEX document"},
	{"application/sarif", "a scan report (SARIF)"},
	{"application/vnd.docker.plugin.", "a Docker plugin"},
	{"application/vnd.docker.ai.", "an AI model"},
	{"application/vnd.docker.compose.", "a Compose application"},
	{"application/vnd.docker.buildkit.cacheconfig", "a build cache"},
	{"application/vnd.buildkit.cacheconfig", "a build cache"},
	{"application/vnd.cnab.", "a CNAB bundle"},
	{"application/vnd.cncf.flux.", "a Flux artifact"},
	{"application/vnd.cncf.openpolicyagent.", "an OPA policy"},
	{"application/vnd.cncf.model.", "an AI model"},
	{"application/vnd.cncf.falco", "a Falco artifact"},
	{"application/vnd.ollama.", "an AI model"},
	{"application/vnd.tare.index", "an index of layers, made by tare"},
	{"application/vnd.wasm.", "a WebAssembly module"},
	{"application/wasm", "a WebAssembly module"},
	{"application/vnd.module.wasm", "a WebAssembly module"},
	{"application/vnd.sylabs.sif.", "a Singularity image"},
	{"application/vnd.kitops.", "a ModelKit"},
	{"application/vnd.tekton", "a Tekton bundle"},
	{"application/vnd.gardener", "a Gardener component"},
	{"application/vnd.unknown.artifact", "an artifact of ORAS"},
	{"application/vnd.unknown.config", "an artifact of ORAS"},
}

func kindOf(t string) string {
	for _, k := range kinds {
		if strings.HasPrefix(t, k.prefix) {
			return k.kind
		}
	}
	return ""
}
