package advice_test

import "testing"

func TestBytecodeVersions(t *testing.T) {
	const rule = "bytecode-versions"
	base := distribution(kib("usr/bin/python3.11", 5))
	files := []E{kib("app/a.py", 1), kib("app/__pycache__/a.cpython-39.pyc", 40), kib("app/__pycache__/a.cpython-39.opt-1.pyc", 10), kib("app/__pycache__/a.cpython-311.pyc", 30)}
	one(t, image(t, base, step{"COPY . /app", files}), rule, 2, 50, "compiled for Python 3.9, of which the image has no interpreter, most in /app/__pycache__", "compile with the Python that runs, or list **/__pycache__ in .dockerignore")
	// Both versions run; none is there to tell; only one was compiled for; another source; the base's.
	none(t, image(t, distribution(kib("usr/bin/python3.11", 5), kib("usr/lib/libpython3.9.so.1.0", 5)), step{"COPY . /app", files}), rule)
	none(t, image(t, distribution(kib("usr/bin/python", 5)), step{"COPY . /app", files}), rule)
	none(t, image(t, base, step{"COPY . /app", files[:3]}), rule)
	none(t, image(t, base, step{"COPY . /app", []E{files[1], kib("app/__pycache__/b.cpython-311.pyc", 30)}}), rule)
	none(t, image(t, distribution(append(files, kib("usr/bin/python3.11", 5))...), step{"RUN x", []E{kib("x", 1)}}), rule)
}
