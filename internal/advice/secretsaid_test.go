package advice_test

import (
	"fmt"
	"strings"
	"testing"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/advice"
	"tare/internal/store"
	"tare/internal/testkit"
	"tare/internal/weigh"
)

// told is an image with a base of one layer, these steps behind it (those of RUN and COPY
// make layers), and a configuration.
func told(t *testing.T, config ocispec.ImageConfig, steps ...string) *advice.Image {
	t.Helper()
	s := testkit.Store(t)
	o := testkit.Options{Layers: [][]byte{testkit.Tar(t, testkit.File("etc/os-release", "ID=debian\nVERSION_ID=12\n"))}, Config: config,
		History: []ocispec.History{{CreatedBy: "ADD rootfs.tar /"}}}
	for n, by := range steps {
		layer := strings.HasPrefix(by, "RUN") || strings.HasPrefix(by, "COPY")
		if layer {
			o.Layers = append(o.Layers, testkit.Tar(t, testkit.File(fmt.Sprint("f", n), by)))
		}
		o.History = append(o.History, ocispec.History{CreatedBy: by, EmptyLayer: !layer})
	}
	return &advice.Image{Facts: testkit.Facts(t, s, testkit.Put(t, s, "x", store.Pulled, testkit.Image(t, o)))}
}

// Secrets in variables, labels, arguments and commands are named where they stand, first of
// all findings, and no finding has a value.
func TestSecretsThatAnImageSays(t *testing.T) {
	const rule, value, own, theirs = "secret-file", "Hunter2Hunter2", "RUN --mount=type=secret", "the base image brings it"
	for _, c := range []struct {
		name   string
		config ocispec.ImageConfig
		steps  []string
		layers []int
		texts  []string
	}{
		{"ENV", ocispec.ImageConfig{Env: []string{"DB_PASSWORD=" + value}}, []string{"RUN x", "ENV DB_PASSWORD=" + value}, []int{0}, []string{"ENV has a value for DB_PASSWORD, which is named like a secret, in the image's history|" + own}},
		{"unset again", ocispec.ImageConfig{}, []string{"RUN x", "ENV A_TOKEN=" + value + " B_TOKEN=" + value + " C_TOKEN=" + value, "ENV A_TOKEN="}, []int{0}, []string{"ENV has values for A_TOKEN, B_TOKEN and C_TOKEN, which are named like secrets, in|" + own}},
		{"a command", ocispec.ImageConfig{}, []string{"RUN curl -H 'Authorization: Bearer " + value + "' https://me:" + value + "x@h/"}, []int{2}, []string{"RUN has an Authorization header and a URL with a password in the image's history|" + own}},
		{"an argument, in each RUN behind it", ocispec.ImageConfig{}, []string{"RUN |1 NPM_TOKEN=" + value + " /bin/sh -c a # buildkit", "RUN |1 NPM_TOKEN=" + value + " /bin/sh -c b # buildkit"}, []int{2}, []string{"RUN has a value for NPM_TOKEN, which"}},
		{"another value of one name", ocispec.ImageConfig{}, []string{"RUN TOKEN=" + value + " a", "RUN TOKEN=" + value + "2 b"}, []int{2, 3}, []string{"RUN has a value for TOKEN, which", "RUN has a value for TOKEN, which"}},
		{"without a history", ocispec.ImageConfig{Env: []string{"API_KEY=" + value}, Labels: map[string]string{"x.token": value, "x.url": "https://u:" + value + "@h/"}}, nil, []int{0},
			[]string{"the configuration has values for API_KEY and x.token, which are named like secrets, and a URL with a password in its variables and labels|" + own}},
		{"harmless", ocispec.ImageConfig{Env: []string{"TOKEN_URL=", "SECRET_NAME=x", "DB_PASSWORD=", "GPG_KEY=A035C8C19219BA821ECEA86B64E628F8D684696D", "PATH=/bin"}, Labels: map[string]string{"a": "b"}},
			[]string{"ENV GPG_KEY=A035C8C19219BA821ECEA86B64E628F8D684696D", "ENV TOKEN_URL=", "ARG TOKEN", "RUN --mount=type=secret,id=token cat /run/secrets/token"}, nil, nil},
	} {
		img := told(t, c.config, c.steps...)
		list := only(img, rule)
		if len(list) != len(c.texts) {
			t.Errorf("%s: %+v", c.name, list)
			continue
		}
		for n, f := range list {
			text, remedy, _ := strings.Cut(c.texts[n], "|")
			if !strings.HasPrefix(f.Text, text) || !strings.HasPrefix(f.Remedy, remedy) || f.Layer != c.layers[n] || f.Severity != weigh.Secret {
				t.Errorf("%s: %+v", c.name, f.Finding)
			}
		}
		all, _ := advice.Of(img)
		if len(list) > 0 && all[0].Rule != rule {
			t.Errorf("%s: first is %+v", c.name, all[0])
		}
		if strings.Contains(fmt.Sprintf("%+v %+v", all, img.Report("", 0)), value) {
			t.Errorf("%s: the value is printed", c.name)
		}
	}
	// What the base has is its own; where the Dockerfile is known, its line is named.
	base := told(t, ocispec.ImageConfig{}, "RUN TOKEN="+value+" a", "ENV X_TOKEN="+value, "RUN b", "ENV Y_TOKEN="+value, "RUN Z_TOKEN="+value+" c")
	base.Lines, base.Base, base.Steps = map[int]int{2: 2, 3: 4}, 2, map[int]int{3: 2, 4: 3, 5: 4}
	for n, f := range only(base, rule) {
		want := []string{"0 " + own, "0 " + theirs, "3 " + own, "4 " + own}[n]
		if got := fmt.Sprint(f.Line, " ", f.Remedy); !strings.HasPrefix(got, want) {
			t.Errorf("%d: %s, want %s (%s)", n, got, want, f.Text)
		}
	}
}
