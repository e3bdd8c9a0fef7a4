package shard_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/jsonschema-go/jsonschema"
	"github.com/rhysd/actionlint"
	"github.com/yannh/kubeconform/pkg/validator"
	batchv1 "k8s.io/api/batch/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"tare/internal/shard"
)

var update = flag.Bool("update", false, "write the schema of Kubernetes' Job anew")

// schemaFile is the schema of a Job, made of Kubernetes' own types: kubeconform reads it, and asks no network.
const schemaFile = "testdata/job-batch-v1.json"

func TestSchemaIsKubernetes(t *testing.T) {
	text := &jsonschema.Schema{Type: "string"}
	number := &jsonschema.Schema{Types: []string{"string", "integer", "number"}}
	o := &jsonschema.ForOptions{TypeSchemas: map[reflect.Type]*jsonschema.Schema{
		reflect.TypeFor[metav1.Time](): text, reflect.TypeFor[metav1.MicroTime](): text, reflect.TypeFor[resource.Quantity](): number,
		reflect.TypeFor[intstr.IntOrString](): number, reflect.TypeFor[metav1.FieldsV1](): {Type: "object"},
	}}
	s, err := jsonschema.For[batchv1.Job](o)
	if err != nil {
		t.Fatal(err)
	}
	template := s.Properties["spec"].Properties["template"]
	// An embedded struct that has a name in JSON is no part of the struct around it: the library does not know.
	for _, within := range []*jsonschema.Schema{s, template, template.Properties["spec"].Properties["volumes"].Items.Properties["ephemeral"].Properties["volumeClaimTemplate"]} {
		meta, err := jsonschema.For[metav1.ObjectMeta](o)
		if err != nil {
			t.Fatal(err)
		}
		for name := range meta.Properties {
			delete(within.Properties, name)
		}
		within.Properties["metadata"] = meta
		within.PropertyOrder = nil
	}
	s.Required = []string{"apiVersion", "kind", "metadata", "spec"}
	b, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := json.Indent(&out, b, "", " "); err != nil {
		t.Fatal(err)
	}
	out.WriteByte('\n')
	if *update {
		if err := os.WriteFile(schemaFile, out.Bytes(), 0o644); err != nil { //nolint:gosec // a file of the repository
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(schemaFile)
	if err != nil || !bytes.Equal(have, out.Bytes()) {
		t.Errorf("%s is not what Kubernetes' types say (go test ./internal/shard -update): %v", schemaFile, err)
	}
}

// conform is what kubeconform finds wrong with a manifest.
func conform(t *testing.T, text string) string {
	t.Helper()
	dir, err := filepath.Abs("testdata")
	if err != nil {
		t.Fatal(err)
	}
	v, err := validator.New([]string{dir + "/{{ .ResourceKind }}{{ .KindSuffix }}.json"}, validator.Opts{Strict: true, KubernetesVersion: "master"})
	if err != nil {
		t.Fatal(err)
	}
	var wrong []string
	for _, r := range v.Validate("job.yaml", io.NopCloser(strings.NewReader(text))) {
		if r.Status != validator.Valid {
			wrong = append(wrong, r.Err.Error())
		}
	}
	return strings.Join(wrong, "\n")
}

func job(engine string, args ...string) *shard.Job {
	return &shard.Job{Engine: engine, Shards: 4, Name: "tare-fleet", Image: "registry.example/tare:1", Claim: "fleet", Out: "/fleet", Args: args}
}

func write(t *testing.T, j *shard.Job) string {
	t.Helper()
	var b bytes.Buffer
	if err := j.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestKubernetesJobsConform(t *testing.T) {
	for _, j := range []*shard.Job{
		job("kubernetes", "registry.example:5000"), job("kubernetes"),
		{Engine: "kubernetes", Shards: 1, Name: "a", Image: "x", Claim: "c", Login: "pull-secret", Out: "/a b: #c", Args: []string{"--tags={1,2}*", "registry.example/$(HOME)/\"*", "*", "- x", "ü: &a"}},
	} {
		text := write(t, j)
		if wrong := conform(t, text); wrong != "" {
			t.Errorf("%s\n%s", wrong, text)
		}
		var got batchv1.Job
		var plain any
		if err := yaml.Unmarshal([]byte(text), &plain); err != nil {
			t.Fatal(err)
		}
		b, err := json.Marshal(plain)
		if err != nil {
			t.Fatal(err)
		}
		d := json.NewDecoder(bytes.NewReader(b))
		d.DisallowUnknownFields()
		if err := d.Decode(&got); err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		c := got.Spec.Template.Spec.Containers[0]
		want := []string{"fleet", "scan", "--out", j.Out}
		for _, a := range j.Args {
			want = append(want, strings.ReplaceAll(a, "$", "$$"))
		}
		if *got.Spec.Completions != int32(j.Shards) || *got.Spec.Parallelism != int32(j.Shards) || *got.Spec.CompletionMode != batchv1.IndexedCompletion || !reflect.DeepEqual(c.Args, want) {
			t.Errorf("%+v\n%q", got.Spec, c.Args)
		}
		if c.Env[0].Name != shard.CountVariable || c.Env[0].Value != map[int]string{1: "1", 4: "4"}[j.Shards] {
			t.Errorf("%+v", c.Env)
		}
	}
	// The check can fail.
	good := write(t, job("kubernetes"))
	for _, bad := range []string{strings.Replace(good, "completions: 4", "completions: many", 1), strings.Replace(good, "completionMode", "completionMood", 1), strings.Replace(good, "kind: Job", "kind: Pod", 1), strings.Replace(good, "          image:", "          imagine:", 1)} {
		if conform(t, bad) == "" {
			t.Errorf("nothing is wrong with\n%s", bad)
		}
	}
}

func TestWorkflowsAreSound(t *testing.T) {
	text := write(t, job("github", "registry.example/team/*", "--tags=it's"))
	l, err := actionlint.NewLinter(io.Discard, &actionlint.LinterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	found, err := l.Lint("fleet.yml", []byte(text), nil)
	if err != nil || len(found) > 0 {
		t.Errorf("%v, %v\n%s", found, err, text)
	}
	for _, want := range []string{"--shard ${{ matrix.shard }}/${{ strategy.job-total }}", "shard: [1, 2, 3, 4]"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

func TestGitLabJobsAreSound(t *testing.T) {
	var got map[string]struct {
		Image    string
		Parallel int
		Needs    []string
		Script   []string
	}
	text := write(t, job("gitlab", "registry.example/team/*", "--tags={a: 'b'}"))
	if err := yaml.Unmarshal([]byte(text), &got); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if s := got["tare-fleet-scan"]; s.Parallel != 4 || s.Script[0] != "tare fleet scan --plan plan.json --out /fleet" || s.Needs[0] != "tare-fleet-plan" {
		t.Errorf("%+v", s)
	}
	if s := got["tare-fleet-plan"]; s.Script[0] != `tare fleet plan -o plan.json 'registry.example/team/*' '--tags={a: '\''b'\''}'` {
		t.Errorf("%+v", s)
	}
}

// The words of a script reach the program as they are.
func TestSlurmScriptsAreSound(t *testing.T) {
	args := []string{"registry.example/team/*", "it's", "$HOME", "`id`", "a b", "--tags={1,2}"}
	text := write(t, &shard.Job{Engine: "slurm", Shards: 16, Name: "scan", Out: "/scratch/a b", Args: args})
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "tare"), []byte("#!/bin/sh\nprintf '%s\\n' \"$@\"\n"), 0o755); err != nil { //nolint:gosec // a program
		t.Fatal(err)
	}
	c := exec.Command("/bin/sh")
	c.Stdin, c.Env = strings.NewReader(text), []string{"PATH=" + dir + ":" + os.Getenv("PATH")}
	out, err := c.CombinedOutput()
	if want := strings.Join(append([]string{"fleet", "scan", "--out", "/scratch/a b"}, args...), "\n") + "\n"; err != nil || string(out) != want {
		t.Errorf("%v\n%s", err, out)
	}
	if !strings.Contains(text, "#SBATCH --array=1-16\n") {
		t.Error(text)
	}
}

func TestBadJobs(t *testing.T) {
	for want, change := range map[string]func(j *shard.Job){
		"want one of":          func(j *shard.Job) { j.Engine = "nomad" },
		"--shards 0":           func(j *shard.Job) { j.Shards = 0 },
		"--name":               func(j *shard.Job) { j.Name = "Not a name" },
		"--image":              func(j *shard.Job) { j.Image = "" },
		"--claim":              func(j *shard.Job) { j.Claim = "a\nb" },
		"--login":              func(j *shard.Job) { j.Login = "A" },
		"cannot hold that":     func(j *shard.Job) { j.Args = []string{"a\nb"} },
		"cannot hold":          func(j *shard.Job) { j.Image = "a\x7f" },
		"cannot":               func(j *shard.Job) { j.Args = []string{"\xff"} },
		"no standard input":    func(j *shard.Job) { j.Args = []string{"-"} },
		"for an expression":    func(j *shard.Job) { j.Engine, j.Args = "github", []string{"${{ secrets.X }}"} },
		"starts at most 256":   func(j *shard.Job) { j.Engine, j.Shards = "github", 257 },
		"gitlab starts at mos": func(j *shard.Job) { j.Engine, j.Shards = "gitlab", 201 },
	} {
		j := job("kubernetes", "registry.example")
		change(j)
		if err := j.Write(io.Discard); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q: %v", want, err)
		}
	}
}
