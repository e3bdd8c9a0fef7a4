package steplog

import (
	"strings"
	"testing"

	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/util/progress/progressui"
	"github.com/opencontainers/go-digest"
)

func TestStatus(t *testing.T) {
	in := &client.SolveStatus{
		Vertexes: []*client.Vertex{{Digest: digest.FromString("a"), Name: "RUN \x1b]0;evil\x07x"}},
		Logs:     []*client.VertexLog{{Vertex: digest.FromString("a"), Stream: 1, Data: []byte("one\x1b[2Jtwo\n")}},
		Warnings: []*client.VertexWarning{{Short: []byte("bad\x1b[1m"), Detail: [][]byte{[]byte("more\x1bc")}}},
	}
	out := New(progressui.PlainMode).Status(in)
	shown := out.Vertexes[0].Name + string(out.Logs[0].Data) + string(out.Warnings[0].Short) + string(out.Warnings[0].Detail[0])
	if strings.Contains(shown, "\x1b") || !strings.Contains(shown, "RUN ") || !strings.Contains(shown, "two") {
		t.Errorf("%q", shown)
	}
	if raw := New(progressui.RawJSONMode).Status(in); string(raw.Logs[0].Data) != "one\x1b[2Jtwo\n" || strings.Contains(raw.Vertexes[0].Name, "\x1b") {
		t.Errorf("data %q, name %q", raw.Logs[0].Data, raw.Vertexes[0].Name)
	}
	if string(in.Logs[0].Data) != "one\x1b[2Jtwo\n" {
		t.Error("the original is changed")
	}
}
