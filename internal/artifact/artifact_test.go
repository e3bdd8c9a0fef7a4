package artifact_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/containerd/errdefs"
	"github.com/distribution/reference"
	"github.com/docker/cli/cli/config/configfile"
	"github.com/google/go-cmp/cmp"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/artifact"
	"tare/internal/source"
	"tare/internal/testkit"
)

const kind = "application/vnd.tare.test.v1"

// registries are one with the referrers API and two without.
func registries(t *testing.T, each func(t *testing.T, host string, via artifact.Via)) {
	t.Run("with the API", func(t *testing.T) { each(t, testkit.NewReferrersRegistry(t).Host, artifact.ViaAPI) })
	t.Run("without", func(t *testing.T) { each(t, testkit.NewRegistry(t).Host, artifact.ViaTag) })
	t.Run("docker-registry", func(t *testing.T) { each(t, testkit.DockerRegistry(t), artifact.ViaTag) })
}

func open(t *testing.T, host string) *artifact.Repository {
	t.Helper()
	named, err := reference.ParseNormalizedNamed(host + "/team/app:1")
	if err != nil {
		t.Fatal(err)
	}
	r, err := artifact.Open(t.Context(), &source.Registry{DockerConfig: configfile.New("")}, named)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// subject is an image in the registry, put there by tare's push.
func subject(t *testing.T, host string, n int) ocispec.Descriptor {
	t.Helper()
	b := testkit.Image(t, testkit.Options{Layers: [][]byte{testkit.Numbered(t, n, 3000)}})
	st := testkit.Store(t)
	testkit.Put(t, st, host+"/team/app:1", "pulled", b)
	if _, err := (&source.Registry{DockerConfig: configfile.New("")}).Push(t.Context(), st, host+"/team/app:1", nil, nil); err != nil {
		t.Fatal(err)
	}
	return b.Target
}

func some(text string, of *ocispec.Descriptor) *artifact.Artifact {
	return &artifact.Artifact{Type: kind, Subject: of, Annotations: map[string]string{"a": "<&>"}, Blobs: []artifact.Blob{
		{MediaType: "text/plain", Name: "one", Data: []byte(text)}, {MediaType: "text/plain", Name: "again", Data: []byte(text)}, {MediaType: "application/octet-stream", Annotations: map[string]string{"x": "y"}, Data: []byte{0, 1, 2}}}}
}

func TestTagged(t *testing.T) {
	registries(t, func(t *testing.T, host string, _ artifact.Via) {
		r := open(t, host)
		if _, _, err := r.Tagged(t.Context(), "scan"); !errdefs.IsNotFound(err) {
			t.Errorf("before it is there: %v", err)
		}
		pushed, err := r.Push(t.Context(), some("text", nil), "scan")
		if err != nil {
			t.Fatal(err)
		}
		again, err := r.Push(t.Context(), some("text", nil), "scan")
		if err != nil || again.Digest != pushed.Digest {
			t.Errorf("%v, %s is not %s", err, again.Digest, pushed.Digest)
		}
		d, m, err := r.Tagged(t.Context(), "scan")
		if err != nil || d.Digest != pushed.Digest || m.ArtifactType != kind || m.Annotations["a"] != "<&>" || artifact.Named(m, "none") != nil {
			t.Fatalf("%v: %+v, %+v", err, d, m)
		}
		if b, err := r.Blob(t.Context(), *artifact.Named(m, "one"), 4); err != nil || string(b) != "text" {
			t.Errorf("%q, %v", b, err)
		}
		if _, err := r.Blob(t.Context(), *artifact.Named(m, "one"), 3); err == nil || !strings.Contains(err.Error(), "more than 3") {
			t.Error(err)
		}
		lie := *artifact.Named(m, "one")
		lie.Data = []byte("lies") // what a descriptor brings along is not what the registry has
		if b, err := r.Blob(t.Context(), lie, 9); err != nil || string(b) != "text" {
			t.Errorf("%q, %v", b, err)
		}
		if _, err := r.Push(t.Context(), some("text", nil), "no tag"); err == nil {
			t.Error("a tag that is none")
		}
		if _, err := r.Push(t.Context(), &artifact.Artifact{}, "x"); err == nil {
			t.Error("an artifact without a type")
		}
	})
}

func TestAttach(t *testing.T) {
	registries(t, func(t *testing.T, host string, via artifact.Via) {
		r, image, other := open(t, host), subject(t, host, 1), subject(t, host, 2)
		if list, _, err := r.Referrers(t.Context(), image.Digest, kind); err != nil || len(list) > 0 {
			t.Errorf("%v, %v", list, err)
		}
		first, err := r.Attach(t.Context(), some("one", &image))
		if err != nil || first.Via != via || !first.New {
			t.Fatalf("%+v, %v", first, err)
		}
		again, err := r.Attach(t.Context(), some("one", &image))
		if err != nil || again.New || again.Descriptor.Digest != first.Descriptor.Digest {
			t.Errorf("%+v, %v", again, err)
		}
		second, err := r.Attach(t.Context(), some("two", &image))
		if err != nil {
			t.Fatal(err)
		}
		list, how, err := r.Referrers(t.Context(), image.Digest, kind)
		got := map[digest.Digest]bool{}
		for _, d := range list {
			got[d.Digest] = true
			m, err := r.Manifest(t.Context(), d)
			if err != nil || m.Subject.Digest != image.Digest || m.ArtifactType != kind {
				t.Errorf("%+v, %v", m, err)
			}
		}
		if err != nil || how != via || len(list) != 2 || !got[first.Descriptor.Digest] || !got[second.Descriptor.Digest] {
			t.Errorf("%v by %s, %v", list, how, err)
		}
		if list, _, err := r.Referrers(t.Context(), other.Digest, kind); err != nil || len(list) > 0 {
			t.Errorf("another image's: %v, %v", list, err)
		}
		if _, err := r.Attach(t.Context(), some("x", nil)); err == nil {
			t.Error("attached to nothing")
		}
	})
}

// raw asks a registry without any client.
func raw(t *testing.T, method, url, media string, b []byte) (int, []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", media)
	req.Header.Set("Accept", media)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	out, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, out
}

// The list under a tag is everybody's: what others wrote there stays, with what only they know of.
func TestOthersStayInTheList(t *testing.T) {
	for name, host := range map[string]func() string{"in memory": func() string { return testkit.NewRegistry(t).Host }, "docker-registry": func() string { return testkit.DockerRegistry(t) }} {
		t.Run(name, func(t *testing.T) {
			host := host()
			r, image := open(t, host), subject(t, host, 1)
			theirs := some("signature", &image)
			theirs.Type = "application/vnd.example.signature"
			d, err := r.Push(t.Context(), theirs, "")
			if err != nil {
				t.Fatal(err)
			}
			list := fmt.Sprintf(`{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":%q,"size":%d,"artifactType":"application/vnd.example.signature","example":{"b":1,"a":"<"}}],"annotations":{"by":"them"}}`, d.Digest, d.Size)
			url := "http://" + host + "/v2/team/app/manifests/" + artifact.TagOf(image.Digest)
			if code, text := raw(t, http.MethodPut, url, ocispec.MediaTypeImageIndex, []byte(list)); code != http.StatusCreated {
				t.Fatalf("%d %s", code, text)
			}
			ours, err := r.Attach(t.Context(), some("one", &image))
			if err != nil {
				t.Fatal(err)
			}
			_, b := raw(t, http.MethodGet, url, ocispec.MediaTypeImageIndex, nil)
			var got struct {
				Manifests   []map[string]any
				Annotations map[string]string
			}
			if err := json.Unmarshal(b, &got); err != nil || len(got.Manifests) != 2 || got.Annotations["by"] != "them" {
				t.Fatalf("%v: %s", err, b)
			}
			if diff := cmp.Diff(map[string]any{"b": 1.0, "a": "<"}, got.Manifests[0]["example"]); diff != "" || got.Manifests[0]["digest"] != d.Digest.String() || got.Manifests[1]["digest"] != ours.Descriptor.Digest.String() {
				t.Errorf("%s\n%s", diff, b)
			}
			if list, _, err := r.Referrers(t.Context(), image.Digest, kind); err != nil || len(list) != 1 || list[0].Digest != ours.Descriptor.Digest {
				t.Errorf("%v, %v", list, err)
			}
		})
	}
}

// A list that somebody else wrote at the same time is written again, and not without end.
func TestLostEntry(t *testing.T) {
	for lost, fine := range map[int]bool{1: true, 1000: false} {
		reg := testkit.NewRegistry(t)
		r, image := open(t, reg.Host), subject(t, reg.Host, 1)
		left := lost
		reg.Fault(func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method != http.MethodPut || !strings.HasSuffix(r.URL.Path, artifact.TagOf(image.Digest)) || left == 0 {
				return false
			}
			left--
			_, _ = io.Copy(io.Discard, r.Body)
			w.WriteHeader(http.StatusCreated) // and somebody else's list stands there afterwards
			return true
		})
		a, err := r.Attach(t.Context(), some("one", &image))
		list, _, lerr := r.Referrers(t.Context(), image.Digest, kind)
		if lerr != nil || fine != (err == nil) || fine != (len(list) == 1 && list[0].Digest == a.Descriptor.Digest) {
			t.Errorf("lost %d times: %v, %v, %v", lost, err, list, lerr)
		}
		if !fine && !strings.Contains(err.Error(), "by others at the same time") {
			t.Error(err)
		}
	}
}

// A tag of that form which is something else is not overwritten.
func TestForeignTag(t *testing.T) {
	host := testkit.NewRegistry(t).Host
	r, image := open(t, host), subject(t, host, 1)
	if _, err := r.Push(t.Context(), some("mine", nil), artifact.TagOf(image.Digest)); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Attach(t.Context(), some("one", &image)); err == nil || !strings.Contains(err.Error(), "is something else") {
		t.Error(err)
	}
	if _, m, err := r.Tagged(t.Context(), artifact.TagOf(image.Digest)); err != nil || m.ArtifactType != kind {
		t.Error("it was overwritten:", err)
	}
}

func TestRefused(t *testing.T) {
	for name, c := range map[string]struct {
		fault func(w http.ResponseWriter, r *http.Request) bool
		want  string
	}{
		"artifacts": {func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method != http.MethodPut || !strings.Contains(r.URL.Path, "/manifests/") {
				return false
			}
			w.WriteHeader(http.StatusBadRequest)
			return true
		}, "refuses what is not an image (400 Bad Request)"},
		"pushes": {func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method == http.MethodGet || r.Method == http.MethodHead {
				return false
			}
			w.WriteHeader(http.StatusForbidden)
			return true
		}, "access denied"},
		"the list": {func(w http.ResponseWriter, r *http.Request) bool {
			if !strings.Contains(r.URL.Path, "/referrers/") {
				return false
			}
			w.WriteHeader(http.StatusInternalServerError)
			return true
		}, "has a fault of its own (500"},
	} {
		t.Run(name, func(t *testing.T) {
			reg := testkit.NewReferrersRegistry(t)
			r, image := open(t, reg.Host), subject(t, reg.Host, 1)
			reg.Fault(c.fault)
			_, err := r.Attach(t.Context(), some("one", &image))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
			var refused *artifact.RefusedError
			if errors.As(err, &refused) != (name == "artifacts") {
				t.Errorf("%v", err)
			}
		})
	}
}

// A mirror that has nothing attached is passed over, and what is attached goes to the registry itself.
func TestMirror(t *testing.T) {
	for name, mirror := range map[string]*testkit.Registry{"with the API": testkit.NewReferrersRegistry(t), "without": testkit.NewRegistry(t)} {
		t.Run(name, func(t *testing.T) {
			reg := testkit.NewReferrersRegistry(t)
			image := subject(t, reg.Host, 1)
			subject(t, mirror.Host, 1) // the image, and nothing else
			dir := t.TempDir()
			if err := os.Mkdir(filepath.Join(dir, reg.Host), 0o755); err != nil {
				t.Fatal(err)
			}
			toml := fmt.Sprintf("server = %q\n[host.%q]\n  capabilities = [\"pull\", \"resolve\"]\n", reg.URL, mirror.URL)
			if err := os.WriteFile(filepath.Join(dir, reg.Host, "hosts.toml"), []byte(toml), 0o600); err != nil {
				t.Fatal(err)
			}
			named, err := reference.ParseNormalizedNamed(reg.Host + "/team/app:1")
			if err != nil {
				t.Fatal(err)
			}
			r, err := artifact.Open(t.Context(), &source.Registry{DockerConfig: configfile.New(""), HostsDirs: []string{dir}}, named)
			if err != nil {
				t.Fatal(err)
			}
			a, err := r.Attach(t.Context(), some("one", &image))
			if err != nil {
				t.Fatal(err)
			}
			list, _, err := r.Referrers(t.Context(), image.Digest, kind)
			if err != nil || len(list) != 1 || list[0].Digest != a.Descriptor.Digest {
				t.Fatalf("%v, %v", list, err)
			}
			if m, err := r.Manifest(t.Context(), list[0]); err != nil || m.ArtifactType != kind {
				t.Errorf("%+v, %v", m, err)
			}
			if mirror.Gets("/manifests/"+image.Digest.String()) != 0 || mirror.Gets(artifact.TagOf(image.Digest))+mirror.Gets("/referrers/"+image.Digest.String()) == 0 {
				t.Error("the mirror was not asked first")
			}
		})
	}
}
