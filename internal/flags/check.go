package flags

import (
	"strings"

	"github.com/spf13/cobra"

	"tare/internal/check"
	"tare/internal/gatereport"
)

// Check defines the flags that say what is checked, and against what.
func Check(c *cobra.Command, r *check.Request) {
	f := c.Flags()
	f.StringVarP(&r.File, "file", "f", "", "the Dockerfile (default DIR/Dockerfile)")
	f.StringVar(&r.Baseline, "baseline", "", "what growth is measured against: an image, git:REF[:DIR], a file of --save, or last")
	f.StringArrayVar(&r.Budgets, "budget", nil, "a limit, such as transfer=50MB, growth.live=2%, layers=12, packages.forbid=gcc")
	f.StringSliceVar(&r.Variants, "variant", nil, "only these variants of the tare.yaml")
	f.StringVar(&r.Save, "save", "", "note the images in this file, to be a baseline")
	f.BoolVar(&r.NoBuild, "no-build", false, "only what the Dockerfile, its context and tare.yaml tell: BuildKit's checks, findings that need no image")
	f.StringArrayVar(&r.Build.BuildArgs, "build-arg", nil, "set a build argument (NAME=VALUE, or NAME from the environment)")
	f.StringVar(&r.Build.Target, "target", "", "stage to build")
	f.StringSliceVar(&r.Build.Platforms, "platform", nil, "platforms to check")
	_ = c.RegisterFlagCompletionFunc("baseline", cobra.FixedCompletions([]string{check.Last, "git:HEAD~1", "git:main", "registry://"}, cobra.ShellCompDirectiveNoSpace))
}

// Report defines the flags that say how a check is reported; also are further reports.
func Report(c *cobra.Command, o *gatereport.Options, also *[]string) {
	f := c.Flags()
	f.StringVar(&o.Format, "format", "text", strings.Join(gatereport.Names(), ", "))
	f.StringArrayVar(also, "report", nil, "write one more report, FORMAT=FILE (such as sarif=tare.sarif)")
	f.StringVar(&o.Name, "name", "", "tells several checks of a repository apart, in comments and in SARIF")
	f.BoolVar(&o.Details, "full", false, "print everything, also where nothing of yours changed")
	f.BoolVar(&o.Always, "always", false, "with --format markdown: also where nothing of yours changed")
	f.BoolVar(&o.Exact, "bytes", false, "print exact bytes")
	_ = c.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(gatereport.Names(), cobra.ShellCompDirectiveNoFileComp))
}
