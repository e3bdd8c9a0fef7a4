package listing

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/docker/cli/templates"

	"tare/internal/request"
	"tare/internal/screen"
	"tare/internal/table"
)

// WriteInspected prints images as `docker inspect` does: a JSON array, on one line with
// the format "json", or a Go template over each.
func WriteInspected(w io.Writer, format string, all []Inspected) error {
	switch format {
	case "json":
		return table.WriteJSON(w, all)
	case "":
		var b bytes.Buffer
		enc := json.NewEncoder(&b)
		enc.SetIndent("", "    ")
		enc.SetEscapeHTML(false)
		if err := enc.Encode(all); err != nil {
			return err
		}
		_, err := screen.Raw(w).Write(screen.JSON(b.Bytes()))
		return err
	}
	for _, v := range all {
		if err := inspectTemplate(w, format, v); err != nil {
			return err
		}
	}
	return nil
}

// inspectTemplate shows the fields by Docker's names; {{json .}} too.
func inspectTemplate(w io.Writer, format string, v Inspected) error {
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
		return request.Errorf("--format: %w", err)
	}
	// As Docker: first with the names of its structures (a label that is not there has
	// "no value"), then with those of its JSON.
	var out bytes.Buffer
	if tmpl.Execute(&out, Typed{Inspected: v, VirtualSize: v.Size}) != nil {
		out.Reset()
		if err := tmpl.Option("missingkey=error").Execute(&out, m); err != nil {
			return fmt.Errorf("inspect --format: %w", err)
		}
	}
	_, err = fmt.Fprintf(w, "%s\n", out.String())
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
