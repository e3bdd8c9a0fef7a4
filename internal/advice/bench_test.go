package advice_test

import (
	"fmt"
	"testing"

	"tare/internal/advice"
	"tare/internal/testkit"
)

// BenchmarkFind looks for findings in an image of 50,000 files, of which a tenth are in a
// cache and a tenth copied again.
func BenchmarkFind(b *testing.B) {
	low, high := distribution(), step{by: "RUN chown"}
	made := step{by: "RUN make"}
	for k := range 50_000 {
		e := testkit.File(fmt.Sprintf("usr/share/x/%03d/file-%d", k%500, k), "x")
		if k%10 == 0 {
			e = testkit.File(fmt.Sprintf("root/.cache/pip/%03d/file-%d", k%500, k), "x")
		}
		made.entries = append(made.entries, e)
		if k%10 == 1 {
			high.entries = append(high.entries, owned(e))
		}
	}
	img := image(b, low, made, high)
	for b.Loop() {
		advice.Of(img)
	}
}
