package gatereport

import (
	"fmt"
	"io"
	"strings"

	"tare/internal/gate"
	"tare/internal/units"
)

// sized is a measure of an image with its value.
type sized struct {
	name, about string
	amount      units.Amount
}

// sizesOf are the measures that are worth a curve over time.
func sizesOf(s *gate.Side) []sized {
	return []sized{
		{"transfer", "Bytes that a pull of the image transfers.", s.Sizes.Transfer},
		{"live", "Bytes of the files that a container sees.", read(s, s.Sizes.Live)},
		{"tar", "Bytes of the uncompressed layers.", read(s, s.Sizes.Tar)},
		{"waste", "Bytes of files that a later layer hides.", read(s, s.Sizes.Waste)},
	}
}

// writeMetrics writes OpenMetrics: a gauge for each measure, one for the parts of the
// change, and one for the number of broken budgets. What is not known has no sample.
func writeMetrics(w io.Writer, r *gate.Result, o Options) error {
	var b strings.Builder
	family := func(name, unit, help string) {
		fmt.Fprintf(&b, "# TYPE %s gauge\n", name)
		if unit != "" {
			fmt.Fprintf(&b, "# UNIT %s %s\n", name, unit)
		}
		fmt.Fprintf(&b, "# HELP %s %s\n", name, help)
	}
	labels := labeller(r)
	for k, m := range sizesOf(new(gate.Side)) {
		name := "tare_image_" + m.name + "_bytes"
		family(name, "bytes", m.about)
		for n := range r.Images {
			if v, ok := sizesOf(&r.Images[n].After)[k].amount.Int(); ok {
				fmt.Fprintf(&b, "%s{%s} %d\n", name, labels(n), v)
			}
		}
	}
	family("tare_image_change_bytes", "bytes", "Bytes that a part of the change added since the baseline.")
	for n := range r.Images {
		d := r.Images[n].Delta
		if d == nil {
			continue
		}
		for _, p := range parts(d) {
			for _, m := range measures {
				if v, ok := m.change(p.Amounts).Int(); ok {
					fmt.Fprintf(&b, "tare_image_change_bytes{%s,part=\"%s\",measure=\"%s\"} %d\n", labels(n), p.name, m.name, v)
				}
			}
		}
	}
	family("tare_check_violations", "", "Budgets that are broken.")
	fmt.Fprintf(&b, "tare_check_violations{check=\"%s\"} %d\n", labelValue(o.Name), len(r.Violations))
	if r.Unbuilt != nil {
		family("tare_check_unchecked", "", "Limits that need an image, and were not checked since nothing was built.")
		fmt.Fprintf(&b, "tare_check_unchecked{check=\"%s\"} %d\n", labelValue(o.Name), len(r.Unbuilt.NotChecked))
	}
	b.WriteString("# EOF\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// labeller makes the labels of an image, which no two share: a sample that stands twice
// makes the whole text invalid.
func labeller(r *gate.Result) func(n int) string {
	names, seen := make([]string, len(r.Images)), map[string]bool{}
	for n := range r.Images {
		image, platform := labelValue(r.Images[n].Name), labelValue(r.Images[n].Platform)
		name := fmt.Sprintf("image=\"%s\",platform=\"%s\"", image, platform)
		for k := 2; seen[name]; k++ {
			name = fmt.Sprintf("image=\"%s (%d)\",platform=\"%s\"", image, k, platform)
		}
		seen[name], names[n] = true, name
	}
	return func(n int) string { return names[n] }
}

// labelValue escapes a label as OpenMetrics wants it. GitLab reads the lines as a shell
// would and takes a # for a comment, so there is none.
func labelValue(s string) string {
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`, "#", "%23").Replace(safe(s))
}
