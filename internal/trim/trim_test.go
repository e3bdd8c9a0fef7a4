package trim_test

import (
	"fmt"
	"strings"
	"testing"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/draft"
	"tare/internal/store"
	"tare/internal/testkit"
	"tare/internal/trim"
	"tare/internal/weigh"
)

// base is the layer of a distribution.
var base = []testkit.Entry{testkit.File("etc/os-release", "ID=x\n"), testkit.Dir("root/"), testkit.Dir("tmp/"), testkit.Dir("var/"), testkit.Dir("var/log/"), testkit.File("var/log/dpkg.log", "base\n"), testkit.Dir("var/cache/"),
	testkit.Dir("var/lib/"), testkit.Dir("var/lib/apt/"), testkit.Dir("var/lib/apt/lists/")}

func big(name string, size int) testkit.Entry {
	return testkit.File(name, strings.Repeat(name+" ", size/(len(name)+1)+1)[:size])
}

// owned is an entry with another owner, and moded one with other permissions.
func owned(e testkit.Entry) testkit.Entry { e.Header.Uid = 1000; return e }
func moded(e testkit.Entry) testkit.Entry { e.Header.Mode = 0o755; return e }

func gone(name string) testkit.Entry {
	dir, file := "", name
	if n := strings.LastIndexByte(name, '/'); n >= 0 {
		dir, file = name[:n+1], name[n+1:]
	}
	return testkit.File(dir+".wh."+file, "")
}

// layers are the layers of a Dockerfile's lines, by line; the base image is below them.
type layers map[int][]testkit.Entry

// project is a Dockerfile and an image that it might have built.
func project(t *testing.T, text string, l layers) *trim.Project {
	t.Helper()
	f, err := draft.Read([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	o := testkit.Options{Layers: [][]byte{testkit.Tar(t, base...)}, History: []ocispec.History{{CreatedBy: "base"}}}
	p := &trim.Project{File: f, Name: "Dockerfile", IgnoreName: ".dockerignore", Layers: map[int]int{}, Base: 1}
	for _, i := range f.Chain("") {
		if e, ok := l[i.Lines[0]]; ok {
			p.Layers[i.Lines[0]] = len(o.Layers)
			o.Layers = append(o.Layers, testkit.Tar(t, e...))
			o.History = append(o.History, ocispec.History{CreatedBy: i.Text + " # buildkit"})
		}
	}
	st := testkit.Store(t)
	p.Facts = testkit.Facts(t, st, testkit.Put(t, st, "x:1", store.Pulled, testkit.Image(t, o)))
	for _, i := range f.Chain("") {
		if i.Keyword == "ENV" {
			p.Facts.Image.Config.Config.Env = append(p.Facts.Image.Config.Config.Env, strings.TrimPrefix(i.Text, "ENV "))
		}
	}
	return p
}

// of are the candidates of a rule.
func of(p *trim.Project, rule string) []trim.Candidate {
	var out []trim.Candidate
	for _, kind := range []trim.Kind{trim.Lossless, trim.Checked} {
		for _, c := range trim.Find(p, kind) {
			if c.Rule == rule {
				out = append(out, c)
			}
		}
	}
	return out
}

func patched(t *testing.T, p *trim.Project, c trim.Candidate) string {
	t.Helper()
	out, err := draft.Apply(p.File.Text, c.Edits)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := draft.Read(out); err != nil {
		t.Errorf("%s: %v\n%s", c.Rule, err, out)
	}
	return string(out)
}

// edit is what a rule must make of a Dockerfile (the lines behind FROM), and what the ledger
// must say that it saves; "" where the rule must keep its hands off.
type edit struct {
	name, rule, from, to string
	layers               layers
	saves                int64
}

const whole = 1024 // an empty layer's tar

var cases = []edit{
	{"lists in the same RUN", "apt-lists", "RUN apt-get update && apt-get install -y x", "RUN apt-get update && apt-get install -y x && rm -rf /var/lib/apt/lists/*",
		layers{2: {testkit.Dir("var/"), testkit.Dir("var/lib/"), testkit.Dir("var/lib/apt/"), testkit.Dir("var/lib/apt/lists/"), big("var/lib/apt/lists/x", 5000), big("usr/bin/x", 100)}}, 512 + 5120 + 4*512},
	{"lists of which none are left", "apt-lists", "RUN apt-get update && rm -rf /var/lib/apt/lists/*", "", layers{2: {big("usr/bin/x", 100)}}, 0},
	{"a cache of the base image", "apt-cache", "RUN make", "", layers{2: {big("usr/bin/x", 100)}}, 0},
	{"apt's cache", "apt-cache", "RUN apt-get install -y x", "RUN apt-get install -y x && rm -rf /var/cache/apt/*", layers{2: {testkit.Dir("var/cache/apt/"), big("var/cache/apt/pkgcache.bin", 700)}}, 512 + 1024},
	{"a shell that is none", "apt-cache", "SHELL [\"pwsh\", \"-Command\"]\nRUN apt-get install -y x", "", layers{3: {big("var/cache/apt/pkgcache.bin", 700)}}, 0},
	{"a RUN that ends in exec", "apt-cache", "RUN exec apt-get install -y x", "", layers{2: {big("var/cache/apt/pkgcache.bin", 700)}}, 0},
	{"dnf", "dnf-cache", "RUN dnf install -y x", "RUN dnf install -y x && rm -rf /var/cache/dnf/*", layers{2: {big("var/cache/dnf/x", 600)}}, 1536},
	{"zypper", "zypper-cache", "RUN zypper in x", "RUN zypper in x && rm -rf /var/cache/zypp/*", layers{2: {big("var/cache/zypp/x", 600)}}, 1536},
	{"pacman", "pacman-cache", "RUN pacman -S x", "RUN pacman -S x && rm -rf /var/cache/pacman/pkg/*", layers{2: {big("var/cache/pacman/pkg/x", 600)}}, 1536},
	{"npm", "npm-cache", "RUN npm ci", "RUN npm ci && rm -rf /root/.npm", layers{2: {testkit.Dir("root/"), testkit.Dir("root/.npm/"), big("root/.npm/_cacache/x", 600)}}, 512 + 512 + 1536},
	{"npm, but no cache", "npm-cache", "RUN npm ci", "", layers{2: {big("app/node_modules/x/.npmignore", 600)}}, 0},
	{"yarn", "yarn-cache", "RUN yarn", "RUN yarn && rm -rf /usr/local/share/.cache/yarn", layers{2: {big("usr/local/share/.cache/yarn/v6/x", 600)}}, 1536},
	{"go", "go-cache", "RUN go build", "RUN go build && rm -rf /root/.cache/go-build", layers{2: {big("root/.cache/go-build/00/x", 600)}}, 1536},
	{"go in two RUNs", "go-cache", "RUN go build a\nRUN go build b", "RUN --mount=type=cache,target=/root/.cache/go-build go build a\nRUN --mount=type=cache,target=/root/.cache/go-build go build b",
		layers{2: {big("root/.cache/go-build/00/x", 600)}, 3: {big("root/.cache/go-build/00/y", 600)}}, 2 * 1536},
	{"modules", "go-modules", "RUN go build", "RUN go build && rm -rf /go/pkg/mod", layers{2: {big("go/pkg/mod/x", 600)}}, 1536},
	{"cargo", "cargo-cache", "RUN cargo build", "RUN cargo build && rm -rf /root/.cargo/registry", layers{2: {big("root/.cargo/registry/x", 600)}}, 1536},
	{"maven", "maven-cache", "RUN mvn package", "RUN mvn package && rm -rf /root/.m2/repository", layers{2: {big("root/.m2/repository/x", 600)}}, 1536},
	{"gradle", "gradle-cache", "RUN gradle build", "RUN gradle build && rm -rf /root/.gradle/caches", layers{2: {big("root/.gradle/caches/x", 600)}}, 1536},
	{"composer", "composer-cache", "RUN composer install", "RUN composer install && rm -rf /root/.composer/cache", layers{2: {big("root/.composer/cache/x", 600)}}, 1536},
	{"uv", "uv-cache", "RUN uv sync", "RUN uv sync && rm -rf /root/.cache/uv", layers{2: {big("root/.cache/uv/x", 600)}}, 1536},
	{"poetry", "poetry-cache", "RUN poetry install", "RUN poetry install && rm -rf /root/.cache/pypoetry", layers{2: {big("root/.cache/pypoetry/x", 600)}}, 1536},
	{"other tools", "user-cache", "RUN tool", "RUN tool && rm -rf /root/.cache/tool", layers{2: {big("root/.cache/tool/x", 600)}}, 1536},
	{"other tools, but pip", "user-cache", "RUN pip install x", "", layers{2: {big("root/.cache/pip/x", 600)}}, 0},
	{"apk update in a RUN of its own", "apk-cache", "RUN apk update\nRUN apk add x", "RUN apk add --no-cache x", layers{2: {big("var/cache/apk/APKINDEX", 600)}, 3: {big("usr/bin/x", 100)}}, whole + 1536},
	{"apk update in the same RUN", "apk-cache", "RUN apk update && apk -q add x", "RUN apk -q add --no-cache x", layers{2: {big("var/cache/apk/APKINDEX", 600)}}, 1536},
	{"apk in a loop", "apk-cache", "RUN for i in x y; do apk update; done", "RUN for i in x y; do apk update; done && rm -rf /var/cache/apk/* /etc/apk/cache/*", layers{2: {big("var/cache/apk/APKINDEX", 600)}}, 1536},
	{"apk without a cache", "apk-cache", "RUN apk add x", "", layers{2: {big("usr/bin/x", 100)}}, 0},
	{"pip", "pip-cache", "RUN pip install x", "RUN pip install --no-cache-dir x", layers{2: {testkit.Dir("root/"), testkit.Dir("root/.cache/"), testkit.Dir("root/.cache/pip/"), big("root/.cache/pip/x", 600), big("usr/x", 10)}}, 3*512 + 1536},
	{"pip by python -m", "pip-cache", "RUN python3 -m pip install x", "RUN python3 -m pip install --no-cache-dir x", layers{2: {big("root/.cache/pip/x", 600)}}, 1536},
	{"pip that is told already", "pip-cache", "RUN pip install --no-cache-dir x", "", layers{2: {big("root/.cache/pip/x", 600)}}, 0},
	{"byte code", "bytecode", "RUN pip install x", "RUN pip install --no-compile x", layers{2: {big("usr/lib/python3/site-packages/x/__pycache__/a.cpython-311.pyc", 600), big("usr/lib/python3/site-packages/x/a.py", 600)}}, 1536},
	{"byte code in a directory of its own", "bytecode", "RUN pip install --target=/opt/lib x", "RUN pip install --no-compile --target=/opt/lib x", layers{2: {big("opt/lib/x/__pycache__/a.cpython-311.pyc", 600), big("opt/lib/x/a.py", 600)}}, 1536},
	{"byte code of pip itself", "bytecode", "RUN pip install x", "", layers{2: {big("usr/lib/python3/site-packages/pip/__pycache__/a.cpython-311.pyc", 600)}}, 0},
	{"logs", "logs", "RUN make", "RUN make && rm -rf /var/log/dpkg.log /var/log/new", layers{2: {big("var/log/new/a.log", 600), big("var/log/dpkg.log", 600)}}, 1536 + 1536 - 512},
	{"logs of nobody", "logs", "RUN make", "", layers{2: {big("opt/log/x", 600)}}, 0},
	{"temporary files", "temp-files", "RUN make", "RUN make && rm -rf '/tmp/a b'", layers{2: {testkit.Dir("tmp/"), big("tmp/a b", 600)}}, 512 + 1536},
	{"no temporary files", "temp-files", "RUN make", "", layers{2: {big("usr/tmp/x", 600)}}, 0},
	{"deleted later", "deleted-later", "RUN make\nRUN rm /opt/x", "RUN make \\\n    && rm /opt/x", layers{2: {testkit.Dir("opt/"), big("opt/x", 600), big("opt/y", 600)}, 3: {testkit.Dir("opt/"), gone("opt/x")}}, 1536 + 512 + 512 + whole},
	{"deleted in another stage's line", "deleted-later", "RUN make\nUSER 1000\nRUN rm /opt/x", "", layers{2: {big("opt/x", 600)}, 4: {gone("opt/x")}}, 0},
	{"chown later", "changed-later", "RUN make\nRUN chown -R 1000 /opt", "RUN make \\\n    && chown -R 1000 /opt", layers{2: {big("opt/x", 600)}, 3: {owned(big("opt/x", 600))}}, 1536 + whole},
	{"nothing changed later", "changed-later", "RUN make\nRUN make more", "", layers{2: {big("opt/x", 600)}, 3: {big("opt/y", 600)}}, 0},
	{"written twice", "merge-runs", "RUN a\nRUN b", "RUN a \\\n    && b", layers{2: {big("opt/x", 600)}, 3: {big("opt/x", 700)}}, 1536 + whole},
	{"not written twice", "merge-runs", "RUN a\nRUN b", "", layers{2: {big("opt/x", 600)}, 3: {big("opt/y", 700)}}, 0},
	{"copied and deleted", "copied-then-deleted", "COPY x.tar /tmp/x.tar\nRUN tar xf /tmp/x.tar && rm /tmp/x.tar", "RUN --mount=type=bind,source=x.tar,target=/tmp/x.tar tar xf /tmp/x.tar",
		layers{2: {testkit.Dir("tmp/"), big("tmp/x.tar", 600)}, 3: {testkit.Dir("tmp/"), gone("tmp/x.tar"), big("opt/x", 10)}}, whole + 512 + 1536 + 2*512},
	{"copied from a stage and deleted", "copied-then-deleted", "COPY --from=golang /x /tmp/x\nRUN cp /tmp/x /y && rm -f /tmp/x /z", "RUN --mount=type=bind,from=golang,source=x,target=/tmp/x cp /tmp/x /y && rm -f /z",
		layers{2: {testkit.Dir("tmp/"), big("tmp/x", 600)}, 3: {testkit.Dir("tmp/"), gone("tmp/x"), big("y", 10)}}, whole + 512 + 1536 + 2*512},
	{"copied and kept", "copied-then-deleted", "COPY x.tar /tmp/x.tar\nRUN tar xf /tmp/x.tar", "", layers{2: {big("tmp/x.tar", 600)}, 3: {big("opt/x", 10)}}, 0},
	{"chown of a copy", "copy-chown", "COPY big /big\nRUN chown 1000:1000 /big", "COPY --chown=1000:1000 big /big", layers{2: {big("big", 6000)}, 3: {owned(big("big", 6000))}}, whole + 512 + 6144},
	{"chown of a directory that was there", "copy-chown", "WORKDIR /app\nCOPY . .\nRUN make && chown -R app /app", "WORKDIR /app\nCOPY --chown=app . .\nRUN make && chown app /app", layers{2: {testkit.Dir("app/")}, 3: {big("app/x", 6000)}, 4: {owned(testkit.Dir("app/")), owned(big("app/x", 6000))}}, 512 + 6144},
	{"a copy that has an owner", "copy-chown", "COPY --chown=1 big /big\nRUN chown 1000:1000 /big", "", layers{2: {big("big", 6000)}, 3: {owned(big("big", 6000))}}, 0},
	{"an owner that is not known before it runs", "copy-chown", "COPY big /big\nRUN chown $USER /big", "", layers{2: {big("big", 6000)}, 3: {owned(big("big", 6000))}}, 0},
	{"chmod of a copy", "copy-chmod", "COPY a /a\nRUN chmod +x /a && make", "COPY --chmod=0755 a /a\nRUN make", layers{2: {big("a", 6000)}, 3: {moded(big("a", 6000)), big("b", 10)}}, 512 + 6144},
	{"chmod in JSON form", "copy-chmod", "COPY a /a\nRUN [\"chmod\", \"0755\", \"/a\"]", "COPY --chmod=0755 a /a", layers{2: {big("a", 6000)}, 3: {moded(big("a", 6000))}}, 512 + 6144 + whole},
	{"chmod of one of two", "copy-chmod", "COPY a b /\nRUN chmod +x /a && make", "", layers{2: {big("a", 6000), big("b", 10)}, 3: {moded(big("a", 6000))}}, 0},
	{"moved", "moved-files", "COPY a /tmp/a\nRUN mv /tmp/a /opt/b && make", "COPY a /opt/b\nRUN make", layers{2: {testkit.Dir("tmp/"), big("tmp/a", 6000)}, 3: {testkit.Dir("tmp/"), gone("tmp/a"), big("opt/b", 6000), big("c", 10)}}, 512 + 6144 + 2*512},
	{"not moved", "moved-files", "COPY a /tmp/a\nRUN cp /tmp/a /opt/b && make", "", layers{2: {big("tmp/a", 6000)}, 3: {big("opt/b", 6000)}}, 0},
	{"copied twice", "copied-twice", "COPY --chown=1000 a /a\nRUN make\nCOPY . /", "COPY a /a\nRUN make\nCOPY . /", layers{2: {owned(big("a", 6000))}, 3: {big("c", 10)}, 4: {big("a", 6000), big("b", 10)}}, 512 + 6144},
	{"copied twice alike", "copied-twice", "COPY a /a\nRUN make\nCOPY . /", "", layers{2: {big("a", 6000)}, 3: {big("c", 10)}, 4: {big("b", 10)}}, 0},
	{"written over", "dead-copy", "COPY a /a\nCOPY b /a", "COPY b /a", layers{2: {big("a", 6000)}, 3: {big("a", 600)}}, whole + 512 + 6144},
	{"only its mode changed by a COPY", "dead-copy", "COPY a /a\nCOPY --chmod=755 a /a", "COPY --chmod=755 a /a", layers{2: {big("a", 6000)}, 3: {moded(big("a", 6000))}}, whole + 512 + 6144},
	{"its mode changed by a RUN, which needs it", "dead-copy", "COPY a /a\nRUN chmod 755 /a", "", layers{2: {big("a", 6000)}, 3: {moded(big("a", 6000))}}, 0},
	{"the same in JSON form", "dead-copy", "COPY a /a\nRUN [\"chmod\", \"755\", \"/a\"]", "", layers{2: {big("a", 6000)}, 3: {moded(big("a", 6000))}}, 0},
	{"written over in part", "dead-copy", "COPY a c /\nCOPY b /a", "", layers{2: {big("a", 6000), big("c", 10)}, 3: {big("a", 600)}}, 0},
	{"a stage for nothing", "idle-stage", "COPY --from=x /a /a\nRUN make; rm /a", "RUN make; rm /a", layers{2: {big("a", 6000)}, 3: {gone("a")}}, whole + 512 + 6144 + 512}, // nothing is left to hide
	{"a stage for something", "idle-stage", "COPY --from=x /a /a\nRUN make", "", layers{2: {big("a", 6000)}, 3: {big("b", 10)}}, 0},
	{"a directory moved to where a variable says", "moved-files", "ENV D=/srv/d\nCOPY a /tmp/a\nRUN mkdir -p /srv && mv /tmp/a \"$D\"", "ENV D=/srv/d\nCOPY a $D\nRUN mkdir -p /srv",
		layers{3: {testkit.Dir("tmp/"), testkit.Dir("tmp/a/"), big("tmp/a/x", 600), big("tmp/a/y", 600)}, 4: {testkit.Dir("srv/"), testkit.Dir("srv/d/"), big("srv/d/x", 600), big("srv/d/y", 600), testkit.Dir("tmp/"), gone("tmp/a")}}, 2*1536 + 2*512 + 2*512},
	{"moved to where a variable of the shell says", "moved-files", "COPY a /tmp/a\nRUN D=/srv/d && mv /tmp/a $D", "", layers{2: {testkit.Dir("tmp/"), big("tmp/a", 600)}, 3: {testkit.Dir("srv/"), big("srv/d", 600), testkit.Dir("tmp/"), gone("tmp/a")}}, 0},
	{"an archive unpacked for nothing", "copied-then-deleted", "ADD a.tar /tmp/a/\nRUN rm -r /tmp/a\nCMD x", "CMD x", layers{2: {testkit.Dir("tmp/"), big("tmp/a/x", 600)}, 3: {testkit.Dir("tmp/"), gone("tmp/a")}}, 0},
	{"an archive unpacked and deleted", "copied-then-deleted", "ADD a.tar /tmp/a/\nRUN make && rm -rf /tmp/a /tmp/b", "RUN make && rm -rf /tmp/b", layers{2: {testkit.Dir("tmp/"), testkit.Dir("tmp/a/"), big("tmp/a/x", 600)}, 3: {testkit.Dir("tmp/"), gone("tmp/a"), big("b", 10)}}, whole + 2*512 + 1536 + 2*512},
	{"an archive unpacked and kept", "copied-then-deleted", "ADD a.tar /tmp/a/\nRUN rm -rf /tmp/a/x", "", layers{2: {testkit.Dir("tmp/a/"), big("tmp/a/x", 600), big("tmp/a/y", 600)}, 3: {gone("tmp/a/x")}}, 0},
	{"a part of a stage's directory", "copied-in-part", "COPY --from=x /out /opt/m\nRUN rm -rf /opt/m/o", "COPY --from=x /out/r /opt/m/r", layers{2: {testkit.Dir("opt/"), testkit.Dir("opt/m/"), testkit.Dir("opt/m/o/"), big("opt/m/o/x", 600), big("opt/m/r", 600)}, 3: {testkit.Dir("opt/"), testkit.Dir("opt/m/"), gone("opt/m/o")}}, 512 + 1536 + whole + 3*512},
	{"a part, and something else", "copied-in-part", "COPY --from=x /out /opt/m\nRUN rm -rf /opt/m/o /opt/n", "", layers{2: {testkit.Dir("opt/m/"), big("opt/m/o/x", 600), big("opt/m/r", 600)}, 3: {gone("opt/m/o")}}, 0},
	{"a part of the context", "copied-in-part", "COPY out /opt/m\nRUN rm -rf /opt/m/o", "", layers{2: {testkit.Dir("opt/m/"), big("opt/m/o/x", 600), big("opt/m/r", 600)}, 3: {gone("opt/m/o")}}, 0},
	{"byte code of a program that a RUN runs", "bytecode", "COPY a /a\nRUN python3 /a/m.py x", "COPY a /a\nRUN python3 -B /a/m.py x", layers{2: {testkit.Dir("a/"), big("a/m.py", 10), big("a/t.py", 600)}, 3: {testkit.Dir("a/"), testkit.Dir("a/__pycache__/"), big("a/__pycache__/t.cpython-311.pyc", 600)}}, 1536 + 2*512},
	{"a program that leaves no byte code", "bytecode", "COPY a /a\nRUN python3 /a/m.py x", "", layers{2: {big("a/m.py", 10)}, 3: {big("a/o", 600)}}, 0},
	{"an upgrade of the base", "upgrade", "RUN apt-get update && apt-get -y upgrade && apt-get install -y x", "RUN apt-get update && apt-get install -y x", layers{2: {testkit.File("etc/os-release", "ID=y\n"), big("usr/bin/x", 10)}}, 0},
	{"an upgrade of one package", "upgrade", "RUN apt-get update && apt-get install -y --only-upgrade x && apk upgrade x", "", layers{2: {testkit.File("etc/os-release", "ID=y\n")}}, 0},
	{"a here-document that deletes", "deleted-later", "RUN make\nRUN <<E\nrm /opt/x\nE", "RUN make && rm /opt/x", layers{2: {testkit.Dir("opt/"), big("opt/x", 600), big("opt/y", 600)}, 3: {testkit.Dir("opt/"), gone("opt/x")}}, 1536 + 512 + 512 + whole},
	{"a here-document that writes", "deleted-later", "RUN <<E\nmake\nE\nRUN rm /opt/x; true", "RUN <<E\nmake && (rm /opt/x; true)\nE", layers{2: {testkit.Dir("opt/"), big("opt/x", 600), big("opt/y", 600)}, 5: {testkit.Dir("opt/"), gone("opt/x")}}, 1536 + 512 + 512 + whole},
	{"here-documents, and something between", "deleted-later", "RUN <<E\nmake\nE\nRUN b\nRUN rm /opt/x", "", layers{2: {big("opt/x", 600)}, 5: {big("opt/z", 10)}, 6: {gone("opt/x")}}, 0},
	{"lists that the next RUN fetches again", "apt-lists", "RUN apt-get update\nUSER 0\nRUN apt-get update; apt-get install -y x && rm -rf /var/lib/apt/lists/*", "RUN apt-get update && rm -rf /var/lib/apt/lists/*\nUSER 0\nRUN apt-get update; apt-get install -y x && rm -rf /var/lib/apt/lists/*",
		layers{2: {testkit.Dir("var/lib/apt/lists/"), big("var/lib/apt/lists/x", 5000)}, 4: {testkit.Dir("var/lib/apt/lists/"), gone("var/lib/apt/lists/x"), big("usr/bin/x", 100)}}, 512 + 5120 + 512 + 2*512},
	{"npm's development", "npm-dev", "RUN npm ci", "RUN npm ci --omit=dev", layers{2: {big("a", 10)}}, 0},
	{"npm's production", "npm-dev", "RUN npm ci --omit=dev && npm install -g x && npm install y", "", layers{2: {big("a", 10)}}, 0},
}

// Each rule makes of a Dockerfile what an expert would, says what that saves to the byte, and
// keeps its hands off where it cannot know.
func TestRules(t *testing.T) {
	tried := map[string][2]bool{}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			p := project(t, "FROM base\n"+c.from+"\n", c.layers)
			got := of(p, c.rule)
			seen := tried[c.rule]
			if c.to == "" {
				seen[1] = true
				tried[c.rule] = seen
				if len(got) > 0 {
					t.Errorf("%s became %s", c.from, patched(t, p, got[0]))
				}
				return
			}
			seen[0] = true
			tried[c.rule] = seen
			if len(got) != 1 {
				t.Fatalf("%d candidates of %s: %+v", len(got), c.rule, got)
			}
			if text := strings.TrimSuffix(strings.TrimPrefix(patched(t, p, got[0]), "FROM base\n"), "\n"); text != c.to {
				t.Errorf("%s\nbecame\n%s\nnot\n%s", c.from, text, c.to)
			}
			if s := got[0].Predicted; c.saves != 0 && (s == nil || s.Tar != c.saves) {
				t.Errorf("%s saves %v, want %d", c.rule, s, c.saves)
			}
		})
	}
	for rule, have := range tried {
		if !have[0] {
			t.Errorf("no case in which %s must find something", rule)
		}
	}
}

// A secret is taken out first, whatever it weighs, and by its own rule.
func TestSecretFirst(t *testing.T) {
	key := testkit.File("tmp/id_rsa", "-----BEGIN OPENSSH PRIVATE KEY-----\nx\n-----END OPENSSH PRIVATE KEY-----\n")
	p := project(t, "FROM base\nRUN apt-get update\nCOPY id_rsa /tmp/id_rsa\nRUN clone /tmp/id_rsa; rm /tmp/id_rsa\n",
		layers{2: {big("var/lib/apt/lists/x", 500_000)}, 3: {testkit.Dir("tmp/"), key}, 4: {testkit.Dir("tmp/"), gone("tmp/id_rsa")}})
	list := trim.Find(p, trim.Lossless)
	if len(list) < 2 || list[0].Rule != "secret-in-layer" || !list[0].Secret || list[1].Rule == "secret-in-layer" {
		t.Fatalf("%+v", list)
	}
	if got, want := patched(t, p, list[0]), "RUN --mount=type=bind,source=id_rsa,target=/tmp/id_rsa clone /tmp/id_rsa\n"; !strings.HasSuffix(got, want) {
		t.Errorf("%s", got)
	}
	if len(of(p, "copied-then-deleted")) > 0 {
		t.Error("a secret is no ordinary file")
	}
}

// What the context carries along is kept back by lines of the ignore file; files that are
// asked for by name are not.
func TestIgnore(t *testing.T) {
	p := project(t, "FROM base\nCOPY . /app\n", layers{2: {testkit.Dir("app/"), testkit.Dir("app/.git/"), big("app/.git/x", 6000), big("app/main.py", 10), big("app/__pycache__/main.pyc", 600)}})
	p.Context = []trim.ContextFile{{Path: ".git", Dir: true}, {Path: ".git/x"}, {Path: "main.py"}, {Path: "__pycache__/main.pyc"}}
	p.Ignore = []byte("*.md")
	list := of(p, "dockerignore")
	if len(list) != 2 || list[0].Kind != trim.Lossless || list[1].Kind != trim.Checked {
		t.Fatalf("%+v", list)
	}
	if got := string(list[1].Write[".dockerignore"]); got != "*.md\n**/.git\n" {
		t.Errorf("%q", got)
	}
	if got := list[1].Predicted.Tar; got != 512+512+6144 {
		t.Errorf("saves %d", got)
	}
	if len(list[1].Gone) != 1 || list[1].Gone[0] != "app/.git/x" {
		t.Errorf("gone: %v", list[1].Gone)
	}
	p = project(t, "FROM base\nCOPY .git /app/.git\n", layers{2: {big("app/.git/x", 6000)}})
	p.Context = []trim.ContextFile{{Path: ".git/x"}}
	if list := of(p, "dockerignore"); len(list) > 0 {
		t.Errorf("%+v", list)
	}
}

// A slimmer sister is proposed for images that have one, and nothing is claimed of its size.
func TestSlimmer(t *testing.T) {
	for from, want := range map[string]string{"python:3.12": "python:3.12-slim", "python": "python:slim", "debian:bookworm": "debian:bookworm-slim", "docker.io/library/node:20": "docker.io/library/node:20-slim",
		"python:3.12-slim": "", "python:3.12-alpine": "", "alpine": "", "ghcr.io/me/python:3": "", "python@sha256:" + strings.Repeat("0", 64): "", "scratch": ""} {
		p := project(t, "FROM "+from+" AS x\nRUN make\n", layers{2: {big("a", 10)}})
		list := of(p, "slimmer-base")
		switch {
		case want == "" && len(list) > 0:
			t.Errorf("%s: %+v", from, list)
		case want != "" && (len(list) != 1 || list[0].Predicted != nil || !strings.HasPrefix(patched(t, p, list[0]), "FROM "+want+" AS x\n")):
			t.Errorf("%s: %+v", from, list)
		}
	}
}

// apk's database, as far as rules read it.
func apkDB(packages ...string) testkit.Entry {
	var b strings.Builder
	for _, p := range packages {
		name, files, _ := strings.Cut(p, " ")
		fmt.Fprintf(&b, "C:Q1x\nP:%s\nV:1-r0\nA:x86_64\n", name)
		for _, f := range strings.Fields(files) {
			dir, file := f[:strings.LastIndexByte(f, '/')], f[strings.LastIndexByte(f, '/')+1:]
			fmt.Fprintf(&b, "F:%s\nR:%s\n", dir, file)
		}
		b.WriteString("\n")
	}
	return testkit.File("lib/apk/db/installed", b.String())
}

// Packages are dropped from the lists that install them, and build tools moved into a stage
// of their own with all that the lines put outside of packages.
func TestPackages(t *testing.T) {
	text := "FROM base\nENV A=1\nRUN apk add --no-cache gcc curl && cc -o /usr/local/bin/app\nCOPY etc /etc/app\nCMD [\"app\"]\n"
	p := project(t, text, layers{3: {apkDB("gcc usr/bin/gcc usr/lib/cc1", "curl usr/bin/curl"), big("usr/bin/gcc", 6000), big("usr/lib/cc1", 6000), big("usr/bin/curl", 6000), testkit.Dir("usr/local/bin/"), big("usr/local/bin/app", 600), big("opt/data/x", 10)}, 4: {big("etc/app", 10)}})
	list := of(p, "untouched-packages")
	if len(list) != 2 || list[0].Predicted.Tar != 2*(512+6144) || strings.Join(list[0].Gone, " ") != "usr/bin/gcc usr/lib/cc1" {
		t.Fatalf("%+v", list)
	}
	if got := patched(t, p, list[1]); !strings.Contains(got, "RUN apk add --no-cache gcc && cc") {
		t.Errorf("%s", got)
	}
	list = of(p, "build-packages")
	if len(list) != 1 || !strings.Contains(patched(t, p, list[0]), "bin/app && apk del --no-cache gcc\n") {
		t.Errorf("%+v", list)
	}
	list = of(p, "build-tools-stage")
	if len(list) != 1 {
		t.Fatalf("%+v", list)
	}
	want := "FROM base AS build\nENV A=1\nRUN apk add --no-cache gcc curl && cc -o /usr/local/bin/app\n\nFROM base\nENV A=1\nRUN apk add --no-cache curl\nCOPY --from=build /opt/data/x /opt/data/\nCOPY --from=build /usr/local/bin /usr/local/bin\nCOPY etc /etc/app\nCMD [\"app\"]\n"
	if got := patched(t, p, list[0]); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	// A package that nobody asked for by name, and names that are not known before they run.
	p = project(t, "FROM base\nRUN apk add --no-cache $PACKAGES && make\n", layers{2: {apkDB("gcc usr/bin/gcc"), big("usr/bin/gcc", 6000), big("usr/local/bin/app", 600)}})
	for _, rule := range []string{"untouched-packages", "build-packages", "build-tools-stage"} {
		if list := of(p, rule); len(list) > 0 {
			t.Errorf("%s: %+v", rule, list)
		}
	}
}

// Recommended packages and documentation are Debian's; what goes is known from the findings
// and from the paths.
func TestDebian(t *testing.T) {
	p := project(t, "FROM base\nRUN apt-get update && apt-get install -y x\n", layers{2: {big("usr/share/doc/x/copyright", 600), big("usr/bin/x", 10)}})
	list := of(p, "docs-and-locales")
	if len(list) != 1 || list[0].Predicted.Tar != 1536 || !strings.Contains(patched(t, p, list[0]), "install -o 'Dpkg::Options::=--path-exclude=/usr/share/doc/*'") {
		t.Errorf("%+v", list)
	}
	if len(of(p, "no-install-recommends")) > 0 {
		t.Error("nothing is known of recommended packages")
	}
	p.Findings = []weigh.Finding{{Rule: "recommended-packages", Line: 2, Tar: 99}}
	list = of(p, "no-install-recommends")
	if len(list) != 1 || list[0].Predicted.Tar != 99 || !strings.Contains(patched(t, p, list[0]), "apt-get install --no-install-recommends -y x") {
		t.Errorf("%+v", list)
	}
	p = project(t, "FROM base\nRUN apt-get install -y --no-install-recommends x\n", layers{2: {big("usr/bin/x", 10)}})
	p.Findings = []weigh.Finding{{Rule: "recommended-packages", Line: 2, Tar: 99}}
	for _, rule := range []string{"docs-and-locales", "no-install-recommends"} {
		if list := of(p, rule); len(list) > 0 {
			t.Errorf("%s: %+v", rule, list)
		}
	}
}

// What may differ after a lossless edit, and what may not.
func TestDeclared(t *testing.T) {
	for path, want := range map[string]bool{
		"var/cache/apt/pkgcache.bin": true, "root/.cache/pip/x": true, "var/log/dpkg.log": true, "var/lib/apt/lists/x": true, "lib/apk/db/installed": true, "var/lib/dpkg/status": true, "usr/lib/python3/__pycache__/x.pyc": true,
		"etc/apk/cache/x": true, "home/me/.npm/_cacache/x": true, "go/pkg/mod/x/y": true,
		"etc/passwd": false, "usr/bin/x": false, "var/lib/app/db": false, "app/.git/x": false, "root/.ssh/id": false, "tmp/x": false, "var/cache": false, "var/log": false, "app/cache/x": false, "etc/apk/repositories": false, "root/.bashrc": false, "usr/share/doc/x": false,
	} {
		if got := trim.IsDeclared(path); got != want {
			t.Errorf("%s: %v", path, got)
		}
	}
	if !trim.IsDeclared("app/Dockerfile", "**/Dockerfile") || trim.IsDeclared("app/Dockerfile") {
		t.Error("Dockerfiles")
	}
}

// What stands between two RUNs goes before them where it can: a compiler is installed, the
// source is copied, and the compiler is removed.
func TestJoinsOverCopies(t *testing.T) {
	text := "FROM base\nRUN apk add --no-cache gcc\n# the source\nCOPY x.c /src/x.c\nWORKDIR /src\nRUN cc x.c\n\nRUN apk del gcc && rm /src/x.c\nCMD [\"x\"]\n"
	gcc := big("usr/bin/gcc", 6000)
	p := project(t, text, layers{2: {testkit.Dir("usr/bin/"), gcc}, 4: {testkit.Dir("src/"), big("src/x.c", 100)}, 5: {}, 6: {testkit.Dir("src/"), big("src/a.out", 900)}, 8: {testkit.Dir("src/"), testkit.File("src/.wh.x.c", ""), testkit.Dir("usr/bin/"), testkit.File("usr/bin/.wh.gcc", "")}})
	list := of(p, "deleted-later")
	if len(list) != 1 {
		t.Fatalf("%+v", list)
	}
	want := "FROM base\nCOPY x.c /src/x.c\nWORKDIR /src\nRUN apk add --no-cache gcc \\\n# the source\n    && cc x.c \\\n    && (apk del gcc && rm /src/x.c)\nCMD [\"x\"]\n"
	if got := strings.NewReplacer("(apk", "apk", "x.c)", "x.c").Replace(patched(t, p, list[0])); got != strings.NewReplacer("(apk", "apk", "x.c)", "x.c").Replace(want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if !strings.Contains(list[0].What, "COPY in line 4 goes before it") {
		t.Errorf("%s", list[0].What)
	}
	// A change of the user cannot go before what root does, nor can what a RUN made be copied
	// before it is there.
	for _, between := range []string{"USER 1000", "SHELL [\"/bin/bash\", \"-c\"]", "ONBUILD RUN x", "COPY <<E /e\nE"} {
		text := "FROM base\nRUN apk add --no-cache gcc\n" + between + "\nRUN apk del gcc\n"
		last := 4 + strings.Count(between, "\n")
		p := project(t, text, layers{2: {testkit.Dir("usr/bin/"), gcc}, last: {testkit.Dir("usr/bin/"), testkit.File("usr/bin/.wh.gcc", "")}})
		if list := of(p, "deleted-later"); len(list) > 0 {
			t.Errorf("%s: %+v", between, list)
		}
	}
}

// A program that was built in a toolchain's image runs on that image's distribution.
func TestToolchain(t *testing.T) {
	built := layers{2: {testkit.Dir("usr/local/bin/"), big("usr/local/bin/app", 6000)}}
	for base, want := range map[string]string{"golang": "debian:stable-slim", "golang:1.22": "debian:stable-slim", "docker.io/library/golang:1.22-bookworm": "debian:bookworm-slim",
		"golang:1.22-alpine3.20": "alpine:3.20", "golang:alpine": "alpine:latest", "rust:1-slim-bookworm": "debian:bookworm-slim", "gcc:13": "debian:stable-slim",
		"python:slim": "", "me/golang:1": "", "golang@sha256:" + strings.Repeat("a", 64): "", "alpine": ""} {
		p := project(t, "FROM "+base+"\nRUN build\nCMD [\"app\"]\n", built)
		list := of(p, "build-tools-stage")
		if len(list) != 1 && want != "" || len(list) > 0 && want == "" {
			t.Errorf("%s: %+v", base, list)
		} else if want != "" && !strings.Contains(patched(t, p, list[0]), "\nFROM "+want+"\n") {
			t.Errorf("%s: %s", base, patched(t, p, list[0]))
		}
	}
	text := "FROM golang:1.22-alpine3.20\nWORKDIR /src\nCOPY main.go .\nRUN go build -o /usr/local/bin/app main.go\nCMD [\"app\"]\n"
	p := project(t, text, layers{2: {testkit.Dir("src/")}, 3: {testkit.Dir("src/"), big("src/main.go", 100)}, 4: {testkit.Dir("usr/local/bin/"), big("usr/local/bin/app", 6000), testkit.Dir("root/.cache/go-build/"), big("root/.cache/go-build/x", 900)}})
	list := of(p, "build-tools-stage")
	if len(list) != 1 || list[0].Predicted != nil || list[0].Kind != trim.Checked {
		t.Fatalf("%+v", list)
	}
	got := patched(t, p, list[0])
	if !strings.HasPrefix(got, "FROM golang:1.22-alpine3.20 AS build\n") || !strings.Contains(got, "\n\nFROM alpine:3.20\nWORKDIR /src\n") || strings.Contains(got, "go-build") || !strings.HasSuffix(got, "CMD [\"app\"]\n") {
		t.Errorf("%s", got)
	}
}

// A secret that a script reads which no line names is mounted in each RUN up to the rm.
func TestSecretOfAScript(t *testing.T) {
	text := "FROM base\nCOPY .netrc /root/.netrc\nRUN sh /fetch\nRUN rm /root/.netrc\n"
	p := project(t, text, layers{2: {testkit.File("root/.netrc", "machine a.example.invalid login b password Kp7vWq2mZr9s\n")}, 3: {big("srv/x", 10)}, 4: {gone("root/.netrc")}})
	list := of(p, "secret-in-layer")
	if len(list) != 1 || !list[0].Secret {
		t.Fatalf("%+v", list)
	}
	want := "FROM base\nRUN --mount=type=bind,source=.netrc,target=/root/.netrc sh /fetch\n"
	if got := patched(t, p, list[0]); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// What a COPY of the context takes along and later lines hide need not be sent; what is seen
// is another matter.
func TestUnsent(t *testing.T) {
	text := "FROM base\nCOPY . /app\nRUN rm -rf /app/.git /app/doc/drafts\n"
	in := []testkit.Entry{testkit.Dir("app/"), testkit.Dir("app/.git/"), big("app/.git/pack", 6000), testkit.Dir("app/doc/"), testkit.Dir("app/doc/drafts/"), big("app/doc/drafts/x", 600), big("app/doc/y", 600)}
	p := project(t, text, layers{2: in, 3: {testkit.Dir("app/"), gone("app/.git"), testkit.Dir("app/doc/"), gone("app/doc/drafts")}})
	for _, f := range []string{".git/pack", "doc/drafts/x", "doc/y"} {
		p.Context = append(p.Context, trim.ContextFile{Path: f, Size: 1})
	}
	p.Ignore = []byte("*.swp")
	var list []trim.Candidate
	for _, c := range of(p, "dockerignore") {
		if c.Kind == trim.Lossless {
			list = append(list, c)
		}
	}
	if len(list) != 1 || string(list[0].Write[".dockerignore"]) != "*.swp\n.git\ndoc/drafts\n" || len(list[0].Edits) > 0 {
		t.Fatalf("%+v", list)
	}
	// The files and their directories, and in the layer of the rm the whiteouts and what is above
	// them.
	if want := int64(512+512+6144+512+512+1024) + 4*512; list[0].Predicted.Tar != want {
		t.Errorf("%d, want %d", list[0].Predicted.Tar, want)
	}
	p = project(t, "FROM base\nCOPY . /app\nRUN true\n", layers{2: in, 3: {}})
	p.Context = []trim.ContextFile{{Path: ".git/pack", Size: 1}}
	for _, c := range of(p, "dockerignore") {
		if c.Kind == trim.Lossless {
			t.Errorf("it is seen: %+v", c)
		}
	}
}
