package advice_test

import (
	"testing"

	"tare/internal/advice"
)

func TestLargeContext(t *testing.T) {
	const rule = "large-context"
	l := &advice.Ledger{Context: &advice.Context{Sent: 400_000_000, Used: 3_000_000, Line: 4}}
	list := only(l, rule)
	if len(list) != 1 || list[0].Line != 4 || list[0].Sent != 397_000_000 || list[0].Tar != 0 || list[0].Frees() {
		t.Fatalf("%+v", list)
	}
	if got := list[0].Sentence(); got != "400MB were sent to the builder, and files of 3MB were copied into images (line 4)" {
		t.Error(got)
	}
	if s := advice.Sum(list, 1); s.Tar != 0 || len(s.Lines) != 0 || s.Small != 0 {
		t.Errorf("an upload is no part of the image: %+v", s)
	}
	for _, c := range []*advice.Context{nil, {Sent: 500_000}, {Sent: 10_000_000, Used: 6_000_000}} {
		none(t, &advice.Ledger{Context: c}, rule)
	}
}
