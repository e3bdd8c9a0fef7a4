package lab

import (
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"tare/internal/experiment"
	"tare/internal/screen"
	"tare/internal/table"
	"tare/internal/units"
)

// RunTable is what tare lab list prints.
var RunTable = table.Format{
	Fields:  []string{"Experiment", "Run", "Started", "Variants", "State", "File"},
	Headers: map[string]string{"Experiment": "EXPERIMENT", "Run": "RUN", "Started": "STARTED", "Variants": "VARIANTS", "State": "STATE", "File": "FILE"},
	Table:   "{{.Experiment}}\t{{.Run}}\t{{.Started}}\t{{.Variants}}\t{{.State}}",
}

// Rows are the rows of RunTable for an experiment, or for all if name is "", the newest
// first. Records that cannot be read are told to note and left out.
func (r Runs) Rows(name string, now time.Time, note func(string)) ([]table.Row, error) {
	list, err := r.List(name)
	if err != nil {
		return nil, err
	}
	var rows []table.Row
	for n := len(list) - 1; n >= 0; n-- {
		rec, err := Load(list[n])
		if err != nil {
			note(err.Error())
			continue
		}
		state := "finished"
		if rec.Finished == nil {
			state = "interrupted"
		}
		rows = append(rows, table.Row{"Experiment": screen.Safe(rec.Name), "Run": rec.ID, "Started": units.Ago(rec.Started, now), "Variants": strconv.Itoa(len(rec.Variants)), "State": state, "File": list[n]})
	}
	return rows, nil
}

// Record loads the record that a word names: see Find.
func (r Runs) Record(which string) (*experiment.Record, error) {
	path, err := r.Find(which)
	if err != nil {
		return nil, err
	}
	return Load(path)
}

// Words are words that name records, for completion: last ones and all IDs.
func (r Runs) Words() []string {
	out := []string{"last", "last~1"}
	list, _ := r.List("")
	for _, p := range list {
		out = append(out, strings.TrimSuffix(filepath.Base(p), ".json"))
	}
	return out
}
