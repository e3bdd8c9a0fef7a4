package exercise_test

import (
	"testing"

	"tare/internal/testkit/said"
)

// Every sentence is wanted by a test, which wants something else where it must not be said.
func TestEverySentence(t *testing.T) {
	questions := []string{"Convenience against size: what does each image have that the others lack?", "What does it cost to change one file?", "Which of the exercise's expected outcomes does the measurement support?",
		"How many layers are in each image?", "How do several stages affect the number of layers and the size?", "Which is smaller, and why?"}
	said.Expected(t, questions)
}
