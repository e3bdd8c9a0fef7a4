package weigh

// Severity is how bad a finding is.
type Severity string

// Severities, the worst first.
const (
	Secret  Severity = "secret"  // somebody may read what is nobody's business
	Warning Severity = "warning" // bytes that nobody needs
	Note    Severity = "note"    // worth a look
)

// Finding is something that costs bytes and need not, or that must not be in an image.
type Finding struct {
	Rule     string   `json:"rule"` // the heading in docs/reference/findings.md
	Title    string   `json:"title"`
	Severity Severity `json:"severity"`
	Line     int      `json:"line"`            // of the Dockerfile, where to change something; 0 if not known
	Other    int      `json:"other,omitempty"` // the line that wrote what this one hides
	Layer    int      `json:"layer"`           // from 1; 0 for none
	// Instruction is the step that made the layer, as the history has it.
	Instruction string `json:"instruction,omitempty"`
	Text        string `json:"text"`
	Remedy      string `json:"remedy,omitempty"`
	Tar         int64  `json:"tar"`            // bytes that it costs, with headers
	Transfer    int64  `json:"transfer"`       // apportioned part of the blobs
	Live        int64  `json:"live"`           // the part that a container sees
	Sent        int64  `json:"sent,omitempty"` // bytes sent to the builder
	// Paths are the largest files that it is about, or the directories that hold most.
	Paths []string `json:"paths,omitempty"`
}

// Savings is what the findings of an image cost together: what several are about counts
// once.
type Savings struct {
	Tar      int64 `json:"tar"`
	Transfer int64 `json:"transfer"`
	// Places are the lines of the Dockerfile, or else the layers, to change.
	Places int `json:"places"`
}
