package advice

import (
	"tare/internal/units"
	"tare/internal/weigh"
)

func init() {
	register(Rule{ID: "large-context", Title: "a large build context", Severity: weigh.Note, Find: largeContext})
}

// worthContext is from where on an upload is worth a word, in bytes.
const worthContext = 1 << 20

// largeContext: files were sent to the builder that no instruction takes. Which ones these
// are is known from the build's own definition, file by file; where it is not, nothing is
// said: to leave out what a mount or a COPY with a pattern takes breaks a build.
func largeContext(img *Image) []Finding {
	c := img.Context
	if c.Unused <= worthContext {
		return nil
	}
	return []Finding{{Finding: weigh.Finding{Line: c.Line, Sent: c.Unused, Paths: c.Paths,
		Text:   units.Bytes(c.Unused) + " in " + units.Plural(c.Files, "file") + " were sent to the builder, and no instruction takes them: " + some(c.Paths, 3),
		Remedy: "list what no instruction takes in .dockerignore: " + some(c.Paths, 3)}}}
}
