// Package table prints rows as Docker's commands do: aligned, as JSON, or with a Go
// template over Docker's field names.
package table

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"text/template"

	"github.com/docker/cli/templates"

	"tare/internal/request"
	"tare/internal/screen"
)

// Format is a kind of row and how it is shown by default.
type Format struct {
	Fields  []string          // a row's fields, in the order of JSON
	Headers map[string]string // field -> column head
	Table   string            // the default template, without "table "
}

// Row maps a field to its text.
type Row map[string]string

// Write prints rows. format is "table" or "" (the default columns), "table TEMPLATE",
// "json" (an object a line), or a template. A format that cannot be used is a
// request.Error.
func (t Format) Write(w io.Writer, format string, rows []Row) error {
	format = Unescape(format)
	switch format {
	case "json":
		for _, r := range rows {
			if err := t.json(w, r); err != nil {
				return err
			}
		}
		return nil
	case "", "table":
		format = "table" + t.Table
	}
	body, aligned := strings.CutPrefix(format, "table") // with or without a space, as in Docker
	if aligned {
		body = strings.TrimSpace(body)
	}
	tmpl, err := templates.Parse(body)
	if err != nil {
		return request.Errorf("--format: %w", err)
	}
	var b bytes.Buffer
	if aligned {
		head := template.Must(tmpl.Clone()).Funcs(templates.HeaderFunctions)
		if err := head.Execute(&b, t.Headers); err != nil {
			return request.Errorf("--format: %w", err)
		}
		b.WriteByte('\n')
	}
	for _, r := range rows {
		for k := range r {
			if _, ok := t.Headers[k]; !ok {
				return fmt.Errorf("internal error: field %q has no column", k)
			}
		}
		if err := tmpl.Option("missingkey=error").Execute(&b, map[string]string(r)); err != nil {
			return request.Errorf("--format: %w; the fields are .%s", err, strings.Join(t.Fields, ", ."))
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
func (t Format) json(w io.Writer, r Row) error {
	all := map[string]string{}
	for _, f := range t.Fields {
		all[f] = r[f]
	}
	return WriteJSON(w, all)
}

// WriteJSON prints v on one line with < > & as they are, as Docker does.
func WriteJSON(w io.Writer, v any) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return err
	}
	_, err := screen.Raw(w).Write(screen.JSON(b.Bytes()))
	return err
}

// Unescape makes tabs and line ends of the two-letter forms that people write in a shell.
func Unescape(format string) string { return escapes.Replace(format) }

var escapes = strings.NewReplacer(`\t`, "\t", `\n`, "\n")

// Template prints one value with a template, or as JSON for "json".
func Template(w io.Writer, format string, v any) error {
	if format == "json" {
		return WriteJSON(w, v)
	}
	tmpl, err := templates.Parse(Unescape(format))
	if err != nil {
		return request.Errorf("--format: %w", err)
	}
	var b bytes.Buffer
	if err := tmpl.Execute(&b, v); err != nil {
		return request.Errorf("--format: %w", err)
	}
	_, err = fmt.Fprintf(w, "%s\n", b.String())
	return err
}

// Ellipsis cuts a text to n characters.
func Ellipsis(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	return string(r[:n-1]) + "…"
}
