package buildkit

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestIsArchive(t *testing.T) {
	tarHead := strings.Repeat("\x00", 257) + "ustar\x0000"
	for head, want := range map[string]bool{
		"\x1f\x8b\x08\x00": true, "BZh91AY": true, "\xfd7zXZ\x00": true, "\x28\xb5\x2f\xfd\x04": true, tarHead: true,
		"FROM scratch\n": false, "": false, "\x1f": false, strings.Repeat("#", 300): false,
	} {
		if got := isArchive([]byte(head)); got != want {
			t.Errorf("isArchive(%.12q) = %v", head, got)
		}
	}
}

func TestContextName(t *testing.T) {
	for in, want := range map[string]string{
		"docker.io/library/app:latest": "app", "app": "app", "app:1": "app:1", "me/app": "me/app",
		"registry.example.com:5000/a/b:latest": "registry.example.com:5000/a/b", "NotAnImage": "NotAnImage",
	} {
		if got := contextName(in); got != want {
			t.Errorf("contextName(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestOutputs(t *testing.T) {
	for in, want := range map[string]string{"-": "type=tar,dest=-", "out": "type=local,dest=out", "type=oci,dest=x": "type=oci,dest=x"} {
		if got := shorthand(in); got != want {
			t.Errorf("shorthand(%q) = %q, want %q", in, got, want)
		}
	}
	kind, attrs, _ := fields("type=image,push=true,name=x")
	if d := cmp.Diff(map[string]string{"push": "true", "name": "x"}, attrs); kind != "image" || d != "" {
		t.Errorf("fields: %q, (-want +got)\n%s", kind, d)
	}
	if got := with(map[string]string{"a": "own"}, "a", "default", "b", "2"); got["a"] != "own" || got["b"] != "2" {
		t.Errorf("with: %v", got)
	}
}

func TestHostPairs(t *testing.T) {
	got := hostPairs([]string{"a:10.0.0.1", "b=10.0.0.2", "c:::1"})
	if d := cmp.Diff([]string{"a=10.0.0.1", "b=10.0.0.2", "c=::1"}, got); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
}

func TestCacheShorthand(t *testing.T) {
	got := typed([]string{"app:cache", "type=local,src=x"})
	if d := cmp.Diff([]string{"type=registry,ref=app:cache", "type=local,src=x"}, got); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
}
