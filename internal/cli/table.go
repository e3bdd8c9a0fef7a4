package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"text/template"

	"github.com/docker/cli/templates"

	"tare/internal/screen"
)

// tableFormat prints rows the way Docker's commands do: `--format` is "table" (the
// default columns), "table TEMPLATE", "json" (an object a line), or a template.
type tableFormat struct {
	fields  []string          // a row's fields, in the order of JSON
	headers map[string]string // field -> column head
	table   string            // the default template, without "table "
}

// row maps a field to its text.
type row map[string]string

func (t tableFormat) write(w io.Writer, format string, rows []row) error {
	format = unescape.Replace(format)
	switch format {
	case "json":
		for _, r := range rows {
			if err := t.json(w, r); err != nil {
				return err
			}
		}
		return nil
	case "", "table":
		format = "table" + t.table
	}
	body, aligned := strings.CutPrefix(format, "table") // with or without a space, as in Docker
	if aligned {
		body = strings.TrimSpace(body)
	}
	tmpl, err := templates.Parse(body)
	if err != nil {
		return usagef("--format: %w", err)
	}
	var b bytes.Buffer
	if aligned {
		head := template.Must(tmpl.Clone()).Funcs(templates.HeaderFunctions)
		if err := head.Execute(&b, t.headers); err != nil {
			return usagef("--format: %w", err)
		}
		b.WriteByte('\n')
	}
	for _, r := range rows {
		for k := range r {
			if _, ok := t.headers[k]; !ok {
				return fmt.Errorf("internal error: field %q has no column", k)
			}
		}
		if err := tmpl.Option("missingkey=error").Execute(&b, map[string]string(r)); err != nil {
			return usagef("--format: %w; the fields are .%s", err, strings.Join(t.fields, ", ."))
		}
		b.WriteByte('\n')
	}
	if !aligned {
		_, err = w.Write(b.Bytes())
		return err
	}
	tw := tabwriter.NewWriter(w, 10, 1, 3, ' ', 0)
	if _, err := tw.Write(b.Bytes()); err != nil {
		return err
	}
	return tw.Flush()
}

// json prints the fields as Docker does: all strings, sorted by name.
func (t tableFormat) json(w io.Writer, r row) error {
	all := map[string]string{}
	for _, f := range t.fields {
		all[f] = r[f]
	}
	return writeJSON(w, all)
}

// writeJSON prints v on one line with < > & as they are, as Docker does.
func writeJSON(w io.Writer, v any) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return err
	}
	_, err := screen.Raw(w).Write(screen.JSON(b.Bytes()))
	return err
}

var unescape = strings.NewReplacer(`\t`, "\t", `\n`, "\n")

// executeTemplate prints one value with a template, or as JSON for "json".
func executeTemplate(w io.Writer, format string, v any) error {
	if format == "json" {
		return writeJSON(w, v)
	}
	tmpl, err := templates.Parse(unescape.Replace(format))
	if err != nil {
		return usagef("--format: %w", err)
	}
	var b bytes.Buffer
	if err := tmpl.Execute(&b, v); err != nil {
		return usagef("--format: %w", err)
	}
	_, err = fmt.Fprintf(w, "%s\n", b.String())
	return err
}

func ellipsis(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	return string(r[:n-1]) + "…"
}
