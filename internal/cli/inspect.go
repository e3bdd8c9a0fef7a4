package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/containerd/errdefs"
	"github.com/containerd/platforms"
	"github.com/docker/cli/templates"
	"github.com/spf13/cobra"

	"tare/internal/listing"
	"tare/internal/screen"
	"tare/internal/table"
)

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
	all := []listing.Inspected{}
	failed := false
	for _, ref := range refs {
		v, err := a.inspectOne(ctx, ref, want)
		if err != nil {
			failed = true
			if errdefs.IsNotFound(err) {
				err = fmt.Errorf("no such object: %s", ref)
			}
			defer a.errorf("inspect: %s", err)
			continue
		}
		all = append(all, v)
	}
	if err := a.writeInspected(format, all); err != nil {
		return err
	}
	if failed {
		return exitCode(1)
	}
	return nil
}

func (a *app) inspectOne(ctx context.Context, ref string, want platforms.MatchComparer) (listing.Inspected, error) {
	rec, img, err := a.finder().Local(ctx, ref, want)
	if err != nil {
		return listing.Inspected{}, err
	}
	m, err := a.finder().Measurer(nil)
	if err == nil {
		err = m.Measure(ctx, img)
	}
	if err != nil {
		return listing.Inspected{}, err
	}
	return listing.Inspect(a.st, rec, img)
}

func (a *app) writeInspected(format string, all []listing.Inspected) error {
	switch format {
	case "json":
		return table.WriteJSON(a.Out, all)
	case "":
		var b bytes.Buffer
		enc := json.NewEncoder(&b)
		enc.SetIndent("", "    ")
		enc.SetEscapeHTML(false)
		if err := enc.Encode(all); err != nil {
			return err
		}
		_, err := screen.Raw(a.Out).Write(screen.JSON(b.Bytes()))
		return err
	}
	for _, v := range all {
		if err := a.inspectTemplate(format, v); err != nil {
			return err
		}
	}
	return nil
}

// inspectTemplate shows the fields by Docker's names; {{json .}} too.
func (a *app) inspectTemplate(format string, v listing.Inspected) error {
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
	tmpl, err := templates.Parse(table.Unescape(format))
	if err != nil {
		return usagef("--format: %w", err)
	}
	// As Docker: first with the names of its structures (a label that is not there has
	// "no value"), then with those of its JSON.
	var out bytes.Buffer
	if tmpl.Execute(&out, listing.Typed{Inspected: v, VirtualSize: v.Size}) != nil {
		out.Reset()
		if err := tmpl.Option("missingkey=error").Execute(&out, m); err != nil {
			return fmt.Errorf("inspect --format: %w", err)
		}
	}
	_, err = fmt.Fprintf(a.data(), "%s\n", out.String())
	return err
}

// fillIn adds fields that Docker has, and that are left out where they are empty: a
// template that asks for one finds it empty, and one for a field that nobody has fails.
func fillIn(m map[string]any, pairs ...any) {
	for i := 0; i < len(pairs); i += 2 {
		if _, ok := m[pairs[i].(string)]; !ok {
			m[pairs[i].(string)] = pairs[i+1]
		}
	}
}
