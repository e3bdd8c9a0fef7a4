// Package rpmdb reads the databases of rpm while a layer is indexed. The library that
// knows their formats wants a file, and so this package stands apart from package
// packages, which computes only.
package rpmdb

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path"
	"strconv"

	rpmdb "github.com/knqyf263/go-rpmdb/pkg"

	"tare/internal/packages"
)

// Records reads a database in any of rpm's three formats: Berkeley DB (Packages), ndb
// (Packages.db) and SQLite (rpmdb.sqlite). What it returns is for packages.Find, also if
// the database is damaged: then it says so.
func Records(name string, b []byte) []byte {
	list, err := read(path.Base(name), b)
	return packages.EncodeRPM(list, err)
}

func read(name string, b []byte) (out []packages.RPMRecord, err error) {
	if len(b) == 0 {
		return nil, errors.New("it is empty")
	}
	defer func() {
		// A damaged database makes the library run off its slices.
		if r := recover(); r != nil {
			out, err = nil, fmt.Errorf("damaged: %v", r)
		}
	}()
	switch {
	case bytes.HasPrefix(b, []byte(sqliteMagic)):
		list, err := headers(b)
		if err != nil {
			return nil, err
		}
		b = ndb(list) // go-rpmdb alone knows the headers, and takes them from a file
	case bytes.HasPrefix(b, []byte(ndbMagic)):
		if err := checkNDB(b); err != nil {
			return nil, err
		}
	}
	file, done, err := place(name, b)
	if err != nil {
		return nil, err
	}
	defer done()
	db, err := rpmdb.Open(file)
	if err != nil {
		return nil, err
	}
	defer func() { _ = db.Close() }()
	list, err := db.ListPackages()
	if err != nil {
		return nil, err
	}
	for _, i := range list {
		r := packages.RPMRecord{Name: i.Name, Version: i.Version, Arch: i.Arch, Source: i.SourceRpm, Size: int64(i.Size), Requires: i.Requires, Provides: i.Provides}
		if i.Release != "" {
			r.Version += "-" + i.Release
		}
		if i.EpochNum() > 0 {
			r.Version = strconv.Itoa(i.EpochNum()) + ":" + r.Version
		}
		r.Files, r.Problem = i.InstalledFileNames()
		out = append(out, r)
	}
	return out, nil
}

// temporary puts the database into a directory of its own, where files in memory have
// no names: a kill leaves the directory behind.
func temporary(name string, b []byte) (file string, done func(), err error) {
	dir, err := os.MkdirTemp("", "tare-rpm-")
	if err != nil {
		return "", nil, err
	}
	done = func() { _ = os.RemoveAll(dir) }
	file = path.Join(dir, name)
	if err := os.WriteFile(file, b, 0o600); err != nil {
		done()
		return "", nil, err
	}
	return file, done, nil
}
