// Package rpmdb reads the databases of rpm, in any of their three formats, while a layer
// is indexed: what package packages sees later are records. It reads from memory, and
// bounds what a damaged or hostile database may cost.
package rpmdb

import (
	"bytes"
	"errors"
	"fmt"

	"tare/internal/packages"
)

// Records reads a database: Berkeley DB (Packages), ndb (Packages.db) or SQLite
// (rpmdb.sqlite). What it returns is for packages.Find, also if the database is damaged:
// then it says so.
func Records(b []byte) []byte {
	list, err := read(b)
	return packages.EncodeRPM(list, err)
}

func read(b []byte) (out []packages.RPMRecord, err error) {
	defer func() {
		if r := recover(); r != nil { // of the SQLite driver
			out, err = nil, fmt.Errorf("damaged: %v", r)
		}
	}()
	var headers [][]byte
	switch {
	case len(b) == 0:
		return nil, errors.New("it is empty")
	case bytes.HasPrefix(b, []byte(sqliteMagic)):
		headers, err = sqliteHeaders(b)
	case bytes.HasPrefix(b, []byte(ndbMagic)):
		headers, err = ndbHeaders(b)
	default:
		headers, err = bdbHeaders(b)
	}
	if err != nil {
		return nil, err
	}
	left := maxPaths
	for n, h := range headers {
		r, err := record(h, &left)
		if err != nil {
			return nil, fmt.Errorf("damaged: package %d: %w", n+1, err)
		}
		out = append(out, r)
	}
	return out, nil
}
