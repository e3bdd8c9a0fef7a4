package indexes

import (
	"fmt"

	"github.com/opencontainers/go-digest"

	"tare/internal/artifact"
	"tare/internal/report"
	"tare/internal/units"
)

// Schema names the JSON form of a Result.
const Schema = "tare.index/v1"

// Result are images of registries with the indexes that are kept beside them.
type Result struct {
	Schema string  `json:"schema"`
	Images []Image `json:"images"`
}

// Image is one image for one platform.
type Image struct {
	Name     string        `json:"name"`     // as the user wrote it
	Platform string        `json:"platform"` // as the configuration says
	Manifest digest.Digest `json:"manifest"` // what indexes are attached to
	Layers   int           `json:"layers"`
	Bytes    int64         `json:"bytes"`   // of the layers' blobs, each once: what an index saves reading
	Indexes  []Index       `json:"indexes"` // in the registry's order
}

// Index is an artifact that has an index of each layer of an image.
type Index struct {
	Digest  digest.Digest `json:"digest"`  // of the artifact's manifest
	Bytes   int64         `json:"bytes"`   // of its manifest and blobs
	Edition string        `json:"edition"` // what it holds: another edition of tare does not use it
	Via     artifact.Via  `json:"via"`     // how the registry tells of it: referrers API or referrers tag
	State   State         `json:"state"`
	Why     string        `json:"why,omitempty"` // of a state that is not good
}

// State says what was found out, or done.
type State string

// States. A manifest tells whether an index is usable; whether it says the truth, only the layers tell.
const (
	Pushed   State = "pushed"
	Present  State = "present"  // it was there already, byte for byte
	Usable   State = "usable"   // its manifest is that of this image and this edition
	Unused   State = "unusable" // Why says why
	Verified State = "verified" // reading the layers gives the same bytes
	Wrong    State = "wrong"    // reading the layers gives something else
)

// Parts are the parts of a Document.
var Parts = []string{"indexes"}

// wrong is an error if an image has no index, or one that is not what it should be.
func (r *Result) wrong() error {
	for _, i := range r.Images {
		if len(i.Indexes) == 0 {
			return fmt.Errorf("%s: no index; %s", i.title(), makes(i.Name))
		}
		bad := 0
		for _, x := range i.Indexes {
			if x.State != Verified {
				bad++
			}
		}
		if bad > 0 {
			return fmt.Errorf("%s: %d of %d in the registry cannot be relied upon", i.title(), bad, len(i.Indexes))
		}
	}
	return nil
}

// Document has a sentence for each index that was pushed, or a row for each that there is.
func (r *Result) Document(exact bool) report.Document {
	size := units.Bytes
	if exact {
		size = units.Exact
	}
	at := report.Place{Part: Parts[0]}
	t := report.Table{Place: at, Title: "INDEXES", Columns: []report.Column{{Title: "IMAGE", Label: true}, {Title: "INDEX"}, {Title: "LAYERS", Right: true, Spare: 1}, {Title: "BYTES", Right: true}, {Title: "OF LAYERS", Right: true, Spare: 2}, {Title: "STATE", Cut: report.End}}}
	var d, why report.Document
	for _, i := range r.Images {
		name := i.title()
		if len(i.Indexes) == 0 {
			d = append(d, report.Para{Place: at, Text: name + ": no index; " + makes(i.Name)})
		}
		for _, x := range i.Indexes {
			switch x.State {
			case Pushed, Present:
				d = append(d, report.Para{Place: at, Text: i.sentence(x, size)})
				continue
			case Unused, Wrong:
				why = append(why, report.Item{Place: at, Severity: report.Warning, Text: fmt.Sprintf("%s: index %s is %s: %s", name, units.ShortID(x.Digest.String()), x.State, report.Safe(x.Why))})
			}
			part := report.Cell{Text: "–", Number: report.Number{Unit: "percent"}}
			if i.Bytes > 0 {
				part = report.Cell{Text: percent(x.Bytes, i.Bytes), Number: report.Number{Known: true, Real: 100 * float64(x.Bytes) / float64(i.Bytes), Unit: "percent"}}
			}
			t.Rows = append(t.Rows, report.Row{Cells: []report.Cell{{Text: name}, {Text: units.ShortID(x.Digest.String())}, {Text: fmt.Sprint(i.Layers), Number: report.Number{Known: true, Int: int64(i.Layers)}},
				{Text: size(x.Bytes), Number: report.Number{Known: true, Int: x.Bytes, Unit: "bytes"}}, part, {Text: string(x.State)}}})
		}
	}
	if len(t.Rows) > 0 {
		d = append(d, t)
	}
	return append(d, why...)
}

// makes says how an image gets an index.
func makes(name string) string { return "tare index push " + report.Safe(name) + " makes one" }
