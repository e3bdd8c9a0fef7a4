package source

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
)

// openDaemon fetches an image from a Docker daemon as `docker save` does. It is one
// GET of Docker's API: a client library would weigh more than the rest of the package.
func openDaemon(ctx context.Context, name string, o OpenOptions) (*Opened, error) {
	client, host, err := daemonClient()
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://docker/images/"+strings.ReplaceAll(url.PathEscape(name), "%2F", "/")+"/get", nil)
	if err != nil {
		return nil, err
	}
	res, err := client.Do(req)
	if err != nil {
		var op *net.OpError
		if errors.As(err, &op) && op.Op == "dial" {
			return nil, fmt.Errorf("no Docker daemon at %s: %w; is it running, and DOCKER_HOST right?", host, op.Err)
		}
		return nil, fmt.Errorf("docker daemon at %s: %w", host, err)
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		var said struct{ Message string }
		b, _ := io.ReadAll(io.LimitReader(res.Body, 64<<10))
		if json.Unmarshal(b, &said) != nil || said.Message == "" {
			said.Message = res.Status
		}
		return nil, fmt.Errorf("docker daemon at %s: %s (docker images lists what it has)", host, said.Message)
	}
	f, err := spool(ctx, res.Body, "the Docker daemon", o)
	if err != nil {
		return nil, err
	}
	// For a name without a tag the daemon sends every tag; for an ID it sends no name.
	return readArchive(f, "what the Docker daemon sent", "", name, o.Platform)
}

// daemonClient speaks to the daemon that DOCKER_HOST names.
func daemonClient() (*http.Client, string, error) {
	host := os.Getenv("DOCKER_HOST")
	if host == "" {
		host = "unix:///var/run/docker.sock"
	}
	u, err := url.Parse(host)
	if err != nil {
		return nil, host, fmt.Errorf("DOCKER_HOST=%q: %w", host, err)
	}
	network, addr := u.Scheme, u.Host
	switch u.Scheme {
	case "unix":
		addr = u.Path
	case "tcp":
		if os.Getenv("DOCKER_TLS_VERIFY") != "" {
			return nil, host, errors.New("DOCKER_TLS_VERIFY: tare does not speak TLS with a Docker daemon: pipe `docker save` into `tare weigh -`")
		}
	default:
		return nil, host, fmt.Errorf("DOCKER_HOST=%q: tare speaks to unix:// and tcp:// daemons: for others pipe `docker save` into `tare weigh -`", host)
	}
	var d net.Dialer
	return &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return d.DialContext(ctx, network, addr)
	}}}, host, nil
}
