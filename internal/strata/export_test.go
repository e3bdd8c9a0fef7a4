package strata

// Limit sets how many records of contents stay in memory, until done is called.
func Limit(n int) (done func()) {
	was := mostRecords
	mostRecords = n
	return func() { mostRecords = was }
}

// Matches tells whether a pattern of a change means a name.
func Matches(glob, name string) bool { return matches(glob, name) }
