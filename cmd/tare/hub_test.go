package main

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// findHub returns the folder with stand-ins for Docker Hub and Alpine's package
// servers, after starting its servers if they do not answer.
var findHub = sync.OnceValues(func() (string, error) {
	dir := os.Getenv("TARE_TEST_HUB")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared", "hub")
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	serve := filepath.Join(dir, "serve.sh")
	if _, err := os.Stat(serve); err != nil {
		return "", errors.New("no hub of test images (TARE_TEST_HUB, or ../shared/hub beside the repository)")
	}
	if answers() {
		return dir, nil
	}
	if out, err := exec.Command(serve, "start").CombinedOutput(); err != nil {
		return "", fmt.Errorf("%s start: %w: %s", serve, err, out)
	}
	return dir, nil
})

func answers() bool {
	c := http.Client{Timeout: 2 * time.Second, Transport: &http.Transport{}} // no proxy
	for _, url := range []string{"http://127.0.0.1:5000/v2/library/alpine/tags/list", "http://127.0.0.1:5080/v3.20/main/x86_64/APKINDEX.tar.gz"} {
		r, err := c.Get(url)
		if err != nil {
			return false
		}
		_ = r.Body.Close()
		if r.StatusCode != http.StatusOK {
			return false
		}
	}
	return true
}

// needHub skips a test that needs real images where there are none.
func needHub(t testing.TB) string {
	t.Helper()
	dir, err := findHub()
	if err != nil {
		t.Skip("needs real images: ", err)
	}
	return dir
}
