package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"tare/internal/engine"
	"tare/internal/progress"
	"tare/internal/report"
	"tare/internal/screen"
	"tare/internal/store"
	"tare/internal/units"
)

type fsckOptions struct {
	repair bool
	format string
}

func newFsck(a *app) *cobra.Command {
	var o fsckOptions
	c := &cobra.Command{
		Use:   "fsck [OPTIONS]",
		Short: "Check the image store, and repair it",
		Long: `Check the image store: every blob against its digest, every image down to its
layers, what was derived from them, and what killed commands left behind (partial
downloads, temporary files, locks, containers, mounts). It may run while other
commands work.

With --repair what is damaged or left over is removed, and names whose image is
not whole are forgotten, after saying how to get the image back. What is intact
always stays.

The exit code is 0 if all is well (with --repair: afterwards), else 1.`,
		Example: `  tare fsck
  tare fsck --repair
  tare fsck --format json | jq -r '.problems[].image // empty'`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.format != "text" && o.format != "json" {
				return usagef("--format %q: want text or json", o.format)
			}
			if err := a.enter(); err != nil {
				return err
			}
			return a.fsck(cmd.Context(), o)
		},
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	c.Flags().BoolVar(&o.repair, "repair", false, "remove what is damaged or left over, and forget images that are not whole")
	c.Flags().StringVar(&o.format, "format", "text", "text or json")
	_ = c.RegisterFlagCompletionFunc("format", cobra.FixedCompletions([]string{"text", "json"}, cobra.ShellCompDirectiveNoFileComp))
	return c
}

func (a *app) fsck(ctx context.Context, o fsckOptions) error {
	st, err := a.store()
	if err != nil {
		return err
	}
	d := newDisplay(a.Err, true)
	events := progress.Func(d.event)
	check, err := st.Check(ctx, store.CheckOptions{
		Repair: o.repair,
		Progress: func(done, total int64) {
			events.Report(progress.Event{ID: "blobs", Action: "Checking", Done: done, Total: total})
		},
		Waiting: func() { a.note("waiting for another tare that is adding images") },
	})
	if err == nil {
		err = a.fsckEngine(ctx, check, o)
	}
	d.clear()
	if err != nil {
		return err
	}
	if o.format == "json" {
		err = report.WriteJSON(screen.Raw(a.Out), check)
	} else {
		a.printCheck(check, o)
	}
	if err == nil && !check.Clean {
		err = exitCode(1)
	}
	return err
}

// fsckEngine adds what is left in the engine's directory.
func (a *app) fsckEngine(ctx context.Context, check *store.Check, o fsckOptions) error {
	if a.engines.Leftovers == nil {
		return nil
	}
	inStore := func(fi os.FileInfo) bool {
		blob, err := os.Stat(filepath.Join(check.Root, "blobs", "sha256", fi.Name()))
		return err == nil && os.SameFile(fi, blob)
	}
	found, note, err := a.engines.Leftovers(ctx, a.st.EngineRoot(), o.repair, inStore)
	if err != nil {
		return err
	}
	if note != "" {
		check.Notes = append(check.Notes, note)
	}
	damaged, contexts := false, false
	for _, l := range found {
		contexts = contexts || l.Kind == engine.Contexts
		damaged = damaged || l.Kind == engine.Damage && !l.Removed && l.Err == nil
	}
	var pruned error
	if damaged && o.repair {
		pruned = a.dropCache(ctx)
	}
	if contexts && o.repair && !damaged {
		_, pruned = a.engine(ctx, 0)
	}
	for _, l := range found {
		check.Add(leftover(check.Root, l, o.repair, pruned))
	}
	return nil
}

// dropCache removes the whole build cache: which records a damaged blob belongs to
// is not worth finding out for something that can be built again.
func (a *app) dropCache(ctx context.Context) error {
	e, err := a.engine(ctx, 0)
	if err != nil {
		return err
	}
	_, err = e.Prune(ctx, true, 0)
	return err
}

func leftover(root string, l engine.Leftover, repair bool, pruned error) store.Problem {
	p := store.Problem{Kind: l.Kind, Path: l.Path, Text: l.Text, Remedy: "tare fsck --repair removes it", Repaired: l.Removed}
	if rel, err := filepath.Rel(root, l.Path); err == nil {
		p.Path = rel
	}
	if l.Kind == engine.Contexts {
		p.Remedy = "the next build drops it and sends the context again, and so does tare fsck --repair"
		p.Repaired, l.Err = repair && pruned == nil, pruned
	}
	if l.Kind == engine.Damage {
		p.Remedy = "tare fsck --repair drops the build cache, which is built again when needed"
		if _, err := os.Lstat(l.Path); repair && l.Err == nil {
			p.Repaired, l.Err = l.Removed || err != nil && pruned == nil, pruned
		}
	}
	if l.Err != nil {
		p.Remedy = fmt.Sprintf("the repair failed: %v", l.Err)
	}
	return p
}

func (a *app) printCheck(c *store.Check, o fsckOptions) {
	say := func(format string, v ...any) { _, _ = fmt.Fprintf(a.Out, format, v...) }
	for _, p := range c.Problems {
		switch {
		case p.Repaired && p.Kind == store.ProblemImage:
			say("%s\n  forgotten; %s\n", p.Text, p.Remedy)
		case p.Repaired && p.Kind == store.ProblemIndex:
			say("%s\n  repaired: this %s\n", p.Text, p.Remedy)
		case p.Repaired:
			say("%s\n  repaired\n", p.Text)
		default:
			say("%s\n  %s\n", p.Text, p.Remedy)
		}
	}
	for _, n := range c.Notes {
		say("note: %s\n", n)
	}
	say("Checked: %s, %s (%s), %s, %s\n", count(c.Images, "image"), count(c.Blobs, "blob"), units.Bytes(c.Bytes), count(c.Layers, "layer"), count(c.Derived, "derived value"))
	if c.Unread > 0 {
		say("Not checked: what %s to\n", count(c.Unread, "layer")+map[bool]string{true: " unpacks", false: " unpack"}[c.Unread == 1])
	}
	found := count(len(c.Problems), "problem") + " found"
	switch {
	case len(c.Problems) == 0:
		say("No problems found.\n")
	case c.Clean:
		say("%s and repaired.\n", found)
	case o.repair:
		say("%s; not all could be repaired.\n", found)
	default:
		say("%s; tare fsck --repair repairs what can be repaired.\n", found)
	}
}

func count(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}
