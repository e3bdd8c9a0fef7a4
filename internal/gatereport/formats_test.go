package gatereport_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	gojunit "github.com/joshdk/go-junit"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/xeipuuv/gojsonschema"

	"tare/internal/gate"
	"tare/internal/gatereport"
	"tare/internal/report"
	"tare/internal/units"
)

// sarifSchema is the schema that OASIS publishes.
func sarifSchema(t testing.TB) *gojsonschema.Schema {
	t.Helper()
	b, err := os.ReadFile("testdata/sarif-schema-2.1.0.json")
	if err != nil {
		t.Fatal(err)
	}
	s, err := gojsonschema.NewSchema(gojsonschema.NewBytesLoader(b))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

type sarifLog struct {
	Runs []struct {
		Tool struct {
			Driver struct {
				Name, Version string
				Rules         []struct{ ID string }
			}
		}
		OriginalURIBaseIDs map[string]any `json:"originalUriBaseIds"`
		Results            []struct {
			RuleID              string
			RuleIndex           int
			Level               string
			Message             struct{ Text string }
			PartialFingerprints map[string]string
			Locations           []struct {
				PhysicalLocation struct {
					ArtifactLocation struct{ URI, URIBaseID string }
					Region           struct{ StartLine int }
				}
				LogicalLocations []struct{ FullyQualifiedName string }
			}
			RelatedLocations []struct{ Message struct{ Text string } }
		}
	}
}

func sarifOf(t testing.TB, schema *gojsonschema.Schema, r *gate.Result, o gatereport.Options) sarifLog {
	t.Helper()
	o.Format = "sarif"
	text := write(t, r, o)
	got, err := schema.Validate(gojsonschema.NewStringLoader(text))
	if err != nil || !got.Valid() {
		t.Fatalf("%v %v\n%s", err, got.Errors(), text)
	}
	var log sarifLog
	if err := json.Unmarshal([]byte(text), &log); err != nil {
		t.Fatal(err)
	}
	return log
}

// SARIF has one result for each rule and line, with a fingerprint that survives moved lines.
func TestSARIF(t *testing.T) {
	schema := sarifSchema(t)
	if got, err := schema.Validate(gojsonschema.NewStringLoader(`{"version":"2.1.0","runs":[{"results":[]}]}`)); err != nil || got.Valid() {
		t.Fatal("the schema finds nothing wrong")
	}
	r := broken(imageOf("app", 2_000_000, 0, 0, 0, 0), imageOf("debug", 3_000_000, 0, 0, 0, 0))
	layers := r.Violations[0]
	layers.Rule, layers.Measure, layers.Text = "layers", "layers", "12 layers, 10 allowed"
	layers.Causes = append(layers.Causes, gate.Cause{Part: gate.Yours, File: "a b/ü:x.go", Text: "added", Amounts: amounts(1_500_000)})
	bare := layers
	bare.Rule, bare.File, bare.Line, bare.Causes = "transfer", "", nil, nil
	r.Violations = append(r.Violations, layers, bare)
	run := sarifOf(t, schema, r, gatereport.Options{Version: "v1.2.3"}).Runs[0]
	if len(run.Results) != 3 || len(run.Tool.Driver.Rules) != 3 || run.Tool.Driver.Version != "v1.2.3" {
		t.Fatalf("%+v", run)
	}
	both := run.Results[0]
	at := both.Locations[0].PhysicalLocation
	if both.RuleID != "growth.transfer" || both.Level != "error" || at.ArtifactLocation.URI != "Dockerfile" || at.Region.StartLine != 12 || len(both.Locations[0].LogicalLocations) != 2 ||
		!strings.Contains(both.Message.Text, "app: your change adds 2MB") || !strings.Contains(both.Message.Text, "debug: your change adds 3MB") {
		t.Errorf("%+v", both)
	}
	if run.OriginalURIBaseIDs[at.ArtifactLocation.URIBaseID] == nil {
		t.Errorf("%q is nobody's root", at.ArtifactLocation.URIBaseID)
	}
	if l := run.Results[1]; l.RuleID != "layers" || run.Tool.Driver.Rules[l.RuleIndex].ID != "layers" || len(l.RelatedLocations) != 1 || !strings.Contains(l.RelatedLocations[0].Message.Text, "your change: +1.5MB transfer") {
		t.Errorf("%+v", l)
	}
	if got := run.Results[2].Locations[0].PhysicalLocation.ArtifactLocation.URI; got != "app" {
		t.Errorf("nothing to blame: %q", got)
	}
	prints := func(log sarifLog) (out []string) {
		for _, x := range log.Runs[0].Results {
			out = append(out, x.PartialFingerprints["tareCheck/v1"])
		}
		return out
	}
	before := prints(sarifOf(t, schema, r, gatereport.Options{}))
	for n := range r.Violations {
		if r.Violations[n].Line != nil {
			r.Violations[n].Line = line(99)
		}
	}
	if after := prints(sarifOf(t, schema, r, gatereport.Options{})); !reflect.DeepEqual(before, after) || len(before) != 3 || before[0] == before[1] {
		t.Errorf("%q became %q", before, after)
	}
	r.Violations[0].Causes[0].Text = "RUN other"
	if after := prints(sarifOf(t, schema, r, gatereport.Options{})); before[0] == after[0] || before[1] != after[1] {
		t.Errorf("another instruction has the fingerprint of the first")
	}
	if n := len(sarifOf(t, schema, passed(imageOf("app", 1, 2, 3, 4, 5)), gatereport.Options{}).Runs[0].Results); n != 0 {
		t.Errorf("%d results of a check that passed", n)
	}
	sarifOf(t, schema, stranger(evil), gatereport.Options{Name: evil, Version: evil})
}

// A second parser reads the JUnit report, and counts as many failures as there are violations.
func TestJUnit(t *testing.T) {
	r := broken(imageOf("app", 2_000_000, 0, 0, 0, 0))
	r.Images = append(r.Images, imageOf("fine", 0, 0, 0, 0, 0))
	suites, err := gojunit.Ingest([]byte(write(t, r, gatereport.Options{Format: "junit"})))
	if err != nil || len(suites) != 2 {
		t.Fatalf("%v, %v", suites, err)
	}
	c := suites[0].Tests[0]
	if suites[0].Name != "app" || suites[0].Totals.Failed != 1 || c.Name != "growth.transfer" || c.Message != "your change adds 2MB to transfer, 1MB allowed" || !strings.Contains(c.Error.Error(), "Dockerfile:12") {
		t.Errorf("%+v", suites[0])
	}
	if suites[1].Totals.Passed != 1 || suites[1].Totals.Failed != 0 {
		t.Errorf("%+v", suites[1])
	}
	r.Violations[0].Image = "of no image"
	if suites, err = gojunit.Ingest([]byte(write(t, r, gatereport.Options{Format: "junit"}))); err != nil || len(suites) != 3 || suites[2].Totals.Failed != 1 {
		t.Errorf("a violation is lost: %v, %v", suites, err)
	}
	d := xml.NewDecoder(strings.NewReader(write(t, stranger(evil), gatereport.Options{Format: "junit"})))
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

// The report has the fields that GitLab's documentation asks for, and no fingerprint twice.
func TestGitLabQuality(t *testing.T) {
	r := broken(imageOf("app", 2_000_000, 0, 0, 0, 0), imageOf("debug", 3_000_000, 0, 0, 0, 0))
	other := r.Violations[0]
	other.Line = line(40)
	r.Violations = append(r.Violations, other)
	var got []map[string]any
	if err := json.Unmarshal([]byte(write(t, r, gatereport.Options{Format: "gitlab-quality"})), &got); err != nil || len(got) != 2 {
		t.Fatalf("%v %v", got, err)
	}
	at := map[string]any{"path": "Dockerfile", "lines": map[string]any{"begin": 12.0}}
	if g := got[0]; g["check_name"] != "tare/growth.transfer" || g["severity"] != "major" || !reflect.DeepEqual(g["location"], at) || !regexp.MustCompile(`^[0-9a-f]{32}-1$`).MatchString(g["fingerprint"].(string)) ||
		g["description"] != "app: your change adds 2MB to transfer, 1MB allowed; debug: your change adds 3MB to transfer, 1MB allowed" {
		t.Errorf("%v", g)
	}
	if got[0]["fingerprint"] == got[1]["fingerprint"] {
		t.Error("two problems have one fingerprint")
	}
	if s := write(t, passed(imageOf("app", 1, 0, 0, 0, 0)), gatereport.Options{Format: "gitlab-quality"}); strings.TrimSpace(s) != "[]" {
		t.Errorf("passed: %s", s)
	}
}

// Prometheus' own parser reads the metrics, and its own writer writes what it read alike.
func TestOpenMetrics(t *testing.T) {
	r := broken(imageOf("app", 2_000_000, 5, 0, 0, 0))
	r.Images = append(r.Images, imageOf("with \"quotes\" # \\ and space", 0, 0, 0, 0, 0), imageOf("app", 1, 0, 0, 0, 0))
	r.Images[1].After.Sizes.Transfer = units.Unknown()
	text := write(t, r, gatereport.Options{Format: "openmetrics"})
	if !strings.HasSuffix(text, "\n# EOF\n") || strings.Count(text, "# EOF") != 1 {
		t.Errorf("%s", text)
	}
	values := metricsOf(t, text)
	for name, want := range map[string]float64{
		`tare_image_transfer_bytes{image="app",platform="linux/amd64"}`:                              52_000_005,
		`tare_image_change_bytes{image="app",measure="live",part="yours",platform="linux/amd64"}`:    4_000_000,
		`tare_image_change_bytes{image="app",measure="transfer",part="base",platform="linux/amd64"}`: 5,
		`tare_image_live_bytes{image="app (2)",platform="linux/amd64"}`:                              100_000_002,
		`tare_image_live_bytes{image="with \"quotes\" %23 \\ and space",platform="linux/amd64"}`:     100_000_000,
		`tare_check_violations{check="default"}`:                                                     1,
	} {
		if got, ok := values[name]; !ok || got != want {
			t.Errorf("%s is %v, not %v\n%s", name, got, want, text)
		}
	}
	if _, ok := values[`tare_image_transfer_bytes{image="with \"quotes\" %23 \\ and space",platform="linux/amd64"}`]; ok {
		t.Error("what is not known has a value")
	}
	metricsOf(t, write(t, stranger(evil), gatereport.Options{Format: "openmetrics", Name: evil}))
}

// metricsOf reads metrics and writes them again: every line must come out as it went in.
func metricsOf(t testing.TB, text string) map[string]float64 {
	t.Helper()
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(strings.ReplaceAll(text, "# UNIT", "# unit")))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	values := map[string]float64{}
	have := map[string]bool{}
	for l := range strings.Lines(text) {
		have[l] = true
	}
	for name, f := range families {
		if f.GetType() != dto.MetricType_GAUGE {
			t.Errorf("%s is no gauge", name)
		}
		for _, m := range f.Metric {
			var labels []string
			for _, l := range m.Label {
				labels = append(labels, fmt.Sprintf("%s=%q", l.GetName(), l.GetValue()))
			}
			slices.Sort(labels)
			values[name+"{"+strings.Join(labels, ",")+"}"] = m.Gauge.GetValue()
		}
		if strings.HasSuffix(name, "_bytes") {
			unit := "bytes"
			f.Unit = &unit
		}
		var out bytes.Buffer
		if _, err := expfmt.MetricFamilyToOpenMetrics(&out, f); err != nil {
			t.Fatal(err)
		}
		for l := range strings.Lines(out.String()) {
			if v, ok := strings.CutSuffix(l, ".0\n"); !have[l] && !(ok && have[v+"\n"]) && !strings.Contains(l, "e+") {
				t.Errorf("Prometheus writes %q, which is not in\n%s", l, text)
			}
		}
	}
	return values
}

// command is a workflow command as GitHub's runner understands a line.
type command struct {
	name, data string
	properties map[string]string
}

// commandsOf reads a log as the runner does: a command is a line that begins with "::", or
// has "##[" anywhere.
func commandsOf(t testing.TB, log string) (out []command) {
	t.Helper()
	for l := range strings.Lines(log) {
		l = strings.TrimSpace(l)
		if !strings.HasPrefix(l, "::") {
			if strings.Contains(l, "##[") {
				t.Errorf("a command: %q", l)
			}
			continue
		}
		head, data, ok := strings.Cut(l[2:], "::")
		if !ok {
			continue
		}
		unescape := strings.NewReplacer("%0D", "\r", "%0A", "\n", "%3A", ":", "%2C", ",", "%25", "%").Replace
		name, list, _ := strings.Cut(head, " ")
		c := command{name: name, data: strings.NewReplacer("%0D", "\r", "%0A", "\n", "%25", "%").Replace(data), properties: map[string]string{}}
		for p := range strings.SplitSeq(list, ",") {
			if k, v, ok := strings.Cut(p, "="); ok {
				c.properties[k] = unescape(v)
			}
		}
		out = append(out, c)
	}
	return out
}

func TestGitHubCommands(t *testing.T) {
	r := broken(imageOf("app", 2_000_000, 0, 0, 0, 0), imageOf("debug", 3_000_000, 0, 0, 0, 0))
	r.Violations[1].File, r.Violations[1].Line = "dir,a/100%:x.txt", nil
	bare := r.Violations[0]
	bare.Rule, bare.File, bare.Line, bare.Causes = "transfer", "", nil, nil
	r.Violations = append(r.Violations, bare)
	r.Notes = []string{"no start-up times: tare lab measured none"}
	got := commandsOf(t, write(t, r, gatereport.Options{Format: "github"}))
	want := []command{
		{"error", "app: your change adds 2MB to transfer, 1MB allowed\n+2MB transfer, +4MB live: RUN apk add --no-cache gcc", map[string]string{"file": "Dockerfile", "line": "12", "title": "tare check: growth.transfer"}},
		{"error", "debug: your change adds 3MB to transfer, 1MB allowed\n+3MB transfer, +6MB live: RUN apk add --no-cache gcc", map[string]string{"file": "dir,a/100%:x.txt", "line": "1", "title": "tare check: growth.transfer"}},
		{"error", "app: your change adds 2MB to transfer, 1MB allowed", map[string]string{"title": "tare check: transfer"}},
		{"notice", "no start-up times: tare lab measured none", map[string]string{"title": "tare check"}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v", got)
	}
	if s := write(t, passed(imageOf("app", 1, 0, 0, 0, 0)), gatereport.Options{Format: "github"}); s != "" {
		t.Errorf("passed: %s", s)
	}
}

func TestBenchmark(t *testing.T) {
	r := passed(imageOf("app", 2_000_000, 0, 0, 0, 0))
	var got []struct {
		Name, Unit, Extra string
		Value             int64
	}
	if err := json.Unmarshal([]byte(write(t, r, gatereport.Options{Format: "benchmark"})), &got); err != nil || len(got) != 4 {
		t.Fatalf("%+v, %v", got, err)
	}
	if g := got[0]; g.Name != "app linux/amd64 transfer" || g.Unit != "bytes" || g.Value != 52_000_000 || g.Extra != "3f2c1a9" {
		t.Errorf("%+v", g)
	}
	r.Images[0].After.Sizes.Transfer = units.Unknown()
	if s := write(t, r, gatereport.Options{Format: "benchmark"}); strings.Contains(s, "transfer") {
		t.Errorf("what is not known has a value: %s", s)
	}
}

// JSON is the document as it is.
func TestJSON(t *testing.T) {
	r := broken(imageOf("app", 2_000_000, 1, 2, 3, 4))
	var back gate.Result
	if err := json.Unmarshal([]byte(write(t, r, gatereport.Options{Format: "json"})), &back); err != nil {
		t.Fatal(err)
	}
	a, _ := json.Marshal(r)
	b, _ := json.Marshal(back)
	if !bytes.Equal(a, b) {
		t.Errorf("%s became %s", a, b)
	}
}

// holds is what no text of strangers may break, in any format.
func holds(t *testing.T, schema *gojsonschema.Schema, s string) {
	t.Helper()
	r := stranger(s)
	for _, f := range gatereport.Formats {
		out := write(t, r, gatereport.Options{Format: f.Name, Name: s, Version: s})
		if !utf8.ValidString(out) || strings.ContainsAny(out, "\x1b\u202e\x00\x07\r") {
			t.Errorf("%s: a control character came through: %q", f.Name, out)
		}
		n := len(commandsOf(t, out))
		if f.Name == "github" {
			if commands := commandsOf(t, out); n != strings.Count(out, "\n") || n != 3 && n != 2 || commands[0].name != "error" || commands[n-1].name != "notice" {
				t.Errorf("%d commands: %s", n, out)
			}
		} else if n != 0 {
			t.Errorf("%s: %d commands in\n%s", f.Name, n, out)
		}
		switch f.Name {
		case "json", "sarif", "gitlab-quality", "benchmark":
			if !json.Valid([]byte(out)) {
				t.Errorf("%s: %s", f.Name, out)
			}
		case "junit":
			if _, err := gojunit.Ingest([]byte(out)); err != nil {
				t.Errorf("%v: %s", err, out)
			}
		case "openmetrics":
			metricsOf(t, out)
		}
	}
	sarifOf(t, schema, r, gatereport.Options{Name: s, Version: s})
	sameShape(t, s)
	narrow := write(t, r, gatereport.Options{Style: report.Style{Width: 40}})
	if n := len(commandsOf(t, narrow)); n != 0 {
		t.Errorf("%d commands in\n%s", n, narrow)
	}
}

func TestStrangers(t *testing.T) {
	schema := sarifSchema(t)
	for _, s := range []string{evil, "", " ", "::", " ::set-env name=x::y", "x ::error::y", "a\n::error::y", "##[error]", "#" + "#[", "]]>", "%0A::error::", "\xff\xfe", "a:b/c", "//host/x", "../x", "/abs", "C:\\x", "<!--", "-->"} {
		holds(t, schema, s)
	}
}

func FuzzStrangers(f *testing.F) {
	schema := sarifSchema(f)
	f.Add(evil)
	for _, s := range []string{"`|\\", "::error::", "##[x]", "www.x.example", "<!-- -->", "&#96;", "]]>"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) { holds(t, schema, s) })
}

// The verdict is that of the data in every format, and writing changes no data.
func TestVerdictIsTheSame(t *testing.T) {
	for _, r := range []*gate.Result{passed(imageOf("app", 3, 0, 0, 0, 0)), broken(imageOf("app", 2_000_000, 0, 0, 0, 0))} {
		before, _ := json.Marshal(r)
		says := map[string]bool{}
		for _, name := range gatereport.Names() {
			out := write(t, r, gatereport.Options{Format: name})
			says[name] = map[string]bool{
				"text": strings.Contains(out, "violated"), "markdown": strings.Contains(out, "violated"), "summary": strings.Contains(out, "violated"), "json": strings.Contains(out, `"violated"`), "sarif": strings.Contains(out, `"level": "error"`) && strings.Contains(out, `"ruleId"`),
				"junit": strings.Contains(out, "<failure"), "gitlab-quality": strings.Contains(out, "fingerprint"), "openmetrics": !strings.Contains(out, `tare_check_violations{check="default"} 0`), "github": strings.Contains(out, "::error "), "benchmark": r.Verdict == gate.Violated,
			}[name]
		}
		for name, v := range says {
			if v != (r.Verdict == gate.Violated) {
				t.Errorf("%s says %v of a check that %s", name, v, r.Verdict)
			}
		}
		if after, _ := json.Marshal(r); !bytes.Equal(before, after) {
			t.Error("a report changed the result")
		}
	}
}
