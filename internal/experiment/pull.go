package experiment

// Bandwidths are those for which pulls are modelled, in Mbit/s.
var Bandwidths = []int{10, 100, 1000}

// PullSeconds models how long a node's pull of some bytes takes on a line of mbit
// Mbit/s (10^6 bits a second): the bytes, in sequence, and nothing else. Round trips,
// TLS and unpacking are left out; docs/reference/measures.md says how far real pulls
// through a throttled registry are from it.
func PullSeconds(bytes int64, mbit int) float64 { return float64(bytes) * 8 / (float64(mbit) * 1e6) }
