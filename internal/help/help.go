// Package help is what the program says about itself: help topics, the layout of help
// texts, and what it answers to words that it does not know.
package help

import (
	"embed"
	"strings"

	"tare/internal/target"
)

//go:embed topics/*.txt
var texts embed.FS

// Topic is a page of help that belongs to no single command: tare help NAME.
type Topic struct {
	Name, Short string
}

// Topics are all topics, in the order of the alphabet.
var Topics = []Topic{
	{"config", "Defaults of flags in ~/.config/tare/config.yaml"},
	{"environment", "Environment variables that tare reads"},
	{"exit-codes", "What exit codes mean"},
	{"experiments", "Keys of tare.yaml, the experiment of tare lab"},
	{"findings", "What the findings of weigh and profile mean"},
	{"formats", "Output formats: text, Markdown, JSON, CSV, HTML, SVG, templates"},
	{"measures", "What each number of bytes and seconds means"},
	{"targets", "What can be weighed and compared: images, Dockerfiles, archives"},
}

// Text is the page of a topic; "" if there is none of that name.
func Text(name string) string {
	for _, t := range Topics {
		if t.Name != name {
			continue
		}
		b, err := texts.ReadFile("topics/" + name + ".txt")
		if err != nil {
			return "" // a test reads all of them
		}
		return strings.ReplaceAll(string(b), "{{targets}}", target.Help)
	}
	return ""
}
