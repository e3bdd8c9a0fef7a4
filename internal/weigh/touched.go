package weigh

// Traced is what a trace says of an image: tare trace made it.
type Traced struct {
	// Complete says that nothing was lost. Of a trace that is not complete nothing can be
	// concluded, and Touched is absent everywhere.
	Complete bool     `json:"complete"`
	Lost     int64    `json:"lost"`
	Reasons  []string `json:"reasons,omitempty"` // why it is not complete
	Checks   int      `json:"checks"`            // how many checks were run
	Passed   int      `json:"passed"`            // how many of them passed
	Touched  *Touched `json:"touched,omitempty"`
}

// Touched divides live bytes by what was done with the files that hold them: opened,
// executed or mapped; only found; neither. They sum up to the live bytes.
type Touched struct {
	Read      int64 `json:"read"`
	Looked    int64 `json:"looked"`
	Untouched int64 `json:"untouched"`
}
