package advice_test

import (
	"testing"

	"tare/internal/advice"
)

// hosted is an image of a distribution and a COPY of the build context, with more on top.
func hosted(t *testing.T, files []E, more ...step) *advice.Image {
	img := image(t, append([]step{distribution(), {"COPY . /app", files}}, more...)...)
	img.Host = map[int]bool{1: true}
	return img
}

func TestHostDependencies(t *testing.T) {
	const rule = "host-dependencies"
	files := []E{kib("app/node_modules/a/index.js", 70), kib("app/node_modules/a/node_modules/b/x.js", 10), kib("app/main.js", 5)}
	one(t, hosted(t, files), rule, 2, 80, "copies 81.9kB in 2 files of node_modules from the host: /app/node_modules", "list **/node_modules in .dockerignore", "npm ci")
	// It is the COPY's, also where a chown holds them again.
	one(t, hosted(t, files, step{"RUN chown -R 1000 /app", []E{owned(files[0]), owned(files[1]), owned(files[2])}}), rule, 2, 160, "and with the copies in later layers 164kB")
	venv := []E{kib("app/env/pyvenv.cfg", 1), kib("app/env/lib/python3/site-packages/x.py", 50), kib("app/venv/x.py", 9)}
	one(t, hosted(t, venv), rule, 2, 51, "of a virtual environment from the host: /app/env", "list **/env in .dockerignore", "pip install -r")
	// What a stage made, what a RUN installed, and what nobody knows the origin of.
	stage := image(t, distribution(), step{"COPY /app/node_modules /app/node_modules", files})
	none(t, stage, rule)
	stage.Staged = map[int]bool{1: true}
	none(t, stage, rule)
	none(t, hosted(t, []E{kib("app/package.json", 1)}, step{"RUN npm ci", files}), rule)
	none(t, hosted(t, []E{kib("app/my_node_modules/x", 9), kib("app/venv/x.py", 9)}), rule)
	// Deleted, they are no longer seen.
	none(t, hosted(t, files, step{"RUN rm", []E{whiteout("app/node_modules")}}), rule)
}
