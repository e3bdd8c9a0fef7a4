package lab

import "tare/internal/experiment"

// The names that reports use, until they use those of package experiment.
type (
	// Record is an experiment.Record.
	Record = experiment.Record
	// Result is an experiment.Result.
	Result = experiment.Result
	// Measurement is an experiment.Measurement.
	Measurement = experiment.Measurement
	// Machine is an experiment.Machine.
	Machine = experiment.Machine
	// Diff is an experiment.Diff.
	Diff = experiment.Diff
	// Edited is an experiment.Edited.
	Edited = experiment.Edited
	// TimedDifference is an experiment.TimedDifference.
	TimedDifference = experiment.TimedDifference
)

// The names of measures.
const (
	BuildCold      = experiment.BuildCold
	BuildUnchanged = experiment.BuildUnchanged
	Rebuild        = experiment.Rebuild
	StartFirst     = experiment.StartFirst
	StartExit      = experiment.StartExit
	StartReady     = experiment.StartReady
	PeakMemory     = experiment.PeakMemory
	Modelled       = experiment.Modelled
)
