package explain

import (
	"fmt"
	"strings"

	"tare/internal/compare"
	"tare/internal/units"
)

// Equal says how far two images of equally many live bytes are the same, with the counts
// that it rests on: "the same" only of what was held against each other path by path.
// live is the bytes of each, wire the difference of their transfer.
func Equal(d *compare.Difference, live int64, wire units.Amount) (string, []compare.Evidence) {
	a := d.Alike
	both := d.From + " and " + d.To
	sizes := fmt.Sprintf("(live: %s%s)", units.Bytes(live), andTransfer(wire))
	if a == nil { // an earlier version's record
		return fmt.Sprintf("%s are equally large %s.", both, sizes), nil
	}
	evidence := []compare.Evidence{{What: "paths with other contents", From: d.From, To: d.To, Value: int64(a.Content)},
		{What: "paths with other metadata only", From: d.From, To: d.To, Value: int64(a.Metadata)}}
	same := fmt.Sprintf("live is the same, byte for byte %s", sizes)
	var text string
	switch {
	case a.Image:
		text = fmt.Sprintf("%s are the same image: %s", both, same)
	case a.Config: // it names the layers
		text = fmt.Sprintf("%s have the same layers and the same configuration, stored differently: %s", both, same)
	case a.Layers:
		text = fmt.Sprintf("%s have the same layers: %s", both, same)
	case a.Same():
		text = fmt.Sprintf("%s show a container the same files with the same metadata: %s; their layers differ", both, same)
	case a.Content == 0:
		text = fmt.Sprintf("%s show a container the same contents, byte for byte %s, but not the same metadata: %s: %s", both, sizes, count(a.Metadata, "differs", "differ"), paths(a))
	default:
		text = fmt.Sprintf("%s are equally large %s, but not the same: %s in content", both, sizes, count(a.Content, "differs", "differ"))
		if a.Metadata > 0 {
			text += fmt.Sprintf(" and %d in metadata only", a.Metadata)
		}
		text += ": " + paths(a)
	}
	return text + configured(a) + ".", evidence
}

// andTransfer goes on with a difference of transfer, if it is known.
func andTransfer(wire units.Amount) string {
	if n, ok := wire.Int(); ok {
		return "; transfer: " + units.Delta(n)
	}
	return ""
}

// configured says what else differs between two images.
func configured(a *compare.Alike) string {
	var out []string
	if len(a.Settings) > 0 {
		out = append(out, "other settings: "+some(a.Settings))
	}
	if a.Steps > 0 {
		out = append(out, units.Plural(a.Steps, "step")+" of the history that only one has")
	}
	if len(a.Otherwise) > 0 {
		out = append(out, "otherwise different in the configuration: "+some(a.Otherwise))
	}
	if len(out) == 0 {
		return ""
	}
	return "; " + strings.Join(out, "; ")
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 path " + one
	}
	return fmt.Sprintf("%d paths %s", n, many)
}

// paths names a few of the paths that differ.
func paths(a *compare.Alike) string {
	var out []string
	for _, p := range a.Paths {
		out = append(out, fmt.Sprintf("/%s (%s)", p.Path, p.What))
	}
	if more := a.Content + a.Metadata - len(out); more > 0 {
		out = append(out, fmt.Sprintf("%d more", more))
	}
	return strings.Join(out, ", ")
}

// some names the first of many.
func some(names []string) string {
	const most = 3
	if more := len(names) - most; more > 0 {
		return strings.Join(names[:most], ", ") + fmt.Sprintf(", %d more", more)
	}
	return strings.Join(names, ", ")
}

// NoDifference says of two images of which diff lists nothing what was held against each
// other, and what differs all the same.
func NoDifference(d *compare.Diff) string {
	if d.SameImage {
		return "No difference: they are the same image."
	}
	files, what := "files and their metadata", []string{"packages"}
	if d.IgnoredTimes {
		files = "files and their metadata except modification times"
	}
	what = append(what, files, "settings")
	if !d.IgnoredHistory {
		what = append(what, "the steps of the history")
	}
	text := "No difference: " + inWords(what) + " are the same."
	var other []string
	layers := 0
	for _, l := range d.Layers {
		if l.From == 0 || l.To == 0 {
			layers++
		}
	}
	if layers > 0 {
		other = append(other, units.Plural(layers, "layer")+" that only one has")
	}
	if len(d.Otherwise) > 0 {
		other = append(other, "in the configuration "+some(d.Otherwise))
	}
	if len(other) > 0 {
		text += " What no container sees differs: " + inWords(other) + "."
	}
	return text
}
