package advice_test

import "testing"

func TestTemporaryFiles(t *testing.T) {
	const rule = "temporary-files"
	one(t, image(t, distribution(), step{"RUN x", []E{kib("tmp/x.tar", 20), kib("var/tmp/y", 20)}}), rule, 2, 40, "in 2 files of temporary files in the image, most in /tmp", "tmpfs")
	one(t, image(t, distribution(), step{"COPY req.txt /tmp/", []E{kib("tmp/req.txt", 20)}}), rule, 2, 20, "--mount=type=bind")
	none(t, image(t, distribution(), step{"RUN x", []E{kib("app/tmp/x", 20)}}), rule)
	none(t, image(t, distribution(kib("tmp/x", 20)), step{"RUN x", nil}), rule)
}
