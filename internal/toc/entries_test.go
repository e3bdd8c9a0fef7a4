package toc

import (
	"strings"
	"testing"
)

func TestEntriesAreBounded(t *testing.T) {
	table := `{"entries":[{},{},{}]}`
	if got, err := decode(strings.NewReader(table), 3); err != nil || len(got) != 3 {
		t.Error(got, err)
	}
	if _, err := decode(strings.NewReader(table), 2); err == nil || !strings.Contains(err.Error(), "more than 2 entries") {
		t.Error(err)
	}
}
