package lab_test

import (
	"os"
	"testing"

	"tare/internal/experiment"
	"tare/internal/lab"
)

// What tare lab init writes can be read.
func TestTemplates(t *testing.T) {
	for name, files := range map[string][]string{"plain": {"Dockerfile"}, "a b: #": {"Dockerfile", "Dockerfile.x y", "on.Dockerfile"}} {
		body, err := lab.Template(name, files)
		if err != nil {
			t.Fatal(err)
		}
		f, err := experiment.Parse("tare.yaml", []byte(body))
		if err != nil {
			t.Fatalf("%v\n%s", err, body)
		}
		if f.Name != name || len(f.Variants) != len(files) {
			t.Errorf("%+v", f)
		}
	}
	for name, body := range lab.PythonExercise() {
		if name == "tare.yaml" {
			if _, err := experiment.Parse(name, []byte(body)); err != nil {
				t.Error(err)
			}
		}
		// The example is the same experiment.
		example, err := os.ReadFile("../../examples/python/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if name != "tare.yaml" && string(example) != body {
			t.Errorf("%s differs from that of examples/python", name)
		}
	}
}
