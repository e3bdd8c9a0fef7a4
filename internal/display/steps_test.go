package display

import (
	"strings"
	"testing"
	"time"
)

func TestStepsElsewhereSaysOnlyFailures(t *testing.T) {
	var out strings.Builder
	d := NewSteps(Terminal{W: &out, Width: 80})
	d.Event(Step{Subject: "slim", What: "building"})
	d.Event(Step{Subject: "slim", What: "timing", Done: 1, Total: 9})
	d.End()
	if out.Len() > 0 {
		t.Errorf("progress is for terminals: %q", out.String())
	}
	d.Event(Step{Subject: "slim", What: "building", Failed: "no space left\nmore"})
	if got := out.String(); got != "slim: building failed: no space left\n" {
		t.Errorf("%q", got)
	}
}

func TestStepsTellTheTimeLeft(t *testing.T) {
	var out strings.Builder
	d := NewSteps(Terminal{W: &out, TTY: true, Width: 80})
	at := time.Unix(0, 0)
	d.now = func() time.Time { return at }
	for n := 1; n <= 5; n++ {
		d.Event(Step{Subject: "slim", What: "start", Done: n, Total: 10})
		at = at.Add(2 * time.Second)
	}
	// Four steps took 8 s; five more and the one under way remain.
	if got := out.String(); !strings.Contains(got, "[5/10, about 12s left] slim: start") || strings.Contains(got, "[1/10,") {
		t.Errorf("%q", got)
	}
	out.Reset()
	d.Event(Step{What: strings.Repeat("x", 200), Done: 6, Total: 10})
	if got := strings.TrimPrefix(out.String(), "\r\x1b[2K"); len([]rune(got)) >= 80 {
		t.Errorf("%d columns: the line would wrap and stay", len([]rune(got)))
	}
	out.Reset()
	d.End()
	if out.String() != "\r\x1b[2K" {
		t.Errorf("the line stays: %q", out.String())
	}
}
