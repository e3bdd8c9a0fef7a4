package gatereport

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/url"
	"path"
	"strconv"
	"strings"

	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"

	"tare/internal/gate"
	"tare/internal/screen"
)

// root is what paths are relative to: the root of the repository.
const root = "%SRCROOT%"

// fingerprint names the algorithm below: another one gets another name.
const fingerprint = "tareCheck/v1"

// finding is what a format that knows lines has one of: all violations of a rule at a line,
// whichever images have them.
type finding struct {
	rule, file string
	line       int // 0 where the whole file is meant
	violations []*gate.Violation
	print      string // stable while other lines move
}

// findings groups violations by rule and line, in their order.
func findings(r *gate.Result) []finding {
	var out []finding
	type key struct {
		rule, file string
		line       int
	}
	at := map[key]int{}
	list := make([]*gate.Violation, 0, len(r.Violations))
	for n := range r.Violations {
		list = append(list, places(&r.Violations[n])...)
	}
	for _, v := range list {
		k := key{rule: v.Rule, file: v.File}
		if v.Line != nil {
			k.line = *v.Line
		}
		if v.File == "" {
			k.file = v.Image // nothing to blame: as scanners of images do, the image stands for the file
		}
		i, ok := at[k]
		if !ok {
			i = len(out)
			at[k] = i
			out = append(out, finding{rule: k.rule, file: k.file, line: k.line})
		}
		out[i].violations = append(out[i].violations, v)
	}
	count := map[string]int{}
	for i := range out {
		f := &out[i]
		text := ""
		if v := f.violations[0]; len(v.Causes) > 0 {
			text = v.Causes[0].Text
		}
		sum := sha256.Sum256([]byte(f.rule + "\x00" + f.file + "\x00" + strings.Join(strings.Fields(text), " ")))
		f.print = hex.EncodeToString(sum[:16])
		count[f.print]++
		f.print += ":" + strconv.Itoa(count[f.print])
	}
	return out
}

// message says what is broken, in each image.
func (o Options) message(r *gate.Result, f *finding) string {
	var out []string
	for _, v := range f.violations {
		s := o.sentence(v)
		if len(r.Images) > 1 || r.Unbuilt != nil && len(r.Unbuilt.Images) > 1 {
			s = safe(violator(r, v)) + ": " + s
		}
		out = append(out, s)
	}
	return strings.Join(out, "\n")
}

// uri is a path as a relative reference: "//x" would name a host, and "a:b" a scheme.
func uri(name string) string {
	return (&url.URL{Path: strings.TrimLeft(path.Clean(screen.Safe(name)), "/")}).String()
}

// location is a line of a file of the repository.
func location(file string, line int) *sarif.Location {
	ref := uri(file)
	if first, _, _ := strings.Cut(ref, "/"); strings.Contains(first, ":") {
		ref = "./" + ref // else what stands before the colon is a scheme
	} else if strings.HasPrefix(ref, "/") {
		ref = "." + ref // and what stands behind two slashes a host
	}
	p := sarif.NewPhysicalLocation().WithArtifactLocation(sarif.NewArtifactLocation().WithURI(ref).WithURIBaseID(root)).
		WithRegion(sarif.NewRegion().WithStartLine(max(line, 1)))
	return sarif.NewLocationWithPhysicalLocation(p)
}

func writeSARIF(w io.Writer, r *gate.Result, o Options) error {
	driver := sarif.NewToolComponent().WithName("tare")
	if o.Version != "" {
		driver.WithVersion(safe(o.Version))
	}
	run := sarif.NewRun().WithTool(sarif.NewTool().WithDriver(driver)).
		WithAutomationDetails(sarif.NewRunAutomationDetails().WithID("tare-check/" + safe(o.Name) + "/")).
		WithColumnKind("unicodeCodePoints").
		WithOriginalUriBaseIds(map[string]sarif.ArtifactLocation{root: *sarif.NewArtifactLocation().WithDescription(sarif.NewTextMessage("The root of the repository."))})
	list := findings(r)
	for i := range list {
		f := &list[i]
		run.AddRule(safe(f.rule)).WithShortDescription(sarif.NewMultiformatMessageString().WithText(about(f.rule))).
			WithDefaultConfiguration(sarif.NewReportingConfiguration().WithLevel("error"))
		at := location(f.file, f.line)
		seen := map[string]bool{}
		result := run.CreateResultForRule(safe(f.rule)).WithLevel("error").WithKind("fail").
			WithMessage(sarif.NewTextMessage(o.message(r, f)))
		result.PartialFingerprints = map[string]string{fingerprint: f.print}
		for _, v := range f.violations {
			at.AddLogicalLocation(sarif.NewLogicalLocation().WithFullyQualifiedName(safe(v.Image)).WithKind("module"))
			for k, c := range v.Causes {
				if p := place(c.File, c.Line); k > 0 && c.File != "" && !seen[p] {
					seen[p] = true
					result.AddRelatedLocation(related(o, &c, len(result.RelatedLocations)))
				}
			}
		}
		result.AddLocation(at)
	}
	log := sarif.NewReport()
	log.Schema = "https://json.schemastore.org/sarif-2.1.0.json"
	return writeJSON(w, log.AddRun(run))
}

// related is a further cause.
func related(o Options, c *gate.Cause, id int) *sarif.Location {
	line := 1
	if c.Line != nil {
		line = *c.Line
	}
	return location(c.File, line).WithID(id).WithMessage(sarif.NewTextMessage(partTitle(c.Part) + ": " + o.amounts(c.Amounts) + ": " + brief(c.Text, 200)))
}
