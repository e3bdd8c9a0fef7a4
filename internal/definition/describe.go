package definition

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/moby/buildkit/solver/pb"
	"github.com/opencontainers/go-digest"

	"tare/internal/engine"
	"tare/internal/units"
)

// describe says what an operation does: its kind, and what its result depends on.
func describe(o *engine.Op, op *pb.Op) {
	switch x := op.Op.(type) {
	case *pb.Op_Source:
		source(o, x.Source)
	case *pb.Op_Exec:
		exec(o, op, x.Exec)
	case *pb.Op_File:
		files(o, op, x.File)
	case *pb.Op_Merge:
		o.Kind = "merge"
	case *pb.Op_Diff:
		o.Kind = "diff"
	default:
		o.Kind = "build"
	}
	if p := op.Platform; p != nil {
		fact(o, "platform", "", strings.TrimSuffix(path.Join(p.OS, p.Architecture, p.Variant), "/"))
	}
}

// source: an image with its digest, a context, a repository, a URL.
func source(o *engine.Op, s *pb.SourceOp) {
	scheme, rest, _ := strings.Cut(s.Identifier, "://")
	o.Kind, o.Source = scheme, rest
	switch scheme {
	case "docker-image":
		o.Kind = "image"
		name, d, _ := strings.Cut(rest, "@")
		o.Source = name
		fact(o, "image", name, d)
	case "oci-layout":
		o.Kind = "layout"
		name, d, _ := strings.Cut(rest, "@")
		o.Source = name
		fact(o, "image", name, d)
	case "http", "https":
		o.Kind, o.Source = "http", s.Identifier
		fact(o, "url", s.Identifier, s.Attrs[pb.AttrHTTPChecksum])
	case "git":
		o.Source = s.Identifier
		if u := s.Attrs[pb.AttrFullRemoteURL]; u != "" {
			o.Source = u
		}
		fact(o, "repository", s.Identifier, s.Attrs[pb.AttrGitChecksum])
	}
}

func exec(o *engine.Op, op *pb.Op, x *pb.ExecOp) {
	o.Kind = "exec"
	if m := x.Meta; m != nil {
		fact(o, "command", "", strings.Join(m.Args, " "))
		for _, e := range m.Env {
			k, v, _ := strings.Cut(e, "=")
			fact(o, "env", k, v)
		}
		fact(o, "directory", "", m.Cwd)
		fact(o, "user", "", m.User)
		for _, h := range m.ExtraHosts {
			fact(o, "host", h.Host, "")
		}
		for _, u := range m.Ulimit {
			fact(o, "ulimit", u.Name, fmt.Sprintf("%d:%d", u.Soft, u.Hard))
		}
		fact(o, "hostname", "", m.Hostname)
		fact(o, "cgroup parent", "", m.CgroupParent)
	}
	fact(o, "network", "", strings.ToLower(x.Network.String()))
	fact(o, "security", "", strings.ToLower(x.Security.String()))
	for _, s := range x.Secretenv {
		fact(o, "secret", s.Name, s.ID)
	}
	for _, m := range x.Mounts {
		if m.Dest == "/" {
			continue
		}
		kind := strings.ToLower(m.MountType.String())
		value := kind
		if m.Readonly {
			value += ", read-only"
		}
		if m.Selector != "" {
			value += ", source=" + m.Selector
		}
		fact(o, "mount", m.Dest, value)
		if m.MountType == pb.MountType_BIND && m.Input >= 0 && int(m.Input) < len(op.Inputs) {
			o.Takes = append(o.Takes, engine.Take{Input: op.Inputs[m.Input].Digest, Source: m.Selector, Follow: true})
		}
	}
}

func files(o *engine.Op, op *pb.Op, x *pb.FileOp) {
	o.Kind = "file"
	for _, a := range x.Actions {
		switch {
		case a.GetCopy() != nil:
			c := a.GetCopy()
			fact(o, "copy", c.Dest, copied(c))
			if n := a.SecondaryInput; n >= 0 && int(n) < len(op.Inputs) {
				o.Takes = append(o.Takes, engine.Take{Input: op.Inputs[n].Digest, Source: c.Src, Wildcard: c.AllowWildcard, Follow: c.FollowSymlink,
					Include: slices.Clone(c.IncludePatterns), Exclude: slices.Clone(c.ExcludePatterns)})
			}
		case a.GetMkfile() != nil:
			f := a.GetMkfile()
			fact(o, "document", f.Path, fmt.Sprintf("%d bytes, %s, mode %o", len(f.Data), units.ShortID(digest.FromBytes(f.Data).String()), f.Mode))
		case a.GetMkdir() != nil:
			d := a.GetMkdir()
			fact(o, "directory", "", d.Path)
			fact(o, "owner", d.Path, owner(d.Owner))
		case a.GetRm() != nil:
			fact(o, "remove", a.GetRm().Path, "")
		case a.GetSymlink() != nil:
			fact(o, "link", a.GetSymlink().Newpath, a.GetSymlink().Oldpath)
		}
	}
}

// copied is what of a copy is no path: its source and flags.
func copied(c *pb.FileActionCopy) string {
	out := c.Src
	add := func(flag, value string) {
		if value != "" {
			out += " --" + flag + "=" + value
		}
	}
	if c.Mode >= 0 && c.ModeStr == "" {
		add("chmod", fmt.Sprintf("%o", c.Mode))
	}
	add("chmod", c.ModeStr)
	add("chown", owner(c.Owner))
	add("include", strings.Join(c.IncludePatterns, ","))
	add("exclude", strings.Join(c.ExcludePatterns, ","))
	if c.AttemptUnpackDockerCompatibility {
		out += " --unpack"
	}
	return out
}

// owner is USER[:GROUP] as a Dockerfile says it.
func owner(c *pb.ChownOpt) string {
	one := func(u *pb.UserOpt) string {
		switch x := u.GetUser().(type) {
		case *pb.UserOpt_ByName:
			return x.ByName.GetName()
		case *pb.UserOpt_ByID:
			return strconv.FormatUint(uint64(x.ByID), 10)
		}
		return ""
	}
	if c == nil {
		return ""
	}
	return strings.TrimSuffix(one(c.User)+":"+one(c.Group), ":")
}

func fact(o *engine.Op, what, name, value string) {
	if name != "" || value != "" {
		o.Facts = append(o.Facts, engine.Fact{What: what, Name: name, Value: value})
	}
}
