package indexes_test

import (
	"tare/internal/image"
	"tare/internal/layer"
	"tare/internal/target"
)

// indexesOf are the indexes of an image's layers, which was indexed.
func indexesOf(img *image.Image) (out []*layer.Index) {
	for n := range img.Layers {
		out = append(out, img.Layers[n].Index)
	}
	return out
}

// none are no options.
var none = target.Options{}
