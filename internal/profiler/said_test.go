package profiler_test

import (
	"testing"

	"tare/internal/testkit/said"
)

// Every sentence is wanted by a test, which wants something else where it must not be said.
func TestEverySentence(t *testing.T) {
	flag := []string{"--mount=type=cache,id=tare-split-%s,target=%s,mode=0777,sharing=locked "} // no sentence
	said.Expected(t, flag, "same.go", "split.go", "triggered.go", "stages.go")
}
