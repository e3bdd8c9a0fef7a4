package profile

// Edit is a simulated commit and what it costs.
type Edit struct {
	Name    string  `json:"name"`
	Skipped string  `json:"skipped,omitempty"` // why it does not apply
	Seconds float64 `json:"seconds"`           // of the rebuild
	Rebuilt []int   `json:"rebuilt"`           // first lines of the instructions that were carried out
	Layers  int     `json:"layers"`            // new ones
	// Pushed are the bytes that a push sends, Repull those that a node with the image
	// before it fetches: new layer blobs, manifest and config. A registry that has the
	// image before needs the same.
	Pushed int64 `json:"pushed"`
	Repull int64 `json:"repull"`
}

// Split is a RUN that was taken apart at its &&, and each command built as a line of its
// own in a copy.
type Split struct {
	Line     int            `json:"line"`
	Commands []SplitCommand `json:"commands"`
	// Skipped says why it was not taken apart.
	Skipped string `json:"skipped,omitempty"`
}

// SplitCommand is one command of a RUN. The bytes are an estimate of its part: what it
// writes and a later command deletes never gets into the layer of the whole RUN.
type SplitCommand struct {
	Text    string  `json:"text"`
	Seconds float64 `json:"seconds"`
	Bytes   Bytes   `json:"bytes"`
}
