package check_test

import (
	"slices"
	"strings"
	"testing"

	"tare/internal/check"
	"tare/internal/gate"
)

func asked(list []gate.Asked) (out []string) {
	for _, a := range list {
		out = append(out, strings.TrimSpace(a.Image+" "+a.Rule))
	}
	slices.Sort(out)
	return out
}

// Without a build nothing is built, and what needs an image is neither kept nor broken.
func TestUnbuilt(t *testing.T) {
	w := newWorld(t)
	w.git("init", "-q", "-b", "main")
	w.write("app/Dockerfile", "FROM alpine\nWORKDIR /app\nCOPY . .\nCMD x\nENTRYPOINT y\n")
	w.write("app/.svn/wc.db", strings.Repeat("x", 500_000))
	w.write("app/tare.yaml", "version: 1\nbudget:\n  transfer: 1MB\n  layers: 3\n  growth: {live: 1MB, of: total}\n  packages: {forbid: [gcc]}\n  findings: {vcs-data: 0, secret-file: 0, package-cache: 0, '*': 3}\n  seconds: {start: 1}\n")
	r := w.run(check.Request{Target: "app", NoBuild: true})
	if !slices.Equal(rules(r), []string{"lint.JSONArgsRecommended app/Dockerfile:4", "findings.vcs-data app/Dockerfile:3"}) || r.Verdict != gate.Violated || len(r.Images) != 0 {
		t.Errorf("%v %+v", rules(r), r)
	}
	if v := r.Violations[0]; !strings.HasSuffix(v.Text, "; also on line 5") || v.Value != 2 || len(v.Causes) != 2 || *v.Causes[1].Line != 5 {
		t.Errorf("%+v", v)
	}
	if got := asked(r.Unbuilt.Checked); !slices.Equal(got, []string{"app findings.secret-file", "app findings.vcs-data", "app lint"}) {
		t.Errorf("%q", got)
	}
	if got, want := asked(r.Unbuilt.NotChecked), []string{"app findings.*", "app findings.package-cache", "app growth.live", "app layers", "app lint.InvalidBaseImagePlatform", "app packages.gcc", "app seconds.start", "app transfer"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if len(w.eng.Builds) > 0 {
		t.Error("something was built")
	}
	w.write("app/Dockerfile", "FROM alpine\nWORKDIR /app\nCOPY . .\nRUN rm -rf .svn\n")
	r = w.run(check.Request{Target: "app", NoBuild: true})
	if r.Verdict != gate.Pass || !slices.Contains(asked(r.Unbuilt.NotChecked), "app findings.vcs-data") {
		t.Errorf("%v %q", rules(r), asked(r.Unbuilt.NotChecked))
	}
	w.write("app/Dockerfile", "FROM alpine\nRUM x\n")
	w.fails(check.Request{Target: "app", NoBuild: true}, "app/Dockerfile: dockerfile: dockerfile parse error on line 2: unknown instruction: RUM")
	w.write("app/tare.yaml", "version: 1\nbudget:\n  live: much\n")
	w.fails(check.Request{Target: "app", NoBuild: true}, `tare.yaml:3:9: "much" is not a size`)
	w.fails(check.Request{Target: "nothing", NoBuild: true}, "nothing is an image, or nothing: want a directory, a Dockerfile or a tare.yaml")
	w.fails(check.Request{Target: "app", NoBuild: true, Save: "x.json"}, "leave --save and --baseline out")
}

// Dockerfiles of any name, several at once, variants of a tare.yaml; what has no budget is told
// and breaks none.
func TestUnbuiltOfSeveral(t *testing.T) {
	w := newWorld(t)
	w.write("a/api/my.dockerfile", "FROM scratch\nCMD x\n")
	w.write("b/api/my.dockerfile", "FROM scratch\nENV DB_PASSWORD=hunter2hunter2\n")
	r := w.run(check.Request{Target: "a/api/my.dockerfile", More: []string{"b/api/my.dockerfile"}, NoBuild: true})
	if !slices.Equal(rules(r), []string{"lint.JSONArgsRecommended my.dockerfile:2", "lint.SecretsUsedInArgOrEnv my.dockerfile:2"}) || r.Unbuilt.Images[0] == r.Unbuilt.Images[1] {
		t.Errorf("%v %q", rules(r), r.Unbuilt.Images)
	}
	if len(r.Notes) != 1 || !strings.Contains(r.Notes[0], "secret-file, of which there is no budget: ENV has a value for DB_PASSWORD") || strings.Contains(r.Notes[0], "hunter2") {
		t.Errorf("%q", r.Notes)
	}
	w.write("tare.yaml", "version: 1\nbudget: {live: 1MB}\nvariants:\n  - {name: one, dockerfile: a/api/my.dockerfile, args: {X: y}}\n  - {name: two, image: nginx}\n")
	r = w.run(check.Request{NoBuild: true})
	if !slices.Equal(r.Unbuilt.Images, []string{"one", "two"}) || !slices.Equal(asked(r.Unbuilt.NotChecked), []string{"one live", "two live"}) {
		t.Errorf("%+v", r.Unbuilt)
	}
}
