package page

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"tare/internal/profile"
	"tare/internal/screen"
	"tare/internal/units"
)

// cost is what a line of a Dockerfile stands for in the margin.
type cost struct {
	seconds float64
	cold    bool // seconds are those of the last time it was carried out: now it came from the cache
	bytes   int64
	timed   bool // it worked, now or then
}

func costOf(l *profile.Line) cost {
	c := cost{seconds: l.Seconds, bytes: l.Bytes.Tar, timed: l.Ran && !l.Cached}
	if l.Cold != nil && !c.timed {
		c.seconds, c.cold, c.timed = *l.Cold, true, true
	}
	if l.SameAs > 0 || l.Keyword == "FROM" {
		c.timed = false
	}
	return c
}

// margins writes the Dockerfile with seconds and bytes in its margin, each with a bar.
func margins(b *strings.Builder, r *profile.Result) {
	at, longest, largest := map[int]cost{}, 0.0, int64(0)
	cold := false
	for i := range r.Lines {
		c := costOf(&r.Lines[i])
		at[r.Lines[i].Lines[0]] = c
		if c.timed {
			longest = max(longest, c.seconds)
			cold = cold || c.cold
		}
		largest = max(largest, c.bytes)
	}
	b.WriteString("<section id=\"dockerfile\"><h2>What each line costs</h2>\n<table class=\"code\"><caption class=\"vh\">The Dockerfile with seconds and bytes of each instruction</caption>" +
		"<thead><tr><th scope=\"col\" class=\"r\">seconds</th><th scope=\"col\" class=\"r\">bytes</th><th scope=\"col\" class=\"r\">line</th><th scope=\"col\">" + esc(screen.Safe(r.Dockerfile)) + "</th></tr></thead><tbody>\n")
	for n, line := range strings.Split(strings.TrimRight(r.Source, "\n"), "\n") {
		c, known := at[n+1]
		b.WriteString("<tr><td class=\"r\">")
		if known && c.timed {
			mark0 := ""
			if c.cold {
				mark0 = "*"
			}
			margin(b, units.Seconds(time.Duration(c.seconds*1e9))+mark0, c.seconds/max(longest, 1e-9), "time")
		}
		b.WriteString("</td><td class=\"r\">")
		if known && c.bytes > 0 {
			margin(b, units.Bytes(c.bytes), float64(c.bytes)/float64(max(largest, 1)), "size")
		}
		line = strings.ReplaceAll(screen.Safe(strings.ReplaceAll(line, "\t", "    ")), "\r", "")
		fmt.Fprintf(b, "</td><td class=\"r n\">%d</td><td><code>%s</code></td></tr>\n", n+1, esc(line))
	}
	b.WriteString("</tbody></table>\n")
	legend(b, key{"time", "seconds that the instruction worked"}, key{"size", "bytes that it adds to the tar of the image or its stage"})
	if cold {
		b.WriteString("<p class=\"dim\">* from the cache now: seconds of the last time that it was carried out.</p>\n")
	}
	b.WriteString("</section>\n")
}

// margin is one figure of the margin, with its part of the largest as a bar.
func margin(b *strings.Builder, text string, part float64, class string) {
	b.WriteString(esc(text))
	bar(b, "bar thin", mark{0, part, class, ""})
}

// digests are those in the names of steps: nobody reads 64 digits.
var digests = regexp.MustCompile(`(@sha256:[0-9a-f]{12})[0-9a-f]{52}`)

// gantt draws when each step of a build was at work; the critical path is marked.
func gantt(b *strings.Builder, r *profile.Result) {
	end := r.Seconds
	var spans []profile.Span
	critical := false
	for _, s := range r.Spans {
		if s.End-s.Start >= 0.001 {
			spans = append(spans, s)
			end = max(end, s.End)
			critical = critical || s.Critical
		}
	}
	if len(spans) == 0 || end <= 0 {
		return
	}
	clock := func(s float64) string { return units.Seconds(time.Duration(s * 1e9)) }
	b.WriteString("<section id=\"gantt\"><h2>When each step was at work</h2>\n")
	figure(b, "", "From the start of the build to its end: "+clock(end), func() {
		b.WriteString("<ol class=\"rows\">\n")
		for _, s := range spans {
			name, class := s.Name, "tot"
			if s.Line > 0 {
				name = strconv.Itoa(s.Line) + ": " + name
			}
			if s.Critical {
				class = "pos"
			}
			row(b, digests.ReplaceAllString(name, "$1…"), clock(s.End-s.Start), "track", mark{s.Start / end, s.End / end, class, clock(s.Start) + " to " + clock(s.End)})
		}
		b.WriteString("</ol>\n")
		keys := []key{{"tot", "other steps"}}
		if critical {
			keys = append([]key{{"pos", "critical path: what the build waited for"}}, keys...)
		}
		legend(b, keys...)
	})
	b.WriteString("</section>\n")
}
