package runner

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/tonistiigi/go-csvvalue"

	"tare/internal/engine"
	"tare/internal/request"
)

// mounts reads -v, --mount and --tmpfs.
func mounts(o Options) ([]engine.Mount, error) {
	var out []engine.Mount
	for _, v := range o.Volumes {
		m, err := volume(v)
		if err != nil {
			return nil, err
		}
		if m != nil {
			out = append(out, *m)
		}
	}
	for _, v := range o.Mounts {
		m, err := mountFlag(v)
		if err != nil {
			return nil, err
		}
		out = append(out, m)
	}
	for _, v := range o.Tmpfs {
		target, opts, _ := strings.Cut(v, ":")
		if !path.IsAbs(target) {
			return nil, request.Errorf("--tmpfs %q: want an absolute path", v)
		}
		m := engine.Mount{Type: "tmpfs", Target: target}
		if opts != "" {
			m.Options = strings.Split(opts, ",")
		}
		out = append(out, m)
	}
	return out, nil
}

// volume reads -v HOST:CONTAINER[:OPTIONS]. Docker makes a host directory that is
// missing, and so does tare. A path alone is an anonymous volume: since the
// container is removed anyway, its own layer does as well, and nil is returned.
func volume(v string) (*engine.Mount, error) {
	parts := strings.Split(v, ":")
	switch {
	case len(parts) == 1 && path.IsAbs(v):
		return nil, nil
	case len(parts) < 2 || len(parts) > 3 || !path.IsAbs(parts[1]):
		return nil, request.Errorf("-v %q: want HOST:CONTAINER[:ro] with an absolute path in the container", v)
	}
	host := parts[0]
	if !strings.ContainsAny(host, `/\`) && host != "." && host != ".." {
		return nil, request.Errorf("-v %q: tare keeps no named volumes; give a directory of this machine, as in -v ./%s:%s", v, host, parts[1])
	}
	m := engine.Mount{Type: "bind", Source: host, Target: path.Clean(parts[1])}
	if len(parts) == 3 {
		for _, opt := range strings.Split(parts[2], ",") {
			switch opt {
			case "ro":
				m.ReadOnly = true
			case "rw", "z", "Z", "cached", "delegated", "consistent":
			case "rprivate", "private", "rshared", "shared", "rslave", "slave":
				m.Options = append(m.Options, opt)
			default:
				return nil, request.Errorf("-v %q: unknown option %q", v, opt)
			}
		}
	}
	abs, err := filepath.Abs(host)
	if err != nil {
		return nil, fmt.Errorf("-v %q: %w", v, err)
	}
	m.Source = abs
	if _, err := os.Stat(abs); os.IsNotExist(err) {
		if err := os.MkdirAll(abs, 0o755); err != nil {
			return nil, fmt.Errorf("-v %q: %w", v, err)
		}
	}
	return &m, nil
}

// mountFlag reads --mount type=bind|tmpfs,….
func mountFlag(v string) (engine.Mount, error) {
	m := engine.Mount{}
	fields, err := csvvalue.Fields(v, nil)
	if err != nil {
		return m, request.Errorf("--mount %q: %w", v, err)
	}
	for _, f := range fields {
		k, val, has := strings.Cut(f, "=")
		switch strings.ToLower(k) {
		case "type":
			m.Type = val
		case "source", "src":
			m.Source = val
		case "target", "dst", "destination":
			m.Target = val
		case "readonly", "ro":
			m.ReadOnly = !has || val == "true" || val == "1"
		case "bind-propagation":
			m.Options = append(m.Options, val)
		case "tmpfs-size":
			m.Options = append(m.Options, "size="+val)
		case "tmpfs-mode":
			m.Options = append(m.Options, "mode="+val)
		default:
			return m, request.Errorf("--mount %q: tare does not know %q", v, k)
		}
	}
	if m.Type != "bind" && m.Type != "tmpfs" {
		return m, request.Errorf("--mount %q: tare knows type=bind and type=tmpfs; it keeps no volumes", v)
	}
	if !path.IsAbs(m.Target) {
		return m, request.Errorf("--mount %q: dst must be an absolute path", v)
	}
	if m.Type == "bind" {
		if m.Source, err = filepath.Abs(m.Source); err != nil {
			return m, err
		}
		if _, err := os.Stat(m.Source); err != nil {
			return m, fmt.Errorf("--mount %q: %w", v, err)
		}
	}
	return m, nil
}
