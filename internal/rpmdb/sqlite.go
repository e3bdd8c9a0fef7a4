package rpmdb

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

const sqliteMagic = "SQLite format 3\x00"

// Bounds of what a database may cost.
const (
	patience = 30 * time.Second
	maxHeap  = 512 << 20 // bytes of SQLite's memory
)

// sqliteHeaders are the package headers in an SQLite database. It is opened in memory: SQLite
// by a path would write beside the file.
func sqliteHeaders(b []byte) ([][]byte, error) {
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
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
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
	// The schema is a stranger's: a view or a computed column may be a program.
	for _, guard := range []string{"PRAGMA trusted_schema=OFF", "PRAGMA query_only=ON", "PRAGMA cell_size_check=ON", fmt.Sprintf("PRAGMA hard_heap_limit=%d", maxHeap)} {
		if _, err := conn.ExecContext(ctx, guard); err != nil {
			return nil, err
		}
	}
	var odd int
	err = conn.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_master WHERE name='Packages' AND type<>'table' OR type='trigger'").Scan(&odd)
	if err == nil && odd == 0 {
		err = conn.QueryRowContext(ctx, "SELECT count(*) FROM pragma_table_xinfo('Packages') WHERE hidden<>0").Scan(&odd)
	}
	if err != nil {
		return nil, err
	}
	if odd > 0 {
		return nil, errors.New("its table Packages is none of rpm's")
	}
	rows, err := conn.QueryContext(ctx, "SELECT blob FROM Packages")
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var out [][]byte
	left := len(b)
	for rows.Next() {
		var h []byte
		if err := rows.Scan(&h); err != nil {
			return nil, err
		}
		if left -= len(h); left < 0 || len(h) == 0 {
			return nil, errors.New("its packages have more bytes than the database, or none")
		}
		out = append(out, h)
	}
	return out, rows.Err()
}
