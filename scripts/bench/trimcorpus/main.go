// Command trimcorpus holds the corpus of testdata/trim to what it says, and measures
// tare trim with it.
//
//	trimcorpus verify [NAME...]        builds every project, as it is and with its want.patch
//	trimcorpus bench [NAME...]         runs tare trim over every project and proves its patches
//	trimcorpus prepare DIR [NAME...]   writes the projects as trim gets them
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"tare/internal/corpus"
)

func main() {
	tare := flag.String("tare", "bin/tare", "the program to measure")
	dir := flag.String("corpus", "testdata/trim", "where the projects are")
	home := flag.String("home", "", "the store of images, kept (default a new one)")
	out := flag.String("json", "", "write what was measured to this file, too")
	keep := flag.String("keep", "", "write the patches and JSON of trim to this directory")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	c := &conduct{corpus: *dir, home: *home, json: *out, keep: *keep}
	var err error
	if c.tare, err = filepath.Abs(*tare); err == nil {
		err = c.run(ctx, flag.Args())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "trimcorpus:", err)
		os.Exit(1)
	}
}

// conduct is one call.
type conduct struct {
	tare, corpus, home, json, keep string

	t   *corpus.Tare
	tmp string
}

func (c *conduct) run(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return fmt.Errorf("want verify, bench or prepare")
	}
	list, err := corpus.Load(c.corpus)
	if err != nil {
		return err
	}
	what, names := args[0], args[1:]
	into := ""
	if what == "prepare" {
		if len(names) == 0 {
			return fmt.Errorf("prepare: where to?")
		}
		into, names = names[0], names[1:]
	}
	if len(names) > 0 {
		list = slices.DeleteFunc(list, func(p *corpus.Project) bool { return !slices.Contains(names, p.Name) })
	}
	if what == "prepare" {
		for _, p := range list {
			if err := p.Prepare(filepath.Join(into, p.Name)); err != nil {
				return err
			}
		}
		return nil
	}
	if c.tmp, err = os.MkdirTemp("", "tare-trim-corpus-"); err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(c.tmp) }()
	if c.home == "" {
		c.home = filepath.Join(c.tmp, "home")
	}
	c.t = &corpus.Tare{Path: c.tare, Home: c.home, Env: append(os.Environ(), "TARE_HOME="+c.home, "NO_PAGER=1")}
	switch what {
	case "verify":
		return c.verify(ctx, list)
	case "bench":
		return c.bench(ctx, list)
	}
	return fmt.Errorf("%q: want verify, bench or prepare", what)
}

func (c *conduct) verify(ctx context.Context, list []*corpus.Project) error {
	bad, sum := 0, int64(0)
	for _, p := range list {
		begin := time.Now()
		v, err := c.t.Verify(ctx, p, filepath.Join(c.tmp, p.Name))
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			v.Faults = append(v.Faults, err.Error())
		}
		sum += v.Planted
		fmt.Printf("%-28s planted %12d  saved %12d  %6.1f s\n", p.Name, v.Planted, v.Saved, time.Since(begin).Seconds())
		for _, f := range v.Faults {
			fmt.Println("    " + f)
		}
		if len(v.Faults) > 0 {
			bad++
		}
		_ = os.RemoveAll(filepath.Join(c.tmp, p.Name))
	}
	fmt.Printf("%d projects, %d bytes planted, %d projects with faults\n", len(list), sum, bad)
	if bad > 0 {
		return fmt.Errorf("%d projects are not what they say", bad)
	}
	return nil
}
