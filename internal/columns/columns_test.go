package columns_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
	"github.com/parquet-go/parquet-go"

	"tare/internal/columns"
	"tare/internal/fleet"
	"tare/internal/layer"
	"tare/internal/strata"
	"tare/internal/testkit/fleets"
)

// scanned are the layers of a fleet that was made up; busybox is in the second layer of one image.
type scanned struct {
	f       *fleets.Fleet
	busybox digest.Digest
}

func (s scanned) Layer(d digest.Digest) (*layer.Index, error) {
	x, ok := s.f.Layer(d)
	if !ok {
		return nil, strata.ErrNotScanned
	}
	if d == s.busybox {
		const path = "usr/lib/apk/db/installed"
		x.Kept = map[string][]byte{path: []byte("P:busybox\nV:1.36\nA:x86_64\nI:1000\nF:bin\nR:busybox\n\n")}
		x.List = append(x.List, layer.Entry{Path: "bin/busybox", Size: 700, Span: 1536, Sum: layer.Sum{1}, Mode: 0o755}, layer.Entry{Path: path, Size: 60, Span: 1024, Sum: layer.Sum{2}, Mode: 0o644})
		slices.SortFunc(x.List, func(a, b layer.Entry) int { return layer.ComparePaths(a.Path, b.Path) })
		x.Tar, x.Files, x.Entries = x.Tar+2560, x.Files+760, x.Entries+2
	}
	return x, nil
}

func (scanned) Config(digest.Digest) ([]byte, error) { return nil, strata.ErrNotScanned }

// write writes the tables of a fleet.
func write(t *testing.T, p *fleet.Plan, layers strata.Layers) (dir string, r *strata.Result) {
	t.Helper()
	dir = t.TempDir()
	to := map[string]io.Writer{}
	for _, name := range columns.Tables {
		f, err := os.Create(filepath.Join(dir, name+".parquet"))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = f.Close() }()
		to[name] = f
	}
	w := columns.New(p, to)
	r, err := strata.Make(strata.Input{Plan: p, Layers: layers, Weigh: true, Sink: w})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Close(r); err != nil {
		t.Fatal(err)
	}
	return dir, r
}

func made() (*fleets.Fleet, scanned) {
	f := fleets.Make(fleets.Options{Seed: 3, Images: 40, Layers: 8, Bases: 4, Files: 20})
	s := scanned{f: f}
	for _, img := range f.Images {
		if len(img.Layers) > 4 {
			s.busybox = img.Layers[len(img.Layers)-2].Digest
			break
		}
	}
	return f, s
}

// duckdb asks DuckDB, which scripts/duckdb.sh fetches.
func duckdb(t *testing.T, dir string, queries ...string) [][]map[string]any {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Skip(err)
	}
	found, _ := filepath.Glob(filepath.Join(cache, "tare-test", "duckdb-*", "node_modules", "@duckdb", "node-api"))
	if _, err := exec.LookPath("node"); err != nil || len(found) == 0 {
		t.Skip("needs node and DuckDB: scripts/duckdb.sh fetches it through npm")
	}
	script, err := filepath.Abs("testdata/query.mjs")
	if err != nil {
		t.Fatal(err)
	}
	in, err := json.Marshal(map[string]any{"sql": queries})
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command("node", script, filepath.Join(found[len(found)-1], "..", ".."))
	c.Dir, c.Stdin = dir, bytes.NewReader(in)
	var errs bytes.Buffer
	c.Stderr = &errs
	b, err := c.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, errs.String())
	}
	var out [][]map[string]any
	if err := json.Unmarshal(b, &out); err != nil {
		t.Fatalf("%v: %s", err, b)
	}
	return out
}

// documented are the queries of the reference.
func documented(t *testing.T) (out []string) {
	t.Helper()
	b, err := os.ReadFile("../../docs/reference/fleet-report.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile("(?s)```sql\n(.*?)```").FindAllStringSubmatch(string(b), -1) {
		out = append(out, m[1])
	}
	if len(out) != 3 {
		t.Fatalf("%d queries", len(out))
	}
	return out
}

// The queries of the reference, carried out by DuckDB, tell what the report tells.
func TestQueriesOfTheReference(t *testing.T) {
	f, s := made()
	dir, r := write(t, f.Plan, s)
	got := duckdb(t, dir, append(documented(t), "SELECT count(*) AS n, sum(transfer) AS transfer, sum(unique_bytes) AS u, sum(unique_content_bytes) AS c, sum(waste) AS w, sum(manifest_bytes + config_bytes) AS d, count(created) AS dated, sum(len(names)) AS names FROM 'images.parquet'",
		"SELECT sum(size) AS files, count(*) AS n, count(DISTINCT diff_id) AS layers FROM 'files.parquet'", "SELECT sum(tar) AS tar FROM (SELECT any_value(tar_bytes) AS tar FROM 'layers.parquet' GROUP BY diff_id)")...)
	text := func(v any) string { return fmt.Sprint(v) }
	images, files := got[3][0], got[4][0]
	documents, names, dated := int64(0), 0, 0
	for _, img := range f.Images {
		documents += img.ManifestBytes + img.ConfigBytes
		names += len(img.Names)
		if img.Created != nil {
			dated++
		}
	}
	for what, pair := range map[string][2]string{
		"together":   {text(got[0][0]["together"]), text(r.Bytes.Blob.Together.Or(0) - documents)},
		"separately": {text(got[0][0]["separately"]), text(r.Bytes.Blob.Separately.Or(0) - documents)},
		"busybox":    {text(got[2]), text([]map[string]any{{"image": text(got[2][0]["image"]), "live": "700", "version": "1.36"}})},
		"images":     {text(images["n"]), text(r.Images)},
		"transfer":   {text(images["transfer"]), r.Bytes.Blob.Separately.String()},
		"unique":     {text(images["u"]), r.Bytes.Blob.Unique.String()},
		"contents":   {text(images["c"]), r.Bytes.Content.Unique.String()},
		"waste":      {text(images["w"]), text(r.Waste.Separately)},
		"documents":  {text(images["d"]), text(documents)},
		"dated":      {text(images["dated"]), text(dated)},
		"names":      {text(images["names"]), text(names)},
		"layers":     {text(files["layers"]), text(r.Scanned.Layers)},
		"tar":        {text(got[5][0]["tar"]), r.Bytes.DiffID.Together.String()},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s: DuckDB says %s, the report %s", what, pair[0], pair[1])
		}
	}
	if len(got[1]) != 10 {
		t.Errorf("%d contents in several layers", len(got[1]))
	}
}

// The reference has all columns, and no others.
func TestColumnsAreDocumented(t *testing.T) {
	b, err := os.ReadFile("../../docs/reference/fleet-report.md")
	if err != nil {
		t.Fatal(err)
	}
	for name, schema := range map[string]*parquet.Schema{"images": parquet.SchemaOf(columns.Image{}), "layers": parquet.SchemaOf(columns.Layer{}), "files": parquet.SchemaOf(columns.File{}), "packages": parquet.SchemaOf(columns.Package{})} {
		_, section, _ := strings.Cut(string(b), "`"+name+".parquet`, a row")
		_, section, _ = strings.Cut(section, "|---|---|---|\n")
		section, _, _ = strings.Cut(section, "\n\n")
		var have, want []string
		for row := range strings.Lines(section) {
			for _, m := range regexp.MustCompile("`([a-z_]+)`").FindAllStringSubmatch(strings.Split(row, "|")[1], -1) {
				have = append(have, m[1])
			}
		}
		for _, f := range schema.Fields() {
			want = append(want, f.Name())
		}
		if slices.Sort(have); !slices.Equal(have, slices.Sorted(slices.Values(want))) {
			t.Errorf("%s: the reference has %q, the table %q", name, have, want)
		}
	}
}

// The same fleet makes the same bytes, also without a scan.
func TestDeterministic(t *testing.T) {
	f, s := made()
	for name, layers := range map[string]strata.Layers{"scanned": s, "not": nil} {
		sums := map[string]bool{}
		for range 2 {
			dir, _ := write(t, f.Plan, layers)
			h := map[string]digest.Digest{}
			for _, table := range columns.Tables {
				b, err := os.ReadFile(filepath.Join(dir, table+".parquet"))
				if err != nil || len(b) == 0 {
					t.Fatal(err, len(b))
				}
				h[table] = digest.FromBytes(b)
			}
			sums[fmt.Sprint(slices.Sorted(maps.Values(h)))] = true
		}
		if len(sums) != 1 {
			t.Errorf("%s: %d different sets of tables", name, len(sums))
		}
	}
}

// A writer that fails is an error.
func TestFull(t *testing.T) {
	f, s := made()
	to := map[string]io.Writer{}
	for _, name := range columns.Tables {
		to[name] = full{}
	}
	w := columns.New(f.Plan, to)
	r, err := strata.Make(strata.Input{Plan: f.Plan, Layers: s, Weigh: true, Sink: w})
	if err == nil {
		err = w.Close(r)
	}
	if err == nil {
		t.Error("no error")
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, os.ErrClosed }
