package lab_test

import (
	"testing"

	"tare/internal/testkit/said"
)

// Every sentence is wanted by a test, which wants something else where it must not be said.
func TestEverySentence(t *testing.T) {
	said.Expected(t, nil, "check.go", "imagenames.go", "edits.go", "commits.go", "editable.go")
}
