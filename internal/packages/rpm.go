package packages

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"unsafe"
)

// RPM is that of Fedora, SUSE and others. Its databases are binary: the index of a
// layer keeps what package rpmdb has read of them, as EncodeRPM writes it.
var RPM = register(Kind{
	Type: "rpm", Title: "rpm packages", Rank: 12, Version: 2, System: true, Parse: (*finder).rpm, BuildTools: rpmTools.has,
	Databases: []string{"var/lib/rpm/", "usr/lib/sysimage/rpm/"},
	Wants: func(f File) Want {
		switch f.Dir {
		case "var/lib/rpm", "usr/lib/sysimage/rpm", "usr/share/rpm":
			switch f.Base {
			case "Packages", "Packages.db", "rpmdb.sqlite":
				return Want{Limit: maxDatabase, Records: true}
			}
		}
		return Want{}
	},
})

// RPMRecord is a package in a database of rpm.
type RPMRecord struct {
	Name, Version, Arch, Source string
	Size                        int64    // of its files, in bytes, as it says
	Files, Requires, Provides   []string // as the database has them
	Problem                     error    // what of it could not be read; nil: all was
}

// rpmMagic begins what EncodeRPM writes. No database begins so.
const rpmMagic = "tare rpm records 1\x00"

// EncodeRPM writes records as fields that end in NUL, which the strings of rpm cannot
// hold: a letter and the value; an empty field ends a record. err is why the database
// could not be read, nil if it could.
func EncodeRPM(list []RPMRecord, err error) []byte {
	b := []byte(rpmMagic)
	field := func(letter byte, v string) {
		if v != "" {
			b = append(append(append(b, letter), v...), 0)
		}
	}
	if err != nil {
		field('E', err.Error())
	}
	for i := range list {
		r := &list[i]
		field('N', r.Name)
		field('V', r.Version)
		field('A', r.Arch)
		field('S', r.Source)
		if r.Size != 0 {
			field('I', strconv.FormatInt(r.Size, 10))
		}
		if r.Problem != nil {
			field('W', r.Problem.Error())
		}
		for _, v := range r.Requires {
			field('R', v)
		}
		for _, v := range r.Provides {
			field('P', v)
		}
		for _, v := range r.Files {
			field('F', v)
		}
		b = append(b, 0)
	}
	return b
}

// rpm reads the database of rpm in any of its three formats: Berkeley DB
// (Packages), ndb (Packages.db) and SQLite (rpmdb.sqlite).
func (f *finder) rpm() {
	for _, dir := range []string{"var/lib/rpm", "usr/lib/sysimage/rpm", "usr/share/rpm"} {
		for _, base := range []string{"rpmdb.sqlite", "Packages.db", "Packages"} {
			name := dir + "/" + base
			if b, ok := f.view.Files[name]; ok {
				f.rpmRecords(name, b)
				return
			}
		}
	}
}

// rpmRecords reads what EncodeRPM wrote, once for all views that have it.
func (f *finder) rpmRecords(name string, b []byte) {
	rest, ok := bytes.CutPrefix(b, []byte(rpmMagic))
	if !ok {
		f.problem(name, errors.New("it was not read when the layer was indexed"))
		return
	}
	known, ok := f.memo.rpm[&b[0]]
	if !ok {
		known = decodeRPM(name, rest)
		f.memo.rpm[&b[0]] = known
	}
	for _, err := range known.problems {
		f.problem(name, err)
	}
	for _, p := range known.list {
		f.add(p)
	}
}

// rpmList is what a database says.
type rpmList struct {
	list     []Package
	problems []error
}

func decodeRPM(name string, b []byte) *rpmList {
	out := &rpmList{}
	s := ""
	if len(b) > 0 {
		s = unsafe.String(&b[0], len(b)) // the view's contents do not change
	}
	p := Package{Location: name}
	var trouble string
	for s != "" {
		end := 0
		for end < len(s) && s[end] != 0 {
			end++
		}
		field := s[:end]
		s = s[min(end+1, len(s)):]
		if field == "" {
			if p.Name == "" {
				out.problems = append(out.problems, errors.New("a package without a name"))
			} else {
				out.list = append(out.list, p)
			}
			if trouble != "" {
				out.problems = append(out.problems, fmt.Errorf("files of %s: %s", p.Name, trouble))
			}
			p, trouble = Package{Location: name}, ""
			continue
		}
		switch v := field[1:]; field[0] {
		case 'E':
			out.problems = append(out.problems, errors.New(v))
		case 'N':
			p.Name = v
		case 'V':
			p.Version = v
		case 'A':
			p.Arch = v
		case 'S':
			p.Source = v
		case 'I':
			p.Declared, _ = strconv.ParseInt(v, 10, 64)
		case 'W':
			trouble = v
		case 'R':
			p.needs = append(p.needs, v)
		case 'P':
			p.provides = append(p.provides, v)
		case 'F':
			p.Files = append(p.Files, clean(v))
			p.provides = append(p.provides, v) // "/bin/sh" may be required by its path
		}
	}
	return out
}
