package page_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"tare/internal/chart"
	"tare/internal/page"
	"tare/internal/profile"
	"tare/internal/weigh"
)

// Every format is found by its name, and no other.
func TestEveryFormatIsKnown(t *testing.T) {
	for _, f := range page.Formats {
		if got := page.FormatOf(f.Name); got == nil || got.Name != f.Name || f.Write == nil || f.Extension == "" {
			t.Errorf("%s: %v", f.Name, got)
		}
	}
	if page.FormatOf("pdf") != nil {
		t.Error("pdf is known")
	}
}

func TestCharts(t *testing.T) {
	_, drawn := experimentOf(t, "a", "b", "c")
	for _, name := range []string{"layers", "strata", "waterfall", "pareto", "treemap"} {
		var b bytes.Buffer
		drawn.Chart = page.Chart(name)
		if err := drawn.WriteSVG(&b); err != nil || !strings.HasPrefix(b.String(), "<svg ") {
			t.Errorf("%s: %v", name, err)
		}
	}
	drawn.Chart, drawn.Report = "gantt", "compare"
	var none *chart.Error
	if err := drawn.WriteSVG(&bytes.Buffer{}); !errors.As(err, &none) || !strings.Contains(err.Error(), "--chart gantt: compare has only: layers, pareto, waterfall, treemap") {
		t.Error(err)
	}
	if err := (&page.Page{}).WriteSVG(&bytes.Buffer{}); !errors.As(err, &none) || !strings.Contains(err.Error(), "no chart of this") {
		t.Error(err)
	}
}

// A profile's page has the map of the image's files where one was made, and the bars of a
// build where there was one.
func TestProfilePage(t *testing.T) {
	if p := page.Profile(&profile.Result{}, "app"); p.Maps != nil || p.Extra != nil || p.Title != "Profile of app" {
		t.Errorf("%+v", p)
	}
	p := page.Profile(&profile.Result{Seconds: 1, Map: &weigh.Node{Name: "app"}}, "app")
	if len(p.Maps) != 1 || p.Maps[0].Name != "app" || len(p.Extra) != 1 {
		t.Errorf("%d maps, %d pictures", len(p.Maps), len(p.Extra))
	}
}
