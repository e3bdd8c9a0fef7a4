package hostile_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/docker/cli/cli/config/configfile"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/dockerfile"
	"tare/internal/experiment"
	"tare/internal/source"
	"tare/internal/store"
	"tare/internal/testkit"
	"tare/internal/units"
)

func TestDocuments(t *testing.T) {
	good := testkit.Tar(t, testkit.File("a", "1"))
	type docs = map[string]any
	set := func(key string, v any) func(c, m docs) { return func(_, m docs) { m[key] = v } }
	cfg := func(key string, v any) func(c, m docs) { return func(c, _ docs) { c[key] = v } }
	text := "\x1b[31m\u202e<img src=x onerror=alert(1)>\n"
	for what, c := range map[string]struct {
		change func(config, manifest docs)
		want   string
	}{
		"no layers key":            {func(_, m docs) { delete(m, "layers") }, "0 layers"},
		"layers null":              {set("layers", nil), "0 layers"},
		"layers a string":          {set("layers", "x"), "manifest"},
		"a layer null":             {set("layers", []any{nil}), "*"},
		"a layer without digest":   {set("layers", []any{docs{"mediaType": ocispec.MediaTypeImageLayer, "size": 3}}), "digest"},
		"digest with a path":       {set("layers", []any{docs{"mediaType": ocispec.MediaTypeImageLayer, "size": 3, "digest": "sha256:../../../../etc/passwd"}}), "digest"},
		"digest unknown":           {set("layers", []any{docs{"mediaType": ocispec.MediaTypeImageLayer, "size": 3, "digest": "md5:d41d8cd98f00b204e9800998ecf8427e"}}), "digest"},
		"digest upper case":        {set("layers", []any{docs{"mediaType": ocispec.MediaTypeImageLayer, "size": 3, "digest": "sha256:" + strings.Repeat("A", 64)}}), "digest"},
		"layer not there":          {set("layers", []any{docs{"mediaType": ocispec.MediaTypeImageLayer, "size": 3, "digest": digest.FromString("no")}}), "not in"},
		"foreign layer with URLs":  {set("layers", []any{docs{"mediaType": "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip", "size": 3, "digest": digest.FromString("no"), "urls": []string{"http://127.0.0.1:1/x"}}}), "not in"},
		"size a string":            {set("layers", []any{docs{"mediaType": "x", "size": "3", "digest": digest.FromString("no")}}), "manifest"},
		"size 1e300":               {set("layers", []any{docs{"mediaType": "x", "size": 1e300, "digest": digest.FromString("no")}}), "manifest"},
		"config a number":          {set("config", 3), "manifest"},
		"config not there":         {set("config", docs{"mediaType": ocispec.MediaTypeImageConfig, "size": 3, "digest": digest.FromString("no")}), "not in"},
		"config of 1 TB":           {set("config", docs{"mediaType": ocispec.MediaTypeImageConfig, "size": 1 << 40, "digest": digest.FromString("no")}), "config"},
		"config of negative size":  {set("config", docs{"mediaType": ocispec.MediaTypeImageConfig, "size": -1, "digest": digest.FromString("no")}), "config"},
		"manifest of another kind": {set("mediaType", "application/vnd.evil"), "*"},
		"schema version 99":        {set("schemaVersion", 99), "*"},
		"annotations with escapes": {set("annotations", docs{text: text}), ""},
		"subject of itself":        {set("subject", docs{"mediaType": "x", "size": 1, "digest": digest.FromString("x")}), "*"},
		"two diff_ids":             {cfg("rootfs", docs{"type": "layers", "diff_ids": []any{digest.FromBytes(good), digest.FromBytes(good)}}), "diff_ids"},
		"another diff_id":          {cfg("rootfs", docs{"type": "layers", "diff_ids": []any{digest.FromString("x")}}), "instead of"},
		"diff_id with a path":      {cfg("rootfs", docs{"type": "layers", "diff_ids": []any{"sha256:../x"}}), "*"},
		"diff_ids null":            {cfg("rootfs", docs{"type": "layers", "diff_ids": nil}), "diff_ids"},
		"no rootfs":                {func(c, _ docs) { delete(c, "rootfs") }, "diff_ids"},
		"history of escapes":       {cfg("history", []any{docs{"created_by": text}}), ""},
		"history longer":           {cfg("history", []any{docs{"created_by": "a"}, docs{"created_by": "b"}, docs{"created_by": "c"}}), ""},
		"history all empty":        {cfg("history", []any{docs{"created_by": "a", "empty_layer": true}}), ""},
		"history a string":         {cfg("history", "x"), "config"},
		"10,000 steps":             {cfg("history", make([]docs, 10000)), ""},
		"created no time":          {cfg("created", "yesterday"), "config"},
		"created in year 10000":    {cfg("created", "10000-01-01T00:00:00Z"), "config"},
		"os of escapes":            {cfg("os", text), "*"},
		"architecture of markup":   {cfg("architecture", text), "*"},
		"env a number":             {cfg("config", docs{"Env": 3}), "config"},
		"env of escapes":           {cfg("config", docs{"Env": []string{text, "=", "", "A"}}), ""},
		"labels of escapes":        {cfg("config", docs{"Labels": docs{text: text}}), ""},
		"workdir of escapes":       {cfg("config", docs{"WorkingDir": text}), ""},
		"entrypoint a string":      {cfg("config", docs{"Entrypoint": "sh"}), "*"},
		"config null":              {cfg("config", nil), ""},
		"deep JSON":                {cfg("x", deep(5000)), "*"},
	} {
		try(t, "manifest and config", what, c.want, func() (string, error) {
			l := newLayout(t)
			d := l.blob(t, ocispec.MediaTypeImageLayer, good)
			return all("oci-dir://" + single(t, []ocispec.Descriptor{d}, []digest.Digest{digest.FromBytes(good)}, l, c.change).dir)
		})
	}
	indexes(t, good)
}

// deep is a list in a list in a list.
func deep(n int) json.RawMessage {
	return json.RawMessage(strings.Repeat("[", n) + strings.Repeat("]", n))
}

func indexes(t *testing.T, layer []byte) {
	t.Helper()
	zero := digest.FromString("no")
	cyclic := func(l layoutOf) []byte {
		// Real cycles cannot be: an index would hold its own digest. Chains can.
		d := l.blob(t, ocispec.MediaTypeImageIndex, []byte(`{"schemaVersion":2,"manifests":[]}`))
		for range 300 {
			d = l.blob(t, ocispec.MediaTypeImageIndex, marshal(t, ocispec.Index{MediaType: ocispec.MediaTypeImageIndex, Manifests: []ocispec.Descriptor{d}}))
		}
		return marshal(t, ocispec.Index{Manifests: []ocispec.Descriptor{d}})
	}
	wide := func(l layoutOf) []byte {
		d := l.blob(t, ocispec.MediaTypeImageIndex, []byte(`{"schemaVersion":2,"manifests":[]}`))
		for range 6 { // 10^6 paths
			x := ocispec.Index{MediaType: ocispec.MediaTypeImageIndex}
			for range 10 {
				x.Manifests = append(x.Manifests, d)
			}
			d = l.blob(t, ocispec.MediaTypeImageIndex, marshal(t, x))
		}
		return marshal(t, ocispec.Index{Manifests: []ocispec.Descriptor{d}})
	}
	named := func(ref string) func(layoutOf) []byte {
		return func(l layoutOf) []byte {
			d := ocispec.Descriptor{MediaType: ocispec.MediaTypeImageManifest, Digest: zero, Size: 3, Annotations: map[string]string{ocispec.AnnotationRefName: ref}}
			return marshal(t, ocispec.Index{Manifests: []ocispec.Descriptor{d, d}})
		}
	}
	text := func(s string) func(layoutOf) []byte { return func(layoutOf) []byte { return []byte(s) } }
	for what, c := range map[string]struct {
		index func(layoutOf) []byte
		want  string
	}{
		"empty":            {text(""), "index.json"},
		"null":             {text("null"), "no image"},
		"a list":           {text("[]"), "index.json"},
		"no manifests":     {text("{}"), "no image"},
		"manifests null":   {text(`{"manifests":null}`), "no image"},
		"a manifest null":  {text(`{"manifests":[null]}`), "*"},
		"duplicate keys":   {text(`{"manifests":[],"manifests":[{"digest":"x"}],"manifests":[]}`), "no image"},
		"NUL bytes":        {text("\x00\x00\x00"), "index.json"},
		"UTF-16":           {text("\xff\xfe{\x00}\x00"), "index.json"},
		"deep":             {text(string(deep(20000))), "index.json"},
		"17 MB":            {text(`{"x":"` + strings.Repeat("x", 17<<20) + `"}`), "too many"},
		"a chain of 300":   {cyclic, "*"},
		"a million paths":  {wide, "*"},
		"not there":        {text(`{"manifests":[{"mediaType":"` + ocispec.MediaTypeImageManifest + `","size":3,"digest":"` + zero.String() + `"}]}`), "not in"},
		"digest with path": {text(`{"manifests":[{"mediaType":"` + ocispec.MediaTypeImageManifest + `","size":3,"digest":"sha256:../../x"}]}`), "digest"},
		"huge size":        {text(`{"manifests":[{"mediaType":"` + ocispec.MediaTypeImageManifest + `","size":9223372036854775807,"digest":"` + zero.String() + `"}]}`), "*"},
		"size overflow":    {text(`{"manifests":[{"size":99999999999999999999999}]}`), "index.json"},
		"unknown type":     {text(`{"manifests":[{"mediaType":"application/vnd.evil","size":3,"digest":"` + zero.String() + `"}]}`), "*"},
		"name: traversal":  {named("../../../x"), "not in"},
		"name: escapes":    {named("\x1b[2J\u202e"), "not in"},
		"name: markup":     {named("<script>boom()</script>"), "not in"},
		"name: 1 MB":       {named(strings.Repeat("n", 1<<20)), "not in"},
		"1000 entries": {func(l layoutOf) []byte {
			return []byte(`{"manifests":[` + strings.Repeat(`{"digest":"`+zero.String()+`"},`, 999) + `{}]}`)
		}, "*"},
		"platform of marks": {text(`{"manifests":[{"mediaType":"` + ocispec.MediaTypeImageManifest + `","size":3,"digest":"` + zero.String() + `","platform":{"os":"\u001b[31m","architecture":"\u202e"}}]}`), "*"},
	} {
		try(t, "index", what, c.want, func() (string, error) {
			l := newLayout(t)
			l.index(t, c.index(l))
			return all("oci-dir://" + l.dir)
		})
	}
	_ = layer
}

// Package databases that are damaged, or made to do damage: the image is weighed all the
// same.
func TestPackageDatabases(t *testing.T) {
	bodies := map[string]string{
		"nothing":   "",
		"garbage":   strings.Repeat("\x00\xff\x1b[2J", 1000),
		"escapes":   "P:\x1b[31m<img>\u202e\nV:</script><script>boom()</script>\nPackage: \x1b[2J\nVersion: <img>\nStatus: install ok installed\nName: \x1b\n\n",
		"long line": "P:" + strings.Repeat("x", 2<<20),
		"traversal": "P:a\nV:1\nF:../../../etc\nR:passwd\nPackage: ../../x\nStatus: install ok installed\n\n",
		"JSON":      `{"name":"\u001b[2J","version":{"a":[1e400]},"dependencies":[]}`,
		"deep JSON": string(deep(20000)),
		"numbers":   "P:a\nV:1\nI:99999999999999999999999\nS:-1\nInstalled-Size: -99999999999999999999\nPackage: a\nStatus: install ok installed\n\n",
		"cycle":     "P:a\nV:1\nD:b\n\nP:b\nV:1\nD:a\n\nPackage: a\nDepends: a\nStatus: install ok installed\n\n",
	}
	for _, path := range []string{"lib/apk/db/installed", "var/lib/dpkg/status", "var/lib/dpkg/status.d/x", "var/lib/dpkg/info/a.list", "var/lib/rpm/Packages", "var/lib/rpm/Packages.db", "var/lib/rpm/rpmdb.sqlite",
		"usr/lib/python3/dist-packages/a-1.dist-info/METADATA", "usr/lib/python3/dist-packages/a-1.dist-info/RECORD", "usr/lib/node_modules/a/package.json", "app/x.jar", "etc/os-release"} {
		for what, body := range bodies {
			try(t, "package databases", strings.ReplaceAll(path, "/", "_")+" "+what, "*", func() (string, error) {
				out, err := all("oci-dir://" + ofTars(t, testkit.Tar(t, testkit.File("etc/passwd", "root"), testkit.File(path, body))).dir)
				if err != nil {
					err = fmt.Errorf("OBEYED: a database keeps the image from being weighed: %w", err)
				}
				return out, err
			})
		}
	}
}

func TestTexts(t *testing.T) {
	for what, file := range map[string]string{
		"empty": "", "NUL": "FROM a\x00b", "no FROM": "RUN x", "long line": "FROM a\nRUN " + strings.Repeat("x", 1<<20), "100,000 lines": "FROM a\n" + strings.Repeat("RUN x\n", 20_000),
		"endless heredoc": "FROM a\nRUN <<EOF\nx", "1000 heredocs": "FROM a\nRUN " + strings.Repeat("<<A ", 1000) + "\n", "cycle": "FROM b AS a\nFROM a AS b\n", "from itself": "FROM a AS a\nCOPY --from=a / /\n",
		"escapes": "FROM \x1b[2J\nRUN \u202e", "variables": "ARG A=$A\nFROM $A$B${C:-${D:-${E}}}\n", "bad JSON": "FROM a\nCMD [\"x\"", "unknown": "FROM a\nEVIL x", "continuation": "FROM a\\", "stages": strings.Repeat("FROM a\n", 5000),
	} {
		try(t, "Dockerfiles", what, "*", func() (string, error) {
			f, err := dockerfile.Parse([]byte(file))
			if err != nil {
				return "", fmt.Errorf("%.1000q", err.Error())
			}
			_ = f.Image("", nil)
			_ = f.Behind("")
			_ = f.Needed("")
			return "", nil
		})
	}
	for what, file := range map[string]string{
		"empty": "", "NUL": "\x00", "tabs": "\t\tversion: 1", "bomb": "a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\nversion: 1\n", "binary": "version: !!binary AAAA", "deep": strings.Repeat("[", 10000), "merge": "<<: {version: 1}",
		"python": "version: !!python/object/apply:os.system ['id']", "long key": strings.Repeat("k", 1<<19) + ": 1", "many documents": strings.Repeat("---\nversion: 1\n", 1000), "octal": "version: 01", "infinity": "version: .inf",
	} {
		try(t, "tare.yaml", what, "", func() (string, error) {
			_, err := experiment.Parse("f", []byte(file))
			if err == nil {
				return "", fmt.Errorf("OBEYED: accepted")
			}
			return fmt.Sprintf("%.1000q", err.Error()), nil
		})
	}
	for what, ref := range map[string]string{"traversal": "../../x", "absolute": "/etc/passwd", "escape": "a\x1b[2J", "space": "a b", "upper": "UPPER", "tag": "a:../x", "digest": "a@sha256:../x", "option": "--help", "empty": "", "long": strings.Repeat("a", 5000), "port": "a:99999999/b", "unicode": "а", "null": "a\x00", "scheme": "http://a/b", "at": "@@@"} {
		try(t, "references", what, "*", func() (string, error) {
			n, err := store.Normalize(ref)
			if err != nil {
				return "", fmt.Errorf("%.500q", err.Error())
			}
			if strings.Contains(n.String(), "..") {
				return "", fmt.Errorf("OBEYED: %s", n)
			}
			return n.String(), nil
		})
	}
	for _, s := range []string{"", "-1", "1e400", "99999999999999999999g", "0x10", "1.5.5", "NaN", "inf", "１２", "1\x00", "1 g b", "--1"} {
		try(t, "numbers", s, "*", func() (string, error) {
			n, err := units.ParseBytes(s)
			if err == nil && n < 0 {
				return "", fmt.Errorf("OBEYED: %d", n)
			}
			return "", nil
		})
	}
}

// hosts.toml files that are damaged, or say too much.
func TestHosts(t *testing.T) {
	for what, body := range map[string]string{
		"empty": "", "garbage": "\x00\xff\x1b[2J", "no TOML": "[host", "duplicate": "server = \"a\"\nserver = \"b\"\n", "wrong type": "server = 3\n", "bad URL": "[host.\"://\"]\n", "escapes": "[host.\"http://\x1b[31m\"]\n",
		"a file as CA": "server = \"https://a\"\nca = \"/etc/passwd\"\n", "a CA that is not there": "server = \"https://a\"\nca = \"../../../none\"\n", "client key": "server = \"https://a\"\nclient = [[\"/etc/passwd\", \"/none\"]]\n",
		"unknown capability": "[host.\"http://a\"]\ncapabilities = [\"own\"]\n", "huge": "server = \"" + strings.Repeat("a", 1<<20) + "\"\n", "headers": "[host.\"http://a\".header]\nX = [\"\\r\\nEvil: 1\"]\n", "many": strings.Repeat("[host.\"http://a\"]\n", 1000), "deep": "a = " + strings.Repeat("[", 5000),
	} {
		try(t, "hosts.toml", what, "*", func() (string, error) {
			dir, err := os.MkdirTemp(layouts, "hosts")
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(os.Mkdir(filepath.Join(dir, "r.example"), 0o755), os.WriteFile(filepath.Join(dir, "r.example", "hosts.toml"), []byte(body), 0o644)); err != nil {
				t.Fatal(err)
			}
			r := source.Registry{HostsDirs: []string{dir}, DockerConfig: configfile.New("")}
			if _, err := r.Hosts(t.Context())("r.example"); err != nil {
				return "", fmt.Errorf("%.2000q", err.Error())
			}
			return "", nil
		})
	}
}
