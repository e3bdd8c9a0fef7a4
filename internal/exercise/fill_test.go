package exercise_test

import (
	"testing"

	"tare/internal/compare"
	"tare/internal/exercise"
	"tare/internal/experiment"
	"tare/internal/image"
	"tare/internal/units"
)

// Each cell gets what its column's head asks for; all else stays as it is.
func TestFillCells(t *testing.T) {
	rec := &experiment.Record{Comparison: &compare.Result{Images: []compare.Image{
		{Name: "one", Layers: 4, Packages: map[string]int{"apk": 3, "pypi": 2}, Sizes: image.Sizes{Docker: 64_100_000, DockerContainerd: units.Known(90_000_000), Transfer: units.Known(22_000_000), Live: 1000}},
		{Name: "b|c", Sizes: image.Sizes{Docker: 5}},
	}}, Variants: []experiment.Result{{Name: "one", Source: "image python:slim"}, {Name: "b|c"}, {Name: "gone"}}}
	for in, want := range map[string]string{
		"|a|size|\n|-|-|\n|one|XX MB|\n":                       "|a|size|\n|-|-|\n|one|64.1 MB|\n",
		"|a|size|\n|-|-|\n| **python:slim** |about XXMB|\n":    "|a|size|\n|-|-|\n| **python:slim** |about 64.1MB|\n",
		"|a|size|\n|-|-|\n|one:latest|XX.X MB|\n":              "|a|size|\n|-|-|\n|one:latest|64.1 MB|\n",
		"|a|Layers|Packages|\n|-|-|-|\n|one|XX|XX|\n":          "|a|Layers|Packages|\n|-|-|-|\n|one|4|5|\n",
		"|a|transfer|live|\n|-|-|-|\n|one|XX MB|XX|\n":         "|a|transfer|live|\n|-|-|-|\n|one|22 MB|1kB|\n",
		"|a|docker-containerd|docker|\n|-|-|-|\n|one|XX|XX|\n": "|a|docker-containerd|docker|\n|-|-|-|\n|one|90MB|64.1MB|\n",
		"  |a|size|\r\n  |:-:|-|\r\n  |one|XX|\r\n":            "  |a|size|\r\n  |:-:|-|\r\n  |one|64.1MB|\r\n",
		"|a|size|\n|-|-|\n|nobody|XX|\n|gone|XX|\n":            "|a|size|\n|-|-|\n|nobody|XX|\n|gone|XX|\n",
		"|one|XX|\n":                            "|one|XX|\n", // no head
		"one XX\n":                              "one XX\n",
		"~~~\n|a|size|\n|-|-|\n|one|XX|\n~~~\n": "~~~\n|a|size|\n|-|-|\n|one|XX|\n~~~\n",
		"```\n~~~\n```\n|a|size|\n|-|-|\n|one|XX|\n":                "```\n~~~\n```\n|a|size|\n|-|-|\n|one|64.1MB|\n",
		"|a|size|\n|-|-|\n|one|X|\n":                                "|a|size|\n|-|-|\n|one|X|\n", // one X is a letter
		"|a|size|\n|-|-|\ntext\n|one|XX|\n":                         "|a|size|\n|-|-|\ntext\n|one|XX|\n",
		"a|size\n-|-\none|XX\n":                                     "a|size\n-|-\none|64.1MB\n",
		"|a|size|\n|-|-|\n|one|XX MB|XX MB beyond the last head|\n": "|a|size|\n|-|-|\n|one|64.1 MB|64.1 MB beyond the last head|\n",
	} {
		out, n, err := exercise.Fill([]byte(in), rec)
		if err != nil || string(out) != want {
			t.Errorf("%q: %q, %v, want\n%q", in, out, err, want)
		}
		if (n > 0) != (in != want) {
			t.Errorf("%q: %d filled", in, n)
		}
	}
	if _, _, err := exercise.Fill(nil, &experiment.Record{}); err == nil {
		t.Error("a table is filled from nothing")
	}
}
