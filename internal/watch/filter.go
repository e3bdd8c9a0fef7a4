package watch

import (
	"slices"

	specs "github.com/opencontainers/runtime-spec/specs-go"
)

// protExec and mapAnonymous are of mmap, the same on all architectures that tables has.
const (
	protExec     = 0x4
	mapAnonymous = 0x20
)

// Notify makes a seccomp profile notify whoever listens on socket of every allowed call that
// names a file. What the profile denies stays denied. A container without a profile gets
// one that allows everything else.
func Notify(p *specs.LinuxSeccomp, socket string) *specs.LinuxSeccomp {
	if p == nil {
		p = &specs.LinuxSeccomp{DefaultAction: specs.ActAllow, Architectures: architectures}
		var all []string
		for n := range shapes {
			all = append(all, n)
		}
		slices.Sort(all)
		p.Syscalls = []specs.LinuxSyscall{{Names: all, Action: specs.ActAllow}}
	}
	out := *p
	out.ListenerPath = socket
	out.Syscalls = nil
	var notify, mapping []string
	take := func(name string) bool {
		c, ours := shapes[name]
		switch {
		case !ours:
			return false
		case c.act == maps:
			mapping = append(mapping, name)
		case !slices.Contains(notify, name):
			notify = append(notify, name)
		}
		return true
	}
	for _, r := range p.Syscalls {
		if r.Action == specs.ActAllow && len(r.Args) == 0 {
			var keep []string
			for _, n := range r.Names {
				if !take(n) {
					keep = append(keep, n)
				}
			}
			if r.Names = keep; len(keep) == 0 {
				continue // libseccomp takes no rule without names
			}
		}
		out.Syscalls = append(out.Syscalls, r)
	}
	if len(notify) > 0 {
		out.Syscalls = append(out.Syscalls, specs.LinuxSyscall{Names: notify, Action: specs.ActNotify})
	}
	for _, n := range slices.Compact(slices.Sorted(slices.Values(mapping))) {
		out.Syscalls = append(out.Syscalls, code(n)...)
	}
	return &out
}

// code are the rules for mmap: what is mapped of a file as code is notified. Each half is
// written out, since an allowance without conditions would swallow a notification with some.
func code(name string) []specs.LinuxSyscall {
	rule := func(act specs.LinuxSeccompAction, args ...specs.LinuxSeccompArg) specs.LinuxSyscall {
		return specs.LinuxSyscall{Names: []string{name}, Action: act, Args: args}
	}
	arg := func(index uint, mask, value uint64) specs.LinuxSeccompArg {
		return specs.LinuxSeccompArg{Index: index, Value: mask, ValueTwo: value, Op: specs.OpMaskedEqual}
	}
	return []specs.LinuxSyscall{
		rule(specs.ActNotify, arg(2, protExec, protExec), arg(3, mapAnonymous, 0)),
		rule(specs.ActAllow, arg(2, protExec, 0)),
		rule(specs.ActAllow, arg(3, mapAnonymous, mapAnonymous)),
	}
}
