package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"tare/internal/infile"
	"tare/internal/lab"
	"tare/internal/outfile"
	"tare/internal/report"
	"tare/internal/table"
	"tare/internal/units"
)

func newLabInit(a *app) *cobra.Command {
	var force bool
	c := &cobra.Command{
		Use:   "init [OPTIONS] [python]",
		Short: "Write a tare.yaml for the Dockerfiles that are here, or the Python exercise",
		Long: `Write a tare.yaml with a variant for every Dockerfile in this directory (Dockerfile,
Dockerfile.*, *.Dockerfile). "python" writes the exercise: python:slim against
Alpine with Python in one stage and in two.`,
		Example: "  tare lab init\n  mkdir compare-python-images; cd compare-python-images; tare lab init python",
		Args:    cobra.MaximumNArgs(1),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return []string{"python"}, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			files := map[string]string{}
			switch {
			case len(args) == 0:
				list, err := dockerfiles(".")
				if err != nil {
					return err
				}
				dir, err := filepath.Abs(".")
				if err != nil {
					return err
				}
				body, err := lab.Template(filepath.Base(dir), list)
				if err != nil {
					return err
				}
				files["tare.yaml"] = body
			case args[0] == "python":
				files = lab.PythonExercise()
			default:
				return usagef("%q: tare lab init knows one experiment, python", args[0])
			}
			for name := range files {
				if exists(name) && !force {
					return fmt.Errorf("%s is here already: --force overwrites it", name)
				}
			}
			for name, body := range files {
				if err := outfile.WriteBytes(a.ctx, name, []byte(body)); err != nil {
					return err
				}
				_, _ = fmt.Fprintln(a.Out, name)
			}
			return nil
		},
	}
	c.Flags().BoolVar(&force, "force", false, "overwrite files")
	return c
}

// dockerfiles are those in a directory.
func dockerfiles(dir string) ([]string, error) {
	var out []string
	for _, pattern := range []string{"Dockerfile", "Containerfile", "Dockerfile.*", "*.Dockerfile"} {
		list, err := infile.Glob(dir, pattern)
		if err != nil {
			return nil, err
		}
		for _, f := range list {
			if fi, err := os.Stat(f); err == nil && fi.Mode().IsRegular() && filepath.Ext(f) != ".dockerignore" {
				out = append(out, f)
			}
		}
	}
	return out, nil
}

// runTable is what tare lab list prints.
var runTable = table.Format{
	Fields:  []string{"Experiment", "Run", "Started", "Variants", "State", "File"},
	Headers: map[string]string{"Experiment": "EXPERIMENT", "Run": "RUN", "Started": "STARTED", "Variants": "VARIANTS", "State": "STATE", "File": "FILE"},
	Table:   "{{.Experiment}}\t{{.Run}}\t{{.Started}}\t{{.Variants}}\t{{.State}}",
}

func newLabList(a *app) *cobra.Command {
	var format string
	c := &cobra.Command{
		Use:     "list [NAME]",
		Short:   "List the results that are kept",
		Example: "  tare lab list\n  tare lab list python",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			runs, err := a.runs()
			if err != nil {
				return err
			}
			name := ""
			if len(args) > 0 {
				name = args[0]
			}
			list, err := runs.List(name)
			if err != nil {
				return err
			}
			var rows []table.Row
			for n := len(list) - 1; n >= 0; n-- {
				rec, err := lab.Load(list[n])
				if err != nil {
					a.note(err.Error())
					continue
				}
				state := "finished"
				if rec.Finished == nil {
					state = "interrupted"
				}
				rows = append(rows, table.Row{"Experiment": report.Safe(rec.Name), "Run": rec.ID, "Started": units.Ago(rec.Started, time.Now()), "Variants": strconv.Itoa(len(rec.Variants)), "State": state, "File": list[n]})
			}
			return runTable.Write(a.data(), format, rows)
		},
	}
	c.Flags().StringVar(&format, "format", "", "table, json or a Go template")
	return c
}

func newLabShow(a *app) *cobra.Command {
	var o labOptions
	c := &cobra.Command{
		Use:   "show [OPTIONS] [RUN]",
		Short: "Show the results of an experiment again",
		Long: `Show the results of an experiment again, in any format. RUN is an ID of tare lab
list or its beginning, last (default), last~N, NAME/last, or a JSON file.`,
		Example: `  tare lab show
  tare lab show --format html -o report.html last
  tare lab show --format bench last | benchstat -
  tare lab show --answers`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if err := o.check(); err != nil {
				return err
			}
			rec, err := a.record(args, 0)
			if err != nil {
				return fmt.Errorf("lab show: %w", err)
			}
			return a.showRecord(rec, o)
		},
		ValidArgsFunction: a.completeRuns,
	}
	o.labFlags(c)
	c.Flags().StringVar(&o.fill, "fill", "", "fill measured sizes into the tables of this Markdown file")
	return c
}

func newLabDiff(a *app) *cobra.Command {
	var o output
	var exit bool
	c := &cobra.Command{
		Use:   "diff [OPTIONS] RUN1 RUN2",
		Short: "Tell what changed from one run of an experiment to another",
		Long: `Tell what changed from one run of an experiment to another. Counted numbers are
compared exactly; of what was timed, a change counts if the Mann-Whitney U test
gives it a probability below 0.01 of being chance, and the medians differ by more
than 10 %.`,
		Example: "  tare lab diff last~1 last\n  tare lab diff --exit-code main.json pr.json",
		Args:    cobra.ExactArgs(2),
		RunE: func(_ *cobra.Command, args []string) error {
			if err := o.check(); err != nil {
				return err
			}
			x, err := a.record(args, 0)
			if err != nil {
				return fmt.Errorf("lab diff: %w", err)
			}
			y, err := a.record(args, 1)
			if err != nil {
				return fmt.Errorf("lab diff: %w", err)
			}
			d := lab.Compare(x, y)
			if err := a.write(o, d, func() report.Document { return report.LabDiff(d, o.bytes) }); err != nil {
				return err
			}
			if exit && !d.Same {
				return exitCode(1)
			}
			return nil
		},
		ValidArgsFunction: a.completeRuns,
	}
	o.flags(c, report.LabDiffParts)
	c.Flags().BoolVar(&exit, "exit-code", false, "exit with 1 if anything changed")
	return c
}

// record loads the nth run that was named; the last one if none was.
func (a *app) record(args []string, n int) (*lab.Record, error) {
	which := "last"
	if n < len(args) {
		which = args[n]
	}
	runs, err := a.runs()
	if err != nil {
		return nil, err
	}
	path, err := runs.Find(which)
	if err != nil {
		return nil, err
	}
	return lab.Load(path)
}

func (a *app) completeRuns(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	out := []string{"last", "last~1"}
	if runs, err := a.runs(); err == nil {
		list, _ := runs.List("")
		for _, p := range list {
			out = append(out, filepath.Base(p[:len(p)-len(".json")]))
		}
	}
	return out, cobra.ShellCompDirectiveDefault
}
