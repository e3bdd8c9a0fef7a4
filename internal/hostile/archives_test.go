package hostile_test

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/ulikunitz/xz"

	"tare/internal/image"
	"tare/internal/source"
	"tare/internal/store"
	"tare/internal/testkit"
)

// oddValues are what strangers write where a document wants something else.
func oddValues() map[string]any {
	return map[string]any{
		"null": nil, "a number": 3, "negative": -1, "a float": 1.5, "true": true, "empty text": "", "an empty list": []any{}, "an empty object": map[string]any{},
		"a list of null": []any{nil}, "escapes": "\x1b[2J\u202e\u009b<img src=x onerror=alert(1)>", "a path": "../../../../etc/passwd", "long": strings.Repeat("x", 1<<16),
		"an object in a list": []any{map[string]any{"\x1b[2J": []any{1, "x"}}},
	}
}

// loads gives an archive to load and to everything that looks at it where it is.
func loads(t *testing.T, raw []byte) (string, error) {
	dir := must(os.MkdirTemp(layouts, "store"))
	defer func() { _ = os.RemoveAll(dir) }()
	st, err := store.Open(dir)
	if err != nil {
		return "", err
	}
	recs, err1 := source.Load(context.Background(), st, bytes.NewReader(raw))
	out := ""
	for _, r := range recs {
		out += fmt.Sprintln(r.Name, r.Repository(), r.Tag())
		if _, err := image.Load(context.Background(), st.Content(), r.Target, nil); err != nil {
			return out, fmt.Errorf("OBEYED: loaded what is no image: %w", err)
		}
	}
	if left, _ := st.Records(); err1 != nil && len(left) > 0 {
		return out, fmt.Errorf("OBEYED: refused, but recorded %d images: %w", len(left), err1)
	}
	name := filepath.Join(layouts, digest.FromBytes(raw).Encoded()+".tar")
	if err := os.WriteFile(name, raw, 0o600); err != nil {
		return "", err
	}
	text, err2 := all("archive://" + name)
	_ = os.Remove(name)
	if err1 == nil {
		err1 = err2
	} else if err2 != nil {
		out += err2.Error()
	}
	return out + text, err1
}

// archive is docker save's, of one layer; its documents may be changed.
func archive(t *testing.T, layers [][]byte, change func(config, entry map[string]any), more ...testkit.Entry) []byte {
	t.Helper()
	diffs, files := []any{}, []any{}
	var entries []testkit.Entry
	for i, l := range layers {
		name := fmt.Sprintf("%d/layer.tar", i)
		diffs, files = append(diffs, digest.FromBytes(l)), append(files, name)
		entries = append(entries, testkit.File(name, string(l)))
	}
	cfg := map[string]any{"architecture": "amd64", "os": "linux", "rootfs": map[string]any{"type": "layers", "diff_ids": diffs}}
	entry := map[string]any{"Config": "c.json", "RepoTags": []any{"app:1"}, "Layers": files}
	if change != nil {
		change(cfg, entry)
	}
	return testkit.Tar(t, append(append(entries, testkit.File("c.json", string(marshal(t, cfg))), testkit.File("manifest.json", string(marshal(t, []any{entry})))), more...)...)
}

func TestDockerArchives(t *testing.T) {
	one := testkit.Tar(t, testkit.File("etc/passwd", "root"), testkit.File("a", "1"))
	for what, v := range oddValues() {
		for _, field := range []string{"Config", "RepoTags", "Layers"} {
			try(t, "docker archives", field+" is "+what, "*", func() (string, error) {
				return loads(t, archive(t, [][]byte{one}, func(_, e map[string]any) { e[field] = v }))
			})
		}
		try(t, "docker archives", "manifest.json is "+what, "*", func() (string, error) {
			return loads(t, testkit.Tar(t, testkit.File("manifest.json", string(marshal(t, v)))))
		})
		for _, field := range []string{"rootfs", "diff_ids", "history", "config", "created", "os"} {
			try(t, "docker archives", "its "+field+" is "+what, "*", func() (string, error) {
				return loads(t, archive(t, [][]byte{one}, func(c, _ map[string]any) {
					if c[field] = v; field == "diff_ids" {
						c["rootfs"] = map[string]any{"diff_ids": v}
					}
				}))
			})
		}
	}
	for what, tag := range map[string]string{
		"digest": "alpine@sha256:" + strings.Repeat("a", 64), "tag and digest": "alpine:3@sha256:" + strings.Repeat("a", 64), "sha512": "alpine@sha512:" + strings.Repeat("a", 128), "empty": "", "blank": " ", "upper": "UPPER:1", "blanks": "a b:1",
		"two tags": "a:b:c", "traversal": "../../x:1", "absolute": "/etc/passwd", "only a tag": ":1", "no tag": "app:", "escape": "a\x1b[2J:1", "title": "\x1b]0;owned\x07", "right to left": "a\u202e:1", "C1": "a\u009b31m:1", "newline": "a\nb:1", "return": "a\r:1", "NUL": "a\x00:1",
		"invalid UTF-8": "a\xff:1", "long": strings.Repeat("a", 100_000), "long tag": "a:" + strings.Repeat("a", 129), "scheme": "http://a/b:1", "option": "-a:1", "an ID": strings.Repeat("f", 64), "markup": "<script>boom()</script>:1", "formula": "=cmd|x:1", "dots": "..:1", "double slash": "a//b:1",
		"port of letters": "host:port/a:1", "unicode": "ä:1", "cyrillic": "а:1", "percent": "%s%n:1", "dollar": "$(id):1", "underscores": "a___b:1", "deep": strings.Repeat("a/", 3000) + "b:1",
	} {
		try(t, "tags", what, "RepoTags", func() (string, error) {
			return loads(t, archive(t, [][]byte{one}, func(_, e map[string]any) { e["RepoTags"] = []any{"good:1", tag} }))
		})
	}
	try(t, "tags", "the same 5,000 times", "", func() (string, error) {
		var list []any
		for range 5000 {
			list = append(list, "app:1")
		}
		return loads(t, archive(t, [][]byte{one}, func(_, e map[string]any) { e["RepoTags"] = list }))
	})
}

// Members of an archive that are not what they should be.
func TestArchiveMembers(t *testing.T) {
	one := testkit.Tar(t, testkit.File("a", "1"))
	good := archive(t, [][]byte{one}, nil)
	header := func(name string, typ byte, link string) testkit.Entry {
		return testkit.Entry{Header: tar.Header{Name: name, Typeflag: typ, Linkname: link}}
	}
	for what, e := range map[string][]testkit.Entry{
		"a device as layer": {header("0/layer.tar", tar.TypeBlock, "")}, "a FIFO as layer": {header("0/layer.tar", tar.TypeFifo, "")}, "a directory as layer": {header("0/layer.tar/", tar.TypeDir, "")},
		"a link out of it": {header("0/layer.tar", tar.TypeSymlink, "../../../../etc/passwd")}, "an absolute link": {header("0/layer.tar", tar.TypeSymlink, "/etc/passwd")}, "a hard link out of it": {header("0/layer.tar", tar.TypeLink, "../../etc/passwd")},
		"a loop": {header("0/layer.tar", tar.TypeSymlink, "../x"), header("x", tar.TypeSymlink, "0/layer.tar")}, "a link to itself": {header("0/layer.tar", tar.TypeLink, "0/layer.tar")}, "a link to the manifest": {header("0/layer.tar", tar.TypeSymlink, "../manifest.json")},
		"a chain of 100":  chain(100),
		"manifest a link": {header("manifest.json", tar.TypeSymlink, "c.json")}, "config a link": {header("c.json", tar.TypeSymlink, "/proc/self/environ")},
		"manifest twice": {testkit.File("manifest.json", "[]")}, "an absolute name": {testkit.File("/etc/cron.d/x", "x")}, "a name with ..": {testkit.File("../../../tmp/x", "x")}, "an empty name": {testkit.File("", "x")},
		"index of garbage": {testkit.File("index.json", "\x00garbage")}, "index null": {testkit.File("index.json", "null")}, "index of 0": {testkit.File("index.json", `{"manifests":[]}`)}, "index manifests null": {testkit.File("index.json", `{"manifests":null}`)},
		"index of what is not there": {testkit.File("index.json", `{"manifests":[{"mediaType":"`+ocispec.MediaTypeImageManifest+`","size":3,"digest":"`+digest.FromString("no").String()+`"}]}`)},
		"layout of version 9":        {testkit.File("oci-layout", `{"imageLayoutVersion":"9"}`)}, "layout of escapes": {testkit.File("oci-layout", `{"imageLayoutVersion":"\u001b[2J"}`), testkit.File("index.json", `{"manifests":[{}]}`)},
		"a blob with a wrong name": {testkit.File("blobs/sha256/"+strings.Repeat("a", 64), "x")}, "a blob of md5": {testkit.File("blobs/md5/"+strings.Repeat("a", 32), "x")}, "a blob with a path": {testkit.File("blobs/sha256/../../x", "x")},
		"an extended header": {{Header: tar.Header{Name: "x", Format: tar.FormatPAX, PAXRecords: map[string]string{"SCHILY.xattr.security.capability": "x"}}}},
	} {
		try(t, "archive members", what, "*", func() (string, error) { return loads(t, archive(t, [][]byte{one}, nil, e...)) })
		try(t, "archive members", what+", first", "*", func() (string, error) {
			return loads(t, append(bytes.Clone(testkit.Tar(t, e...)[:len(testkit.Tar(t, e...))-1024]), good...))
		})
	}
	for _, version := range []string{"0.0", "0.1", "1.0"} {
		records := map[string]string{"GNUxsparse.major": version[:1], "GNUxsparse.minor": version[2:], "GNUxsparse.size": "1099511627776", "GNUxsparse.realsize": "1099511627776", "GNUxsparse.map": "0,1", "GNUxsparse.numblocks": "1", "GNUxsparse.name": "0/layer.tar"}
		b := archive(t, [][]byte{one}, nil, testkit.Entry{Header: tar.Header{Name: "s", Format: tar.FormatPAX, PAXRecords: records}, Body: "1\n0\n1\n" + strings.Repeat("\x00", 506) + "x"})
		try(t, "archive members", "a sparse layer of 1 TB, PAX "+version, "*", func() (string, error) {
			return loads(t, bytes.ReplaceAll(b, []byte("GNUxsparse"), []byte("GNU.sparse")))
		})
	}
	for _, at := range []int{0, 1, 511, 512, 513, 1024, len(good) / 2, len(good) - 1025, len(good) - 1024, len(good) - 512, len(good) - 1} {
		try(t, "archive members", fmt.Sprintf("cut at %d", at), "*", func() (string, error) { return loads(t, good[:at]) })
	}
}

// chain is a layer behind so many links.
func chain(n int) []testkit.Entry {
	out := []testkit.Entry{testkit.Symlink("0/layer.tar", "../l0")}
	for i := range n {
		out = append(out, testkit.Symlink(fmt.Sprint("l", i), fmt.Sprint("l", i+1)))
	}
	return out
}

// packers are the compressions that an archive and its layers may have.
func packers(t *testing.T) map[string]func([]byte) []byte {
	t.Helper()
	out := map[string]func([]byte) []byte{
		"gzip": func(b []byte) []byte { return testkit.Gzip(t, b) },
		"zstd": func(b []byte) []byte { return testkit.Zstd(t, b) },
		"xz": func(b []byte) []byte {
			var out bytes.Buffer
			w := must(xz.WriterConfig{DictCap: 1 << 20}.NewWriter(&out))
			_, _ = w.Write(b)
			_ = w.Close()
			return out.Bytes()
		},
	}
	if _, err := exec.LookPath("bzip2"); err == nil {
		out["bzip2"] = func(b []byte) []byte {
			cmd := exec.Command("bzip2", "-c")
			cmd.Stdin = bytes.NewReader(b)
			return must(cmd.Output())
		}
	}
	return out
}

func TestCompressedArchives(t *testing.T) {
	tarball := testkit.Tar(t, testkit.File("a", strings.Repeat("some text ", 3000)))
	plain := archive(t, [][]byte{tarball}, nil)
	for kind, pack := range packers(t) {
		body := pack(plain)
		for _, cut := range []int{1, 5, 11, 20, len(body) / 3, len(body) / 2, len(body) - 12, len(body) - 1} {
			try(t, "compressed archives", fmt.Sprintf("%s cut at %d", kind, cut), "*", func() (string, error) { return loads(t, body[:cut]) })
		}
		r := rand.New(rand.NewPCG(3, 4))
		for range 8 {
			bad := bytes.Clone(body)
			at := r.IntN(len(bad))
			bad[at] ^= 1 << r.IntN(8)
			try(t, "compressed archives", fmt.Sprintf("%s, a bit at %d", kind, at), "*", func() (string, error) { return loads(t, bad) })
		}
		try(t, "compressed archives", kind+" and garbage", "*", func() (string, error) { return loads(t, append(bytes.Clone(body), "garbage"...)) })
		try(t, "compressed archives", kind+" and zeros", "", func() (string, error) { return loads(t, append(bytes.Clone(body), make([]byte, 10_000)...)) })
		try(t, "compressed archives", kind+" twice in a row", "", func() (string, error) { return loads(t, append(bytes.Clone(body), pack([]byte("more"))...)) })
		for inner, again := range packers(t) {
			try(t, "compressed archives", kind+" in "+inner, "*", func() (string, error) { return loads(t, again(body)) })
			try(t, "compressed archives", "a layer of "+inner+" in "+kind, "*", func() (string, error) {
				return loads(t, pack(archive(t, [][]byte{again(tarball)}, func(c, _ map[string]any) {
					c["rootfs"] = map[string]any{"diff_ids": []any{digest.FromBytes(tarball)}}
				})))
			})
		}
		// Layers: the same tricks where nobody expects this compression.
		layer := func(body []byte) func() (string, error) {
			return func() (string, error) {
				l := newLayout(t)
				d := l.blob(t, ocispec.MediaTypeImageLayer+"+"+kind, body)
				return all("oci-dir://" + single(t, []ocispec.Descriptor{d}, []digest.Digest{digest.FromBytes(tarball)}, l, nil).dir)
			}
		}
		b := pack(tarball)
		try(t, "compressed layers", kind, "", layer(b))
		try(t, "compressed layers", kind+" and zeros", "", layer(append(bytes.Clone(b), make([]byte, 4096)...)))
		try(t, "compressed layers", kind+", zeros and garbage", "layer", layer(append(append(bytes.Clone(b), make([]byte, 512)...), "x"...)))
		try(t, "compressed layers", kind+", an empty stream before", "", layer(append(pack(nil), b...)))
		try(t, "compressed layers", kind+", 3,000 empty streams", "*", layer(append(bytes.Repeat(pack(nil), 3000), b...)))
		for _, at := range []int{4, 6, 8, 12, len(b) - 14, len(b) - 6, len(b) - 2} {
			bad := bytes.Clone(b)
			bad[at] ^= 0xff
			try(t, "compressed layers", fmt.Sprintf("%s, byte %d", kind, at), "*", layer(bad))
		}
	}
	t.Setenv("TARE_MAX_LAYER", fmt.Sprint(32<<20))
	zeros := make([]byte, 64<<20)
	for kind, pack := range packers(t) {
		bomb := pack(zeros)
		try(t, "bombs", kind+" in a layer, 64 MB", "TARE_MAX_LAYER", func() (string, error) {
			l := newLayout(t)
			d := l.blob(t, ocispec.MediaTypeImageLayer+"+"+kind, bomb)
			return all("oci-dir://" + single(t, []ocispec.Descriptor{d}, []digest.Digest{digest.FromBytes(zeros)}, l, nil).dir)
		})
		try(t, "bombs", kind+" in a layer of an archive", "TARE_MAX_LAYER", func() (string, error) {
			return loads(t, archive(t, [][]byte{bomb}, func(c, _ map[string]any) { c["rootfs"] = map[string]any{"diff_ids": []any{digest.FromBytes(zeros)}} }))
		})
		try(t, "bombs", kind+" as an archive", "*", func() (string, error) { return loads(t, bomb) })
	}
}

// Every field of a configuration, a manifest and an index with every odd value.
func TestEveryField(t *testing.T) {
	good := testkit.Tar(t, testkit.File("a", "1"))
	lay := func(change func(c, m map[string]any), index func(d map[string]any)) func() (string, error) {
		return func() (string, error) {
			l := newLayout(t)
			d := l.blob(t, ocispec.MediaTypeImageLayer, good)
			single(t, []ocispec.Descriptor{d}, []digest.Digest{digest.FromBytes(good)}, l, change)
			if index != nil {
				raw := must(os.ReadFile(filepath.Join(l.dir, "index.json")))
				var x map[string]any
				if err := json.Unmarshal(raw, &x); err != nil {
					return "", err
				}
				index(x["manifests"].([]any)[0].(map[string]any))
				l.index(t, marshal(t, x))
			}
			return all("oci-dir://" + l.dir)
		}
	}
	for what, v := range oddValues() {
		for _, field := range []string{"variant", "os.version", "os.features", "author", "container_config"} {
			try(t, "fields of configurations", field+" is "+what, "*", lay(func(c, _ map[string]any) { c[field] = v }, nil))
		}
		for _, field := range []string{"Cmd", "Volumes", "ExposedPorts", "Healthcheck"} {
			try(t, "fields of configurations", "config."+field+" is "+what, "*", lay(func(c, _ map[string]any) { c["config"] = map[string]any{field: v} }, nil))
		}
		for _, field := range []string{"created_by", "empty_layer"} {
			try(t, "fields of histories", field+" is "+what, "*", lay(func(c, _ map[string]any) { c["history"] = []any{map[string]any{field: v}} }, nil))
		}
		for _, field := range []string{"mediaType", "digest", "size", "annotations", "platform"} {
			try(t, "fields of layers", field+" is "+what, "*", lay(func(_, m map[string]any) {
				d := map[string]any{"mediaType": ocispec.MediaTypeImageLayer, "digest": digest.FromBytes(good), "size": len(good)}
				d[field] = v
				m["layers"] = []any{d}
			}, nil))
			try(t, "fields of indexes", field+" is "+what, "*", lay(nil, func(d map[string]any) { d[field] = v }))
		}
		try(t, "fields of indexes", "data is "+what, "*", lay(nil, func(d map[string]any) { d["data"] = v }))
	}
}
