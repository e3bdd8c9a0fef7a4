package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/containerd/errdefs"
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
	if format == "" {
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
	m["ID"] = m["Id"]
	if format == "json" || strings.Contains(format, "json .}}") {
		delete(m, "ID")
	}
	return executeTemplate(a.data(), format, m)
}

func (a *app) view(rec store.Record, img *image.Image) (inspected, error) {
	v := inspected{
		ID: img.ID().String(), RepoTags: []string{}, RepoDigests: []string{}, Comment: img.Config.Comment,
		DockerVersion: img.Config.DockerVersion, Author: img.Config.Author, Architecture: img.Config.Architecture,
		Variant: img.Config.Variant, Os: img.Config.OS, Size: dockerSize(img), RootFS: rootFS{Type: img.Config.RootFS.Type},
		Config: img.Config.Config, Descriptor: rec.Target, Metadata: map[string]string{},
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
