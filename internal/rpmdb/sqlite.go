package rpmdb

import (
	"bytes"
	"context"
	"database/sql"
	"errors"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

const sqliteMagic = "SQLite format 3\x00"

// headers are the package headers in an SQLite database. It is opened in memory: SQLite
// by a path would write beside the file.
func headers(b []byte) ([][]byte, error) {
	b = bytes.Clone(b) // the driver's from here on
	if len(b) > 19 {
		// No write-ahead log was kept (https://www.sqlite.org/fileformat.html, "File format
		// version numbers").
		b[18], b[19] = 1, 1
	}
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		return nil, err
	}
	defer func() { _ = db.Close() }()
	ctx := context.Background()
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close() }()
	if err := conn.Raw(func(c any) error {
		d, ok := c.(interface{ Deserialize([]byte) error })
		if !ok {
			return errors.New("the SQLite driver opens no databases in memory")
		}
		return d.Deserialize(b)
	}); err != nil {
		return nil, err
	}
	rows, err := conn.QueryContext(ctx, "SELECT blob FROM Packages")
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var out [][]byte
	for rows.Next() {
		var h []byte
		if err := rows.Scan(&h); err != nil {
			return nil, err
		}
		out = append(out, h)
	}
	return out, rows.Err()
}
