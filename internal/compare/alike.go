package compare

// Alike says how far two images of equally many live bytes are the same: proven path by
// path, never by sums.
type Alike struct {
	// Image: they are one image, by the digest of the manifest. Config: they have one
	// configuration, by its digest. Layers: they have the same layers in the same order,
	// by DiffID; compressed, they may differ.
	Image  bool `json:"image"`
	Config bool `json:"config"`
	Layers bool `json:"layers"`
	// Content is the number of paths that only one has, or with other contents; Metadata
	// that of paths with the same contents and another mode, owner, time, extended
	// attributes or hard links. Paths are the first few of both.
	Content  int          `json:"content"`
	Metadata int          `json:"metadata"`
	Paths    []PathChange `json:"paths,omitempty"`
	// Settings are the names of settings that differ; Steps is the number of steps of the
	// history that only one has.
	Settings []string `json:"settings,omitempty"`
	Steps    int      `json:"steps"`
	// Otherwise names what else differs between the configurations: see Diff.
	Otherwise []string `json:"otherwise,omitempty"`
}

// PathChange is a path that differs, and how: "added", "removed", or what of it differs.
type PathChange struct {
	Path string `json:"path"`
	What string `json:"what"`
}

// alikePaths bounds the paths that are named.
const alikePaths = 3

func alike(a, b Subject) *Alike {
	x, y := a.Facts.Image, b.Facts.Image
	out := &Alike{Image: oneImage(x, y), Config: x.ID() == y.ID(), Layers: len(x.Layers) == len(y.Layers)}
	for k := range x.Layers {
		out.Layers = out.Layers && x.Layers[k].DiffID == y.Layers[k].DiffID
	}
	if !out.Layers {
		out.paths(a, b)
	}
	if out.Config {
		return out
	}
	for _, s := range changed(x, y) {
		out.Settings = append(out.Settings, s.Name)
	}
	d := new(Diff)
	d.history(a.Facts, b.Facts)
	out.Steps, out.Otherwise = len(d.History), otherwise(x, y)
	return out
}

// paths counts the paths that differ. What differs in content is named before what
// differs in metadata.
func (out *Alike) paths(a, b Subject) {
	var content, metadata []PathChange
	note := func(list *[]PathChange, n *int, path, what string) {
		if *n++; *n <= alikePaths {
			*list = append(*list, PathChange{path, what})
		}
	}
	walk(a.Facts, b.Facts, func(p *pairing) {
		switch {
		case p.a == nil:
			note(&content, &out.Content, p.path, "added")
		case p.b == nil:
			note(&content, &out.Content, p.path, "removed")
		default:
			what, other := p.differs(true)
			if other {
				note(&content, &out.Content, p.path, what[0])
			} else if len(what) > 0 {
				note(&metadata, &out.Metadata, p.path, what[0])
			}
		}
	})
	out.Paths = append(content, metadata...)
	out.Paths = out.Paths[:min(alikePaths, len(out.Paths))]
}

// Same tells whether a container of either image sees the same: paths, contents and
// metadata.
func (a *Alike) Same() bool { return a.Content+a.Metadata == 0 }
