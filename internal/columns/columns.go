// Package columns writes what is known of a fleet as Parquet tables, for people's own questions: images, layers, files and packages.
package columns

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/parquet-go/parquet-go"

	"tare/internal/fleet"
	"tare/internal/layer"
	"tare/internal/secret"
	"tare/internal/strata"
	"tare/internal/weigh"
)

// Tables are the names of the tables, which are those of the files without ".parquet".
var Tables = []string{"images", "layers", "files", "packages"}

// Image is a row of images: one image for one platform. Bytes of what is not known are null.
type Image struct {
	Image    string     `parquet:"image"` // digest of the manifest
	Config   string     `parquet:"config"`
	Name     string     `parquet:"name"` // the first tag, or the first name
	Registry string     `parquet:"registry,dict"`
	Names    []string   `parquet:"names,list"`
	Platform string     `parquet:"platform,dict"`
	Created  *time.Time `parquet:"created,optional,timestamp(millisecond)"`
	// BaseName and BaseDigest are the annotations org.opencontainers.image.base.*.
	BaseName   *string `parquet:"base_name,optional,dict"`
	BaseDigest *string `parquet:"base_digest,optional,dict"`
	Layers     int32   `parquet:"layers"`
	Manifest   int64   `parquet:"manifest_bytes"`
	ConfigSize int64   `parquet:"config_bytes"`
	Transfer   int64   `parquet:"transfer"`
	Unique     int64   `parquet:"unique_bytes"`
	Content    *int64  `parquet:"unique_content_bytes,optional"`
	Waste      *int64  `parquet:"waste,optional"`
}

// Layer is a row of layers: one layer at its place in one image.
type Layer struct {
	Image     string `parquet:"image,dict"`
	Position  int32  `parquet:"position"` // from 1, the lowest first
	Blob      string `parquet:"blob,dict"`
	DiffID    string `parquet:"diff_id,dict"`
	MediaType string `parquet:"media_type,dict"`
	Bytes     int64  `parquet:"blob_bytes"`
	// Tar and Files are those of the layer, Entries how many it has; null where it was not scanned.
	Tar     *int64 `parquet:"tar_bytes,optional"`
	Files   *int64 `parquet:"file_bytes,optional"`
	Entries *int64 `parquet:"entries,optional"`
}

// File is a row of files: one entry of one layer, once for all images that have the layer.
type File struct {
	DiffID  string    `parquet:"diff_id,dict"`
	Blob    string    `parquet:"blob,dict"` // that was read
	Path    string    `parquet:"path"`
	Kind    string    `parquet:"kind,dict"`
	Size    int64     `parquet:"size"`
	Mode    int32     `parquet:"mode"`
	UID     int64     `parquet:"uid"`
	GID     int64     `parquet:"gid"`
	Mtime   time.Time `parquet:"mtime,timestamp(millisecond)"`
	Link    *string   `parquet:"link,optional"`
	Content *string   `parquet:"content,optional"` // XXH3-128 of a file's content, in hex
	Tar     int64     `parquet:"tar_bytes"`
	Share   int64     `parquet:"blob_bytes"` // the part of the blob that is apportioned to it
	Secret  bool      `parquet:"secret"`     // its name or first bytes look like a secret
}

// Package is a row of packages: one package that is installed in one image.
type Package struct {
	Image    string `parquet:"image,dict"`
	Type     string `parquet:"type,dict"`
	Name     string `parquet:"name,dict"`
	Version  string `parquet:"version,dict"`
	Arch     string `parquet:"arch,dict"`
	Source   string `parquet:"source,dict"`
	Location string `parquet:"location,dict"`
	Explicit *bool  `parquet:"explicit,optional"` // installed by name; null where the manager has not written that down
	Live     int64  `parquet:"live"`
	Waste    int64  `parquet:"waste"`
	Declared int64  `parquet:"declared"`
	Files    int64  `parquet:"files"`
}

// rows is how many rows a group of rows has: they are in memory until it is written.
const rows = 50_000

// Writer writes the tables. It is a strata.Sink: what a report reads is written on the way.
type Writer struct {
	plan     *fleet.Plan
	images   *parquet.GenericWriter[Image]
	layers   *parquet.GenericWriter[Layer]
	files    *parquet.GenericWriter[File]
	packages *parquet.GenericWriter[Package]
	known    map[string]sums
}

// sums are those of a layer that was read.
type sums struct{ tar, files, entries int64 }

// New begins the tables, each on the writer of its name in Tables.
func New(plan *fleet.Plan, to map[string]io.Writer) *Writer {
	options := []parquet.WriterOption{parquet.Compression(&parquet.Zstd), parquet.MaxRowsPerRowGroup(rows), parquet.CreatedBy("tare", "", "")}
	return &Writer{plan: plan, known: map[string]sums{}, images: parquet.NewGenericWriter[Image](to["images"], options...), layers: parquet.NewGenericWriter[Layer](to["layers"], options...),
		files: parquet.NewGenericWriter[File](to["files"], options...), packages: parquet.NewGenericWriter[Package](to["packages"], options...)}
}

// Layer implements strata.Sink: the entries of a layer.
func (w *Writer) Layer(x *layer.Index) error {
	w.known[string(x.DiffID)] = sums{x.Tar, x.Files, x.Entries}
	list := make([]File, 0, min(len(x.List), 1000))
	for i := range x.List {
		e := &x.List[i]
		f := File{DiffID: string(x.DiffID), Blob: string(x.Blob), Path: e.Path, Kind: e.Kind.String(), Size: e.Size, Mode: int32(e.Mode), UID: e.UID(), GID: e.GID(),
			Mtime: time.Unix(e.Mtime, int64(e.Nsec)).UTC(), Tar: e.Span, Share: e.Share, Secret: e.Mark != secret.None}
		if link := e.Link(); link != "" {
			f.Link = &link
		}
		if e.Kind == layer.File {
			sum := hex.EncodeToString(e.Sum[:])
			f.Content = &sum
		}
		if list = append(list, f); len(list) == cap(list) {
			if _, err := w.files.Write(list); err != nil {
				return failed("files", err)
			}
			list = list[:0]
		}
	}
	_, err := w.files.Write(list)
	return failed("files", err)
}

func failed(table string, err error) error {
	if err != nil {
		return fmt.Errorf("writing the table %s: %w", table, err)
	}
	return nil
}

// Image implements strata.Sink: the packages of an image that was weighed.
func (w *Writer) Image(n int, f *weigh.Facts) error {
	var list []Package
	for _, p := range f.Installed() {
		list = append(list, Package{Image: string(w.plan.Images[n].Digest), Type: string(p.Type), Name: p.Name, Version: p.Version, Arch: p.Arch, Source: p.Source, Location: p.Location,
			Explicit: p.Explicit, Live: p.Live, Waste: p.Waste, Declared: p.Declared, Files: p.Count})
	}
	_, err := w.packages.Write(list)
	return failed("packages", err)
}

// Close writes the images and their layers, and ends all tables. r has all images in Largest.
func (w *Writer) Close(r *strata.Result) error {
	at := map[string]*strata.Largest{}
	for i := range r.Largest {
		at[string(r.Largest[i].Digest)] = &r.Largest[i]
	}
	for n := range w.plan.Images {
		if err := w.image(&w.plan.Images[n], at); err != nil {
			return err
		}
	}
	return errors.Join(failed("images", w.images.Close()), failed("layers", w.layers.Close()), failed("files", w.files.Close()), failed("packages", w.packages.Close()))
}

func (w *Writer) image(img *fleet.Image, at map[string]*strata.Largest) error {
	row := Image{Image: string(img.Digest), Config: string(img.Config), Names: img.Names, Platform: img.Platform, Created: img.Created, Layers: int32(len(img.Layers)), Manifest: img.ManifestBytes, ConfigSize: img.ConfigBytes}
	if img.BaseName != "" {
		row.BaseName = &img.BaseName
	}
	if img.BaseDigest != "" {
		row.BaseDigest = &img.BaseDigest
	}
	if l := at[row.Image]; l != nil {
		row.Name, row.Registry, row.Transfer, row.Unique = l.Name, strata.Registry(l.Name), l.Transfer, l.Unique
		if n, ok := l.UniqueContent.Int(); ok {
			row.Content = &n
		}
		if n, ok := l.Waste.Int(); ok {
			row.Waste = &n
		}
	}
	if _, err := w.images.Write([]Image{row}); err != nil {
		return failed("images", err)
	}
	list := make([]Layer, 0, len(img.Layers))
	for k := range img.Layers {
		l := &img.Layers[k]
		row := Layer{Image: string(img.Digest), Position: int32(k) + 1, Blob: string(l.Digest), DiffID: string(l.DiffID), MediaType: l.MediaType, Bytes: l.Bytes}
		if s, ok := w.known[row.DiffID]; ok {
			row.Tar, row.Files, row.Entries = &s.tar, &s.files, &s.entries
		}
		list = append(list, row)
	}
	_, err := w.layers.Write(list)
	return failed("layers", err)
}
