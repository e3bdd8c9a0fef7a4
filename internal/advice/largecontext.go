package advice

import (
	"fmt"

	"tare/internal/units"
	"tare/internal/weigh"
)

func init() {
	register(Rule{ID: "large-context", Title: "a large build context", Severity: weigh.Note, Find: largeContext})
}

// worthContext is from where on an upload is worth a word, in bytes.
const worthContext = 1 << 20

// largeContext: much more was sent to the builder than was copied into any image.
func largeContext(img *Image) []Finding {
	c := img.Context
	if c.Sent-c.Copied <= worthContext || c.Sent <= 2*c.Copied {
		return nil
	}
	return []Finding{{Finding: weigh.Finding{Line: c.Line, Sent: c.Sent - c.Copied,
		Text:   fmt.Sprintf("%s were sent to the builder, and files of %s copied into images", units.Bytes(c.Sent), units.Bytes(c.Copied)),
		Remedy: "list the rest in .dockerignore"}}}
}
