package settings

import (
	"maps"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Schema is the JSON schema of the file, for editors: every command of a program with
// the flags that a file may set.
func Schema(root *cobra.Command) map[string]any {
	commands := sections(root)
	properties, all := map[string]any{}, map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(commands)) {
		if refusedCommands[name] != "" {
			continue
		}
		flags := map[string]any{}
		for n, f := range usable(commands[name]) {
			if refusal(name, n) != "" {
				continue
			}
			flags[n] = property(f)
			if global(root, n, f) && all[n] == nil {
				all[n] = property(f)
			} else if global(root, n, f) && all[n].(map[string]any)["description"] != f.Usage {
				delete(all[n].(map[string]any), "description") // what it does depends on the command
			}
		}
		properties[name] = object(commands[name].Short, flags)
	}
	properties[All] = object("Flags of all commands that have them", all)
	return map[string]any{"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "urn:tare:config.yaml:v1",
		"title": "config.yaml, defaults of tare's flags", "type": "object", "properties": properties, "additionalProperties": false}
}

func object(text string, flags map[string]any) map[string]any {
	return map[string]any{"type": []string{"object", "null"}, "description": text, "properties": flags, "additionalProperties": false}
}

// property is the schema of a flag's value.
func property(f *pflag.Flag) map[string]any {
	out := map[string]any{"description": f.Usage}
	switch f.Value.Type() {
	case "bool":
		out["type"] = "boolean"
	case "int", "int64":
		out["type"] = "integer"
	case "stringArray", "stringSlice":
		kinds := []string{"array", "string", "number"}
		if f.NoOptDefVal != "" { // true is the flag alone
			kinds = append(kinds, "boolean")
		}
		out["type"] = kinds
		out["items"] = map[string]any{"type": []string{"string", "number"}}
	default:
		out["type"] = []string{"string", "number"}
	}
	return out
}
