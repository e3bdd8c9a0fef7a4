package packages_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"tare/internal/packages"
)

func TestConda(t *testing.T) {
	list, problems := find(t, map[string]string{
		"opt/conda/conda-meta/history":                   "==> 2024 <==\n",
		"opt/conda/conda-meta/numpy-1.26.4-py312_0.json": `{"name": "numpy", "version": "1.26.4", "build": "py312_0", "subdir": "linux-64", "depends": ["python >=3.12,<3.13", "__glibc >=2.17"], "files": ["lib/python3.12/site-packages/numpy/__init__.py", "bin/f2py"], "requested_spec": "numpy"}`,
		"opt/conda/conda-meta/python-3.12.2-0.json":      `{"name": "python", "version": "3.12.2", "files": ["bin/python3.12"], "requested_spec": "None"}`,
		"opt/conda/conda-meta/x-1-0.json":                `{"version": "1"}`,
		"opt/conda/conda-meta/y-1-0.json":                `{`,
		// What pip finds of the same library is part of conda's package.
		"opt/conda/lib/python3.12/site-packages/numpy-1.26.4.dist-info/METADATA": "Name: numpy\nVersion: 1.26.4\n",
	}, nil)
	want := []string{
		"conda numpy 1.26.4 needs:python explicit [opt/conda/conda-meta/numpy-1.26.4-py312_0.json opt/conda/lib/python3.12/site-packages/numpy/__init__.py opt/conda/bin/f2py]",
		"conda python 3.12.2 [opt/conda/conda-meta/python-3.12.2-0.json opt/conda/bin/python3.12]",
		"pypi numpy 1.26.4 [opt/conda/lib/python3.12/site-packages/numpy.py opt/conda/lib/python3.12/site-packages/numpy-1.26.4.dist-info opt/conda/lib/python3.12/site-packages/numpy]",
	}
	if d := cmp.Diff(want, brief(list)); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if len(problems) != 2 {
		t.Errorf("%v", problems)
	}
	for path, kept := range map[string]bool{"opt/conda/conda-meta/a.json": true, "conda-meta/a.json": true, "opt/conda/conda-meta/history": false, "a.json": false} {
		if got := packages.Wanted(path, 0o644, 100).Limit > 0; got != kept {
			t.Errorf("%s is kept: %v", path, got)
		}
	}
}
