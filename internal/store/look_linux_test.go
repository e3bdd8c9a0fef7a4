package store_test

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"tare/internal/store"
	"tare/internal/testkit"
)

// Images of a store on a read-only file system are there, with what was derived from them
// if the store is ours.
func TestLookReadOnly(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root, to mount")
	}
	for name, foreign := range map[string]bool{"ours": false, "another user's": true} {
		t.Run(name, func(t *testing.T) {
			root := filepath.Join(t.TempDir(), "store")
			s, err := store.Open(root)
			if err != nil {
				t.Fatal(err)
			}
			rec := testkit.Put(t, s, "docker.io/library/a:1", store.Pulled, testkit.Image(t, testkit.Options{Layers: [][]byte{testkit.Numbered(t, 1, 1000)}}))
			s.Keep("kind", someKey, 7)
			if foreign {
				if err := os.Chown(root, 12345, 12345); err != nil {
					t.Fatal(err)
				}
			}
			if err := unix.Mount(root, root, "", unix.MS_BIND, ""); err != nil {
				t.Skip("needs to mount: ", err)
			}
			defer func() { _ = unix.Unmount(root, unix.MNT_DETACH) }()
			if err := unix.Mount("", root, "", unix.MS_BIND|unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
				t.Fatal(err)
			}
			s, err = store.Look(root)
			if err != nil {
				t.Fatal(err)
			}
			if s.Looking() == nil {
				t.Error("it can be written")
			}
			got, err := s.Find(ctx, "a:1")
			if err != nil || got.Target.Digest != rec.Target.Digest {
				t.Errorf("%v %v", got, err)
			}
			if img := testkit.Measured(t, s, got); img.Sizes().Files < 1000 {
				t.Errorf("%+v", img.Sizes())
			}
			release, err := s.Hold(ctx)
			if err != nil {
				t.Fatal(err)
			}
			release()
			var n int
			if s.Get("kind", someKey, &n) == foreign {
				t.Errorf("a derived value was taken: %v", !foreign)
			}
			refuses(t, s)
		})
	}
}
