package advice

import (
	"tare/internal/layer"
	"tare/internal/packages"
	"tare/internal/tree"
	"tare/internal/weigh"
)

func init() {
	register(Rule{ID: "python-bytecode", Title: "compiled Python", Severity: weigh.Note, Find: pythonBytecode})
}

// pythonBytecode: compiled files whose sources are there, too. Python makes them again
// when it needs them. What a distribution's package manager compiles is its own, and
// without its source the compiled file is the program.
func pythonBytecode(img *Image) (out []Finding) {
	source := packages.Python.Kind().MadeFrom
	top := len(img.Tree.Lists) - 1
	all := &heaps{img: img}
	img.Live(func(r tree.Ref, e *layer.Entry) {
		if !img.own(r.Layer) || img.Class(r) != weigh.Bytecode || temporary(e.Path) {
			return
		}
		if p := img.Owner(r); p != nil && p.Type.System() {
			return
		}
		from := source(e.Path)
		if from == "" {
			return
		}
		if _, ok := img.Tree.At(from, top); !ok || img.based(r) {
			return
		}
		first, copies := img.origin(r)
		all.at(first).add(copies...)
	})
	for _, h := range all.list {
		remedy := "pip install --no-compile and ENV PYTHONDONTWRITEBYTECODE=1; Python then compiles whenever it starts"
		switch {
		case img.Host[int(h.layer)]:
			remedy = "list **/__pycache__ in .dockerignore"
		case img.copies(h.layer):
			remedy = "COPY --exclude=**/__pycache__, or do not compile where it comes from; Python then compiles whenever it starts"
		}
		out = append(out, h.finding("leaves "+h.size()+" of compiled Python in the image, beside its sources, most in /"+h.top(depth(6))+h.copies(), remedy))
	}
	return out
}
