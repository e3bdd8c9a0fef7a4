// Package secret tells from a file's name and its first bytes whether the file holds a
// secret. It looks while a layer streams past, and keeps a mark: no byte of the file.
package secret

import (
	"bytes"
	"path"
	"strings"
)

// Mark is what a file holds, or may hold.
type Mark uint8

// The marks. Those up to Variables say what the first bytes show; the others what only
// the name does, and nothing in the first bytes refutes.
const (
	None           Mark = iota
	Key                 // begins as a private key does
	Cloud               // credentials for a cloud
	Cluster             // credentials for a Kubernetes cluster
	Registry            // logins of container registries
	Token               // a token or password for a package registry or a repository
	Password            // passwords for hosts or databases
	Variables           // values of variables whose names are those of secrets
	KeyName             // named as private keys are
	CredentialName      // named as files of credentials are
	Settings            // variables of an application, whose names tell nothing
	marks
)

// Valid tells whether m is one of the marks.
func (m Mark) Valid() bool { return m < marks }

// Shown tells whether the first bytes show it, not the name alone.
func (m Mark) Shown() bool { return m > None && m <= Variables }

// Head is how much of a file Look wants to see, in bytes, where the file is longer.
const Head = 64 << 10

// Look tells what the file at a clean path holds, by its name and by head, its first
// bytes. What is empty, a template or a public half holds nothing.
func Look(name string, head []byte) Mark {
	base := name[strings.LastIndexByte(name, '/')+1:]
	text := bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), " \t\r\n")
	if len(text) == 0 || base == "" {
		return None
	}
	if m, sure := key(name, base, text); sure {
		return m
	}
	f := formatOf(name, base)
	if f == nil {
		return None
	}
	return f.look(text)
}

// within tells whether a path's directory is called so.
func within(name, dir string) bool { return path.Base(path.Dir(name)) == dir }
