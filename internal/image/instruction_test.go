package image_test

import (
	"testing"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/image"
)

// Builders write the same instruction in several ways.
func TestInstruction(t *testing.T) {
	for by, want := range map[string]string{
		"RUN /bin/sh -c make # buildkit":          "RUN make",
		"/bin/sh -c make":                         "RUN make",
		"/bin/sh -c #(nop)  CMD [\"x\"]":          `CMD ["x"]`,
		"/bin/sh -c #(nop) COPY file:1 in /app/ ": "COPY file:1 in /app/",
		"RUN |1 N=10 /bin/sh -c make # buildkit":  "RUN |1 N=10 /bin/sh -c make",
		"|1 N=10 /bin/sh -c make":                 "RUN |1 N=10 /bin/sh -c make", // Docker's classic builder
		"/bin/sh -eu -c make":                     "RUN /bin/sh -eu -c make",     // under a SHELL
		"/bin/bash -o pipefail -ec make":          "RUN /bin/bash -o pipefail -ec make",
		"/bin/bash -ec #(nop)  CMD [\"x\"]":       `CMD ["x"]`,
		"/bin/tool now -c make":                   "/bin/tool now -c make",
		"/bin/sh -eu":                             "/bin/sh -eu",
		"/app":                                    "/app",
		"|x|":                                     "|x|",
		"|1":                                      "|1",
		"":                                        "",
	} {
		if got := (image.Step{History: ocispec.History{CreatedBy: by}}).Instruction(); got != want {
			t.Errorf("%q: %q, want %q", by, got, want)
		}
	}
}
