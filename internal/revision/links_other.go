//go:build !unix

package revision

import "time"

// linkTime is not possible here.
func linkTime(string, time.Time) {}
