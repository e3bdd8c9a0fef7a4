package profiler_test

import (
	"testing"

	"tare/internal/testkit/said"
)

// Every sentence is wanted by a test, which wants something else where it must not be said.
func TestEverySentence(t *testing.T) {
	failing := []string{ // said of builds that fail in the middle, which the engine of these tests does not make
		"what stands before it was not in the build cache, and came out otherwise", "the Dockerfile up to this line cannot be built: ", "the directory that it begins in is not there any more",
		"its commands cannot be built one by one: ", "its flags have quotes within quotes", "stage %s is not weighed: %v",
		"--mount=type=cache,id=tare-split-%s,target=%s,mode=0777,sharing=locked ", // no sentence
	}
	said.Expected(t, failing, "same.go", "split.go", "triggered.go", "stages.go")
}
