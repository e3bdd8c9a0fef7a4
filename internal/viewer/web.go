package viewer

import (
	"context"
	"fmt"
	"io"
	"runtime/debug"
	"strings"

	"tare/internal/garbage"
	"tare/internal/page"
	"tare/internal/report"
	"tare/internal/request"
	"tare/internal/scales"
	"tare/internal/target"
	"tare/internal/units"
	"tare/internal/web"
)

// Browser says how images are shown in a browser.
type Browser struct {
	Web  bool // in a browser, not in the terminal
	Port int  // 0 for any that is free
	// PortGiven says that somebody asked for the port.
	PortGiven bool

	Out  io.Writer // gets the address, and nothing else
	Note func(text string)
	Env  func(string) string
}

// WebHelp and PortHelp explain the flags.
const (
	WebHelp  = "show them in the browser: serve a page, and all files, to this machine alone"
	PortHelp = "with --web: the port to listen on; 0 for any that is free"
)

// Check refuses what cannot be meant.
func (b *Browser) Check() error {
	switch {
	case b.PortGiven && !b.Web:
		return request.Errorf("--port goes with --web: a terminal has none")
	case b.Port < 0 || b.Port > 65535:
		return request.Errorf("--port %d: want a number from 0 to 65535", b.Port)
	}
	return nil
}

// Web finds images and serves a page about them, with all their files, until ctx ends.
func Web(ctx context.Context, f *target.Finder, r Request, b Browser) error {
	// A port that is taken is told before images are read.
	l, err := web.Listen(b.Port)
	if err != nil {
		return err
	}
	defer l.Close()
	s, err := Open(ctx, f, r)
	if err != nil {
		return err
	}
	defer s.Close()
	if f.Lean {
		defer garbage.Often(leanPercent)()
	}
	if s.facts, err = s.set.Facts(ctx); err != nil {
		return err
	}
	p, err := s.page(ctx)
	if err != nil {
		return err
	}
	if f.Lean {
		debug.FreeOSMemory() // what the page was made of: most of what a large image takes
	}
	c := web.Config{Source: s.set, Page: func(w io.Writer, nonce string) error {
		served := *p
		served.Served, served.Nonce = true, nonce
		return served.Write(w)
	}}
	for n, i := range s.set.Images {
		c.Images = append(c.Images, web.Image{Name: i.Name, Facts: s.facts[n]})
	}
	if _, err := fmt.Fprintln(b.Out, l.Address()); err != nil {
		return err
	}
	b.Note("serving this machine alone, and nobody without the address; Ctrl-C ends it")
	if b.Env("SSH_CONNECTION") != "" {
		b.Note(fmt.Sprintf("over ssh: the address works in the browser at the other end with ssh -L %d:127.0.0.1:%d", l.Port(), l.Port()))
	}
	return l.Serve(ctx, c)
}

// pageRows is how many rows the lists of the page have.
const pageRows = 10

// page is what weigh says of an image, or compare of several.
func (s *Session) page(ctx context.Context) (*page.Page, error) {
	title := strings.Join(s.request.Words, ", ")
	if len(s.set.Images) == 1 {
		r, err := scales.WeighOpened(ctx, s.finder, s.set, scales.WeighRequest{Top: pageRows, Maps: true, Material: units.Threshold, Lines: s.request.Lines})
		if err != nil {
			return nil, err
		}
		return &page.Page{Title: title, Data: r.Results[0], Report: "weigh", Maps: r.Maps, Doc: folded(report.Weighed(r.Results[0], pageRows, false))}, nil
	}
	r, err := scales.CompareOpened(ctx, s.finder, s.set, scales.CompareRequest{Words: s.request.Words, Platform: s.request.Platform, Maps: true, Material: units.Threshold, Lines: s.request.Lines})
	if err != nil {
		return nil, err
	}
	doc := report.Comparison(r.Result, report.ComparisonOptions{Measure: "live", Top: pageRows + 2})
	return &page.Page{Title: title, Data: r.Result, Report: "compare", Result: r.Result, Maps: r.Maps, Doc: folded(doc)}, nil
}

// folded is a document as a page has it.
func folded(d report.Document) report.Document { return d.View(report.View{}, report.Fold) }
