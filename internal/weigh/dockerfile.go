package weigh

// Dockerfile is what is known of the file that an image was built from.
type Dockerfile struct {
	Name  string
	From  string      // the image that it starts from; "" if that is not known
	Lines map[int]int // of layers, by their index
	Base  int         // how many layers are the base image's
	// Host are the layers whose COPY or ADD takes files of the build context, by their
	// index, as far as that is known.
	Host map[int]bool
	// Steps are the lines of the history's steps, by their index, as far as they are known.
	Steps map[int]int
}

// Built says of a result what it was built from; nil says nothing.
func (r *Result) Built(d *Dockerfile) {
	if d == nil {
		return
	}
	r.Dockerfile, r.BaseImage, r.BaseLayers = d.Name, d.From, d.Base
	for k := range r.Layers {
		r.Layers[k].Line = d.Lines[k]
	}
}
