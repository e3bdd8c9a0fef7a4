package advice_test

import (
	"testing"

	"tare/internal/testkit"
)

func TestNodeVersions(t *testing.T) {
	const rule = "node-versions"
	pkg := func(dir, name, version string, kb int) []E {
		return []E{testkit.File(dir+"/package.json", `{"name":"`+name+`","version":"`+version+`"}`), kib(dir+"/index.js", kb)}
	}
	several := append(append(pkg("app/node_modules/lodash", "lodash", "4.17.21", 80), pkg("app/node_modules/a/node_modules/lodash", "lodash", "3.10.1", 40)...), pkg("app/node_modules/a", "a", "1.0.0", 9)...)
	one(t, image(t, distribution(), step{"RUN npm ci", several}), rule, 2, 40, "has Node packages in several versions, beyond the largest of each ", ": lodash (3.10.1 and 4.17.21)", "npm dedupe, or one range for all that need them; npm ls NAME says who needs which")
	// One version, also in two places; what npm brings; what the base has.
	none(t, image(t, distribution(), step{"RUN npm ci", append(pkg("app/node_modules/b", "b", "1.0.0", 80), pkg("app/node_modules/a/node_modules/b", "b", "1.0.0", 80)...)}), rule)
	none(t, image(t, distribution(), step{"RUN x", append(pkg("usr/lib/node_modules/npm/node_modules/b", "b", "1.0.0", 80), pkg("usr/lib/node_modules/npm/node_modules/a/node_modules/b", "b", "2.0.0", 80)...)}), rule)
	none(t, image(t, distribution(several...), step{"RUN x", []E{kib("x", 1)}}), rule)
}
