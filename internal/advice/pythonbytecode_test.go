package advice_test

import (
	"testing"

	"tare/internal/testkit"
)

func TestPythonBytecode(t *testing.T) {
	const rule = "python-bytecode"
	files := []E{kib("usr/local/lib/x/a.py", 9), kib("usr/local/lib/x/__pycache__/a.cpython-311.pyc", 40), kib("usr/local/lib/x/b.py", 9), kib("usr/local/lib/x/b.pyc", 10)}
	one(t, image(t, distribution(), step{"RUN pip install x", files}), rule, 2, 50, "of compiled Python in the image, beside its sources", "--no-compile")
	one(t, image(t, distribution(), step{"COPY /x /usr/local/lib", files}), rule, 2, 50, "COPY --exclude=**/__pycache__")
	one(t, hosted(t, files), rule, 2, 50, "list **/__pycache__ in .dockerignore")
	// Without its source the compiled file is the program; the source of another says nothing.
	none(t, image(t, distribution(), step{"RUN compile", []E{kib("app/a.pyc", 40), kib("app/__pycache__/b.cpython-311.pyc", 40), kib("app/c.py", 1)}}), rule)
	none(t, image(t, distribution(), step{"RUN compile", files}, step{"RUN rm", []E{whiteout("usr/local/lib/x/a.py"), whiteout("usr/local/lib/x/b.py")}}), rule)
	// A distribution's packages, the base image, and what is temporary.
	status := testkit.File("var/lib/dpkg/status", "Package: python3-x\nStatus: install ok installed\nVersion: 1\n\n")
	list := testkit.File("var/lib/dpkg/info/python3-x.list", "/usr/lib/python3/dist-packages/x.py\n")
	none(t, image(t, distribution(), step{"RUN apt-get install", []E{status, list, kib("usr/lib/python3/dist-packages/x.py", 1), kib("usr/lib/python3/dist-packages/__pycache__/x.cpython-311.pyc", 40)}}), rule)
	none(t, image(t, distribution(files...), step{"RUN chown", []E{owned(files[1])}}), rule)
	none(t, image(t, distribution(), step{"RUN x", []E{kib("tmp/a.py", 9), kib("tmp/a.pyc", 9)}}), rule)
}
