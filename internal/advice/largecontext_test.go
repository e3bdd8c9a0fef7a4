package advice_test

import (
	"testing"

	"tare/internal/advice"
)

func TestLargeContext(t *testing.T) {
	const rule = "large-context"
	img := image(t, distribution())
	img.Context = advice.Context{Sent: 400_000_000, Copied: 3_000_000, Line: 4}
	list := only(img, rule)
	if len(list) != 1 || list[0].Line != 4 || list[0].Sent != 397_000_000 || list[0].Tar != 0 {
		t.Fatalf("%+v", list)
	}
	if got := list[0].Text; got != "400MB were sent to the builder, and files of 3MB copied into images" {
		t.Error(got)
	}
	if s := advice.Total(img, list); s.Tar != 0 || len(s.Lines) != 0 || s.Places != 0 {
		t.Errorf("an upload is no part of the image: %+v", s)
	}
	for _, c := range []advice.Context{{}, {Sent: 500_000}, {Sent: 10_000_000, Copied: 6_000_000}} {
		img.Context = c
		none(t, img, rule)
	}
}
