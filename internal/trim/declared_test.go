package trim_test

import (
	"testing"

	"tare/internal/seen"
	"tare/internal/trim"
)

// What differs by itself is no difference, and never the reason that is told for one.
func TestBeyond(t *testing.T) {
	noise := map[string]seen.Aspects{"a": seen.Content, "c": seen.Content | seen.Mode}
	got := trim.Beyond([]trim.Difference{{Path: "a", In: seen.Content}, {Path: "b", In: seen.Content}, {Path: "c", In: seen.Content | seen.Owner}}, noise)
	if len(got) != 2 || got[0].Path != "b" || got[0].In != seen.Content || got[1].Path != "c" || got[1].In.String() != "has another owner" {
		t.Errorf("%+v", got)
	}
}
