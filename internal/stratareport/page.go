package stratareport

import (
	"fmt"
	"time"

	"tare/internal/chart"
	"tare/internal/page"
	"tare/internal/strata"
	"tare/internal/units"
)

// Page is the page of the report: the strata as a picture, and the growth.
func Page(r *strata.Result) page.Page {
	p := page.Page{}
	if pic := chart.Strata(ground(r)); pic.SVG != "" {
		p.Extra = append(p.Extra, pic)
	}
	if pic := months(&r.Growth); pic.SVG != "" {
		p.Extra = append(p.Extra, pic)
	}
	return p
}

// ground is what the picture of the strata shows.
func ground(r *strata.Result) chart.Ground {
	g := chart.Ground{Images: r.Tree.Images, Alone: r.Tree.Alone, Above: r.Tree.Above}
	var add func(list []*strata.Block) []chart.Stratum
	add = func(list []*strata.Block) (out []chart.Stratum) {
		for _, b := range list {
			out = append(out, chart.Stratum{Name: b.Name, Images: b.Images, Bytes: b.Bytes, Direct: b.Direct, Above: b.Above, Kids: add(b.Kids)})
		}
		return out
	}
	g.Roots = add(r.Tree.Roots)
	return g
}

// mostMonths bounds the months of a picture: dates of images are what somebody wrote.
const mostMonths = 240

// months draws how the bytes grew; an empty picture of fewer than two months.
func months(g *strata.Growth) chart.Picture {
	if len(g.Months) < 2 {
		return chart.Picture{}
	}
	first, err := time.Parse("2006-01", g.Months[0].Month)
	if err != nil {
		return chart.Picture{}
	}
	var names []string
	total, came := chart.Curve{Name: "together"}, chart.Curve{Name: "new"}
	sum, k := int64(0), 0
	for at := first; k < len(g.Months) && len(names) < mostMonths; at = at.AddDate(0, 1, 0) {
		name, n := at.Format("2006-01"), int64(0)
		if g.Months[k].Month == name {
			n = g.Months[k].Bytes
			k++
		}
		sum += n
		names = append(names, name)
		total.Values, came.Values = append(total.Values, units.Known(sum)), append(came.Values, units.Known(n))
	}
	pic := chart.Growth(names, []chart.Curve{total, came}, -1)
	pic.Title = fmt.Sprintf("Bytes by month, from the dates of configurations (%s to %s)", names[0], names[len(names)-1])
	return pic
}
