package browser

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

func TestOpen(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the browser is a shell script")
	}
	dir := t.TempDir()
	t.Chdir(dir)
	seen := filepath.Join(dir, "seen")
	script := filepath.Join(dir, "browser")
	if err := os.WriteFile(script, []byte("#!/bin/sh\necho \"$1\" > "+seen+".new && mv "+seen+".new "+seen+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("BROWSER", script)
	if err := Open("page.html"); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		b, err := os.ReadFile(seen)
		if err == nil {
			if got := strings.TrimSpace(string(b)); !filepath.IsAbs(got) || filepath.Base(got) != "page.html" {
				t.Errorf("it was shown %q", got)
			}
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the browser was not started")
		}
	}
	t.Setenv("BROWSER", filepath.Join(dir, "none"))
	if err := Open("page.html"); err == nil || !strings.Contains(err.Error(), filepath.Join(dir, "page.html")+" yourself, or set BROWSER") {
		t.Error(err)
	}
}
