package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"tare/internal/engine"
	"tare/internal/printer"
	"tare/internal/report"
	"tare/internal/request"
	"tare/internal/scales"
)

// What went wrong before a container's program ran is code 125, as in Docker, but for
// what has a code of its own.
func TestStartError(t *testing.T) {
	plain := errors.New("no such image")
	for _, c := range []struct {
		err  error
		code int // 0: it stays as it is
		text string
	}{
		{nil, 0, ""},
		{fmt.Errorf("wrapped: %w", exitCode(7)), 0, "wrapped: exit code 7"},
		{&engine.StartError{Code: 127, Err: plain}, 0, plain.Error()},
		{context.Canceled, 0, context.Canceled.Error()},
		{plain, 125, "no such image"},
		{usagef("--network %q", "x"), 125, `run: --network "x"`},
	} {
		got := startError(c.err)
		var start *engine.StartError
		switch {
		case c.code == 0:
			if got != c.err {
				t.Errorf("%v became %v", c.err, got)
			}
		case !errors.As(got, &start) || start.Code != c.code || start.Err.Error() != c.text:
			t.Errorf("%v: %#v", c.err, got)
		}
	}
}

func TestOneOr(t *testing.T) {
	list := []int{4, 5}
	if got := fmt.Sprint(oneOr(list, true), oneOr(list, false)); got != "[4 5] 4" {
		t.Error(got)
	}
}

// Flags that cannot be meant so are wrong usage, with a word of what would be right.
func TestFlagValues(t *testing.T) {
	out := func(o output) output {
		return o.Known(printer.Plain, []string{"layers", "findings"})
	}
	text := out(output{Format: "text"})
	weigh := func(change func(*weighOptions)) error {
		o := weighOptions{output: text, depth: 1}
		o.Query.Sort = scales.Orders()[0]
		change(&o)
		return o.check()
	}
	compare := func(change func(*compareOptions)) error {
		o := compareOptions{output: text, measure: "tar"}
		change(&o)
		return o.check()
	}
	for _, c := range []struct {
		name string
		err  error
		want string // "" for none
	}{
		{"text", text.Checked(), ""},
		{"json opened", checked(out(output{Format: "json", Open: true})), "--open shows a page of HTML, not json"},
		{"text opened", checked(out(output{Format: "text", Open: true})), ""},
		{"a format", checked(out(output{Format: "jsn"})), "json"},
		{"a chart", checked(out(output{Format: "text", Chart: "no-such"})), "--chart"},
		{"a part", checked(out(output{Format: "text", View: report.View{Show: []string{"layer"}}})), "layers"},
		{"weigh", weigh(func(*weighOptions) {}), ""},
		{"weigh --top -1", weigh(func(o *weighOptions) { o.top = -1 }), "--top: want a number, 0 or more"},
		{"weigh --depth 0", weigh(func(o *weighOptions) { o.depth = 0 }), "--depth: 1 or more"},
		{"weigh --state", weigh(func(o *weighOptions) { o.Query.Fates = []string{"lve"} }), "live"},
		{"weigh --sort", weigh(func(o *weighOptions) { o.Query.Sort = "no" }), "--sort"},
		{"weigh's format", weigh(func(o *weighOptions) { o.Format = "no" }), "--format"},
		{"compare", compare(func(*compareOptions) {}), ""},
		{"compare --top -1", compare(func(o *compareOptions) { o.top = -1 }), "0 or more"},
		{"compare --depth -1", compare(func(o *compareOptions) { o.Depth = -1 }), "0 or more"},
		{"compare --measure", compare(func(o *compareOptions) { o.measure = "tat" }), "tar"},
		{"compare --measure all", compare(func(o *compareOptions) { o.measure = "all" }), ""},
		{"compare's format", compare(func(o *compareOptions) { o.Format = "no" }), "--format"},
	} {
		var usage request.Error
		switch {
		case c.want == "" && c.err != nil:
			t.Errorf("%s: %v", c.name, c.err)
		case c.want != "" && (c.err == nil || !errors.As(c.err, &usage) || !strings.Contains(c.err.Error(), c.want)):
			t.Errorf("%s: %v, want usage with %q", c.name, c.err, c.want)
		}
	}
}

func checked(o output) error { return o.Checked() }

// Which of a command's outputs is asked for.
func TestWhatIsAskedFor(t *testing.T) {
	for _, c := range []struct {
		o               output
		pictured, first bool
	}{
		{output{Format: "text"}, false, true},
		{output{Format: "text", View: report.View{Full: true}}, false, false},
		{output{Format: "text", View: report.View{Show: []string{"layers"}}}, false, false},
		{output{Format: "html"}, true, false},
		{output{Format: "{{.}}"}, false, false},
	} {
		if c.o.Pictured() != c.pictured || c.o.FirstScreen() != c.first {
			t.Errorf("%+v: pictures %v, first screen %v", c.o, c.o.Pictured(), c.o.FirstScreen())
		}
	}
	for n, change := range []func(*weighOptions){
		func(*weighOptions) {}, func(o *weighOptions) { o.Query.Layer = 2 }, func(o *weighOptions) { o.Query.Package = "x" },
		func(o *weighOptions) { o.Query.Path = "etc" }, func(o *weighOptions) { o.Query.Fates = []string{"live"} }, func(o *weighOptions) { o.tree = true },
	} {
		var o weighOptions
		if change(&o); o.lists() != (n > 0) {
			t.Errorf("case %d: lists files: %v", n, o.lists())
		}
	}
}
