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
	ndbHeader    = 2 * ndbUnit
	ndbMagic     = "RpmP"
	ndbSlotMagic = "Slot"
	ndbBlobMagic = "BlbS"
)

// checkNDB refuses databases that the library would allocate too much for, or wait for
// without end.
func checkNDB(b []byte) error {
	if len(b) < ndbHeader {
		return fmt.Errorf("damaged: %d bytes", len(b))
	}
	pages := int64(binary.LittleEndian.Uint32(b[12:]))
	if pages == 0 || pages*ndbPage > int64(len(b)) {
		return fmt.Errorf("damaged: %d pages of slots in %d bytes", pages, len(b))
	}
	for at := int64(ndbHeader); at < pages*ndbPage; at += ndbUnit {
		slot := b[at : at+ndbUnit]
		if string(slot[:4]) != ndbSlotMagic {
			return fmt.Errorf("damaged: no slot at byte %d", at)
		}
		id, from := binary.LittleEndian.Uint32(slot[4:]), int64(binary.LittleEndian.Uint32(slot[8:]))*ndbUnit
		if id == 0 {
			continue
		}
		if from+ndbUnit > int64(len(b)) || string(b[from:from+4]) != ndbBlobMagic || binary.LittleEndian.Uint32(b[from+4:]) != id ||
			from+ndbUnit+int64(binary.LittleEndian.Uint32(b[from+12:])) > int64(len(b)) {
			return fmt.Errorf("damaged: package %d is not at byte %d", id, from)
		}
	}
	return nil
}

// ndb makes a database of package headers.
func ndb(headers [][]byte) []byte {
	pages := (ndbHeader + len(headers)*ndbUnit + ndbPage - 1) / ndbPage
	b := make([]byte, max(1, pages)*ndbPage)
	copy(b, ndbMagic)
	binary.LittleEndian.PutUint32(b[12:], uint32(len(b)/ndbPage))
	for at := ndbHeader; at < len(b); at += ndbUnit {
		copy(b[at:], ndbSlotMagic)
	}
	for i, h := range headers {
		slot, id := b[ndbHeader+i*ndbUnit:], uint32(i+1)
		binary.LittleEndian.PutUint32(slot[4:], id)
		binary.LittleEndian.PutUint32(slot[8:], uint32(len(b)/ndbUnit))
		var head [ndbUnit]byte
		copy(head[:], ndbBlobMagic)
		binary.LittleEndian.PutUint32(head[4:], id)
		binary.LittleEndian.PutUint32(head[12:], uint32(len(h)))
		b = append(append(b, head[:]...), h...)
		b = append(b, make([]byte, (ndbUnit-len(h)%ndbUnit)%ndbUnit)...)
	}
	return b
}
