package shard

import (
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"text/template"

	"tare/internal/request"
)

// Job is a scan for an engine: what starts all its shards.
type Job struct {
	Engine string // one of Engines
	Shards int
	Name   string // of the job
	Image  string // with tare in it: Kubernetes and GitLab
	Claim  string // of the volume for the results: Kubernetes
	Login  string // a secret with Docker's config.json, for private registries: Kubernetes; "" for none
	Out    string // where the results are, for the shards
	// Args are what is scanned: sources, and flags that choose among them. Without any the shards use the plan that Out has.
	Args []string
}

// Engines are those that manifests can be written for.
func Engines() []string { return []string{"kubernetes", "slurm", "gitlab", "github"} }

// label is what Kubernetes takes as the name of a job whose pods get a number behind it.
var label = regexp.MustCompile(`^[a-z]([-a-z0-9]{0,50}[a-z0-9])?$`)

// Check returns an error if the job cannot be written.
func (j *Job) Check() error {
	if !slices.Contains(Engines(), j.Engine) {
		return request.Errorf("%.40q: want one of %s", j.Engine, strings.Join(Engines(), ", "))
	}
	if err := (Shard{1, j.Shards}).Check(); err != nil {
		return request.Errorf("--shards %d: want a number from 1 to %d", j.Shards, Max)
	}
	if most := map[string]int{"gitlab": 200, "github": 256}[j.Engine]; most > 0 && j.Shards > most {
		return request.Errorf("--shards %d: %s starts at most %d jobs", j.Shards, j.Engine, most)
	}
	if !label.MatchString(j.Name) {
		return request.Errorf("--name %.60q: want letters, digits and - (at most 52), such as tare-fleet", j.Name)
	}
	switch {
	case (j.Engine == "kubernetes" || j.Engine == "gitlab") && j.Image == "":
		return request.Errorf("--image: name an image that has tare in it")
	case j.Engine == "kubernetes" && !label.MatchString(j.Claim):
		return request.Errorf("--claim %.60q: name the PersistentVolumeClaim for the results (all pods write into it: ReadWriteMany)", j.Claim)
	case j.Login != "" && !label.MatchString(j.Login):
		return request.Errorf("--login %.60q: name a Secret of type kubernetes.io/dockerconfigjson", j.Login)
	}
	for _, a := range append([]string{j.Image, j.Out}, j.Args...) {
		switch {
		case strings.ContainsFunc(a, func(r rune) bool { return r < ' ' || r == 0x7f }) || strings.ToValidUTF8(a, "") != a:
			return request.Errorf("%.60q: a manifest cannot hold that", a)
		case j.Engine == "github" && strings.Contains(a, "${{"):
			return request.Errorf("%.60q: GitHub would take that for an expression", a)
		}
	}
	for _, a := range j.Args {
		if a == "-" {
			return request.Errorf("shards have no standard input: make a plan with tare fleet plan, and put it into the place for the results as plan.json")
		}
	}
	return nil
}

// Write writes the job, for kubectl apply, sbatch, or a file of the CI.
func (j *Job) Write(w io.Writer) error {
	if err := j.Check(); err != nil {
		return err
	}
	return manifests.ExecuteTemplate(w, j.Engine, j)
}

// manifests are the jobs of the engines. Strings are JSON, which YAML reads as it is, or quoted for a shell.
var manifests = template.Must(template.New("").Funcs(template.FuncMap{
	"json": asJSON, "shell": inShell, "words": func(w []string) string {
		var out []string
		for _, s := range w {
			out = append(out, inShell(s))
		}
		return strings.Join(out, " ")
	},
	// Kubernetes puts variables into arguments: $(NAME), and $$ for $.
	"plain": func(s string) string { return asJSON(strings.ReplaceAll(s, "$", "$$")) },
}).Parse(`
{{define "kubernetes"}}# The results are in the volume of the claim {{.Claim}}. Exit code 3 says that something could not be read: to try again would not help.
apiVersion: batch/v1
kind: Job
metadata:
  name: {{json .Name}}
  labels:
    app.kubernetes.io/name: tare
spec:
  completionMode: Indexed
  completions: {{.Shards}}
  parallelism: {{.Shards}}
  backoffLimitPerIndex: 5
  maxFailedIndexes: {{.Shards}}
  podFailurePolicy:
    rules:
      - action: FailIndex
        onExitCodes:
          containerName: tare
          operator: In
          values: [2, 3]
      - action: Ignore
        onPodConditions:
          - type: DisruptionTarget
            status: "True"
  template:
    metadata:
      labels:
        app.kubernetes.io/name: tare
    spec:
      restartPolicy: Never
      automountServiceAccountToken: false
      securityContext:
        runAsNonRoot: true
        runAsUser: 65532
        runAsGroup: 65532
        fsGroup: 65532
        seccompProfile:
          type: RuntimeDefault
      containers:
        - name: tare
          image: {{json .Image}}
          command: ["tare"]
          args:
            - fleet
            - scan
            - --out
            - {{plain .Out}}{{range .Args}}
            - {{plain .}}{{end}}
          env:
            - name: TARE_SHARDS
              value: "{{.Shards}}"
            - name: TARE_HOME
              value: /tmp/tare{{if .Login}}
            - name: DOCKER_CONFIG
              value: /login{{end}}
          resources:
            requests:
              cpu: "1"
              memory: 512Mi
            limits:
              memory: 2Gi
          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            capabilities:
              drop: [ALL]
          volumeMounts:
            - name: results
              mountPath: {{json .Out}}
            - name: tmp
              mountPath: /tmp{{if .Login}}
            - name: login
              mountPath: /login
              readOnly: true{{end}}
      volumes:
        - name: results
          persistentVolumeClaim:
            claimName: {{json .Claim}}
        - name: tmp
          emptyDir: {}{{if .Login}}
        - name: login
          secret:
            secretName: {{json .Login}}
            items:
              - key: .dockerconfigjson
                path: config.json{{end}}
{{end}}
{{define "slurm"}}#!/bin/sh
#SBATCH --job-name={{.Name}}
#SBATCH --array=1-{{.Shards}}
#SBATCH --ntasks=1
#SBATCH --requeue
# Each task of the array reads its part of the layers; all write into one directory.
exec tare fleet scan --out {{shell .Out}}{{if .Args}} {{words .Args}}{{end}}
{{end}}
{{define "gitlab"}}# One job makes the plan, {{.Shards}} read the layers; the results of all are in the last one.
{{.Name}}-plan:
  image: {{json .Image}}
  script:
    - {{json (print "tare fleet plan -o plan.json " (words .Args))}}
  allow_failure:
    exit_codes: [3] # something could not be read; the report says what
  artifacts:
    when: always
    paths: [plan.json]

{{.Name}}-scan:
  image: {{json .Image}}
  needs: ["{{.Name}}-plan"]
  parallel: {{.Shards}}
  retry: 2
  allow_failure:
    exit_codes: [3]
  script:
    - {{json (print "tare fleet scan --plan plan.json --out " (shell .Out))}}
  artifacts:
    when: always
    paths: [{{json .Out}}]

{{.Name}}-report:
  image: {{json .Image}}
  needs: ["{{.Name}}-scan"]
  script:
    - {{json (print "tare fleet report " (shell .Out))}}
{{end}}
{{define "github"}}# One job makes the plan, {{.Shards}} read the layers, and the last one has the results of all.
name: {{json .Name}}
on:
  workflow_dispatch:
permissions:
  contents: read
jobs:
  plan:
    runs-on: ubuntu-latest
    steps:
      # 3: something could not be read; the report says what.
      - run: {{json (print "tare fleet plan -o plan.json " (words .Args) " || test $? -eq 3")}}
      - uses: actions/upload-artifact@v4
        with:
          name: plan
          path: plan.json
  scan:
    needs: plan
    runs-on: ubuntu-latest
    strategy:
      fail-fast: false
      matrix:
        shard: [{{range $n, $s := .Each}}{{if $n}}, {{end}}{{$s}}{{end}}]
    steps:
      - uses: actions/download-artifact@v4
        with:
          name: plan
      - run: {{json (print "tare fleet scan --plan plan.json --shard ${{ matrix.shard }}/${{ strategy.job-total }} --out " (shell .Out) " || test $? -eq 3")}}
      - if: always()
        uses: actions/upload-artifact@v4
        with:
          name: {{json (print .Name "-${{ matrix.shard }}")}}
          path: {{json .Out}}
  report:
    needs: scan
    runs-on: ubuntu-latest
    steps:
      - uses: actions/download-artifact@v4
        with:
          pattern: {{json (print .Name "-*")}}
          path: {{json .Out}}
          merge-multiple: true
      - run: {{json (print "tare fleet report " (shell .Out))}}
{{end}}
`))

// Each are the numbers of the shards.
func (j *Job) Each() []int {
	out := make([]int, j.Shards)
	for i := range out {
		out[i] = i + 1
	}
	return out
}

func asJSON(s string) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		return fmt.Sprintf("%q", s)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// inShell is a word that a shell reads as it is.
func inShell(s string) string {
	if s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:@=,+") == "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
