// Package scales weighs images and sets them side by side: what `tare weigh`, `compare`
// and `diff` do, without a command line.
package scales

import (
	"context"
	"fmt"

	"github.com/opencontainers/go-digest"

	"tare/internal/compare"
	"tare/internal/target"
	"tare/internal/tree"
	"tare/internal/weigh"
)

// WeighRequest says what to weigh.
type WeighRequest struct {
	Word         string
	Platform     string
	AllPlatforms bool
	Compress     bool   // see target.Options
	Top          int    // rows of the lists; 0 for all
	Sort         string // one of Orders
	Maps         bool   // work out maps of the files for pictures
	Layers       bool   // read the layers even where tables of contents tell what is in them
	Touched      Touched
	// Material is how much a finding must save not to be folded; the zero value means all.
	Material Material
	// Lines are the instructions that an image was built from, and the name of their
	// file; nil if none is known.
	Lines func(built digest.Digest) (file string, lines []compare.Line)
}

// Touched says, for a map, what a trace saw of the image's files; nil where it is of
// another image. See weigh.MapOptions.
type Touched func(*weigh.Facts) func(tree.Ref) (read, looked bool)

// Weighed are the results, one a platform.
type Weighed struct {
	Results []*weigh.Result
	Maps    []weigh.Node
}

// FindingsHelp explains --material where it is about findings.
const FindingsHelp = "fold findings that save less: part of the image, bytes or both; 0 for none"

// NoLayer is the number of a layer that no image has.
const NoLayer = weigh.NoLayer

// Orders are the ways to sort files and packages.
func Orders() []string { return weigh.Orders }

// States are what files may be picked by: live, waste, all, or a class of waste.
func States() []string { return weigh.Fates() }

// Weigh sums up an image, or those of all its platforms.
func Weigh(ctx context.Context, f *target.Finder, r WeighRequest) (*Weighed, error) {
	set, err := f.Open(ctx, []string{r.Word}, target.Options{Platform: r.Platform, AllPlatforms: r.AllPlatforms, Compress: r.Compress})
	if err != nil {
		return nil, err
	}
	defer set.Close()
	return WeighOpened(ctx, f, set, r)
}

// WeighOpened is Weigh for images that are open; the request's Word and Platform are not looked at.
func WeighOpened(ctx context.Context, f *target.Finder, set *target.Set, r WeighRequest) (*Weighed, error) {
	out := new(Weighed)
	for n := range set.Images {
		var d *weigh.Dockerfile
		if img := set.Images[n].Image; r.Lines != nil {
			file, lines := r.Lines(img.Target.Digest)
			d = compare.Match(file, lines, img)
		}
		top := r.Top
		if r.Sort != "" && r.Sort != weigh.Orders[0] { // what another order shows first is not among the largest
			top = 0
		}
		one, err := report(ctx, set, n, top, d, r)
		if err != nil {
			return nil, err
		}
		if one.Unread == nil {
			one.Savings = weigh.Save(one.Findings, one.Sizes.Tar, r.Material)
		}
		one.Order(r.Sort)
		one.Trim(r.Top)
		out.Results = append(out.Results, one)
	}
	if r.Maps {
		var err error
		if out.Maps, err = maps(ctx, f, set, -1, r.Touched); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// report sums up an image of a set: from the tables of contents of its layers, if that does.
func report(ctx context.Context, set *target.Set, n, top int, d *weigh.Dockerfile, r WeighRequest) (*weigh.Result, error) {
	why := ""
	if !r.Maps && !r.Layers {
		f, unread, not, err := set.Contents(ctx, n)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", set.Images[n].Name, err)
		}
		if f != nil {
			one := f.Report(set.Images[n].Name, top)
			one.Built(d)
			one.FromContents(unread)
			return one, nil
		}
		why = not
	}
	one, err := set.Report(ctx, n, top, d)
	if err == nil && why != "" {
		one.Warnings = append(one.Warnings, why)
	}
	return one, err
}

// mapParts is how finely the files of an image are divided for pictures.
const mapParts = 3000

// maps divides the files of all images, and holds each against the one at base, if there
// is one.
func maps(ctx context.Context, f *target.Finder, set *target.Set, base int, touched Touched) ([]weigh.Node, error) {
	facts, err := set.Facts(ctx)
	if err != nil {
		return nil, err
	}
	return target.Compute(ctx, f, set.Images[0].Name, "Drawing", func() (out []weigh.Node, err error) {
		for n, one := range facts {
			var o weigh.MapOptions
			if base >= 0 && n != base {
				o.Against, o.Name = facts[base], set.Images[base].Name
			}
			out = append(out, draw(one, set.Images[n].Name, o, touched))
		}
		return out, nil
	})
}

// Map makes the map of an image for pictures, with what a trace saw, if there is one; it is nil
// where there are to be no pictures.
func Map(pictures bool, name string, touched Touched) func(*weigh.Facts) weigh.Node {
	if !pictures {
		return nil
	}
	return func(f *weigh.Facts) weigh.Node { return draw(f, name, weigh.MapOptions{}, touched) }
}

func draw(f *weigh.Facts, name string, o weigh.MapOptions, touched Touched) weigh.Node {
	o.Parts = mapParts
	if touched != nil {
		o.Touched = touched(f)
	}
	return f.Map(name, o)
}

// FilesRequest says which files of an image to list.
type FilesRequest struct {
	Word         string
	Platform     string
	AllPlatforms bool
	Compress     bool // see target.Options
	Query        weigh.Query
	Layers       bool // see WeighRequest
}

// Files lists files of an image, or of those of all its platforms.
func Files(ctx context.Context, f *target.Finder, r FilesRequest) ([]*weigh.Selection, error) {
	set, err := f.Open(ctx, []string{r.Word}, target.Options{Platform: r.Platform, AllPlatforms: r.AllPlatforms, Compress: r.Compress})
	if err != nil {
		return nil, err
	}
	defer set.Close()
	facts, err := set.Facts(ctx)
	if err != nil {
		return nil, err
	}
	var out []*weigh.Selection
	for n, one := range facts {
		name := set.Images[n].Name
		s, err := target.Compute(ctx, f, name, "Selecting files", func() (*weigh.Selection, error) { return one.Select(name, r.Query) })
		if err != nil {
			return nil, fmt.Errorf("%s: %w", set.Images[n].Name, err)
		}
		out = append(out, s)
	}
	return out, nil
}
