package flags

import (
	"github.com/spf13/cobra"

	"tare/internal/scales"
	"tare/internal/target"
)

// Files defines the flags that say which image is weighed, and which of its files are
// listed.
func Files(c *cobra.Command, r *scales.FilesRequest) {
	f := c.Flags()
	f.StringVar(&r.Platform, "platform", "", "platform of a multi-platform image")
	f.BoolVar(&r.AllPlatforms, "all-platforms", false, "weigh each platform of a multi-platform image")
	f.BoolVar(&r.Compress, "compress", false, target.CompressHelp)
	f.BoolVar(&r.Layers, "read-layers", false, "of a registry:// image: read layers even where tables of contents (eStargz, zstd:chunked) tell what is in them")
	f.IntVar(&r.Query.Layer, "layer", 0, "list the files of this layer (from 1, bottom first)")
	f.StringVar(&r.Query.Package, "package", "", "list the files of this package")
	f.StringVar(&r.Query.Path, "path", "", "list the files whose path matches (** matches any directories)")
	f.StringSliceVar(&r.Query.Fates, "state", nil, "list files that are live (the default), waste, of a class of waste, or all")
	f.StringVar(&r.Query.Sort, "sort", "size", "order of files and packages: size, transfer, path or layer")
	_ = c.RegisterFlagCompletionFunc("sort", cobra.FixedCompletions(scales.Orders(), cobra.ShellCompDirectiveNoFileComp))
	_ = c.RegisterFlagCompletionFunc("state", cobra.FixedCompletions(scales.States(), cobra.ShellCompDirectiveNoFileComp))
}

// Compare defines the flags that say which images are compared, and how.
func Compare(c *cobra.Command, r *scales.CompareRequest) {
	f := c.Flags()
	f.StringVar(&r.Baseline, "baseline", "", "the target to compare the others with; default the first")
	f.StringVar(&r.Platform, "platform", "", "platform of multi-platform images")
	f.BoolVar(&r.AllPlatforms, "all-platforms", false, "compare each platform of multi-platform images")
	f.BoolVar(&r.Compress, "compress", false, target.CompressHelp)
	f.IntVar(&r.Depth, "depth", 0, "files to show for each cause")
	f.BoolVar(&r.Pairs, "pairs", false, "compare every pair")
	f.Var(r.Material.Default(), "material", scales.MaterialHelp)
}
