package packages

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strconv"

	rpmdb "github.com/knqyf263/go-rpmdb/pkg"
	_ "modernc.org/sqlite" // the driver that go-rpmdb opens rpmdb.sqlite with
)

// rpm reads the database of rpm in any of its three formats: Berkeley DB
// (Packages), ndb (Packages.db) and SQLite (rpmdb.sqlite).
func (f *finder) rpm() {
	for _, dir := range []string{"var/lib/rpm", "usr/lib/sysimage/rpm", "usr/share/rpm"} {
		for _, base := range []string{"rpmdb.sqlite", "Packages.db", "Packages"} {
			name := dir + "/" + base
			if b, ok := f.view.Files[name]; ok {
				if err := f.rpmFile(name, b); err != nil {
					f.problem(name, err)
				}
				return
			}
		}
	}
}

// rpmFile writes the database to a temporary file: the library reads from a path.
func (f *finder) rpmFile(name string, b []byte) (err error) {
	dir, err := os.MkdirTemp("", "tare-rpm-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	file := filepath.Join(dir, path.Base(name))
	if err := os.WriteFile(file, b, 0o600); err != nil {
		return err
	}
	defer func() {
		// A damaged database makes the library run off its slices.
		if r := recover(); r != nil {
			err = fmt.Errorf("damaged: %v", r)
		}
	}()
	db, err := rpmdb.Open(file)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	list, err := db.ListPackages()
	if err != nil {
		return err
	}
	for _, i := range list {
		p := Package{Type: RPM, Name: i.Name, Version: i.Version, Arch: i.Arch, Source: i.SourceRpm, Location: name, Declared: int64(i.Size), needs: i.Requires, provides: i.Provides}
		if i.Release != "" {
			p.Version += "-" + i.Release
		}
		if i.EpochNum() > 0 {
			p.Version = strconv.Itoa(i.EpochNum()) + ":" + p.Version
		}
		files, err := i.InstalledFileNames()
		if err != nil {
			f.problem(name, fmt.Errorf("files of %s: %w", i.Name, err))
		}
		for _, file := range files {
			p.Files = append(p.Files, clean(file))
		}
		p.provides = append(p.provides, files...) // "/bin/sh" may be required by its path
		f.add(p)
	}
	return nil
}
