package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/containerd/errdefs"
	"github.com/docker/cli/templates"
	"github.com/spf13/cobra"

	"tare/internal/image"
	"tare/internal/screen"
	"tare/internal/store"
)

// inspected is `inspect`'s view of an image, with Docker's keys.
type inspected struct {
	ID            string `json:"Id"`
	RepoTags      []string
	RepoDigests   []string
	Comment       string
	Created       string
	DockerVersion string
	Author        string
	Architecture  string
	Variant       string `json:",omitempty"`
	Os            string
	Size          int64
	RootFS        rootFS
	Metadata      map[string]string
	Descriptor    any
	Config        image.RunConfig
}

type rootFS struct {
	Type   string
	Layers []string
}

func newInspect(a *app) *cobra.Command {
	var format, platform, kind string
	var size bool
	c := &cobra.Command{
		Use:   "inspect [OPTIONS] IMAGE [IMAGE...]",
		Short: "Show everything that is known about images, as JSON",
		Example: `  tare inspect python:slim
  tare inspect --format '{{.Size}}' python:slim
  tare inspect --format '{{json .Config.Env}}' python:slim`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if kind != "" && kind != "image" {
				return usagef("--type %q: tare keeps images only", kind)
			}
			return a.inspect(cmd.Context(), args, format, platform)
		},
		ValidArgsFunction: a.completeImages,
	}
	c.Flags().StringVarP(&format, "format", "f", "", "json or a Go template")
	c.Flags().StringVar(&platform, "platform", "", "platform of a multi-platform image")
	c.Flags().StringVar(&kind, "type", "", "image; accepted as in Docker")
	c.Flags().BoolVarP(&size, "size", "s", false, "accepted as in Docker; the size is always shown")
	return c
}

func (a *app) inspect(ctx context.Context, refs []string, format, platform string) error {
	want, err := a.platform(platform)
	if err != nil {
		return err
	}
	all := []inspected{}
	failed := false
	for _, ref := range refs {
		rec, img, err := a.load(ctx, ref, want)
		if err == nil {
			err = a.measurer(nil).Measure(ctx, img)
		}
		if err != nil {
			failed = true
			if errdefs.IsNotFound(err) {
				err = fmt.Errorf("no such object: %s", ref)
			}
			defer a.errorf("inspect: %s", err)
			continue
		}
		v, err := a.view(rec, img)
		if err != nil {
			return err
		}
		all = append(all, v)
	}
	if format == "json" {
		if err := writeJSON(a.Out, all); err != nil {
			return err
		}
	} else if format == "" {
		var b bytes.Buffer
		enc := json.NewEncoder(&b)
		enc.SetIndent("", "    ")
		enc.SetEscapeHTML(false)
		if err := enc.Encode(all); err != nil {
			return err
		}
		_, _ = screen.Raw(a.Out).Write(screen.JSON(b.Bytes()))
	} else {
		for _, v := range all {
			if err := a.inspectTemplate(format, v); err != nil {
				return err
			}
		}
	}
	if failed {
		return exitCode(1)
	}
	return nil
}

// inspectTemplate shows the fields by Docker's names; {{json .}} too.
func (a *app) inspectTemplate(format string, v inspected) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	var m map[string]any
	if err := dec.Decode(&m); err != nil {
		return err
	}
	if !strings.Contains(format, "json .}}") {
		m["ID"] = m["Id"]
		fillIn(m, "Parent", "", "Container", "", "Variant", "", "VirtualSize", m["Size"])
		if c, ok := m["Config"].(map[string]any); ok {
			fillIn(c, "User", "", "Env", nil, "Cmd", nil, "Entrypoint", nil, "WorkingDir", "", "Labels", nil, "Volumes", nil, "ExposedPorts", nil,
				"OnBuild", nil, "Shell", nil, "StopSignal", "", "Healthcheck", nil, "ArgsEscaped", false, "Hostname", "", "Domainname", "", "Image", "")
		}
	}
	tmpl, err := templates.Parse(unescape.Replace(format))
	if err != nil {
		return usagef("--format: %w", err)
	}
	// As Docker: first with the names of its structures (a label that is not there has
	// "no value"), then with those of its JSON.
	var out bytes.Buffer
	if tmpl.Execute(&out, typed{inspected: v, VirtualSize: v.Size}) != nil {
		out.Reset()
		if err := tmpl.Option("missingkey=error").Execute(&out, m); err != nil {
			return fmt.Errorf("inspect --format: %w", err)
		}
	}
	_, err = fmt.Fprintf(a.data(), "%s\n", out.String())
	return err
}

// typed is inspected with fields that Docker has and that are always empty here.
type typed struct {
	inspected
	Parent, Container string
	VirtualSize       int64
}

// MarshalJSON leaves them out.
func (t typed) MarshalJSON() ([]byte, error) { return json.Marshal(t.inspected) }

// fillIn adds fields that Docker has, and that are left out where they are empty: a
// template that asks for one finds it empty, and one for a field that nobody has fails.
func fillIn(m map[string]any, pairs ...any) {
	for i := 0; i < len(pairs); i += 2 {
		if _, ok := m[pairs[i].(string)]; !ok {
			m[pairs[i].(string)] = pairs[i+1]
		}
	}
}

func (a *app) view(rec store.Record, img *image.Image) (inspected, error) {
	v := inspected{
		ID: img.ID().String(), RepoTags: []string{}, RepoDigests: []string{}, Comment: img.Config.Comment,
		DockerVersion: img.Config.DockerVersion, Author: img.Config.Author, Architecture: img.Config.Architecture,
		Variant: img.Config.Variant, Os: img.Config.OS, Size: dockerSize(img), RootFS: rootFS{Type: img.Config.RootFS.Type},
		Config: img.Config.Config, Descriptor: rec.Target, Metadata: map[string]string{},
	}
	if n := len(img.Config.History); v.Comment == "" && n > 0 {
		v.Comment = img.Config.History[n-1].Comment // as in Docker
	}
	if img.Config.Created != nil {
		v.Created = img.Config.Created.Format("2006-01-02T15:04:05.999999999Z07:00")
	}
	for _, d := range img.Config.RootFS.DiffIDs {
		v.RootFS.Layers = append(v.RootFS.Layers, d.String())
	}
	recs, err := a.st.Records()
	if err != nil {
		return v, err
	}
	seen := map[string]bool{}
	for _, r := range recs {
		if r.Target.Digest != rec.Target.Digest {
			continue
		}
		if r.Name != "" {
			v.RepoTags = append(v.RepoTags, familiar([]string{r.Name})[0])
		}
		if dg := familiar([]string{r.Repo})[0] + "@" + r.Target.Digest.String(); r.Repo != "" && !seen[dg] {
			seen[dg] = true
			v.RepoDigests = append(v.RepoDigests, dg)
		}
	}
	return v, nil
}
