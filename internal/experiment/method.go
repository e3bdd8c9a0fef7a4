package experiment

// Names of what is measured repeatedly. Those of edits are followed by the edit's
// name.
const (
	BuildCold      = "build-cold"
	BuildUnchanged = "build-unchanged"
	Rebuild        = "rebuild:"
	StartFirst     = "start-first-output"
	StartExit      = "start-exit"
	StartReady     = "start-ready"
	PeakMemory     = "peak-memory"
)

// Defaults of the method. Alpha is below the usual 0.05 since one experiment makes
// dozens of comparisons.
const (
	DefaultRepeat = 6
	DefaultWarmup = 1
	Confidence    = 0.95
	Alpha         = 0.01
)
