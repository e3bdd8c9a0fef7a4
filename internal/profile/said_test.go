package profile_test

import (
	"testing"

	"tare/internal/testkit/said"
)

// Every sentence is wanted by a test, which wants something else where it must not be said.
func TestEverySentence(t *testing.T) {
	said.Expected(t, []string{"the lines of %s sum up to %+v, not %+v"}) // but for an error
}
