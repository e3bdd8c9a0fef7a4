package advice

import (
	"fmt"
	"path"
	"strings"
	"time"

	"tare/internal/units"
	"tare/internal/weigh"
)

func init() {
	register(Rule{ID: "manifest-order", Title: "dependencies installed after the source is copied", Severity: weigh.Note, Find: manifestOrder})
}

// manifestOrder: a RUN installs what a manifest lists, and stands behind a COPY that
// brings the manifest together with other files: whichever of these changes, all is
// installed again. It costs time and no bytes.
func manifestOrder(img *Image) (out []Finding) {
	for _, i := range img.Installs {
		var names []string
		for _, m := range i.Manifests {
			names = append(names, path.Base(m))
		}
		f := weigh.Finding{Line: i.Line, Other: i.Copy, Seconds: i.Seconds, Paths: i.Manifests,
			Text:   fmt.Sprintf("%s runs again whenever any of the %s that line %d copies changes, %s among them", i.Command, units.Plural(i.Others+len(names), "file"), i.Copy, and(names)),
			Remedy: "COPY " + strings.Join(names, " ") + " first, then " + i.Command + ", then the rest (unless " + it(len(names)) + " of the source)"}
		if i.Seconds > 0 {
			f.Text += fmt.Sprintf(" (%s)", units.Seconds(time.Duration(i.Seconds*float64(time.Second))))
		}
		out = append(out, Finding{Finding: f})
	}
	return out
}

// it says that manifests refer to files.
func it(n int) string {
	if n == 1 {
		return "it refers to files"
	}
	return "they refer to files"
}
