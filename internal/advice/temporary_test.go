package advice_test

import "testing"

func TestTemporaryFiles(t *testing.T) {
	const rule = "temporary-files"
	one(t, ledger(t, distribution(), step{"RUN x", []E{kib("tmp/x.tar", 20), kib("var/tmp/y", 20)}}), rule, 2, 40, "of temporary files", "/tmp/x.tar and others", "tmpfs")
	one(t, ledger(t, distribution(), step{"COPY req.txt /tmp/", []E{kib("tmp/req.txt", 20)}}), rule, 2, 20, "--mount=type=bind")
	none(t, ledger(t, distribution(), step{"RUN x", []E{kib("app/tmp/x", 20)}}), rule)
	none(t, ledger(t, distribution(kib("tmp/x", 20)), step{"RUN x", nil}), rule)
}
