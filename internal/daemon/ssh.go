package daemon

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/docker/cli/cli/connhelper/commandconn"
	"github.com/docker/cli/cli/connhelper/ssh"
	"github.com/moby/moby/client"
)

// overSSH speaks to a Podman behind ssh:// as docker/cli does to a Docker: the ssh command
// starts a podman there, which passes on what its service says. CONTAINER_SSHKEY is the
// key, as for podman itself, else whatever ssh takes.
func overSSH(host string) ([]client.Opt, error) {
	u, err := url.Parse(host)
	if err != nil {
		return nil, err
	}
	to, err := ssh.NewSpec(u)
	if err != nil {
		return nil, err
	}
	remote := []string{"podman", "system", "dial-stdio"}
	if strings.Trim(to.Path, "/") != "" {
		remote = []string{"podman", "--url=unix://" + to.Path, "system", "dial-stdio"}
	}
	flags := []string{"-o ConnectTimeout=" + fmt.Sprint(int(remotePatience.Seconds())), "-T"}
	if key := os.Getenv("CONTAINER_SSHKEY"); key != "" {
		flags = append(flags, "-i", key)
	}
	args, err := to.Command(flags, remote...)
	if err != nil {
		return nil, err
	}
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) { return commandconn.New(ctx, "ssh", args...) }
	return []client.Opt{
		client.WithHTTPClient(&http.Client{Transport: &http.Transport{DialContext: dial}}),
		client.WithHost("http://podman.example.com"), // nobody resolves it
		client.WithDialContext(dial),
	}, nil
}
