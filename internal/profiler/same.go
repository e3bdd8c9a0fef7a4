package profiler

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"tare/internal/seen"
)

// same tells whether the parts of a line leave the files that the line leaves: paths,
// kinds, contents, permissions, numeric owners, links and extended attributes of all that a
// container sees. Times are not compared: each run has its own. Files that differ between
// two runs of the whole line, too, are returned; any other difference is a refusal.
func (x *splitter) same(ctx context.Context, parts weighedBuild) (varying []string, err error) {
	if err := x.ground(parts); err != nil {
		return nil, err
	}
	whole := seen.Of(x.whole.Facts)
	diff := seen.Differences(whole, seen.Of(parts.Facts))
	if len(diff) == 0 {
		return nil, nil
	}
	again, err := x.build(ctx, []string{x.line.Again()})
	if err != nil {
		return nil, err
	}
	if err := x.ground(again); err != nil {
		return nil, err
	}
	noise := seen.Differences(whole, seen.Of(again.Facts))
	for _, path := range slices.Sorted(maps.Keys(diff)) {
		if diff[path]&^noise[path] != 0 {
			return nil, refusal(fmt.Sprintf("built command by command its result is not the line's: /%s %s (of %d paths that differ)", path, diff[path]&^noise[path], len(diff)))
		}
		varying = append(varying, "/"+path)
	}
	return varying, nil
}

// ground tells whether a build stands on the layers that the line stands on.
func (x *splitter) ground(b weighedBuild) error {
	below, layers := x.below(), b.Facts.Image.Layers
	for n, id := range below {
		if n >= len(layers) || layers[n].DiffID.String() != id {
			return refusal("what stands before it was not in the build cache, and came out otherwise")
		}
	}
	return nil
}
