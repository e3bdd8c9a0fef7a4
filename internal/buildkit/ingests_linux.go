package buildkit

import (
	"os"
	"path/filepath"

	"github.com/moby/buildkit/client"

	"tare/internal/container"
)

// closeIngests makes the owner's alone what is being written in the folders that a build
// fills for the user with containerd's content store (--cache-to type=local and -o
// type=oci,tar=false): that gives such a directory the mode 0777 and leaves the rest to
// the umask.
func (s *solve) closeIngests() error {
	var dirs []string
	for _, c := range s.CacheExports {
		if c.Type == "local" {
			dirs = append(dirs, c.Attrs["dest"])
		}
	}
	for _, e := range s.Exports {
		if e.Type == client.ExporterOCI || e.Type == client.ExporterDocker {
			dirs = append(dirs, e.OutputDir)
		}
	}
	for _, d := range dirs {
		if d == "" {
			continue
		}
		if err := os.MkdirAll(d, 0o755&^os.FileMode(container.UsersUmask())); err != nil {
			return err
		}
		if err := container.PrivateDir(filepath.Join(d, "ingest")); err != nil {
			return err
		}
	}
	return nil
}
