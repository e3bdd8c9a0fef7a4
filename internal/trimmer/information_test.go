package trimmer

import (
	"reflect"
	"testing"

	"tare/internal/weigh"
)

// What has no edit is said once, with what to do; what has one, or is small, is not.
func TestInformation(t *testing.T) {
	list := []weigh.Finding{
		{Rule: "package-cache", Line: 3, Tar: 9e6, Text: "leaves 9MB of caches", Remedy: "x"},
		{Rule: "not-stripped", Line: 5, Tar: 12e6, Text: "leaves 12MB of debug information", Remedy: `go build -ldflags="-s -w"`},
		{Rule: "not-stripped", Layer: 2, Tar: 2e6, Text: "leaves 2MB of debug information", Remedy: "strip"},
		{Rule: "not-stripped", Line: 6, Tar: 900, Text: "leaves 900B of debug information", Remedy: "strip"},
		{Rule: "not-stripped", Line: 7, Tar: 5000, Small: true, Text: "leaves 5kB of debug information", Remedy: "strip"},
	}
	why := "; not tried: it makes other programs, and comparing files does not prove that they do the same. By hand: "
	want := []string{"line 5 leaves 12MB of debug information" + why + `go build -ldflags="-s -w"`, "layer 2 leaves 2MB of debug information" + why + "strip"}
	if got := information(list, 1000); !reflect.DeepEqual(got, want) {
		t.Errorf("%q", got)
	}
	if got := information(list[:1], 0); got != nil {
		t.Errorf("%q", got)
	}
}
