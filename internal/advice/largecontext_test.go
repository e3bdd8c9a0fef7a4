package advice_test

import (
	"testing"

	"tare/internal/advice"
)

func TestLargeContext(t *testing.T) {
	const rule = "large-context"
	img := image(t, distribution())
	img.Context = advice.Context{Unused: 397_000_000, Files: 12, Paths: []string{"data", "x.iso"}, Line: 4}
	list := only(img, rule)
	if len(list) != 1 || list[0].Line != 4 || list[0].Sent != 397_000_000 || list[0].Tar != 0 {
		t.Fatalf("%+v", list)
	}
	if got := list[0].Text; got != "397MB in 12 files were sent to the builder, and no instruction takes them: data and x.iso" {
		t.Error(got)
	}
	if s := advice.Total(img, list); s.Tar != 0 || len(s.Lines) != 0 || s.Places != 0 {
		t.Errorf("an upload is no part of the image: %+v", s)
	}
	for _, c := range []advice.Context{{}, {Unused: 500_000, Files: 1, Line: 3}} {
		img.Context = c
		none(t, img, rule)
	}
}
