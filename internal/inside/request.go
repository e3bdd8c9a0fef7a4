package inside

import (
	"context"
	"errors"
	"fmt"
	"io"

	"tare/internal/layer"
	"tare/internal/request"
	"tare/internal/target"
	"tare/internal/weigh"
)

// Help explains the flag.
const Help = "look into the files at this path or pattern: sections of programs and libraries, members of archives"

// Pattern is the value of the flag: see weigh.Facts.LiveAt.
type Pattern string

// String implements pflag.Value.
func (p *Pattern) String() string { return string(*p) }

// Type implements pflag.Value.
func (p *Pattern) Type() string { return "string" }

// Set implements pflag.Value: nothing is no pattern.
func (p *Pattern) Set(s string) error {
	if s == "" {
		return errors.New("want a path or a pattern")
	}
	*p = Pattern(s)
	return nil
}

// ErrAlone refuses flags that say how files are picked or weighed.
var ErrAlone error = request.Errorf("--inside looks into files: it goes with --platform, --all-platforms and --top, not with what picks or weighs files")

// Request says which image is looked into, and which of its files.
type Request struct {
	Word         string
	Platform     string
	AllPlatforms bool
	Pattern      Pattern
}

// Run looks into files of an image, or of those of all its platforms.
func Run(ctx context.Context, f *target.Finder, r Request) ([]*Result, error) {
	set, err := f.Open(ctx, []string{r.Word}, target.Options{Platform: r.Platform, AllPlatforms: r.AllPlatforms})
	if err != nil {
		return nil, err
	}
	defer set.Close()
	facts, err := set.Facts(ctx)
	if err != nil {
		return nil, err
	}
	var out []*Result
	for n, one := range facts {
		name := set.Images[n].Name
		res, err := target.Compute(ctx, f, name, "Looking into files", func() (*Result, error) {
			return Look(ctx, &opened{set, n, one}, name, string(r.Pattern))
		})
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		out = append(out, res)
	}
	return out, nil
}

// opened is an image of a set.
type opened struct {
	set   *target.Set
	n     int
	facts *weigh.Facts
}

// Facts implements Image.
func (o *opened) Facts() *weigh.Facts { return o.facts }

// Read implements Image.
func (o *opened) Read(ctx context.Context, k int, entries []*layer.Entry, do func(n int, r io.Reader) error) error {
	return o.set.ReadEntries(ctx, o.n, k, entries, do)
}
