package advice_test

import (
	"testing"

	"tare/internal/advice"
	"tare/internal/weigh"
)

func TestManifestOrder(t *testing.T) {
	const rule = "manifest-order"
	img := image(t, distribution(), step{"COPY . /app", []E{kib("app/x", 9)}})
	none(t, img, rule)
	img.Installs = []advice.Install{{Line: 5, Copy: 4, Command: "npm ci", Manifests: []string{"web/package.json", "web/package-lock.json"}, Others: 40, Seconds: 12.5}}
	f := one(t, img, rule, 0, 0)
	if f.Text != "npm ci runs again whenever any of the 42 files that line 4 copies changes, package.json and package-lock.json among them (12.5 s)" ||
		f.Remedy != "COPY package.json package-lock.json first, then npm ci, then the rest (unless they refer to files of the source)" ||
		f.Line != 5 || f.Other != 4 || f.Seconds != 12.5 || f.Severity != weigh.Note {
		t.Errorf("%+v", f)
	}
	if s := advice.Total(img, []advice.Finding{f}); s.Places != 0 || s.Tar != 0 {
		t.Errorf("it saves no bytes: %+v", s)
	}
}
