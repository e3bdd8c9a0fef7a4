package trimmer

import (
	"fmt"

	"tare/internal/weigh"
)

// untried are rules of advice that have no edit here, with the reason.
var untried = map[string]string{
	"not-stripped": "it makes other programs, and comparing files does not prove that they do the same",
}

// information is what findings say of that no edit is tried, each with the reason: what saves
// less than least bytes of the tar is left out.
func information(list []weigh.Finding, least int64) (out []string) {
	for _, f := range list {
		why := untried[f.Rule]
		if why == "" || f.Tar < least || f.Small {
			continue
		}
		where := "the image"
		switch {
		case f.Line > 0:
			where = fmt.Sprintf("line %d", f.Line)
		case f.Layer > 0:
			where = fmt.Sprintf("layer %d", f.Layer)
		}
		out = append(out, fmt.Sprintf("%s %s; not tried: %s. By hand: %s", where, f.Text, why, f.Remedy))
	}
	return out
}
