package scan

import (
	"errors"
	"os"
	"strings"
	"testing"

	"tare/internal/request"
)

func TestWords(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("images.txt", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir("python", 0o700); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"registry.example":                     "registry registry.example",
		"registry.example:5000":                "registry registry.example:5000",
		"registry.example/":                    "registry registry.example",
		"registry:5000/":                       "registry registry:5000",
		"localhost:5000":                       "registry localhost:5000",
		"127.0.0.1:5000":                       "registry 127.0.0.1:5000",
		"[::1]:5000":                           "registry [::1]:5000",
		"registry://registry.example":          "registry registry.example",
		"registry.example/team/*":              "repositories registry.example team/*",
		"registry.example/**":                  "repositories registry.example **",
		"registry.example/team/{a,b}:1.*":      "repositories registry.example team/{a,b} :1.*",
		"registry.example/team/app":            "tags registry.example/team/app",
		"registry:5000/app":                    "tags registry:5000/app",
		"docker.io/library/python":             "tags docker.io/library/python",
		"registry.example/team/app:3.*":        "tags registry.example/team/app :3.*",
		"registry.example:5000/team/app:3":     "image registry.example:5000/team/app:3",
		"registry.example/app:1@" + zeros:      "image registry.example/app:1@" + zeros,
		"registry.example/app@" + zeros:        "image registry.example/app@" + zeros,
		"python":                               "image docker.io/library/python:latest (store first)",
		"python:3":                             "image docker.io/library/python:3 (store first)",
		"team/app":                             "image docker.io/team/app:latest (store first)",
		"store://team/app:1":                   "image docker.io/team/app:1 (store first)",
		"store://registry.example/team/app:1":  "image registry.example/team/app:1 (store first)",
		"store://*":                            "store *",
		"*":                                    "store *",
		"team/*:1":                             "store team/*:1",
		"-":                                    "list",
		"images.txt":                           "list",
		"./no-such-file":                       "list",
		"/dev/fd/63":                           "list",
		"registry.example/a:[":                 "cannot be understood",
		"registry.example/[a":                  "cannot be understood",
		"[a":                                   "invalid",
		"":                                     "names no image",
		"docker://python":                      "reads registries, the store",
		"https://registry.example/x":           "reads registries, the store",
		"registry.example/UPPER:1":             "lowercase",
		"Python":                               "lowercase",
		"registry.example/a:" + long(200):      "invalid",
		"registry.example/" + long(300) + "/*": "repositories registry.example " + long(300) + "/*",
		long(5000):                             "names no image",
		"registry.example/app@sha256:abc":      "invalid",
		"registry.example/a b:1":               "invalid",
		"-x.example/a:1":                       "invalid",
		"registry.example:port/a:1":            "invalid",
		"registry.example/../../etc/passwd:1":  "invalid",
	} {
		w, err := parse(text, false)
		got := ""
		switch {
		case err != nil:
			var usage request.Error
			if got = err.Error(); !errors.As(err, &usage) {
				t.Errorf("%s: %v is no error of usage", text, err)
			}
			if !strings.Contains(got, want) {
				t.Errorf("%s: %v, want %s", text, err, want)
			}
			continue
		case w.kind == registry:
			got = "registry " + w.domain
		case w.kind == repoGlob:
			got = "repositories " + w.domain + " " + w.repos + colon(w.tags)
		case w.kind == allTags:
			got = "tags " + w.named.Name() + colon(w.tags)
		case w.kind == oneImage:
			got = "image " + w.named.String()
			if w.domain == "" {
				got += " (store first)"
			}
		case w.kind == storeGlob:
			got = "store " + w.repos
		default:
			got = "list"
		}
		if got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
	// Lists do not name lists.
	for _, text := range []string{"-", "images.txt", "./x"} {
		if w, err := parse(text, true); err == nil && w.kind == list {
			t.Errorf("%s within a list is a list", text)
		}
	}
}

const zeros = "sha256:0000000000000000000000000000000000000000000000000000000000000000"

func long(n int) string { return strings.Repeat("a", n) }

func colon(tags string) string {
	if tags == "" {
		return ""
	}
	return " :" + tags
}

func TestLists(t *testing.T) {
	for _, c := range []struct{ name, text, want, err string }{
		{"lines", "a:1\n\n  b:2  \r\n# a comment\nc@" + zeros, "1 a:1|3 b:2|5 c@" + zeros, ""},
		{"empty lines first", "\n\n  a:1\n", "3 a:1", ""},
		{"a mark of bytes", "\ufeffa:1\n", "1 a:1", ""},
		{"nothing", "", "", ""},
		{"bytes", "a:1\nb\x00c\n", "1 a:1", "line 2 has bytes"},
		{"a long line", "a:1\n" + long(10_000), "1 a:1", "line 2 is longer"},
		{"pods", `{"apiVersion":"v1","items":[{"metadata":{"namespace":"n","name":"p"},"spec":{"nodeName":"n1","nodeSelector":{"kubernetes.io/arch":"arm64"}},
			"status":{"containerStatuses":[{"name":"c","image":"a:1","imageID":"r.example/a@` + zeros + `"}],"initContainerStatuses":[{"name":"i","imageID":"docker-pullable://r.example/i@` + zeros + `"}],
			"ephemeralContainerStatuses":[{"name":"e","imageID":"docker://sha256:12"}]}},
			{"metadata":{"namespace":"n","name":"q"},"status":{"containerStatuses":[{"name":"c","image":"b:1"}]}}],"kind":"List"}`,
			"n/p/i n1 arm64 r.example/i@" + zeros + "|n/p/c n1 arm64 r.example/a@" + zeros + "|n/p/e: only the image's ID|n/q/c: has not started", ""},
		{"one pod", `{"kind":"Pod","metadata":{"namespace":"n","name":"p"},"spec":{"nodeName":"n1"},"status":{"containerStatuses":[{"name":"c","imageID":"r.example/a@` + zeros + `"}]}}`, "n/p/c n1  r.example/a@" + zeros, ""},
		{"no pods", `{"items":[],"kind":"List"}`, "", ""},
		{"deployments", `{"items":[{"kind":"Deployment"}]}`, "", `it lists a "Deployment"`},
		{"something else", `{"kind":"Node"}`, "", `it is a "Node"`},
		{"half", `{"items":[{"kind":"Pod"},`, "", "ends in the middle"},
		{"no JSON", `{items}`, "", "no list of pods"},
		{"items that are none", `{"items":"x"}`, "", "items is no list"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			err := readList("x", strings.NewReader(c.text), func(n int, text string) error {
				got = append(got, strings.Join([]string{string(rune('0' + n)), text}, " "))
				return nil
			}, func(p pulled) error {
				name, why := p.reference()
				if why != "" {
					name = p.where + ": " + why
				} else {
					name = strings.Join([]string{p.where, p.node, p.arch, name}, " ")
				}
				for _, known := range []string{"only the image's ID", "has not started"} {
					if strings.Contains(name, known) {
						name = p.where + ": " + known
					}
				}
				got = append(got, name)
				return nil
			})
			if strings.Join(got, "|") != c.want {
				t.Errorf("%s", strings.Join(got, "|"))
			}
			if c.err == "" && err != nil || c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)) {
				t.Errorf("%v", err)
			}
		})
	}
}

func FuzzList(f *testing.F) {
	f.Add("a:1\n# x\n")
	f.Add(`{"items":[{"spec":{"nodeName":"n"},"status":{"containerStatuses":[{"imageID":"a@b"}]}}]}`)
	f.Fuzz(func(_ *testing.T, text string) {
		_ = readList("x", strings.NewReader(text), func(_ int, line string) error {
			_, _ = parse(line, true)
			return nil
		}, func(p pulled) error {
			_, _ = p.reference()
			return nil
		})
	})
}
