package profile

import (
	"fmt"
	"strings"
)

// Split is a RUN that was taken apart, and each command built as a line of its own in a
// copy.
type Split struct {
	Line     int            `json:"line"`
	Commands []SplitCommand `json:"commands"`
	// Bytes are the whole line's, when nothing comes behind it. Removed are those of what
	// its commands write and later ones of the same line remove or replace. Layers are what
	// layers of their own cost beyond that: headers and directories that one layer has once.
	// The commands' bytes less Removed and Layers are Bytes.
	Bytes   Bytes `json:"bytes"`
	Removed Bytes `json:"removed"`
	Layers  Bytes `json:"layers"`
	// Varying are files that come out otherwise with each run of the whole line, too: logs
	// and the like. All others are the same after the commands and after the line.
	Varying []string `json:"varying,omitempty"`
	// Skipped says why it was not taken apart.
	Skipped string `json:"skipped,omitempty"`
}

// SplitCommand is one command of a RUN, or several that stay whole.
type SplitCommand struct {
	Text    string  `json:"text"`
	Seconds float64 `json:"seconds"`
	Bytes   Bytes   `json:"bytes"`
	// State says that it only sets the shell's state (cd, export): it was carried out with
	// the command beside it, writes nothing, and has no time of its own.
	State bool `json:"state,omitempty"`
	// Whole says why the commands in it were not taken apart.
	Whole string `json:"whole,omitempty"`
}

// Row is a row below the commands of a split.
type Row struct {
	Text  string
	Bytes Bytes
}

// Less are the rows that lead from the commands to the line: none of nothing.
func (s *Split) Less() []Row {
	var out []Row
	if s.Removed != (Bytes{}) {
		out = append(out, Row{"removed again or replaced by later commands of this line", s.Removed.negative()})
	}
	if s.Layers != (Bytes{}) {
		text := "overhead of a layer for each command"
		if len(s.Varying) > 0 {
			text += ", and files that vary from run to run"
		}
		out = append(out, Row{text, s.Layers.negative()})
	}
	return out
}

// Notes are what there is to say of a split in sentences, without the full stop.
func (s *Split) Notes() []string {
	if s.Skipped != "" {
		return []string{fmt.Sprintf("Line %d was not split: %s", s.Line, s.Skipped)}
	}
	var out []string
	for _, c := range s.Commands {
		if c.Whole != "" {
			out = append(out, fmt.Sprintf("Line %d: %q was kept whole: %s", s.Line, shorten(c.Text), c.Whole))
		}
	}
	if n := len(s.Varying); n > 0 {
		const most = 3
		some := strings.Join(s.Varying[:min(n, most)], ", ")
		if n > most {
			some += ", …"
		}
		out = append(out, fmt.Sprintf("Line %d: %s with each run of the whole line, too, and could not be compared: %s", s.Line, vary(n), some))
	}
	return out
}

func vary(n int) string {
	if n == 1 {
		return "1 file changes"
	}
	return fmt.Sprintf("%d files change", n)
}

func shorten(s string) string {
	if r := []rune(s); len(r) > 60 {
		return string(r[:59]) + "…"
	}
	return s
}

// Sum works Layers out from all the others.
func (s *Split) Sum() {
	s.Layers = Bytes{}
	for _, c := range s.Commands {
		s.Layers.add(c.Bytes)
	}
	s.Layers.sub(s.Removed)
	s.Layers.sub(s.Bytes)
}

// negative are the bytes with the other sign.
func (b Bytes) negative() (out Bytes) {
	out.sub(b)
	return out
}

func (b *Bytes) sub(o Bytes) {
	b.Tar -= o.Tar
	b.Transfer = b.Transfer.Minus(o.Transfer)
	b.Files -= o.Files
	b.Live -= o.Live
	b.Waste -= o.Waste
	b.Caused -= o.Caused
	b.Entries -= o.Entries
}
