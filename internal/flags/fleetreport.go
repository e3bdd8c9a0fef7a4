package flags

import (
	"github.com/spf13/cobra"

	"tare/internal/fleetreport"
)

// FleetReport defines the flags that say what is told of a fleet.
func FleetReport(c *cobra.Command, q *fleetreport.Request) {
	Choose(c, &q.Scan)
	f := c.Flags()
	f.Lookup("output").Usage = "file to write instead of standard output; with --format parquet a directory"
	f.StringArrayVar(&q.WhatIf, "what-if", nil, "work a change out: delete=GLOB (tags), rebase=OLD=NEW (images); may be repeated")
	f.StringSliceVar(&q.Prices, "price", nil, "prices: storage=PRICE of a GB for a month, egress=PRICE of a GB, such as storage=0.10USD")
	f.IntVar(&q.Top, "top", 20, "images, findings and secrets that are listed; 0 for all")
	f.BoolVar(&q.Weigh, "weigh", true, "weigh every image of a scan: waste, findings and secrets")
	_ = c.RegisterFlagCompletionFunc("what-if", cobra.FixedCompletions([]string{"delete=", "rebase="}, cobra.ShellCompDirectiveNoSpace|cobra.ShellCompDirectiveNoFileComp))
	_ = c.RegisterFlagCompletionFunc("price", cobra.FixedCompletions([]string{"storage=", "egress="}, cobra.ShellCompDirectiveNoSpace|cobra.ShellCompDirectiveNoFileComp))
}
