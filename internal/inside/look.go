package inside

import (
	"errors"
	"path"
	"strings"

	"tare/internal/parts"
	"tare/internal/parts/archives"
	"tare/internal/parts/elffile"
)

// Bounds of looking into one file and into all.
const (
	maxDepth  = 3       // of archives in archives
	perFile   = 1 << 30 // bytes that are unpacked of one file
	perResult = 4 << 30 // and of all
	headSize  = 512     // bytes that tell the format
)

// unknownKind is the kind of a file whose format is not known.
const unknownKind = "unknown"

// format is one that is looked into.
type format struct {
	is  func(head []byte) bool
	see func(v *view, f *File, s parts.Source) error
}

// formats are tried in their order.
var formats []format

func init() { // they look into members with the same formats
	formats = []format{
		{elffile.Is, (*view).elf},
		{archives.IsZip, (*view).zip},
		{archives.IsAr, plain("ar", archives.Ar)},
		{archives.IsGzip, (*view).gzip},
		{archives.IsTar, plain("tar", archives.Tar)},
		{archives.IsJimage, plain("jimage", archives.Jimage)},
	}
}

// plain is how a format is looked into that needs nothing else.
func plain(kind string, read func(parts.Source) ([]parts.Part, error)) func(*view, *File, parts.Source) error {
	return func(_ *view, f *File, s parts.Source) (err error) {
		f.Kind = kind
		f.Parts, err = read(s)
		return err
	}
}

// named are the kinds of zip archives that their names tell.
var named = map[string]string{".jar": "jar", ".ear": "jar", ".war": "war", ".whl": "wheel", ".jmod": "jmod", ".pyz": "zip", ".egg": "zip", ".zip": "zip"}

// known tells whether a file that begins with head may have an inside.
func known(name string, head []byte) bool {
	for _, f := range formats {
		if f.is(head) {
			return true
		}
	}
	return named[strings.ToLower(path.Ext(name))] != ""
}

// view looks into files within bounds.
type view struct {
	budget *archives.Budget
	depth  int
}

// look divides a file: its kind and what follows from it are noted in f. The only error is
// parts.ErrAgain.
func (v *view) look(f *File, s parts.Source) error {
	f.Kind, f.Parts = unknownKind, nil
	head, err := parts.Read(s, 0, min(headSize, s.Size()))
	if errors.Is(err, parts.ErrAgain) {
		return err
	}
	for _, format := range formats {
		if err == nil && f.Parts == nil && format.is(head) {
			if err := format.see(v, f, s); err != nil {
				return err
			}
		}
	}
	if f.Parts == nil && named[strings.ToLower(path.Ext(f.Path))] != "" { // with a script before it
		if err := v.zip(f, s); err != nil {
			return err
		}
	}
	if f.Parts == nil {
		l := parts.New(s.Size())
		l.Claim(0, s.Size(), parts.Part{Name: "content", Kind: parts.Unknown})
		f.Kind, f.Parts = unknownKind, l.Parts()
	}
	return nil
}

func (v *view) elf(f *File, s parts.Source) error {
	x, err := elffile.Read(s)
	if err != nil || x == nil {
		return err
	}
	f.Kind, f.Type, f.Machine, f.Stripped, f.BuildID, f.Go, f.Parts = "elf", x.Type, x.Machine, &x.Stripped, x.BuildID, x.Go, x.Parts
	return nil
}

func (v *view) zip(f *File, s parts.Source) (err error) {
	var inner archives.Inner
	if v.depth < maxDepth {
		inner = v.inner
	}
	if f.Parts, err = archives.Zip(s, inner, v.budget); f.Parts == nil {
		return err
	}
	f.Kind = named[strings.ToLower(path.Ext(f.Path))]
	if f.Kind == "" {
		f.Kind = "zip"
	}
	return err
}

func (v *view) gzip(f *File, s parts.Source) (err error) {
	f.Kind = "gzip"
	f.Parts, f.Apportioned, err = archives.Gzip(s, v.budget)
	if f.Apportioned {
		f.Kind = "tar.gz"
	}
	return err
}

// inner are the parts of a member of an archive; none if its format is not known.
func (v *view) inner(name string, s parts.Source) []parts.Part {
	f := File{Path: name}
	deeper := view{v.budget, v.depth + 1}
	if deeper.look(&f, s) != nil || f.Kind == unknownKind {
		return nil
	}
	return f.Parts
}
