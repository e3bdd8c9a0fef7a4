package rpmdb

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Berkeley DB's hash format (libdb/src/dbinc/db_page.h): the first page describes the
// database; pages of the hash have pairs of keys and values, and a value that is large is
// a chain of overflow pages.
const (
	bdbMagic       = 0x061561
	bdbMeta        = 8  // types of pages
	bdbUnsorted    = 2  // of RHEL 5
	bdbHash        = 13 //
	bdbOverflow    = 7
	bdbOffPage     = 3 // type of a value: it is on other pages
	bdbPageHeader  = 26
	bdbOffPageSize = 12
)

// bdbHeaders are the package headers in a hash database of Berkeley DB.
func bdbHeaders(b []byte) ([][]byte, error) {
	if len(b) < 512 {
		return nil, fmt.Errorf("it is not an rpm database: %d bytes", len(b))
	}
	var order binary.ByteOrder = binary.LittleEndian
	if order.Uint32(b[12:]) != bdbMagic {
		order = binary.BigEndian
	}
	size := int(order.Uint32(b[20:]))
	if order.Uint32(b[12:]) != bdbMagic || b[25] != bdbMeta || size < 512 || size > 64<<10 || size&(size-1) != 0 {
		return nil, errors.New("it is not an rpm database")
	}
	d := &bdb{b: b, order: order, size: size, left: len(b)}
	last := int64(order.Uint32(b[32:]))
	if (last+1)*int64(size) > int64(len(b)) {
		return nil, fmt.Errorf("damaged: %d bytes for %d pages of %d", len(b), last+1, size)
	}
	for n := range uint32(last + 1) {
		if err := d.hash(n); err != nil {
			return nil, fmt.Errorf("damaged: page %d: %w", n, err)
		}
	}
	return d.out, nil
}

type bdb struct {
	b     []byte
	order binary.ByteOrder
	size  int // of a page
	left  int // bytes that values may still have: else one chain could be many values
	out   [][]byte
}

// page is a page by its number, nil if there is none.
func (d *bdb) page(n uint32) []byte {
	at := int64(n) * int64(d.size)
	if at+int64(d.size) > int64(len(d.b)) {
		return nil
	}
	return d.b[at : at+int64(d.size)]
}

// hash adds the values of a page, if it is one of the hash.
func (d *bdb) hash(n uint32) error {
	p := d.page(n)
	if p[25] != bdbUnsorted && p[25] != bdbHash {
		return nil
	}
	entries := int(d.order.Uint16(p[20:]))
	if entries%2 != 0 || bdbPageHeader+2*entries > d.size {
		return fmt.Errorf("%d entries", entries)
	}
	for i := 1; i < entries; i += 2 { // keys stand before their values
		at := int(d.order.Uint16(p[bdbPageHeader+2*i:]))
		if at >= d.size {
			return fmt.Errorf("a value at byte %d", at)
		}
		if p[at] != bdbOffPage {
			continue // too small for a package
		}
		if at+bdbOffPageSize > d.size {
			return fmt.Errorf("a value at byte %d", at)
		}
		v, err := d.chain(d.order.Uint32(p[at+4:]))
		if err != nil {
			return err
		}
		d.out = append(d.out, v)
	}
	return nil
}

// chain is the value on overflow pages that begin with page n.
func (d *bdb) chain(n uint32) ([]byte, error) {
	var out []byte
	for n != 0 {
		p := d.page(n)
		if p == nil || p[25] != bdbOverflow {
			return nil, fmt.Errorf("page %d is none of a value", n)
		}
		next, used := d.order.Uint32(p[16:]), d.size-bdbPageHeader
		if next == 0 {
			used = int(d.order.Uint16(p[22:]))
		}
		if bdbPageHeader+used > d.size {
			return nil, fmt.Errorf("page %d has %d bytes", n, used)
		}
		if d.left -= d.size; d.left < 0 {
			return nil, errors.New("values of more bytes than the database has")
		}
		out = append(out, p[bdbPageHeader:bdbPageHeader+used]...)
		n = next
	}
	return out, nil
}
