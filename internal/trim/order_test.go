package trim_test

import (
	"strings"
	"testing"

	"tare/internal/testkit"
	"tare/internal/trim"
)

// What a later RUN may write again, or adds to, is not known before it is built: nothing is
// predicted, and it is said why.
func TestUnknown(t *testing.T) {
	for _, c := range []struct {
		rule, text, why string
		layers          layers
	}{
		{"logs", "RUN a\nRUN b", "line 3 writes to the same files", layers{2: {big("var/log/x", 600)}, 3: {big("var/log/x", 700)}}},
		{"logs", "RUN a\nRUN b", "", layers{2: {big("var/log/x", 600)}, 3: {big("opt/x", 700)}}},
		{"pip-cache", "RUN pip install x\nRUN pip install y", "line 3 uses pip, too", layers{2: {big("root/.cache/pip/x", 600)}, 3: {big("root/.cache/pip/y", 600)}}},
		{"pip-cache", "RUN pip install x\nRUN pip install --no-cache-dir y", "", layers{2: {big("root/.cache/pip/x", 600)}, 3: {big("opt/y", 600)}}},
		{"bytecode", "RUN pip install x && x", "may run Python", layers{2: {big("u/site-packages/x/__pycache__/a.cpython-311.pyc", 600), big("u/site-packages/x/a.py", 600)}}},
		{"apt-lists", "RUN apt-get update\nRUN apt-get update", "line 3 uses the same tool", layers{2: {big("var/lib/apt/lists/x", 600)}, 3: {big("var/lib/apt/lists/y", 600)}}},
	} {
		got := of(project(t, "FROM base\n"+c.text+"\n", c.layers), c.rule)
		n := 0
		for _, x := range got {
			if x.Line != 2 {
				continue
			}
			if n++; strings.Contains(x.What, "in each RUN") {
				if x.Predicted == nil {
					t.Errorf("%s: %+v", c.text, x)
				}
				continue
			}
			if (x.Predicted == nil) != (c.why != "") || c.why == "" && x.Unknown != "" || !strings.Contains(x.Unknown, c.why) {
				t.Errorf("%s of %q: predicted %v, unknown %q", c.rule, c.text, x.Predicted, x.Unknown)
			}
		}
		if n == 0 {
			t.Errorf("%s of %q finds nothing", c.rule, c.text)
		}
	}
}

// The source goes behind the install, what the install reads before it; a RUN that does
// something else, or reads all of the source, stays.
func TestManifestOrder(t *testing.T) {
	files := []trim.ContextFile{{Path: "main.py", Size: 6000}, {Path: "requirements.txt", Size: 10}, {Path: "lib", Dir: true}, {Path: "lib/setup.py", Size: 10}, {Path: "package.json", Size: 10}, {Path: "package-lock.json", Size: 10}, {Path: "Dockerfile", Size: 10}}
	for from, to := range map[string]string{
		"COPY . .\nRUN pip install -r requirements.txt\nCMD x":            "COPY requirements.txt ./\nRUN pip install -r requirements.txt\nCOPY . .\nCMD x",
		"COPY --chown=1 . .\nRUN pip install ./lib && rm -rf /tmp/x":      "COPY --chown=1 lib lib\nRUN pip install ./lib && rm -rf /tmp/x\nCOPY --chown=1 . .",
		"WORKDIR /app\nCOPY . /app\nRUN npm ci\nRUN make":                 "WORKDIR /app\nCOPY package.json package-lock.json /app/\nRUN npm ci\nCOPY . /app\nRUN make",
		"COPY . .\nRUN pip install .":                                     "",
		"COPY . .\nRUN pip install flask":                                 "",
		"COPY . .\nRUN pip install -r requirements.txt && python main.py": "",
		"COPY . /other\nRUN npm ci":                                       "",
		"COPY package.json package-lock.json ./\nRUN npm ci\nCOPY . .":    "",
		"COPY . .\nUSER 1\nRUN npm ci":                                    "",
		"COPY . .\nRUN pip install -r nosuch.txt":                         "",
		"COPY requirements.txt .\nRUN pip install -r requirements.txt":    "",
	} {
		l := layers{}
		for n, line := range strings.Split(from, "\n") {
			if !strings.HasPrefix(line, "CMD") && !strings.HasPrefix(line, "USER") {
				l[n+2] = []testkit.Entry{big("app/main.py", 6000), big("app/requirements.txt", 10)}
			}
		}
		p := project(t, "FROM base\n"+from+"\n", l)
		p.Context = files
		got := of(p, "manifest-order")
		if len(got) == 0 {
			if to != "" {
				t.Errorf("%q: nothing is found", from)
			}
			continue
		}
		if text := strings.TrimSuffix(strings.TrimPrefix(patched(t, p, got[0]), "FROM base\n"), "\n"); text != to {
			t.Errorf("%q\nbecame\n%q\nnot\n%q", from, text, to)
		}
		if a := got[0].Again; a == nil || a.File != "main.py" || got[0].Unknown == "" {
			t.Errorf("%q: %+v", from, got[0])
		}
	}
}

// A secret that a directory brings along and the build reads is copied and deleted in one
// step; one that nobody deletes stays.
func TestBroughtAlong(t *testing.T) {
	key := testkit.File("app/.env", "AWS_SECRET_ACCESS_KEY=q7Rk2vXw9LmZp4TsB8nYc3JdF6hGaE1uKxQoWiVb\n")
	for from, to := range map[string]string{
		"WORKDIR /app\nCOPY . .\nRUN sh b.sh\nRUN rm .env":     "WORKDIR /app\nRUN --mount=type=bind,target=/context cp -a /context/. . && sh b.sh \\\n    && rm .env",
		"WORKDIR /app\nCOPY s /app\nRUN sh b.sh && rm .env":    "WORKDIR /app\nRUN --mount=type=bind,source=s,target=/context mkdir -p /app && cp -a /context/. /app && sh b.sh && rm .env",
		"WORKDIR /app\nCOPY --chown=1 . .\nRUN x\nRUN rm .env": "",
		"WORKDIR /app\nCOPY . .\nRUN x\nRUN y":                 "",
	} {
		l := layers{2: {testkit.Dir("app/")}, 3: {testkit.Dir("app/"), key, big("app/b.sh", 10)}, 4: {big("app/o", 10)}, 5: {gone("app/.env")}}
		if !strings.Contains(from, "\nRUN rm") {
			delete(l, 5)
		}
		if strings.Contains(from, "&& rm") {
			l[4] = append([]testkit.Entry{gone("app/.env")}, l[4]...)
		}
		if strings.HasSuffix(from, "y") {
			l[5] = []testkit.Entry{big("app/z", 10)}
		}
		p := project(t, "FROM base\n"+from+"\n", l)
		got := of(p, "secret-brought-along")
		if len(got) == 0 {
			if to != "" {
				t.Errorf("%q: nothing is found", from)
			}
			continue
		}
		if text := strings.TrimSuffix(strings.TrimPrefix(patched(t, p, got[0]), "FROM base\n"), "\n"); text != to || !got[0].Secret || !got[0].Instead {
			t.Errorf("%q\nbecame\n%q\nnot\n%q", from, text, to)
		}
	}
}

// What an image carries of the files that an edit changes is part of what it saves.
func TestCarried(t *testing.T) {
	p := project(t, "FROM base\nCOPY . .\nRUN rm -rf /app/junk\n", layers{2: {testkit.Dir("app/"), testkit.Dir("app/junk/"), big("app/junk/x", 6000), testkit.File("app/Dockerfile", "FROM base\nCOPY . .\nRUN rm -rf /app/junk\n")}, 3: {testkit.Dir("app/"), gone("app/junk")}})
	p.Context = []trim.ContextFile{{Path: "junk", Dir: true}, {Path: "junk/x", Size: 6000}, {Path: "Dockerfile", Size: 40}}
	got := of(p, "dockerignore")
	if len(got) != 1 || got[0].Predicted.Tar != 512+512+6144+2*512-1024 {
		t.Errorf("%+v", got)
	}
	p.Ignore = []byte("x\n")
	if got := of(p, "dockerignore"); len(got) != 1 || got[0].Predicted.Tar != 512+512+6144+2*512 {
		t.Errorf("with an ignore file that is not carried: %+v", got[0].Predicted)
	}
}
