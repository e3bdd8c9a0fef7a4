package trimmer

import (
	"testing"
	"time"

	"tare/internal/trim"
)

// Time in which something is built is the builds', however many are built at once and
// whatever else is done meanwhile; checks have the rest of theirs; what is left is tare's own.
func TestClock(t *testing.T) {
	at := time.Unix(1000, 0)
	c := &clock{now: func() time.Time { return at }}
	pass := func(seconds int) { at = at.Add(time.Duration(seconds) * time.Second) }
	c.start()
	pass(1)
	first := c.enter(building)
	pass(10)
	second := c.enter(building)
	pass(10)
	first()
	check := c.enter(checking)
	pass(5)
	second()
	pass(3)
	check()
	pass(2)
	if got, want := c.seconds(), (trim.Seconds{Total: 31, Builds: 25, Checks: 3, Own: 3}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}
