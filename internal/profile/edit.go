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
