package experiment

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// Decode reads a record.
func Decode(b []byte) (*Record, error) {
	var head struct {
		Schema string `json:"schema"`
	}
	if err := json.Unmarshal(b, &head); err != nil {
		return nil, fmt.Errorf("no results of an experiment: %w", err)
	}
	if head.Schema != Schema {
		if v, ok := strings.CutPrefix(head.Schema, "tare.lab/v"); ok {
			return nil, fmt.Errorf("its schema is %s and this tare reads %s: a newer tare wrote it (version %s); update tare", head.Schema, Schema, v)
		}
		return nil, fmt.Errorf("no results of an experiment: its schema is %q, not %s", head.Schema, Schema)
	}
	rec := new(Record)
	if err := json.Unmarshal(b, rec); err != nil {
		return nil, fmt.Errorf("results of an experiment: %w", err)
	}
	if rec.Name == "" || rec.ID == "" || strings.ContainsAny(rec.Name+rec.ID, "/\\\x00") {
		return nil, errors.New("results of an experiment without a proper name and ID")
	}
	return rec, nil
}
