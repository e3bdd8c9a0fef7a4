package explain

import "tare/internal/units"

// Material is how much a number of bytes must be for a sentence to be about it.
type Material = units.Material

// Threshold is what is material where nobody says otherwise.
var Threshold = units.Threshold
