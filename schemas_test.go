package tare_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/jsonschema-go/jsonschema"

	"tare/internal/bill"
	"tare/internal/buildinfo"
	"tare/internal/compare"
	"tare/internal/dockerfile"
	"tare/internal/doctor"
	"tare/internal/engine"
	"tare/internal/experiment"
	"tare/internal/explain"
	"tare/internal/fleet"
	"tare/internal/gate"
	"tare/internal/growth"
	"tare/internal/indexes"
	"tare/internal/inside"
	"tare/internal/lab"
	"tare/internal/parts"
	"tare/internal/parts/elffile"
	"tare/internal/profile"
	"tare/internal/scan"
	"tare/internal/store"
	"tare/internal/strata"
	"tare/internal/testkit"
	"tare/internal/testkit/fleets"
	"tare/internal/touch"
	"tare/internal/trim"
	"tare/internal/units"
	"tare/internal/update"
	"tare/internal/weigh"
)

var rewrite = flag.Bool("update", false, "rewrite docs/reference/*.schema.json; read the diff before committing it")

// documents are the JSON documents that tare prints.
var documents = map[string]struct {
	schema, title string
	kind          reflect.Type
}{
	"weigh":      {weigh.Schema, "tare weigh --format json", reflect.TypeFor[weigh.Result]()},
	"files":      {weigh.FilesSchema, "tare weigh --layer, --package, --path --format json", reflect.TypeFor[weigh.Selection]()},
	"compare":    {compare.Schema, "tare compare --format json", reflect.TypeFor[compare.Result]()},
	"fsck":       {store.CheckSchema, "tare fsck --format json", reflect.TypeFor[store.Check]()},
	"doctor":     {doctor.Schema, "tare doctor --format json", reflect.TypeFor[doctor.Report]()},
	"diff":       {compare.DiffSchema, "tare diff --format json", reflect.TypeFor[compare.Diff]()},
	"lab":        {experiment.Schema, "tare lab --format json", reflect.TypeFor[experiment.Record]()},
	"profile":    {profile.Schema, "tare profile --format json", reflect.TypeFor[profile.Result]()},
	"labdiff":    {experiment.DiffSchema, "tare lab diff --format json", reflect.TypeFor[experiment.Diff]()},
	"version":    {buildinfo.Schema, "tare version --format json", reflect.TypeFor[buildinfo.Info]()},
	"trim":       {trim.Schema, "tare trim --format json", reflect.TypeFor[trim.Result]()},
	"update":     {update.Schema, "tare update --format json", reflect.TypeFor[update.Update]()},
	"bill":       {bill.Schema, "tare pull --dry-run --format json", reflect.TypeFor[bill.Bill]()},
	"fleet":      {strata.Schema, "tare fleet report --format json", reflect.TypeFor[strata.Result]()},
	"fleet-plan": {fleet.PlanSchema, "tare fleet plan, and plan.json of tare fleet scan", reflect.TypeFor[fleet.Plan]()},
	"fleet-scan": {scan.Schema, "tare fleet scan --format json", reflect.TypeFor[scan.Outcome]()},
	"growth":     {growth.Schema, "tare history --growth --format json", reflect.TypeFor[growth.Result]()},
	"check":      {gate.Schema, "tare check --format json", reflect.TypeFor[gate.Result]()},
	"index":      {indexes.Schema, "tare index push, ls, verify --format json", reflect.TypeFor[indexes.Result]()},
	"inside":     {inside.Schema, "tare weigh --inside --format json", reflect.TypeFor[inside.Result]()},
	"trace":      {touch.Schema, "tare trace --format json", reflect.TypeFor[touch.Trace]()},
	"tare":       {"", "tare.yaml, an experiment for tare lab", reflect.TypeFor[experiment.File]()},
}

// comments are the doc comments of exported types and fields, by "Type" and
// "Type.Field", of the packages that documents come from.
func comments(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	text := func(groups ...*ast.CommentGroup) string {
		for _, g := range groups {
			if g != nil {
				return strings.Join(strings.Fields(g.Text()), " ")
			}
		}
		return ""
	}
	for _, dir := range []string{"internal/weigh", "internal/compare", "internal/image", "internal/layer", "internal/experiment", "internal/profile", "internal/store", "internal/buildinfo", "internal/doctor", "internal/touch", "internal/trim", "internal/gate", "internal/growth", "internal/bill", "internal/update", "internal/inside", "internal/parts", "internal/parts/elffile", "internal/indexes", "internal/artifact", "internal/strata", "internal/fleet", "internal/scan"} {
		files, _ := filepath.Glob(filepath.Join(dir, "*.go"))
		for _, file := range files {
			f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(f, func(n ast.Node) bool {
				d, ok := n.(*ast.GenDecl)
				if !ok {
					return true
				}
				for _, s := range d.Specs {
					ts, ok := s.(*ast.TypeSpec)
					if !ok {
						continue
					}
					name := filepath.Base(dir) + "." + ts.Name.Name
					out[name] = text(ts.Doc, d.Doc)
					st, ok := ts.Type.(*ast.StructType)
					if !ok {
						continue
					}
					for _, field := range st.Fields.List {
						for _, n := range field.Names {
							out[name+"."+n.Name] = text(field.Doc, field.Comment)
						}
					}
				}
				return false
			})
		}
	}
	return out
}

// special are the types whose schema is not that of their fields: a duration is
// text, an amount that is not known is null, and a map of files has maps as its parts.
var special = map[reflect.Type]*jsonschema.Schema{
	reflect.TypeFor[experiment.Duration](): {Type: "string", Pattern: `^([0-9.]+(ns|us|µs|ms|s|m|h))+$`},
	reflect.TypeFor[experiment.Limit]():    {Types: []string{"string", "integer"}, Pattern: `^[0-9.]+ *([kKMGTP]?i?[bB]?|%)$`},
	reflect.TypeFor[units.Amount]():        {Types: []string{"integer", "null"}},
	reflect.TypeFor[weigh.Node]():          {Ref: "#/$defs/node"},
	reflect.TypeFor[parts.Part]():          {Ref: "#/$defs/part"},
}

// describe puts the comments into a schema.
func describe(s *jsonschema.Schema, t reflect.Type, docs map[string]string) {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Map {
		if t.Kind() == reflect.Slice && s.Items != nil {
			s = s.Items
		}
		if t.Kind() == reflect.Map && s.AdditionalProperties != nil {
			s = s.AdditionalProperties
		}
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return
	}
	for f := range t.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous && name == "" {
			describe(s, f.Type, docs)
			continue
		}
		if name == "" {
			name = f.Name
		}
		p := s.Properties[name]
		if p == nil {
			continue
		}
		if d := docs[t.PkgPath()[strings.LastIndex(t.PkgPath(), "/")+1:]+"."+t.Name()+"."+f.Name]; d != "" {
			p.Description = d
		}
		describe(p, f.Type, docs)
	}
}

// part is the schema of parts.Part, whose parts are parts.
func part(t *testing.T, docs map[string]string) *jsonschema.Schema {
	type flat struct {
		Name  string     `json:"name"`
		Kind  parts.Kind `json:"kind"`
		What  string     `json:"what,omitempty"`
		Arch  string     `json:"arch,omitempty"`
		Bytes int64      `json:"bytes"`
		Size  int64      `json:"size,omitempty"`
		CRC32 string     `json:"crc32,omitempty"`
	}
	s, err := jsonschema.For[flat](nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range parts.Kinds {
		s.Properties["kind"].Enum = append(s.Properties["kind"].Enum, string(k))
	}
	s.Properties["parts"] = &jsonschema.Schema{Type: "array", Items: &jsonschema.Schema{Ref: "#/$defs/part"}}
	s.Description = docs["parts.Part"]
	for f := range reflect.TypeFor[parts.Part]().Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		s.Properties[name].Description = docs["parts.Part."+f.Name]
	}
	return s
}

// The published schemas are those of the types, with their comments.
func TestSchemasArePublished(t *testing.T) {
	docs := comments(t)
	for name, d := range documents {
		s, err := jsonschema.ForType(d.kind, &jsonschema.ForOptions{TypeSchemas: special})
		if err != nil {
			t.Fatal(err)
		}
		describe(s, d.kind, docs)
		if name == "weigh" {
			for _, of := range []*jsonschema.Schema{s.Properties["sizes"], s.Properties["layers"].Items} {
				for _, field := range []string{"tar", "overhead"} { // where layers were not read
					p := of.Properties[field]
					p.Type, p.Types = "", []string{"integer", "null"}
				}
			}
		}
		if name == "lab" {
			var fields []reflect.StructField // all but its parts, which are nodes themselves
			for f := range reflect.TypeFor[weigh.Node]().Fields() {
				if f.Name != "Parts" {
					fields = append(fields, f)
				}
			}
			node, err := jsonschema.ForType(reflect.StructOf(fields), nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range fields {
				key, _, _ := strings.Cut(f.Tag.Get("json"), ",")
				node.Properties[key].Description = docs["weigh.Node."+f.Name]
			}
			node.Properties["parts"] = &jsonschema.Schema{Type: "array", Items: &jsonschema.Schema{Ref: "#/$defs/node"}}
			node.Description = docs["weigh.Node"]
			s.Defs = map[string]*jsonschema.Schema{"node": node}
			s.Properties["variants"].Items.Properties["map"] = &jsonschema.Schema{Ref: "#/$defs/node"} // not null beside it
		}
		if name == "inside" {
			s.Defs = map[string]*jsonschema.Schema{"part": part(t, docs)}
		}
		s.Schema, s.Title = "https://json-schema.org/draft/2020-12/schema", d.title
		if d.schema == "" {
			s.ID = "urn:tare:tare.yaml:v1"
			var c any = experiment.Version
			s.Properties["version"].Const = &c
		} else {
			s.ID = "urn:" + strings.ReplaceAll(d.schema, "/", ":")
			var c any = d.schema
			s.Properties["schema"].Const = &c
		}
		b, err := json.MarshalIndent(s, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		b = append(b, '\n')
		file := filepath.Join("docs/reference", name+".schema.json")
		if *rewrite {
			if err := os.WriteFile(file, b, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		have, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(have), string(b)); diff != "" {
			t.Errorf("%s is not what the types say; go test . -run Schemas -update rewrites it (-published +types):\n%s", file, diff)
		}
	}
}

// What tare prints fits the published schemas.
func TestDocumentsFitTheirSchemas(t *testing.T) {
	s := testkit.Store(t)
	facts := func(name string, layers ...[]byte) compare.Subject {
		return compare.Subject{Name: name, Facts: testkit.Facts(t, s, testkit.Put(t, s, name, store.Pulled, testkit.Image(t, testkit.Options{Layers: layers})))}
	}
	a := facts("one", testkit.Tar(t, testkit.File("a", "1"), testkit.File("b", "1"), testkit.File("lib/apk/db/installed", "P:x\nV:1\nR:a\n\n")), testkit.Tar(t, testkit.File(".wh.a", "")))
	b := facts("two", testkit.Tar(t, testkit.File("a", "22")))
	r, err := compare.Compare([]compare.Subject{a, b}, compare.Options{Depth: 2})
	if err != nil {
		t.Fatal(err)
	}
	r.Sentences = explain.Sentences(r, explain.Material{})
	picked, err := a.Facts.Select("one", weigh.Query{Fates: []string{"all"}})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(s.Root(), ".tmp-left"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	checked, err := s.Check(t.Context(), store.CheckOptions{})
	if err != nil || len(checked.Problems) == 0 {
		t.Fatalf("%+v, %v", checked, err)
	}
	now := time.Now()
	m := a.Facts.Map("one", weigh.MapOptions{Parts: 10})
	rec := &experiment.Record{Schema: experiment.Schema, ID: lab.NewID(now), Name: "x", Started: now, Finished: &now, Comparison: r, Timed: []experiment.TimedDifference{},
		Method:   experiment.Method{What: experiment.Whats},
		Variants: []experiment.Result{{Name: "one", Map: &m, Inputs: []experiment.Input{}, Measures: []experiment.Measurement{{Name: experiment.StartExit, Samples: []float64{1, 2}}}, Check: &experiment.Checked{}, Edits: []experiment.Edited{{Name: "e"}}}}}
	src := []byte("FROM probe\nRUN x\n")
	df, err := dockerfile.Parse(src)
	if err != nil {
		t.Fatal(err)
	}
	prof := profile.Make(profile.Input{Source: src, File: df, Image: &profile.Weighed{Report: a.Facts.Report("one", 0)}})
	sick := doctor.Examine(t.Context(), doctor.Request{Store: func() (string, error) { return "", errors.New("none") }})
	saves := &trim.Saves{Tar: 1, Transfer: units.Unknown()}
	trimmed := &trim.Result{Schema: trim.Schema, Name: ".", Candidates: []trim.Verdict{{Rule: "logs", Kind: trim.Lossless, Predicted: saves}}, Checks: []string{}, Notes: []string{}}
	stripped := false
	looked := &inside.Result{Schema: inside.Schema, Kinds: map[string]int64{"gpu": 3}, Duplicates: []inside.Duplicate{{In: []string{"a", "b"}}}, Other: weigh.Sums{Transfer: units.Known(1)},
		Files: []inside.File{{Path: "a", Kind: "elf", Stripped: &stripped, Go: &elffile.Go{Modules: []elffile.Module{{Path: "m", Code: 1}}}, Parts: []parts.Part{{Name: "a", Kind: parts.GPU, Arch: "sm_89", Bytes: 3, Parts: []parts.Part{{Kind: parts.Member}}}}}}}
	grown := growth.Make("app", []growth.Release{{Tag: "1.0.0", Digest: "sha256:1", Transfer: units.Known(1), Live: units.Unknown()}, {Tag: "1.1.0", Digest: "sha256:2", Transfer: units.Known(2), Created: &now}}, []growth.Skipped{{Tag: "x"}})
	ships := fleets.Make(fleets.Options{Seed: 1, Images: 9, Layers: 4, Bases: 2, Nodes: 2})
	prices, err := strata.ParsePrices([]string{"storage=1USD"})
	if err != nil {
		t.Fatal(err)
	}
	summed, err := strata.Make(strata.Input{Plan: ships.Plan, Prices: prices, WhatIf: []strata.WhatIf{{Kind: strata.Delete, Word: "delete=**", Globs: []string{"**"}}}})
	if err != nil {
		t.Fatal(err)
	}
	subject := gate.Of("one", a.Facts)
	delta, causes, err := gate.Divide(subject, gate.Of("two", b.Facts))
	if err != nil || len(causes) == 0 {
		t.Fatal(err, causes)
	}
	gated := &gate.Result{Schema: gate.Schema, Verdict: gate.Violated, Images: []gate.Image{{Name: "one", Before: &gate.Side{}, Delta: delta, Causes: causes}}, Violations: []gate.Violation{{Causes: causes}}}
	for name, v := range map[string]any{"bill": &bill.Bill{Schema: bill.Schema, Blobs: []bill.Blob{{Kind: bill.Layer, Digest: "sha256:1", Size: 2, Here: 1}}}, "inside": looked, "growth": grown, "fleet": summed, "check": gated, "trim": trimmed, "trace": touch.Make(touch.Input{Name: "one", Facts: a.Facts, Runs: []touch.Run{{Seen: engine.Seen{Used: map[string]engine.Use{"b": engine.Opened}}}}}), "version": buildinfo.Read("v0.1", "embedded", "/store"), "fsck": checked, "doctor": sick, "profile": prof, "lab": rec, "labdiff": experiment.Compare(rec, rec), "weigh": a.Facts.Report("one", 10), "files": picked, "compare": r, "diff": compare.Differ(a, b, compare.DiffOptions{})} {
		raw, err := os.ReadFile(filepath.Join("docs/reference", name+".schema.json"))
		if err != nil {
			t.Fatal(err)
		}
		var schema jsonschema.Schema
		if err := json.Unmarshal(raw, &schema); err != nil {
			t.Fatal(err)
		}
		fit, err := schema.Resolve(nil)
		if err != nil {
			t.Fatal(err)
		}
		doc, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		var instance any
		dec := json.NewDecoder(bytes.NewReader(doc))
		if err := dec.Decode(&instance); err != nil {
			t.Fatal(err)
		}
		if err := fit.Validate(instance); err != nil {
			t.Errorf("%s: %v\n%s", name, err, doc)
		}
		instance.(map[string]any)["schema"] = "something else"
		if fit.Validate(instance) == nil {
			t.Errorf("%s: the schema accepts another document", name)
		}
	}
}
