package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestPlugin: what docker asks of a plugin is answered under its name.
func TestPlugin(t *testing.T) {
	h := newHome(t)
	link := filepath.Join(h.dir, "docker-tare")
	if err := os.Symlink(h.command().Path, link); err != nil {
		t.Fatal(err)
	}
	c := exec.Command(link, "docker-cli-plugin-metadata")
	c.Env = h.env
	out, err := c.Output()
	var meta struct{ SchemaVersion, Vendor string }
	if err != nil || json.Unmarshal(out, &meta) != nil || meta.SchemaVersion != "0.1.0" || meta.Vendor == "" {
		t.Errorf("metadata: %v: %s", err, out)
	}
	// No daemon: nothing is said, and it is no error.
	c = exec.Command(link, "docker-cli-plugin-hooks", `{"RootCmd":"build"}`)
	c.Env = h.env
	if out, err := c.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("without a daemon: %v: %s", err, out)
	}
}
