package gatereport

import (
	"cmp"
	"io"
	"strconv"
	"strings"

	"tare/internal/gate"
	"tare/internal/report"
)

// problem is a row of GitLab's code quality report.
type problem struct {
	Description string `json:"description"`
	Check       string `json:"check_name"`
	Fingerprint string `json:"fingerprint"`
	Severity    string `json:"severity"`
	Location    struct {
		Path  string `json:"path"`
		Lines struct {
			Begin int `json:"begin"`
		} `json:"lines"`
	} `json:"location"`
}

func writeQuality(w io.Writer, r *gate.Result, o Options) error {
	out := []problem{} // an array also where there is none
	list := findings(r)
	for i := range list {
		f := &list[i]
		p := problem{Description: strings.ReplaceAll(o.message(r, f), "\n", "; "), Check: "tare/" + safe(f.rule), Fingerprint: strings.ReplaceAll(f.print, ":", "-"), Severity: "major"}
		p.Location.Path = strings.TrimPrefix(safe(f.file), "./")
		p.Location.Lines.Begin = max(f.line, 1)
		out = append(out, p)
	}
	return writeJSON(w, out)
}

// writeCommands writes GitHub's workflow commands: an error for each rule and line, and a
// notice for each thing that was not judged.
func writeCommands(w io.Writer, r *gate.Result, o Options) error {
	var b strings.Builder
	command := func(name, text string, properties ...string) {
		b.WriteString("::" + name)
		sep := " "
		for i := 0; i < len(properties); i += 2 {
			if properties[i+1] != "" {
				b.WriteString(sep + properties[i] + "=" + escapeProperty(properties[i+1]))
				sep = ","
			}
		}
		b.WriteString("::" + escapeData(text) + "\n")
	}
	list := findings(r)
	for i := range list {
		f := &list[i]
		file, line := f.file, ""
		if f.violations[0].File == "" {
			file = ""
		} else {
			line = strconv.Itoa(max(f.line, 1))
		}
		text := o.message(r, f)
		if c := f.violations[0].Causes; len(c) > 0 && f.violations[0].Measure != "findings" {
			text += "\n" + o.amounts(c[0].Amounts) + ": " + brief(c[0].Text, 200)
		}
		command("error", text, "file", report.Safe(file), "line", line, "title", "tare check: "+brief(f.rule, 100))
	}
	for _, n := range r.Notes {
		command("notice", safe(n), "title", "tare check")
	}
	if r.Unbuilt != nil && len(r.Unbuilt.NotChecked) > 0 {
		command("notice", unbuilt(r), "title", "tare check")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// escapeData and escapeProperty are the rules of GitHub's runner.
func escapeData(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(s)
}

func escapeProperty(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C").Replace(s)
}

// point is a value of github-action-benchmark.
type point struct {
	Name  string `json:"name"`
	Unit  string `json:"unit"`
	Value int64  `json:"value"`
	Extra string `json:"extra,omitempty"`
}

func writeBenchmark(w io.Writer, r *gate.Result, _ Options) error {
	out := []point{}
	for n := range r.Images {
		img := &r.Images[n]
		for _, s := range sizesOf(&img.After) {
			if v, ok := s.amount.Int(); ok {
				out = append(out, point{strings.TrimSpace(safe(img.Name)+" "+safe(img.Platform)) + " " + s.name, "bytes", v, safe(cmp.Or(img.After.Revision, img.After.Reference))})
			}
		}
	}
	return writeJSON(w, out)
}
