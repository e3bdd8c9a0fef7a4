package rpmdb

import (
	"encoding/binary"
	"fmt"
)

// rpm's ndb format (rpm/lib/backend/ndb/rpmpkg.c): a header of 32 bytes, then pages of
// slots of 16 bytes, which say in units of 16 bytes where a package's blob begins.
const (
	ndbUnit      = 16
	ndbPage      = 4096
	ndbMagic     = "RpmP"
	ndbSlotMagic = "Slot"
	ndbBlobMagic = "BlbS"
)

// ndbHeaders are the package headers in an ndb database.
func ndbHeaders(b []byte) ([][]byte, error) {
	if len(b) < 2*ndbUnit {
		return nil, fmt.Errorf("damaged: %d bytes", len(b))
	}
	pages := int64(binary.LittleEndian.Uint32(b[12:]))
	if pages == 0 || pages*ndbPage > int64(len(b)) {
		return nil, fmt.Errorf("damaged: %d pages of slots in %d bytes", pages, len(b))
	}
	var out [][]byte
	var total int64
	for at := int64(2 * ndbUnit); at < pages*ndbPage; at += ndbUnit {
		slot := b[at : at+ndbUnit]
		if string(slot[:4]) != ndbSlotMagic {
			return nil, fmt.Errorf("damaged: no slot at byte %d", at)
		}
		id, from := binary.LittleEndian.Uint32(slot[4:]), int64(binary.LittleEndian.Uint32(slot[8:]))*ndbUnit
		if id == 0 {
			continue
		}
		if from+ndbUnit > int64(len(b)) || string(b[from:from+4]) != ndbBlobMagic || binary.LittleEndian.Uint32(b[from+4:]) != id {
			return nil, fmt.Errorf("damaged: package %d is not at byte %d", id, from)
		}
		size := int64(binary.LittleEndian.Uint32(b[from+12:]))
		if total += size; total > int64(len(b)) { // else one blob could be many packages
			return nil, fmt.Errorf("damaged: packages of more bytes than the database has")
		}
		from += ndbUnit
		if from+size > int64(len(b)) {
			return nil, fmt.Errorf("damaged: package %d is cut short", id)
		}
		out = append(out, b[from:from+size])
	}
	return out, nil
}
