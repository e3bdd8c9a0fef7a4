package store

// writable leaves it to the first write: a directory's access list says little.
func writable(string) error { return nil }

func owned(string) bool { return true }
