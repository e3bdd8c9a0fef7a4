package advice

import "tare/internal/weigh"

// Together is together, for tests.
func Together(img *Image, list []Finding) weigh.Savings { return together(img, list) }
