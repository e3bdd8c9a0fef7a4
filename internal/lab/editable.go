package lab

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"

	"tare/internal/buildcontext"
	"tare/internal/experiment"
)

// editable is an error, with its place in the file, if an edit can be made in the context
// of no variant: hours of builds would end in a cell that says so. A variant that is built
// from another context than the edit is meant for has that cell. Contexts that are not
// there, and variants that are wrong, fail in their own words.
func editable(path string, body []byte, f *experiment.File) error {
	variants, err := f.Expand()
	if err != nil {
		return err
	}
	r := Runner{Dir: filepath.Dir(path)}
	for n, e := range f.Edit {
		if e.Base != "" {
			continue
		}
		var first error
		where, tried := "", 0
		for _, v := range variants {
			if v = r.rooted(v); v.Image != "" {
				continue
			}
			if fi, err := os.Stat(v.Context); err != nil || !fi.IsDir() {
				first, tried = nil, 0
				break
			}
			tried++
			at, err := tryEdit(v, e)
			if err == nil {
				first = nil
				break
			}
			if first == nil {
				first, where = err, at
			}
		}
		if first != nil && tried > 0 {
			return experiment.Fault(path, body, fmt.Sprintf("$.edit[%d].%s", n, where), "edit %q: %s: %v", e.Name, fileOf(e), first)
		}
	}
	return nil
}

// tryEdit tells why an edit cannot be made in a variant's context, and by which key of it.
func tryEdit(v experiment.Variant, e experiment.Edit) (key string, err error) {
	c, err := buildcontext.Open(v.Context, v.Dockerfile)
	if err != nil {
		return "name", err
	}
	defer func() { _ = c.Close() }()
	key = "touch"
	switch {
	case e.Append != nil:
		key = "append.file"
	case e.Replace != nil:
		key = "replace.file"
	}
	if err := c.Editable(fileOf(e)); err != nil || e.Replace == nil {
		return key, err
	}
	body, err := c.Read(fileOf(e))
	if err != nil {
		return key, err
	}
	if !bytes.Contains(body, []byte(e.Replace.Old)) {
		return "replace.old", fmt.Errorf("%q does not occur in it", clip(e.Replace.Old))
	}
	return "", nil
}
